/** One entry of the list. */

import { button, make } from "./dom.js";
import { createEditor } from "./editor.js";
import { describe } from "./row.js";

/** Return an entry; its `row` is the newest known state. */
export function createEntry(row, { remove, showVersions, drop }) {
	let editor = null;
	let isGone = false;
	const content = make("div");
	const box = make("input", { type: "checkbox", class: "select", "aria-label": "Select" });
	const actions = [
		button("Edit", edit, { class: "writes" }),
		button("Delete", () => remove([entry]), { class: "writes" }),
		button("Versions", () => showVersions(row.id), { class: "undo" }),
	];
	const bar = make("div", { class: "actions" }, ...actions);
	const element = make("li", { tabindex: -1, "data-id": row.id }, box, content, bar);
	const entry = { row, element, show, lose, edit, isEdited };
	show(row);
	return entry;

	function isEdited() {
		return editor !== null;
	}

	/** Show a state of the row, as a conflict while it is edited. */
	function show(newer) {
		entry.row = newer;
		isGone = false;
		editor?.meet(newer);
		if (!editor) content.replaceChildren(...describe(newer));
	}

	/** Handle a deletion. Return whether to remove the entry. */
	function lose() {
		isGone = true;
		editor?.meet(null);
		return !editor;
	}

	function edit() {
		if (!editor) {
			editor = createEditor(entry.row, leave);
			content.replaceChildren(editor.element);
		}
		editor.focus();
	}

	function leave(left = isGone ? null : entry.row) {
		editor = null;
		element.focus();
		if (left) show(left);
		else drop(row.id);
	}
}
