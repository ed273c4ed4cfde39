/** Deleting and taking it back. */

import { about, count } from "./about.js";
import { send } from "./api.js";
import * as list from "./list.js";
import { complain, say } from "./messages.js";

const UNDO_SECONDS = 10;

/** Delete rows at once, and offer to undo it. Where nothing is kept, ask before. */
export async function remove(entries) {
	const ids = entries.map(({ row }) => row.id);
	const what = ids.length > 1 ? ` ${count(ids.length)}` : "";
	if (!about.keeps && !confirm(`Delete${what || " it"} for good?`)) return;
	try {
		if (ids.length === 1) await send("DELETE", `/${ids[0]}`);
		else await send("DELETE", "/bulk", { query: { id: ids } });
	} catch (error) {
		if (error.status !== 404 || ids.length > 1) return complain(error); // it is gone already
	}
	for (const id of ids) list.drop(id);
	const undo = { label: "Undo", act: () => restore(ids), seconds: UNDO_SECONDS };
	say(`Deleted${what}.`, about.keeps ? undo : {});
}

export async function restore(ids) {
	try {
		for (const id of ids) await list.add(await (await send("POST", `/${id}/restore`)).json());
		say("Restored.");
	} catch (error) {
		complain(error);
	}
}
