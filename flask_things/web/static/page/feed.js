/**
 * Changes by others: from events, otherwise by polling.
 *
 * EventSource cannot send a token. A hidden page closes its stream: browsers allow six connections.
 */

import { next, send } from "./api.js";
import { byId, sleep } from "./dom.js";
import * as list from "./list.js";

const FIRST_BYTE_MS = 5000;
const SILENCE_MS = 40_000; // a comment comes every 15 s
const POLL_MS = 3000;
const POLLS = 20; // before retrying the stream
const RETRY_MS = 300;
const RETRY_MAX_MS = 4000;

let place = null;
let polls = 0;
let wait = 0;

export async function follow() {
	for (;;) {
		if (document.hidden) await new Promise((go) => (document.onvisibilitychange = go));
		try {
			if (!place) await start();
			await (polls > 0 ? poll() : stream());
		} catch (error) {
			await recover(error);
		}
	}
}

/** Get the start position, before the list is read. */
async function start() {
	try {
		place = next(await ask(), "since");
	} finally {
		await list.load();
	}
}

function ask(query) {
	return send("GET", "/changes", { query, headers: { Accept: "application/json" }, isQuiet: true });
}

async function recover({ status, name }) {
	if (status === 410) {
		place = null;
	} else if (status > 0 || name === "AbortError") {
		if (polls > 0) show("Offline");
		polls ||= POLLS; // too many streams, or a buffering proxy
		await sleep(POLL_MS);
	} else {
		show("Offline");
		polls = 0;
		wait = Math.min(2 * wait + RETRY_MS, RETRY_MAX_MS);
		await sleep(wait);
	}
}

async function stream() {
	const abort = new AbortController();
	let timer = setTimeout(() => abort.abort(), FIRST_BYTE_MS);
	let isOpen = false;
	document.onvisibilitychange = () => document.hidden && abort.abort();
	try {
		const headers = { Accept: "text/event-stream", "Last-Event-ID": place };
		const { body } = await send("GET", "/changes", { headers, signal: abort.signal, isQuiet: true });
		for await (const events of eventsOf(body)) {
			clearTimeout(timer);
			timer = setTimeout(() => abort.abort(), SILENCE_MS);
			isOpen = true;
			const sent = events.filter(({ data }) => data); // others only carry positions
			await pass("Live", sent.map(({ data }) => JSON.parse(data)));
			place = events.at(-1)?.id ?? place;
		}
		await sleep(RETRY_MS); // the worker was replaced
	} catch (error) {
		if (!abort.signal.aborted || !(isOpen || document.hidden)) throw error;
	} finally {
		clearTimeout(timer);
		abort.abort();
	}
}

async function poll() {
	const response = await ask({ since: place });
	const changes = await response.json();
	await pass("Polling", changes);
	place = next(response, "since");
	polls -= 1;
	if (changes.length === 0) await sleep(POLL_MS);
}

async function pass(state, changes) {
	wait = 0;
	show(state);
	await list.apply(changes);
}

function show(state) {
	const element = byId("state");
	if (element.textContent !== state) element.textContent = element.dataset.state = state;
}

/** Yield the events of each chunk, even none. */
async function* eventsOf(body) {
	const reader = body.pipeThrough(new TextDecoderStream()).getReader();
	let rest = "";
	for (let part = await reader.read(); !part.done; part = await reader.read()) {
		const blocks = (rest + part.value).split("\n\n");
		rest = blocks.pop();
		yield blocks.map(eventOf).filter(({ id }) => id);
	}
}

function eventOf(block) {
	return Object.fromEntries(block.split("\n").map((line) => line.split(/: (.*)/, 2)));
}
