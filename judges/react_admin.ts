// Every call of react-admin, through the data provider of the example.
import { HttpError } from "react-admin";
import { thingsDataProvider } from "./dataProvider.js";

declare const process: { argv: string[] };

function equal(found: unknown, expected: unknown): void {
  if (JSON.stringify(found) !== JSON.stringify(expected)) {
    throw new Error(`${JSON.stringify(found)} is not ${JSON.stringify(expected)}`);
  }
}

/** Return the error of a call. */
async function refused(call: Promise<unknown>): Promise<HttpError> {
  const error = await call.catch((error) => error);
  if (!(error instanceof HttpError)) throw new Error(`not refused: ${JSON.stringify(error)}`);
  return error;
}

const sent: Request[] = [];
const send = globalThis.fetch;
globalThis.fetch = (url, options) => {
  sent.push(new Request(url, options));
  return send(url, options);
};

const provider = thingsDataProvider(process.argv[2], () => ({ "X-Request-ID": "react-admin" }));

/** Return the ids, the total and the number of requests of a page; there are 120 things. */
async function page(page: number, perPage: number) {
  sent.length = 0;
  const sort = { field: "id", order: "DESC" } as const;
  const { data, total } = await provider.getList("things", { pagination: { page, perPage }, sort, filter: {} });
  return [data.map((thing) => thing.id).join(), total, sent.length];
}
const ids = (first: number, last: number) => Array.from({ length: first - last + 1 }, (_, n) => first - n).join();

equal(await page(1, 25), [ids(120, 96), 120, 1]);
equal(await page(2, 25), [ids(95, 71), 120, 1]);
equal(await page(5, 25), [ids(20, 1), 120, 2]);
equal(await page(3, 25), [ids(70, 46), 120, 1]);
equal(await page(9, 25), ["", 120, 1]);
equal(await page(1, 2000), [ids(120, 1), 120, 1]);
equal(sent[0].headers.get("X-Request-ID"), "react-admin");

const filter = { q: "THING 7", id: [8, 72, 73], created_at_gte: undefined };
equal((await provider.getList("things", { filter })).data.map((thing) => thing.id), [8, 72, 73]);
const wrong = await refused(provider.getList("things", { filter: { size: 1 } }));
equal([wrong.status, Object.keys(wrong.body.errors)], [422, ["size"]]);

const all = { pagination: { page: 1, perPage: 10 }, sort: { field: "id", order: "ASC" as const }, filter: {} };
const notes = await provider.getManyReference("notes", { ...all, target: "thing_id", id: 5 });
equal([notes.data.map((note) => note.title), notes.total], [["note 5"], 1]);
sent.length = 0;
const many = await provider.getMany("things", { ids: Array.from({ length: 250 }, (_, n) => n + 1) });
equal([many.data.length, sent.length], [120, 2]);

// A form: what is read is changed, unless somebody else was faster.
const made = (await provider.create("things", { data: { text: "one" } })).data;
const read = (await provider.getOne("things", { id: made.id })).data;
equal(read, made);
const change = (text: string, previousData = read) =>
  provider.update("things", { id: made.id, data: { ...previousData, text }, previousData });
equal((await change("two")).data.text, "two");
equal(await sent.at(-1)!.json(), { text: "two" });
equal((await refused(change("three"))).status, 412);
const row = (await provider.getMany("things", { ids: [made.id] })).data[0];
equal((await change("four", { ...row, updated_at: "as in a list" })).data.text, "four");
const invalid = await refused(change("a\0b"));
equal([invalid.status, Object.keys(invalid.body.errors)], [422, ["text"]]);

await provider.updateMany("things", { ids: [1, 2], data: { text: "both" } });
equal((await provider.getMany("things", { ids: [1, 2] })).data.map((thing) => thing.text), ["both", "both"]);

const last = (await provider.getOne("things", { id: made.id })).data;
equal((await provider.delete("things", { id: made.id, previousData: last })).data, last);
equal((await refused(provider.getOne("things", { id: made.id }))).status, 404);
await provider.deleteMany("things", { ids: [1, 2] });
equal((await page(1, 1))[1], 118);
