// A data provider of react-admin for every resource of the service; README.md explains its choices.
import { HttpError, type DataProvider, type GetListParams, type Identifier, type RaRecord } from "react-admin";

type Texts = Record<string, string>;
type FieldError = { detail: string; pointer?: string; parameter?: string; header?: string };

/** `url` is where the service is; `headers` returns what each request carries, such as a token. */
export function thingsDataProvider(url: string, headers: () => Texts = () => ({})): DataProvider {
  const etags = new Map<string, string>(); // of the versions that getOne has read
  const lists = new Map<string, Map<number, string>>(); // the cursor after n rows, of each list

  async function call(method: string, path: string, body?: object, ifMatch?: string) {
    const type: Texts = body ? { "Content-Type": "application/json" } : {};
    const condition: Texts = ifMatch ? { "If-Match": ifMatch } : {};
    const options = { method, headers: { ...headers(), ...type, ...condition } };
    const response = await fetch(`${url}/${path}`, { ...options, body: JSON.stringify(body) });
    const isJson = response.headers.get("Content-Type")?.includes("json");
    const json = isJson ? await response.json() : {};
    if (response.ok) return { json, headers: response.headers };
    const errors = Object.fromEntries((json.errors ?? []).map(fieldError));
    throw new HttpError(json.detail ?? response.statusText, response.status, { ...json, errors });
  }

  // Pages are walked by cursors: from the nearest known one, 1 000 rows a request, to the wanted rows.
  async function rows(path: string, query: Texts, start: number, count: number, cursors = new Map([[0, ""]])) {
    const data: any[] = [];
    let total: number | undefined;
    let at = Math.max(...[...cursors.keys()].filter((number) => number <= start));
    while (at < start + count) {
      const limit = `${Math.min(1000, at < start ? start - at : start + count - at)}`;
      const cursor: Texts = at ? { cursor: cursors.get(at)! } : {};
      const counted: Texts = total === undefined ? { total: "true" } : {};
      const search = new URLSearchParams({ ...query, ...cursor, ...counted, limit });
      const page = await call("GET", `${path}?${search}`);
      total ??= Number(page.headers.get("X-Total-Count"));
      if (at >= start) data.push(...page.json);
      at += page.json.length;
      const next = page.headers.get("Link")?.match(/[?&]cursor=([^&>]+)/)?.[1];
      if (!next) break;
      cursors.set(at, next);
    }
    return { data, total };
  }

  function list(resource: string, { pagination, sort, filter }: GetListParams) {
    const { page = 1, perPage = 100 } = pagination ?? {};
    const set = Object.entries(filter ?? {}).filter(([, value]) => value != null);
    const query = Object.fromEntries(set.map(([name, value]) => [name, String(value)]));
    if (sort) query.sort = (sort.order === "DESC" ? "-" : "") + sort.field;
    const key = `${resource}?${new URLSearchParams(query)}`;
    if (page === 1 || !lists.has(key)) lists.set(key, new Map([[0, ""]]));
    return rows(resource, query, (page - 1) * perPage, perPage, lists.get(key));
  }

  const version = (resource: string, record?: RaRecord) => `${resource}/${record?.id} ${record?.updated_at}`;

  // A version that was read alone is only changed while it is the newest.
  async function one(method: string, resource: string, id?: Identifier, body?: object, before?: RaRecord) {
    const path = id === undefined ? resource : `${resource}/${id}`;
    const { json, headers } = await call(method, path, body, etags.get(version(resource, before)));
    if (headers.get("ETag")) etags.set(version(resource, json), headers.get("ETag")!);
    return { data: json };
  }

  return {
    getList: list,
    getManyReference: (resource, { target, id, ...params }) =>
      list(resource, { ...params, filter: { ...params.filter, [target]: id } }),
    getOne: (resource, { id }) => one("GET", resource, id),
    getMany: async (resource, { ids }) => {
      const parts = parts200(ids).map((part) => rows(resource, { id: `${part}` }, 0, part.length));
      return { data: (await Promise.all(parts)).flatMap((part) => part.data) };
    },
    create: (resource, { data }) => one("POST", resource, undefined, data),
    update: (resource, { id, data, previousData }) =>
      one("PATCH", resource, id, changes(data, previousData), previousData),
    updateMany: async (resource, { ids, data }) => {
      await call("PATCH", `${resource}/bulk`, ids.map((id) => ({ ...data, id })));
      return { data: ids };
    },
    delete: async (resource, { id, previousData }) => {
      await one("DELETE", resource, id, undefined, previousData);
      return { data: previousData ?? { id } as any };
    },
    deleteMany: async (resource, { ids }) => {
      for (const part of parts200(ids)) await call("DELETE", `${resource}/bulk?id=${part}`);
      return { data: ids };
    },
  };
}

/** A form shows an error beside its field: "#/text" is the field text, "#" the whole form. */
function fieldError({ detail, pointer, parameter, header }: FieldError) {
  const field = pointer?.slice(2).replaceAll("/", ".") ?? parameter ?? header;
  return field ? [field, detail] : ["root.serverError", detail];
}

/** What differs, so that a save does not undo what others have changed in other fields. */
function changes(data: Partial<RaRecord>, before: Partial<RaRecord> = {}) {
  const differs = ([name, value]: [string, unknown]) => JSON.stringify(value) !== JSON.stringify(before[name]);
  return Object.fromEntries(Object.entries(data).filter(differs));
}

/** The most ids that one request takes are 200. */
const parts200 = (ids: Identifier[]) =>
  Array.from({ length: Math.ceil(ids.length / 200) }, (_, n) => ids.slice(n * 200, n * 200 + 200));
