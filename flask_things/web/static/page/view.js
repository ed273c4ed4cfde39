/** The view, as in the URL: search, order, filters. */

import { byId } from "./dom.js";

const TYPING_MS = 120;
const STEP_MS = 1000; // faster changes are one history step
const DEFAULT_SORT = "-id";

const controls = byId("view").elements; // by parameter
let changedAt = 0;
let timer;

read();

export function init(onchange) {
	byId("view").onsubmit = (event) => event.preventDefault();
	byId("view").oninput = () => {
		clearTimeout(timer);
		timer = setTimeout(() => {
			write();
			onchange();
		}, TYPING_MS);
	};
	addEventListener("popstate", () => {
		clearTimeout(timer);
		read();
		onchange();
	});
}

export function q() {
	return controls.q?.value ?? "";
}

export function query() {
	const given = [...controls].filter(({ value }) => value !== "");
	return Object.fromEntries(given.map(({ name, value }) => [name, value]));
}

/** Return whether the list is unfiltered. */
export function isAll() {
	return Object.keys(query()).length === 1; // the order
}

export function isBefore(one, other) {
	const [, sign, name] = /(-?)(.*)/.exec(controls.sort.value);
	return (compare(one[name], other[name]) || one.id - other.id) * (sign ? -1 : 1) < 0;
}

function compare(one, other) {
	if (one === other) return 0;
	if (one === null || other === null) return one === null ? -1 : 1;
	return one < other ? -1 : 1;
}

function read() {
	const address = new URLSearchParams(location.search);
	for (const control of controls) {
		control.value = address.get(control.name) ?? "";
		if (control.name === "sort" && !control.value) control.value = DEFAULT_SORT;
	}
}

function write() {
	const address = new URLSearchParams(location.search);
	for (const { name, value } of controls) {
		if (value && !(name === "sort" && value === DEFAULT_SORT)) address.set(name, value);
		else address.delete(name);
	}
	const isStep = Date.now() - changedAt > STEP_MS;
	const url = `${location.pathname}${address.size ? "?" : ""}${address}`;
	history[isStep ? "pushState" : "replaceState"](null, "", url);
	changedAt = Date.now();
}
