// What a client written in TypeScript does with the types that openapi-typescript generates.
import type { components, operations, paths } from "./things";

type Thing = components["schemas"]["Thing"];
type Problem = components["schemas"]["Problem"];

const thing: Thing = {
  id: 1,
  text: "a",
  created_at: "2026-11-22T15:04:05.123456Z",
  updated_at: "2026-11-22T15:04:05.123456Z",
};
const page: operations["listThings"]["responses"][200]["content"]["application/json"] = [thing];
const text: string = page[0]!.text; // promised: not optional
const query: operations["listThings"]["parameters"]["query"] = { limit: 10, sort: "-text", q: "a" };
const body: paths["/things"]["post"]["requestBody"]["content"]["application/json"] = { text };
const problem: Problem = { type: "about:blank", title: "Not Found", status: 404 };

// @ts-expect-error: a thing without a text is none
const incomplete: Thing = { id: 1, created_at: "", updated_at: "" };
// @ts-expect-error: there is no such order
const wrong: operations["listThings"]["parameters"]["query"] = { sort: "size" };

export { body, incomplete, problem, query, wrong };
