/** One message at a time, for screen readers, too. */

import { button, byId, make, saveFocus } from "./dom.js";

let timer;

/** Show a message for some seconds; its button calls `act`. */
export function notify(text, { label, act, seconds = 5 } = {}) {
	const onpress = () => {
		hush();
		act();
	};
	const [region, panel] = [byId("message"), byId("panel")];
	const place = panel.open ? panel : byId("page"); // the panel covers the page
	if (region.parentNode !== place) place.append(region);
	region.replaceChildren(make("span", {}, text), ...(act ? [button(label, onpress)] : []));
	clearTimeout(timer);
	timer = setTimeout(hush, 1000 * seconds);
}

/** Show an error, unless the user cancelled. */
export function complain(error) {
	if (error.name !== "AbortError") notify(error.message, { seconds: 10 });
}

export function press() {
	byId("message").querySelector("button")?.click();
}

function hush() {
	saveFocus(byId("message"));
	byId("message").replaceChildren();
}
