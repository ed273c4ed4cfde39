/** Editing in place, with If-Match: nothing that others changed is overwritten unseen. */

import * as api from "./api.js";
import { about, bodyOf, button, make } from "./dom.js";
import { createForm } from "./form.js";
import { describe } from "./row.js";

/** `leave` gets the row that is left, null if it is gone, undefined if nothing was done. */
export function createEditor(row, leave) {
	const { fields } = about;
	let seen = row; // the version that the person knows
	let theirs; // another one that waits for a decision; null if somebody deleted the row
	const form = createForm(fields, { label: fields[0].label, onsend: save, onleave: () => leave() });
	const conflict = make("div", { class: "conflict", role: "group", "aria-label": "Conflict", hidden: "" });
	const buttons = [make("button", { class: "primary" }, "Save"), button("Cancel", () => leave())];
	form.fill(row);
	form.element.append(conflict, make("div", { class: "buttons" }, ...buttons));
	return { element: form.element, focus: form.focus, meet };

	/** Return whether a version is the one that the person knows; if not, show it. */
	function meet(version) {
		if (isSame(version, seen)) return true;
		if (version && isSame(version, { ...version, ...form.read() })) {
			leave(version); // both wrote the same, or the answer to our request was lost
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
			if (isSame(values, form.read())) leave(seen); // or one has typed on
		} catch (error) {
			if (error.status === 412) await save(); // which shows what has changed just now
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
		const title = `Somebody else ${theirs ? "changed" : "deleted"} this. Yours is above.`;
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
