/** The list: pages by `Link`, entries that keep their place, changes by others. */

import { next, send } from "./api.js";
import { about, byId, count } from "./dom.js";
import { createEntry } from "./entry.js";
import { complain } from "./messages.js";
import * as view from "./view.js";

const PAGE_ROWS = 100;
const QUERY_IDS = 200; // the service's limit
const RECOUNT_MS = 400;

const [element, more] = [byId("list"), byId("more")];
let actions; // of the buttons of an entry
let entries = new Map(); // by id
let following = null; // the query of the next page
let abort = new AbortController();
let loading = Promise.resolve();
let timer = null;

const seen = (records) => records.at(-1).isIntersecting && readMore();
const observer = new IntersectionObserver(seen, { rootMargin: "800px" });

export function init(given) {
	actions = { ...given, drop };
	more.onclick = readMore;
}

export function load() {
	following = null;
	abort.abort();
	abort = new AbortController();
	loading = readFirst();
	return loading.catch(complain);
}

async function readFirst() {
	const query = { ...view.query(), limit: PAGE_ROWS, total: true };
	const [response, found] = await read("", query);
	const edited = [...entries.values()].filter((one) => one.isEdited() && !found.includes(one));
	const shown = [...edited, ...found];
	entries = new Map(shown.map((entry) => [entry.row.id, entry]));
	const focused = document.activeElement;
	element.replaceChildren(...shown.map((entry) => entry.element));
	focused.focus({ preventScroll: true }); // may be a form
	showCount(response);
	expect(response);
}

async function readMore() {
	const query = following;
	following = null;
	if (query === null) return;
	try {
		const [response, found] = await read(query);
		for (const entry of found) {
			if (entries.has(entry.row.id)) continue;
			entries.set(entry.row.id, entry);
			element.append(entry.element);
		}
		expect(response);
	} catch (error) {
		if (error.name !== "AbortError") following = query;
		complain(error);
	}
}

async function read(path, query) {
	const response = await send("GET", path, { query, signal: abort.signal });
	return [response, (await response.json()).map(entryOf)];
}

function expect(response) {
	following = next(response);
	more.hidden = following === null;
	observer.disconnect();
	observer.observe(more);
}

function entryOf(row) {
	const known = entries.get(row.id);
	known?.show(row);
	return known ?? createEntry(row, actions);
}

/** Show a new row. Return whether it is in the view. */
export async function add(row) {
	const found = await matching([row]);
	for (const one of found) put(one);
	countSoon();
	return found.length > 0;
}

/** Apply changes. Shown entries keep their place. */
export async function apply(changes) {
	await loading.catch(load); // retry if it failed
	if (changes.length === 0) return;
	const unknown = [];
	for (const { id, at, [about.key]: row } of changes) {
		const entry = entries.get(id);
		if (!entry && row) unknown.push(row);
		else if (!entry || (row?.updated_at ?? at) < entry.row.updated_at) continue; // outdated
		else if (row) entry.show(row);
		else if (entry.lose()) drop(id);
	}
	if (unknown.length >= PAGE_ROWS && scrollY === 0) return load();
	for (const row of await matching(unknown)) put(row);
	countSoon();
}

/** Remove an entry; its neighbour gets the focus. */
export function drop(id) {
	const item = entries.get(id)?.element;
	if (!item) return;
	const neighbour = item.nextElementSibling ?? item.previousElementSibling;
	if (item.contains(document.activeElement)) (neighbour ?? element).focus();
	entries.delete(id);
	item.remove();
	countSoon();
}

/** Return the entry that an element is in. */
export function entryAt(inner) {
	return entries.get(Number(inner?.closest("#list > li")?.dataset.id));
}

export function move(step) {
	const item = entryAt(document.activeElement)?.element;
	const neighbour = step > 0 ? item?.nextElementSibling : item?.previousElementSibling;
	const inSight = (one) => one.getBoundingClientRect().top >= 0;
	(item ? neighbour : [...element.children].find(inSight))?.focus();
}

/** Return the rows that are in the view. */
async function matching(rows) {
	if (view.isAll()) return rows;
	const ids = rows.map((row) => row.id);
	const found = [];
	while (ids.length > 0) {
		const id = ids.splice(0, QUERY_IDS);
		const query = { ...view.query(), id, limit: id.length };
		found.push(...(await (await send("GET", "", { query, isQuiet: true })).json()));
	}
	return found;
}

/** Insert a row, unless it belongs to a page that is not loaded. */
function put(row) {
	const entry = entryOf(row);
	if (entries.has(row.id)) return;
	let follower = element.firstElementChild;
	while (follower && !view.isBefore(row, entryAt(follower).row)) follower = follower.nextElementSibling;
	if (!follower && !more.hidden) return;
	entry.element.classList.add("new");
	entries.set(row.id, entry);
	element.insertBefore(entry.element, follower);
}

/** Update the count soon, once for many changes. */
function countSoon() {
	timer ??= setTimeout(() => {
		timer = null;
		const query = { ...view.query(), limit: 1, total: true };
		send("HEAD", "", { query, isQuiet: true }).then(showCount, () => {}); // the feed reports errors
	}, RECOUNT_MS);
}

function showCount(response) {
	const number = Number(response.headers.get("X-Total-Count"));
	byId("count").textContent = count(number) + (view.isAll() ? "" : " found");
	byId("empty").hidden = number > 0 || !view.isAll();
}
