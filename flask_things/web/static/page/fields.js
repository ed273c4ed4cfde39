/** Shows the value of a field of about.fields, and makes its control. */

import { make } from "./dom.js";

export function shown({ type, format }, value) {
	if (value === null || value === undefined) return "";
	if (type === "boolean") return value ? "yes" : "no";
	if (type === "object") return JSON.stringify(value);
	if (format === "date-time") return new Date(value).toLocaleString("en");
	if (format !== "date") return String(value);
	return new Date(value).toLocaleDateString("en", { dateStyle: "medium", timeZone: "UTC" });
}

/** Return the control of a field: an element, and functions that get and set its value. */
export function controlOf(field, isMain) {
	const { type, format, nullable } = field;
	if (type === "boolean" && !nullable) return checkbox();
	if (field.values.length > 0) return choice(field);
	if (type === "integer") return written(input("number", field), { read: Number });
	if (format === "date") return written(input("date"));
	if (format === "date-time") {
		const read = (text) => new Date(text).toISOString();
		return written(make("input", { type: "datetime-local", step: 1 }), { read, write: local });
	}
	const area = make("textarea", { rows: 1, class: type === "object" ? "code" : null });
	const write = (value) => JSON.stringify(value, null, 1);
	if (type === "object") return written(area, { read: parsed, write });
	return written(isMain || field.is_long ? area : input("text"), { empty: nullable ? null : "" });
}

function input(type, { minimum, maximum } = {}) {
	return make("input", { type, min: minimum, max: maximum });
}

/** Return a text control. An unedited value stays exactly as given. */
function written(element, { read = String, write = String, empty = null } = {}) {
	let given;
	let untouched;
	return {
		element,
		get: () => {
			const { value, validity } = element;
			if (validity.badInput) return value; // the service will reject it
			if (value === untouched) return given;
			return value === "" ? empty : read(value);
		},
		set: (value) => {
			given = value ?? empty;
			element.value = given === null ? "" : write(given);
			untouched = element.value;
		},
	};
}

/** Return a time in the local format of its control. */
function local(moment) {
	const date = new Date(moment);
	return new Date(date - 60_000 * date.getTimezoneOffset()).toISOString().slice(0, 19);
}

/** Return parsed JSON, or the text, which the service will reject. */
export function parsed(text) {
	try {
		return JSON.parse(text);
	} catch {
		return text;
	}
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
