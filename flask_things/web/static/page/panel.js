/** The panel: versions, trash, last request. */

import { curl, get, next, put, send } from "./api.js";
import { about, bodyOf, button, byId, make } from "./dom.js";
import { complain, notify } from "./messages.js";
import { describe } from "./row.js";
import { restore } from "./trash.js";

export function open(title, ...content) {
	byId("panel-title").textContent = title;
	byId("panel-content").replaceChildren(...content);
	if (!byId("panel").open) byId("panel").showModal();
	byId("panel-close").focus();
}

/** Show the versions of a row, newest first, with buttons to restore. */
export function showVersions(id) {
	return showRows("Versions", `/${id}/versions`, ({ change, [about.key]: row }, isFirst) => {
		const title = make("p", { class: "times" }, change);
		const putBack = async () => {
			await put(id, bodyOf(row), (await get(id)).etag);
			await showVersions(id);
		};
		const isOld = row && !isFirst;
		return [title, ...(row ? describe(row) : []), ...(isOld ? [action("Restore", putBack)] : [])];
	});
}

export function showTrash() {
	return showRows("Trash", "/trash", (row) => {
		const back = async (item) => {
			await restore([row.id]);
			const neighbour = item.nextElementSibling ?? item.previousElementSibling;
			item.remove();
			(neighbour ?? byId("panel")).querySelector("button").focus();
		};
		return [...describe(row), action("Restore", back)];
	});
}

export function showRequest() {
	const text = make("pre", { tabindex: 0 }, curl());
	const copy = async () => {
		getSelection().selectAllChildren(text);
		if (navigator.clipboard) await navigator.clipboard.writeText(text.textContent);
		else document.execCommand("copy"); // no clipboard without TLS
		notify("Copied.");
	};
	open("The last request", text, button("Copy", copy, { class: "primary" }));
}

function action(label, act) {
	const onclick = ({ target }) => act(target.closest("li")).catch(complain);
	return button(label, onclick, { class: "writes" });
}

async function showRows(title, path, render) {
	const list = make("ul", { role: "list", "aria-label": title });
	const state = make("p", { class: "none" });
	open(title, list, state);
	try {
		const response = await send("GET", path, { query: { limit: 1000 } });
		const rows = await response.json();
		list.append(...rows.map((row, at) => make("li", {}, ...render(row, at === 0))));
		if (next(response)) state.textContent = "Older entries are not shown.";
		if (rows.length === 0) state.textContent = "Nothing here.";
	} catch (error) {
		state.textContent = error.message;
	}
}
