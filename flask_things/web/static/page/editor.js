/** Editing in place, with If-Match: nothing that others changed is overwritten unseen. */

import { about, bodyOf } from "./about.js";
import * as api from "./api.js";
import { button, make } from "./dom.js";
import { shown } from "./fields.js";
import { createForm } from "./form.js";

/**
 * Return an element to edit a row, `focus`, and `meet`, which shows what somebody else made of it.
 * `leave` gets the row that is left, null if it is gone, undefined if nothing was done.
 */
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
			if (meet(now)) leave(await api.put(row.id, bodyOf({ ...now, ...values }), etag));
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
			await save();
		} catch (error) {
			form.complain(error);
		}
	}

	function difference() {
		const mine = form.read();
		const differing = theirs ? fields.filter(({ name }) => !isEqual(theirs[name], mine[name])) : [];
		const parts = differing.map((field) => {
			const title = make("b", {}, fields.length > 1 ? `Theirs: ${field.label}` : "Theirs");
			const text = shown(field, theirs[field.name]) || "(empty)";
			return make("div", {}, title, make("p", { class: "text" }, text));
		});
		const title = `Somebody else ${theirs ? "changed" : "deleted"} this meanwhile. Yours is above.`;
		const keep = button("Keep mine", keepMine, { class: "primary" });
		return [make("p", { role: "alert" }, title), ...parts, keep, button("Take theirs", () => leave(theirs))];
	}
}

function isSame(one, other) {
	return one && other ? about.fields.every(({ name }) => isEqual(one[name], other[name])) : one === other;
}

function isEqual(one, other) {
	return JSON.stringify(one) === JSON.stringify(other);
}
