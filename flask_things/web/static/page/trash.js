/** Delete and undo. */

import { send } from "./api.js";
import { about, count } from "./dom.js";
import * as list from "./list.js";
import { complain, notify } from "./messages.js";

const UNDO_SECONDS = 10;

/** Delete rows and offer undo. Without a trash, ask first. */
export async function remove(entries) {
	const ids = entries.map(({ row }) => row.id);
	const what = ids.length > 1 ? ` ${count(ids.length)}` : "";
	if (!about.keeps && !confirm(`Delete${what || " it"} permanently?`)) return;
	try {
		await erase(ids);
	} catch (error) {
		return complain(error);
	}
	for (const id of ids) list.drop(id);
	const undo = { label: "Undo", act: () => restore(ids).catch(complain), seconds: UNDO_SECONDS };
	notify(`Deleted${what}.`, about.keeps ? undo : {});
}

/** Delete rows, in halves if there are too many or some are gone. */
async function erase(ids) {
	const half = ids.length >> 1;
	try {
		await (half ? send("DELETE", "/bulk", { query: { id: ids } }) : send("DELETE", `/${ids}`));
	} catch (error) {
		if (error.status !== 404 && !(half && error.status === 422)) throw error;
		if (half) for (const some of [ids.slice(0, half), ids.slice(half)]) await erase(some);
	}
}

export async function restore(ids) {
	const back = async (id) => list.add(await (await send("POST", `/${id}/restore`)).json());
	await Promise.all(ids.map(back));
	notify("Restored.");
}
