/** The field for new rows: Enter stores; what is not stored stays, with the reason. */

import { about } from "./about.js";
import { newKey, post } from "./api.js";
import { byId } from "./dom.js";
import { createForm } from "./form.js";
import * as list from "./list.js";
import { complain, say } from "./messages.js";

const [main] = about.fields;
const label = `New ${about.one}`;
const onleave = () => document.activeElement.blur();
const form = createForm(about.fields, { label, placeholder: label, onsend: add, onleave });
let queue = Promise.resolve(); // one after the other, in the order typed
let retry = null; // aborts the retries of a lost answer
let doubtful = {}; // what was perhaps stored, and its key: sent again, it is not doubled

form.fill();
byId("composer").append(form.element);

export const { focus } = form;

function add() {
	if (form.isEmpty()) return;
	retry?.abort();
	try {
		const values = form.read();
		form.fill();
		form.focus();
		queue = queue.then(() => store(values));
	} catch (error) {
		form.complain(error);
	}
}

async function store(values) {
	const text = JSON.stringify(values);
	const key = doubtful.text === text ? doubtful.key : newKey();
	const abort = new AbortController();
	const onlost = ({ message }) => {
		if (!retry) giveBack(values, { message: `${message} Trying again…` });
		retry = abort;
	};
	doubtful = { text, key };
	try {
		const row = await post("", values, { key, onlost, signal: abort.signal });
		doubtful = {};
		if (retry && JSON.stringify(form.read()) === text) form.fill();
		list.add(row).then((isShown) => isShown || say("Added. This view does not show it."), complain);
	} catch (error) {
		if (!retry) giveBack(values, error);
		else if (!abort.signal.aborted) form.complain(error);
	} finally {
		retry = null;
	}
}

/** Put what was not stored before what has been typed since. */
function giveBack(values, error) {
	const since = form.isEmpty() ? "" : `\n${form.read()[main.name]}`;
	form.fill({ ...values, [main.name]: values[main.name] + since });
	form.focus();
	form.complain(error);
}
