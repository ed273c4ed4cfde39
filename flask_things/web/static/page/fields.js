/** A field, as about.fields has it: how its value is shown, and the control that edits it. */

import { make } from "./dom.js";

export function shown({ type, format }, value) {
	if (value === null || value === undefined) return "";
	if (type === "boolean") return value ? "yes" : "no";
	if (type === "object") return JSON.stringify(value);
	if (format === "date-time") return new Date(value).toLocaleString("en");
	if (format !== "date") return String(value);
	return new Date(value).toLocaleDateString("en", { dateStyle: "medium", timeZone: "UTC" });
}

/** Return the control of a field: an element, and how its value is got and set. */
export function controlOf(field, isMain) {
	const { type, format, nullable } = field;
	if (type === "boolean" && !nullable) return checkbox();
	if (field.values.length > 0) return choice(field);
	if (type === "integer") return written(input("number", field), Number);
	if (format === "date") return written(input("date"));
	if (format === "date-time") return moment();
	const area = make("textarea", { rows: 1, class: type === "object" ? "code" : null });
	if (type === "object") return written(area, JSON.parse, (value) => JSON.stringify(value, null, 1));
	const control = written(isMain || field.is_long ? area : input("text"));
	return nullable ? control : { ...control, get: () => control.element.value };
}

function input(type, { minimum, maximum } = {}) {
	return make("input", { type, min: minimum, max: maximum });
}

function written(element, read = String, write = String) {
	return {
		element,
		get: () => (element.value === "" ? null : read(element.value)),
		set: (value) => (element.value = value === null ? "" : write(value)),
	};
}

/** Return a control of a moment in local time; one that is left alone keeps its microseconds. */
function moment() {
	let given;
	const element = make("input", { type: "datetime-local", step: 1 });
	const local = (value) => {
		const date = new Date(value);
		return new Date(date - 60_000 * date.getTimezoneOffset()).toISOString().slice(0, 19);
	};
	const read = (text) => (given && text === local(given) ? given : new Date(text).toISOString());
	return written(element, read, (value) => local((given = value)));
}

function checkbox() {
	const element = input("checkbox");
	return { element, get: () => element.checked, set: (value) => (element.checked = value) };
}

function choice(field) {
	const values = [...(field.nullable ? [null] : []), ...field.values];
	const options = values.map((value) => make("option", {}, shown(field, value) || "—"));
	const element = make("select", {}, ...options);
	return {
		element,
		get: () => values[element.selectedIndex],
		set: (value) => (element.selectedIndex = Math.max(values.indexOf(value), 0)),
	};
}
