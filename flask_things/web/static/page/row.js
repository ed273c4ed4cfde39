/** Shows a row: fields, and times such as "3 minutes ago". */

import { about, make } from "./dom.js";
import { shown } from "./fields.js";
import { q } from "./view.js";

const SHOWN = /^(.{0,1500})(.*)$/su; // the rest on request

const UNITS = {
	year: 31_557_600,
	month: 2_629_800,
	week: 604_800,
	day: 86_400,
	hour: 3600,
	minute: 60,
};

const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

setInterval(() => {
	for (const element of document.querySelectorAll("time")) {
		const text = ago(element.dateTime);
		if (element.textContent !== text) element.textContent = text;
	}
}, 20_000);

export function describe(row) {
	const [main, ...others] = about.fields;
	const text = shown(main, row[main.name]);
	const [, start, rest] = SHOWN.exec(text);
	const elements = [make("p", { class: text ? "text" : "text none" }, ...marked(start || "(empty)"))];
	if (rest) {
		const summary = make("summary", {}, `Show all ${text.length.toLocaleString("en")} characters`);
		const parts = marked(rest);
		const open = parts.length > 1 ? "" : null; // it has a match
		elements.push(make("details", { open }, summary, make("p", { class: "text" }, ...parts)));
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

/** Return an element that shows a relative time and keeps it current. */
function timeOf(moment) {
	const title = new Date(moment).toLocaleString("en", { dateStyle: "full", timeStyle: "medium" });
	return make("time", { datetime: moment, title }, ago(moment));
}

function ago(moment) {
	const seconds = (Date.now() - new Date(moment)) / 1000;
	const [unit, length] = Object.entries(UNITS).find(([, each]) => seconds >= each) ?? [];
	return unit ? relative.format(-Math.trunc(seconds / length), unit) : "just now";
}
