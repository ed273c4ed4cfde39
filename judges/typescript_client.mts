// A walk through the API with openapi-fetch, on the types that openapi-typescript generates.
import createClient from "openapi-fetch";
import type { components, operations, paths } from "./things";

declare const process: { argv: string[] };

type Thing = components["schemas"]["Thing"];

const client = createClient<paths>({ baseUrl: process.argv[2] });

function equal<T>(found: T, expected: T): void {
  if (JSON.stringify(found) !== JSON.stringify(expected)) {
    throw new Error(`${JSON.stringify(found)} is not ${JSON.stringify(expected)}`);
  }
}

const created = await client.POST("/things", { body: { text: "ts" } });
const thing: Thing = created.data!;
equal(thing.text, "ts");
const bulk = await client.POST("/things/bulk", { body: [{ text: "ts 1" }, { text: "ts 2" }] });
equal(bulk.data!.map((thing) => thing.text), ["ts 1", "ts 2"]);

// All pages.
const walked: string[] = [];
let cursor: string | undefined;
do {
  const query = { limit: 1, q: "TS ", sort: "-text" as const, cursor };
  const page = await client.GET("/things", { params: { query } });
  walked.push(...page.data!.map((thing) => thing.text));
  cursor = page.response.headers.get("Link")?.match(/cursor=([^&>]+)/)?.[1];
} while (cursor);
equal(walked, ["ts 2", "ts 1"]);

// An update of the version that is there, then one of a version that is there no more. The body is
// the whole thing, with the fields that only the server sets.
const path = { thing_id: thing.id };
const read = await client.GET("/things/{thing_id}", { params: { path } });
const params = { path, header: { "If-Match": read.response.headers.get("ETag")! } };
const body = { ...thing, text: "two" };
const updated = await client.PUT("/things/{thing_id}", { params, body });
equal(updated.data!.text, "two");
const conflict = await client.PUT("/things/{thing_id}", { params, body });
equal(conflict.error!.status, 412);

// An invalid thing: the error has a code and names the field.
const invalid = await client.POST("/things", { body: { text: "a\0b" } });
const [error] = invalid.error!.errors!;
equal([error.code, error.pointer], ["not_storable", "#/text"]);

// Both exports.
const query = { q: "ts " };
const ndjson = await client.GET("/things.ndjson", { params: { query }, parseAs: "text" });
const lines: string = ndjson.data!;
equal(lines.split("\n").slice(0, 2).map((line) => JSON.parse(line).text), ["ts 1", "ts 2"]);
const csv = await client.GET("/things.csv", { params: { query }, parseAs: "text" });
const table: string = csv.data!;
equal(table.split("\r\n")[0], "id,text,created_at,updated_at");

// Deleted, it is gone.
equal((await client.DELETE("/things/{thing_id}", { params: { path } })).response.status, 204);
const gone = await client.GET("/things/{thing_id}", { params: { path } });
equal(gone.error!.status, 404);

// @ts-expect-error: a thing without a text is none
const incomplete: Thing = { id: 1, created_at: "", updated_at: "" };
// @ts-expect-error: there is no such order
const wrong: operations["listThings"]["parameters"]["query"] = { sort: "size" };

export { incomplete, wrong };
