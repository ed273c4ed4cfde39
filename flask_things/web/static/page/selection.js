/** Selected entries, and exports of them or of the view. */

import { send, urlOf } from "./api.js";
import { about, byId, count, make, saveFocus } from "./dom.js";
import * as list from "./list.js";
import { complain } from "./messages.js";
import { token } from "./tokens.js";
import { remove } from "./trash.js";
import { query } from "./view.js";

export function init() {
	byId("remove").onclick = () => remove(selected());
	byId("clear").onclick = clear;
	byId("list").onchange = show;
	new MutationObserver(show).observe(byId("list"), { childList: true });
	for (const control of document.querySelectorAll("[data-export]")) {
		control.onclick = (event) => {
			if (control.href && !token()) return; // the link works
			event.preventDefault();
			const id = selected().map(({ row }) => row.id);
			save(control.dataset.export, control.href ? query() : { id }).catch(complain);
		};
	}
}

function boxes() {
	return [...document.querySelectorAll("#list .select:checked")];
}

export function selected() {
	return boxes().map(list.entryAt);
}

export function clear() {
	for (const box of boxes()) box.click();
}

function show() {
	const { length } = boxes();
	if (length === 0) saveFocus(byId("selection"));
	byId("selection").hidden = length === 0;
	document.body.classList.toggle("selecting", length > 0);
	byId("selected").textContent = `${count(length)} selected`;
}

export function link() {
	for (const one of document.querySelectorAll("a[data-export]")) {
		one.href = urlOf(`.${one.dataset.export}`, query());
	}
}

/** Save rows as a file if a token is needed, which links cannot send. */
async function save(kind, rows) {
	const content = await (await send("GET", `.${kind}`, { query: rows })).blob();
	const href = URL.createObjectURL(content);
	make("a", { href, download: `${about.name}.${kind}` }).click();
	URL.revokeObjectURL(href);
}
