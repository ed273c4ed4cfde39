/** The side view: versions of a row, the trash, the last request. */

import { about, bodyOf } from "./about.js";
import { curl, get, next, put, send } from "./api.js";
import { button, byId, make } from "./dom.js";
import { describe } from "./entry.js";
import { complain, say } from "./messages.js";
import { restore } from "./trash.js";

export function open(title, ...content) {
	byId("panel-title").textContent = title;
	byId("panel-content").replaceChildren(...content);
	if (!byId("panel").open) byId("panel").showModal();
}

/** Show the versions of a row, newest first, which can be put back. */
export function showVersions(id) {
	return showPages("Versions", `/${id}/versions`, ({ change, [about.key]: row }, isFirst) => {
		const title = make("p", { class: "times" }, change);
		const putBack = async () => {
			await put(id, bodyOf(row), (await get(id)).etag);
			await showVersions(id);
		};
		const isOld = row && !isFirst;
		return [title, ...(row ? describe(row) : []), ...(isOld ? [action("Put back", putBack)] : [])];
	});
}

export function showTrash() {
	return showPages("Trash", "/trash", (row) => {
		const back = async (item) => {
			await restore([row.id]);
			item.remove();
		};
		return [...describe(row), action("Restore", back)];
	});
}

export function showRequest() {
	const text = make("pre", { tabindex: 0 }, curl());
	const copy = async () => {
		getSelection().selectAllChildren(text);
		if (navigator.clipboard) await navigator.clipboard.writeText(text.textContent);
		else document.execCommand("copy"); // without TLS there is no clipboard
		say("Copied.");
	};
	open("The last request", text, button("Copy", copy, { class: "primary" }));
}

function action(label, act) {
	const onclick = ({ target }) => act(target.closest("li")).catch(complain);
	return button(label, onclick, { class: "writes" });
}

async function showPages(title, path, render) {
	const list = make("ul", { role: "list", "aria-label": title });
	const state = make("p", { class: "none" });
	const more = button("Load more", () => load(next(more.response)).catch(complain), { hidden: "" });
	const load = async (query = "") => {
		more.response = await send("GET", path + query);
		for (const one of await more.response.json()) {
			list.append(make("li", {}, ...render(one, list.children.length === 0)));
		}
		more.hidden = !next(more.response);
		if (list.children.length === 0) state.textContent = "There is nothing.";
	};
	open(title, list, state, more);
	await load().catch((error) => (state.textContent = error.message));
}
