/** Keyboard shortcuts: "?" lists them and turns them off. */

import * as composer from "./composer.js";
import { about, byId, make } from "./dom.js";
import * as list from "./list.js";
import { press } from "./messages.js";
import { open } from "./panel.js";
import { clear, selected } from "./selection.js";
import { canWrite } from "./tokens.js";
import { remove } from "./trash.js";

const OFF = "keys-off";

const current = () => list.entryAt(document.activeElement);
const writing = (act) => () => canWrite() && act();

const KEYS = {
	"/": ["search", () => byId("search")?.focus()],
	n: [`new ${about.one}`, writing(composer.focus)],
	j: ["next", () => list.move(1)],
	k: ["previous", () => list.move(-1)],
	e: ["edit", writing(() => current()?.edit())],
	x: ["select", () => current()?.element.querySelector(".select").click()],
	Delete: ["delete it or the selection", writing(removeThese)],
	u: ["undo", writing(press)],
	Escape: ["cancel; clear the selection", clear],
	"?": ["show shortcuts", show],
};

/** Listen to the keys, except while typing. */
export function init() {
	byId("keys").onclick = show;
	addEventListener("keydown", (event) => {
		const { key, target, repeat } = event;
		if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
		if (target.closest("textarea, select, input:not([type=checkbox])")) {
			if (key === "Escape") target.blur();
		} else if (Object.hasOwn(KEYS, key) && !(localStorage.getItem(OFF) && key.length === 1)) {
			event.preventDefault();
			if (!repeat || "jk".includes(key)) KEYS[key][1]();
		}
	});
}

function removeThese() {
	const entries = selected().length > 0 ? selected() : [current()].filter(Boolean);
	if (entries.length > 0) remove(entries);
}

function show() {
	const rows = Object.entries(KEYS).map(([key, [meaning]]) =>
		make("div", {}, make("dt", {}, make("kbd", {}, key)), make("dd", {}, meaning)),
	);
	const box = make("input", { type: "checkbox" });
	box.checked = !localStorage.getItem(OFF);
	box.onchange = () => localStorage.setItem(OFF, box.checked ? "" : "yes");
	const typing = make("p", {}, "Enter saves, Shift+Enter starts a new line.");
	const choice = make("label", {}, box, "Use keyboard shortcuts");
	open("Keys", make("dl", { class: "keys" }, ...rows), typing, choice);
}
