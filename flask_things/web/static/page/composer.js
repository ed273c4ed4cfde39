/** The form for new rows. Rejected input stays, with the reason. */

import { post } from "./api.js";
import { about, byId } from "./dom.js";
import { createForm } from "./form.js";
import * as list from "./list.js";
import { complain, notify } from "./messages.js";

const [main] = about.fields;
const label = `New ${about.one}`;
const onleave = () => document.activeElement.blur();
const form = createForm(about.fields, { label, placeholder: label, onsend: add, onleave });
let queue = Promise.resolve(); // keeps the order typed
let pending = null; // row being retried, until aborted

form.fill();
byId("composer").append(form.element);

export const { focus } = form;

function add() {
	const values = form.read();
	if (form.isEmpty() || pending?.isSame(values)) return;
	pending?.abort.abort();
	form.fill();
	form.focus();
	queue = queue.then(() => store(values));
}

async function store(values) {
	const abort = new AbortController();
	const isSame = (others) => JSON.stringify(others) === JSON.stringify(values);
	const onlost = (error) => {
		if (!pending) giveBack(values, error);
		pending = { isSame, abort };
	};
	try {
		const row = await post("", values, { onlost, signal: abort.signal });
		if (pending && isSame(form.read())) form.fill();
		list.add(row).then((isShown) => isShown || notify("Added, but this view does not show it."), complain);
	} catch (error) {
		if (!pending) giveBack(values, error);
		else if (!abort.signal.aborted) form.complain(error);
	} finally {
		pending = null;
	}
}

/** Put rejected input before what was typed since. */
function giveBack(values, error) {
	const since = form.isEmpty() ? "" : `\n${form.read()[main.name]}`;
	form.fill({ ...values, [main.name]: values[main.name] + since });
	form.focus();
	form.complain(error);
}
