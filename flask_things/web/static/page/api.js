/** Calls the API: tokens, problems, retries, and the last request as curl. */

import { about, sleep } from "./dom.js";
import { complain } from "./messages.js";
import * as tokens from "./tokens.js";

const RETRY_MS = 300;
const RETRY_MAX_MS = 4000;

/** Statuses to retry; 0 means no response. */
const LOST = [0, 429, 502, 503, 504];

let last = null; // call by the user

/** An error (RFC 9457). Without a response the status is 0. */
export class Problem extends Error {
	constructor(status, { detail, title, errors = [] }, retryAfter = 0) {
		super(detail || title || `The service responded with ${status}.`);
		Object.assign(this, { status, errors, retryAfter });
	}
}

/** Return an absolute URL; a path is "", "/7", ".csv" or "?q=milk". */
export function urlOf(path, query = {}) {
	const url = new URL(about.path + path, location.origin);
	for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
	return url.href;
}

/**
 * Return the response. A quiet request does not become the last one. Raises Problem.
 *
 * A POST or DELETE is retried until a response arrives. `onlost` gets each reason.
 */
export async function send(method, path, { query, body, headers = {}, signal, isQuiet, onlost = complain } = {}) {
	const call = { method, url: urlOf(path, query), headers: { ...headers } };
	if (body !== undefined) {
		call.headers["Content-Type"] = "application/json";
		call.body = JSON.stringify(body);
	}
	for (let wait = RETRY_MS; ; wait = Math.min(3 * wait, RETRY_MAX_MS)) {
		try {
			return await answered(call, signal, isQuiet);
		} catch (error) {
			if (!LOST.includes(error.status) || !["POST", "DELETE"].includes(method)) throw error;
			onlost({ message: `${error.message} Trying again…` });
			await sleep(Math.max(wait, 1000 * error.retryAfter), signal);
		}
	}
}

/** POST with an Idempotency-Key, so that retries have no effect. */
export async function post(path, body, options) {
	const key = crypto.getRandomValues(new Uint32Array(4)).join("-"); // no randomUUID without TLS
	return (await send("POST", path, { ...options, body, headers: { "Idempotency-Key": key } })).json();
}

/** Return the response to a call, sent with its token. */
async function answered(call, signal, isQuiet) {
	for (;;) {
		const token = await tokens.wanted(call.method);
		if (token) call.headers.Authorization = `Bearer ${token}`;
		if (!isQuiet) last = call;
		const response = await answer(call, signal);
		if (response.ok) return response;
		if (token && response.status === 403) tokens.setReadOnly(true);
		if (response.status !== 401) throw await problemOf(response);
		tokens.refuse(token);
	}
}

/** Replace a row that still has this ETag, and return it. */
export async function put(id, body, etag) {
	return (await send("PUT", `/${id}`, { body, headers: { "If-Match": etag } })).json();
}

/** Return a row, or null if it does not exist, and its ETag. */
export async function get(id) {
	try {
		const response = await send("GET", `/${id}`);
		return { row: await response.json(), etag: response.headers.get("ETag") };
	} catch (error) {
		if (error.status === 404) return { row: null };
		throw error;
	}
}

/** Return the query of the next page, or one parameter of it; null if there is none. */
export function next(response, parameter) {
	const link = /<([^>]*)>; rel="next"/.exec(response.headers.get("Link"));
	const url = link && new URL(link[1], response.url);
	return url && (parameter ? url.searchParams.get(parameter) : url.search);
}

/** Return the last call as a curl command without the token. */
export function curl() {
	if (!last) return "";
	const quote = (text) => `'${text.replaceAll("'", "'\\''")}'`;
	const lines = [`curl ${last.method === "GET" ? "" : `-X ${last.method} `}${quote(last.url)}`];
	for (const [name, value] of Object.entries(last.headers)) {
		const isSecret = name === "Authorization";
		lines.push(isSecret ? `-H "${name}: Bearer $TOKEN"` : `-H ${quote(`${name}: ${value}`)}`);
	}
	if (last.body) lines.push(`-d ${last.body.length < 20_000 ? quote(last.body) : "@FILE"}`);
	return lines.join(" \\\n  ");
}

async function answer({ url, ...call }, signal) {
	try {
		return await fetch(url, { ...call, signal });
	} catch (error) {
		throw signal?.aborted ? error : new Problem(0, { detail: "The service does not respond." });
	}
}

async function problemOf(response) {
	const body = await response.json().catch(() => ({})); // a proxy's page
	return new Problem(response.status, body, parseInt(response.headers.get("Retry-After"), 10) || 0);
}
