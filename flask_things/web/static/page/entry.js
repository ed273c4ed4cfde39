/** One entry of the list. */

import { about } from "./about.js";
import { button, make } from "./dom.js";
import { createEditor } from "./editor.js";
import { shown } from "./fields.js";
import { timeOf } from "./times.js";
import { q } from "./view.js";

const SHOWN_CHARACTERS = 1500; // the others when asked for

/** Return an entry; its `row` is the newest state that is known. */
export function createEntry(row, { remove, showVersions, drop }) {
	let editor = null;
	let isGone = false;
	const content = make("div");
	const box = make("input", { type: "checkbox", class: "select", "aria-label": "Select", onchange: mark });
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

	function mark() {
		element.classList.toggle("selected", box.checked);
	}

	/** Show a state of the row; while it is edited, beside what is typed. */
	function show(newer) {
		entry.row = newer;
		isGone = false;
		editor?.meet(newer);
		if (!editor) content.replaceChildren(...describe(newer));
	}

	/** Somebody else deleted the row. Return whether the entry may go. */
	function lose() {
		isGone = true;
		editor?.meet(null);
		return !editor;
	}

	function edit() {
		if (!editor) {
			editor = createEditor(entry.row, leave);
			element.classList.add("edited");
			content.replaceChildren(editor.element);
		}
		editor.focus();
	}

	function leave(left = isGone ? null : entry.row) {
		editor = null;
		element.classList.remove("edited");
		element.focus();
		if (left) show(left);
		else drop(row.id);
	}
}

export function describe(row) {
	const [main, ...others] = about.fields;
	const text = shown(main, row[main.name]);
	const [start, rest] = [text.slice(0, SHOWN_CHARACTERS), text.slice(SHOWN_CHARACTERS)];
	const elements = [make("p", { class: text ? "text" : "text none" }, ...marked(start || "(empty)"))];
	if (rest) {
		const summary = make("summary", {}, `Show all ${text.length.toLocaleString("en")} characters`);
		elements.push(make("details", {}, summary, make("p", { class: "text" }, ...marked(rest))));
	}
	const pairs = others.map((field) => [field.label, shown(field, row[field.name])]);
	const known = pairs.filter(([, value]) => !["", "no", "{}"].includes(value));
	const items = known.map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value)));
	if (items.length > 0) elements.push(make("dl", {}, ...items));
	return [...elements, make("p", { class: "times" }, ...times(row))];
}

function times({ created_at, updated_at, deleted_at }) {
	if (deleted_at) return ["deleted ", timeOf(deleted_at)];
	if (created_at === updated_at) return [timeOf(created_at)];
	return [timeOf(created_at), " · changed ", timeOf(updated_at)];
}

function marked(text) {
	if (!q()) return [text];
	const found = new RegExp(`(${q().replace(/[.*+?^${}()|[\]\\]/g, "\\$&")})`, "gi");
	return text.split(found).map((part, at) => (at % 2 ? make("mark", {}, part) : part));
}
