/** The document: the resource's description, and new elements. */

export const about = JSON.parse(document.body.dataset.about);

export function bodyOf(row) {
	const names = Object.keys(row).filter((name) => !about.read_only.includes(name));
	return Object.fromEntries(names.map((name) => [name, row[name]]));
}

/** Return "1 thing" or "1,234 things". */
export function count(number) {
	return `${number.toLocaleString("en")} ${number === 1 ? about.one : about.many}`;
}

/** Return a new element with listeners such as `onclick`, and without null attributes. */
export function make(tag, attributes = {}, ...children) {
	const element = document.createElement(tag);
	for (const [name, value] of Object.entries(attributes)) {
		if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
		else if (value != null) element.setAttribute(name, value);
	}
	element.append(...children);
	return element;
}

export function button(label, onclick, attributes = {}) {
	return make("button", { type: "button", onclick, ...attributes }, label);
}

export function byId(id) {
	return document.getElementById(id);
}

/** Focus the list if the element to be removed has the focus. */
export function saveFocus(element) {
	if (element.contains(document.activeElement)) byId("list").focus({ preventScroll: true });
}

/** Wait; a signal ends it early. */
export function sleep(ms, signal) {
	return new Promise((resolve) => {
		setTimeout(resolve, ms);
		signal?.addEventListener("abort", resolve);
	});
}
