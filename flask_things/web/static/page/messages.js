/** One message at a time, which screen readers read out, perhaps with a button. */

import { button, byId, make, saveFocus } from "./dom.js";

let timer;

/** Show a message for some seconds; `act` is what its button does. */
export function say(text, { label, act, seconds = 5 } = {}) {
	const onpress = () => {
		hush();
		act();
	};
	const [region, panel] = [byId("message"), byId("panel")];
	const place = panel.open ? panel : byId("page"); // the panel hides what is below it
	if (region.parentNode !== place) place.append(region);
	region.replaceChildren(make("span", {}, text), ...(act ? [button(label, onpress)] : []));
	clearTimeout(timer);
	timer = setTimeout(hush, 1000 * seconds);
}

/** Show what went wrong; what was ended on purpose is none of it. */
export function complain(error) {
	if (error.name !== "AbortError") say(error.message, { seconds: 10 });
}

export function press() {
	byId("message").querySelector("button")?.click();
}

function hush() {
	saveFocus(byId("message"));
	byId("message").replaceChildren();
}
