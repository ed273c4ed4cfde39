/** Editing in place. If-Match prevents overwriting unseen changes. */

import * as api from "./api.js";
import { about, bodyOf, button, make } from "./dom.js";
import { createForm } from "./form.js";
import { describe } from "./row.js";

/** `leave` gets the current row, null if it is gone, undefined if nothing changed. */
export function createEditor(row, leave) {
	const { fields } = about;
	let seen = row; // version that the user knows
	let theirs; // conflicting version; null if deleted
	const form = createForm(fields, { label: fields[0].label, onsend: save, onleave: () => leave() });
	const conflict = make("div", { class: "conflict", role: "group", "aria-label": "Conflict", hidden: "" });
	const buttons = [make("button", { class: "primary" }, "Save"), button("Cancel", () => leave())];
	form.fill(row);
	form.element.append(conflict, make("div", { class: "buttons" }, ...buttons));
	return { element: form.element, focus: form.focus, meet };

	/** Return whether a version is known to the user; if not, show it. */
	function meet(version) {
		if (isSame(version, seen)) return true;
		if (version && isSame(version, { ...version, ...form.read() })) {
			leave(version); // same values, or our response was lost
		} else {
			theirs = version;
			conflict.replaceChildren(...difference());
			conflict.hidden = false;
		}
		return false;
	}

	async function save() {
		if (theirs !== undefined) return conflict.querySelector("button").focus();
		try {
			const values = form.read();
			form.complain();
			const { row: now, etag } = await api.get(row.id);
			if (!meet(now)) return;
			seen = await api.put(row.id, bodyOf({ ...now, ...values }), etag);
			if (isSame(values, form.read())) leave(seen); // unless typing went on
		} catch (error) {
			if (error.status === 412) await save(); // shows the newer version
			else form.complain(error);
		}
	}

	async function keepMine() {
		try {
			seen = theirs ?? (await (await api.send("POST", `/${row.id}/restore`)).json());
			theirs = undefined;
			conflict.hidden = true;
			form.focus();
			await save();
		} catch (error) {
			form.complain(error);
		}
	}

	function difference() {
		const title = `Someone else ${theirs ? "changed" : "deleted"} this. Your version is above.`;
		const keep = button("Keep mine", keepMine, { class: "primary" });
		const take = button("Take theirs", () => leave(theirs));
		return [make("p", { role: "alert" }, title), ...(theirs ? describe(theirs) : []), keep, take];
	}
}

function isSame(one, other) {
	return textOf(one) === textOf(other);
}

function textOf(row) {
	return row && JSON.stringify(bodyOf(row));
}
