/** What the service tells of the resource: flask_things/web/page.py describes it. */

export const about = JSON.parse(document.body.dataset.about);

export function bodyOf(row) {
	const names = Object.keys(row).filter((name) => !about.read_only.includes(name));
	return Object.fromEntries(names.map((name) => [name, row[name]]));
}

/** Return "1 thing" or "1,234 things". */
export function count(number) {
	return `${number.toLocaleString("en")} ${number === 1 ? about.one : about.many}`;
}
