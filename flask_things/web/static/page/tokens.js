/** The token that a person has: asked for once, kept until the tab is closed. */

import { about, byId } from "./dom.js";

let mode = about.auth; // what needs a token: "off", "write" or "all"
let asked = null;

if (token()) examine();

export function token() {
	return sessionStorage.getItem("token") || null;
}

/** Return the token for a request, after asking for it where one is needed. */
export async function wanted(method) {
	const isNeeded = mode === "all" || (mode === "write" && !["GET", "HEAD"].includes(method));
	return token() ?? (isNeeded ? ask() : null);
}

/** Forget a token that the service refused: another is asked for. */
export function refuse(refused) {
	if (!refused) mode = "all";
	else if (token() === refused) sessionStorage.removeItem("token");
	byId("token-problem").textContent = refused ? "This token is not valid." : "";
}

export function setReadOnly(isReadOnly) {
	document.body.classList.toggle("read-only", isReadOnly);
}

export function canWrite() {
	return !document.body.classList.contains("read-only");
}

/** Ask; all requests that need a token wait for the same. */
function ask() {
	asked ??= new Promise((resolve, reject) => {
		const [dialog, form] = [byId("token-dialog"), byId("token-form")];
		dialog.onclose = () => {
			asked = null;
			form.reset();
			if (!token()) reject(new Error("This needs a token."));
		};
		form.onsubmit = async (event) => {
			event.preventDefault();
			sessionStorage.setItem("token", form.elements.token.value.replace(/[^!-~]/g, ""));
			dialog.close();
			await examine();
			resolve(token());
		};
		byId("token-cancel").hidden = mode === "all";
		byId("token-cancel").onclick = () => dialog.close();
		dialog.showModal();
	});
	return asked;
}

/** Learn whether the token may write: a request that changes nothing gets 403, or else 415. */
async function examine() {
	const headers = { Authorization: `Bearer ${token()}`, "Content-Type": "text/plain" };
	const response = await fetch(about.path, { method: "POST", headers, body: "?" }).catch(() => {});
	setReadOnly(response?.status === 403);
}
