/** The form of a row: Enter sends, Shift+Enter starts a new line, Escape cancels. */

import { make } from "./dom.js";
import { controlOf } from "./fields.js";

let forms = 0;

/** Return a form. The first field is the main one, and has this label. */
export function createForm(fields, { label, placeholder, onsend, onleave }) {
	const prefix = `form-${++forms}`;
	const problem = make("p", { class: "problem", id: `${prefix}-problem`, role: "alert" });
	const parts = fields.map((field, at) => partOf(field, at === 0));
	const [main] = parts.map(({ element }) => element);
	if (placeholder) main.placeholder = placeholder;
	const [first, ...others] = parts.map((part) => part.whole);
	const element = make("form", { novalidate: "" }, first, problem, make("div", { class: "fields" }, ...others));
	element.onkeydown = keydown;
	element.onsubmit = (event) => {
		event.preventDefault();
		onsend();
	};
	return { element, fill, read, focus, isEmpty, complain };

	function partOf(field, isMain) {
		const id = `${prefix}-${field.name}`;
		const control = controlOf(field, isMain);
		const detail = make("span", { class: "problem", id: `${id}-problem`, role: "alert" });
		const name = make("label", { for: id, class: isMain ? "unseen" : null }, isMain ? label : field.label);
		control.element.id = id;
		control.element.setAttribute("aria-describedby", `${id}-problem ${problem.id}`);
		const kind = isMain ? "main" : control.element.localName === "textarea" ? "wide" : null;
		const whole = make("div", { class: kind }, name, control.element, detail);
		return { field, ...control, detail, whole };
	}

	/** Show the values of a row, or the defaults. */
	function fill(row) {
		for (const { set, field } of parts) set((row ? row[field.name] : field.default) ?? null);
		complain();
	}

	/** Return the input, without empty values that are not allowed. */
	function read() {
		const pairs = parts.map(({ get, field }) => [field, get()]);
		const given = pairs.filter(([field, value]) => value !== null || field.nullable);
		return Object.fromEntries(given.map(([field, value]) => [field.name, value]));
	}

	function focus() {
		main.focus();
		main.setSelectionRange?.(main.value.length, main.value.length);
	}

	function isEmpty() {
		return main.value.trim() === "";
	}

	function complain({ message = "", errors = [] } = {}) {
		for (const part of parts) {
			const found = errors.find(({ pointer }) => pointer?.split("/")[1] === part.field.name);
			part.detail.textContent = found?.detail ?? "";
			part.element.ariaInvalid = found ? "true" : null;
			if (found) message = "";
		}
		problem.textContent = message && (errors[0]?.detail ?? message);
	}

	function keydown(event) {
		const { key, target } = event;
		const isSent = key === "Enter" && !event.shiftKey && !target.closest("select, button");
		if (event.isComposing || !(isSent || key === "Escape")) return;
		event.preventDefault();
		event.stopPropagation();
		if (isSent) onsend();
		else onleave();
	}
}
