/** The user's token: asked for once, kept until the tab closes. */

import { about, byId } from "./dom.js";

let mode = about.auth; // "off", "write" or "all" need a token
let asked = null;

if (token()) examine();

export function token() {
	return sessionStorage.getItem("token") || null;
}

/** Return the token for a request, and ask for it if required. */
export async function wanted(method) {
	const isNeeded = mode === "all" || (mode === "write" && !["GET", "HEAD"].includes(method));
	return token() ?? (isNeeded ? ask() : null);
}

/** Drop a token that the service rejected, and ask again. */
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

/** Ask once for all waiting requests. */
function ask() {
	asked ??= new Promise((resolve, reject) => {
		const [dialog, form] = [byId("token-dialog"), byId("token-form")];
		dialog.onclose = () => {
			asked = null;
			form.reset();
			if (!token()) reject(new Error("A token is required."));
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

/** Test whether the token may write: an invalid request gets 403 if not, otherwise 415. */
async function examine() {
	const headers = { Authorization: `Bearer ${token()}`, "Content-Type": "text/plain" };
	const response = await fetch(about.path, { method: "POST", headers, body: "?" }).catch(() => {});
	setReadOnly(response?.status === 403);
}
