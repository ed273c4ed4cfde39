/** Imports dropped or chosen files in batches. */

import { post } from "./api.js";
import { byId, count, make } from "./dom.js";
import { notify } from "./messages.js";
import { open } from "./panel.js";
import { badLine, rowsOf } from "./reading.js";
import { canWrite } from "./tokens.js";

const PIECE_ROWS = 500;
const PIECE_CHARACTERS = 1_000_000;

export function init() {
	byId("import").onclick = () => byId("file").click();
	byId("file").onchange = async ({ target }) => {
		await importFiles([...target.files]);
		target.value = "";
	};
	for (const type of ["dragover", "dragleave", "drop"]) addEventListener(type, drag);
}

function drag(event) {
	const hasFiles = event.dataTransfer.types.includes("Files"); // text may be dropped into a field
	document.body.classList.toggle("dropping", event.type === "dragover" && hasFiles && canWrite());
	if (!hasFiles) return;
	event.preventDefault();
	if (event.type === "drop") importFiles([...event.dataTransfer.files]);
}

async function importFiles(files) {
	for (const file of canWrite() ? files : []) if (!(await importFile(file))) break;
}

/** Return whether the whole file is stored. */
async function importFile(file) {
	const abort = new AbortController();
	const bar = make("progress", { "aria-label": "Progress", max: file.size, value: 0 });
	const result = make("p", { role: "status" });
	open(`Import ${file.name}`, bar, result);
	byId("panel").onclose = () => abort.abort();
	let [read, stored] = [0, 0];
	const report = (before, after) => {
		result.textContent = `${before}${count(stored)} stored${after}`;
		if (abort.signal.aborted) notify(result.textContent);
	};
	try {
		for await (const piece of piecesOf(rowsOf(file, (bytes) => (read = bytes)))) {
			await store(piece, abort.signal);
			stored += piece.length;
			bar.value = read;
			report("", "…");
		}
		report("", ".");
		return true;
	} catch (error) {
		report(abort.signal.aborted ? "Import cancelled. " : `${error.message} `, " before.");
		return false;
	}
}

async function* piecesOf(rows) {
	let [piece, characters] = [[], 0];
	for await (const row of rows) {
		piece.push(row);
		characters += JSON.stringify(row.values).length;
		if (piece.length === PIECE_ROWS || characters > PIECE_CHARACTERS) {
			yield piece;
			[piece, characters] = [[], 0];
		}
	}
	if (piece.length > 0) yield piece;
}

/** Store a batch, all or nothing. The error of an invalid row names its line. */
async function store(piece, signal) {
	try {
		await post("/bulk", piece.map(({ values }) => values), { signal });
	} catch (error) {
		const [{ pointer = "", detail } = {}] = error.errors ?? [];
		const [, at, name] = pointer.split("/");
		if (!piece[at]) throw error;
		throw badLine(piece[at].line, name ? `${name}: ${detail}` : detail);
	}
}
