/** Streams rows from a file: .txt (one per line), .ndjson or .csv (RFC 4180). */

import { about, bodyOf } from "./dom.js";
import { parsed } from "./fields.js";

export function badLine(line, detail) {
	return new Error(`Line ${line.toLocaleString("en")}: ${detail}`);
}

/** Yield the rows of a file with their first line; `onread` gets the bytes read. */
export async function* rowsOf(file, onread) {
	const read = { txt: plain, csv, ndjson, jsonl: ndjson }[file.name.split(".").pop().toLowerCase()];
	if (!read) throw new Error("The file must be .txt, .csv or .ndjson.");
	yield* read(linesOf(file, onread));
}

async function* linesOf(file, onread) {
	const decoder = new TextDecoder("utf-8", { fatal: true });
	const reader = file.stream().getReader();
	let [rest, line, bytes] = ["", 0, 0];
	for (;;) {
		const { done, value } = await reader.read();
		onread((bytes += value?.length ?? 0));
		const lines = (rest + decoded(decoder, value, !done)).split("\n");
		rest = done ? "" : lines.pop();
		for (const text of lines) yield { line: ++line, text: text.replace(/\r$/, "") };
		if (done) return;
	}
}

function decoded(decoder, bytes, stream) {
	try {
		return decoder.decode(bytes, { stream });
	} catch {
		throw new Error("The file is not UTF-8.");
	}
}

async function* plain(lines) {
	const [{ name }] = about.fields;
	for await (const { line, text } of lines) if (text.trim()) yield { line, values: { [name]: text } };
}

async function* ndjson(lines) {
	for await (const { line, text } of lines) {
		if (!text.trim()) continue;
		const values = parsed(text);
		if (values === null || typeof values !== "object") throw badLine(line, "Not a JSON object.");
		yield { line, values };
	}
}

async function* csv(lines) {
	let header;
	let separator;
	for await (const record of recordsOf(lines)) {
		separator ??= /[,;\t]/.exec(record.text)?.[0] ?? ",";
		const cells = cellsOf(record, separator);
		header ??= cells;
		if (cells === header) continue;
		if (cells.length !== header.length) throw badLine(record.line, "Wrong number of values.");
		const values = header.map((name, at) => {
			return [name, valueOf(about.fields.find((field) => field.name === name), cells[at])];
		});
		yield { line: record.line, values: bodyOf(Object.fromEntries(values)) };
	}
}

/** Yield lines, joined while a quote is open. */
async function* recordsOf(lines) {
	let record = null;
	for await (const { line, text } of lines) {
		if (!record && !text) continue;
		record = record ? { ...record, text: `${record.text}\n${text}` } : { line, text, isOpen: false };
		if (text.split('"').length % 2 === 0) record.isOpen = !record.isOpen;
		if (record.isOpen) continue;
		yield record;
		record = null;
	}
	if (record) throw badLine(record.line, "A quote is not closed.");
}

function cellsOf({ line, text }, separator) {
	const cells = [];
	let length = 0;
	const cell = new RegExp(`("[^"]*(?:""[^"]*)*"|[^"]*?)(${separator}|$)`, "gy");
	for (const [whole, value, end] of text.matchAll(cell)) {
		cells.push(value.startsWith('"') ? value.slice(1, -1).replaceAll('""', '"') : value);
		length += whole.length;
		if (!end) break;
	}
	if (length < text.length) throw badLine(line, "Unexpected quote.");
	return cells;
}

function valueOf({ type, nullable } = {}, text) {
	if (text === "" && nullable) return null;
	return ["boolean", "integer", "object"].includes(type) ? parsed(text) : text;
}
