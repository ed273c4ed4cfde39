/** Times as people say them: "3 minutes ago", with the exact one on hover. */

import { make } from "./dom.js";

const UNITS = [
	["year", 31_557_600],
	["month", 2_629_800],
	["week", 604_800],
	["day", 86_400],
	["hour", 3600],
	["minute", 60],
];

const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

/** Return an element that shows when something was; it stays right while the page is open. */
export function timeOf(moment) {
	const title = new Date(moment).toLocaleString("en", { dateStyle: "full", timeStyle: "medium" });
	return make("time", { datetime: moment, title }, ago(moment));
}

function ago(moment) {
	const seconds = (Date.now() - new Date(moment)) / 1000;
	const [unit, length] = UNITS.find(([, each]) => seconds >= each) ?? [];
	return unit ? relative.format(-Math.trunc(seconds / length), unit) : "just now";
}

setInterval(() => {
	for (const element of document.querySelectorAll("time")) {
		const text = ago(element.dateTime);
		if (element.textContent !== text) element.textContent = text;
	}
}, 20_000);
