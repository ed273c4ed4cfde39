/** Elements. A text only ever becomes a text node. */

/** Return a new element; `onclick` and the like listen, null attributes are left out. */
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

/** Wait; the signal ends it early. */
export function sleep(ms, signal) {
	return new Promise((resolve) => {
		setTimeout(resolve, ms);
		signal?.addEventListener("abort", resolve);
	});
}
