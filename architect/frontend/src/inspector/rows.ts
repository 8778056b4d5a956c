/** A setting that is a list of objects: how a row is called, what its line says, and how rows change places. */
import { factText } from "../canvas/facts";
import { isObject } from "../document/paths";
import type { Json, JsonObject } from "../document/types";
import { type FieldSpec, fieldsOf, isDefault, resolve, startValue, variantsOf } from "../schema/fields";
import type { JsonSchema } from "../schema/types";

/** What a row may be: one sort of object, or several that name themselves. */
export interface RowSorts {
  /** the property that names the sort; "" when there is one sort only */
  readonly property: string;
  readonly sorts: ReadonlyMap<string, JsonSchema>;
}

export function sortsOf(field: FieldSpec): RowSorts {
  const item = typeof field.schema.items === "object" ? resolve(field.schema.items, field.root) : {};
  const union = variantsOf(item, field.root);
  return union
    ? { property: union.property, sorts: union.branches }
    : { property: "", sorts: new Map([["", item]]) };
}

export function sortOfRow(row: JsonObject, { property, sorts }: RowSorts): JsonSchema | undefined {
  return sorts.get(property === "" ? "" : String(row[property] ?? ""));
}

export function rowsOf(value: Json | undefined): JsonObject[] {
  return (Array.isArray(value) ? value : []).map((row) => (isObject(row) ? row : {}));
}

/** "Steps" → "step", "GlobalSecondaryIndexes" → "index", "Entries" → "entry": what one of them is called. */
export function singular(title: string): string {
  const word = (title.split(/[\s_]|(?<=[a-z])(?=[A-Z])/).at(-1) ?? title).toLowerCase();
  if (word.endsWith("ies")) return `${word.slice(0, -3)}y`;
  if (/(x|ch|sh|ss)es$/.test(word)) return word.slice(0, -2);
  return word.endsWith("s") ? word.slice(0, -1) : word;
}

/** The field a row is known by: its name. */
export function nameField(schema: JsonSchema, root: JsonSchema): FieldSpec | undefined {
  return fieldsOf(schema, root).find(
    (field) => /name$/i.test(field.name) && field.schema.type === "string" && !field.nullable,
  );
}

/** A row that can be worked with at once: what must be there, and a name that no other row has. */
export function freshRow(field: FieldSpec, sort: string, rows: readonly JsonObject[]): JsonObject {
  const { sorts } = sortsOf(field);
  const schema = sorts.get(sort);
  if (!schema) return {};
  const start = startValue({ ...schema, default: undefined } as JsonSchema, field.root);
  const row = isObject(start) ? start : {};
  const name = nameField(schema, field.root);
  if (!name) return row;
  const taken = new Set(rows.map((one) => one[name.name]));
  const word = singular(field.title);
  let number = rows.length + 1;
  while (taken.has(`${word}_${number}`)) number += 1;
  return { ...row, [name.name]: `${word}_${number}` };
}

export function moved<T>(list: readonly T[], from: number, to: number): T[] {
  const next = [...list];
  const [one] = next.splice(from, 1);
  if (one !== undefined) next.splice(to, 0, one);
  return next;
}

export interface RowLine {
  readonly title: string;
  /** what was set, in few words */
  readonly facts: readonly string[];
}

/** What a row says while it is closed. */
export function rowLine(row: JsonObject, field: FieldSpec): RowLine {
  const sorts = sortsOf(field);
  const schema = sortOfRow(row, sorts);
  if (!schema) return { title: "", facts: [] };
  const name = nameField(schema, field.root);
  const own = name && typeof row[name.name] === "string" ? String(row[name.name]) : "";
  const sort = sorts.property === "" ? "" : sortTitle(String(row[sorts.property] ?? ""), schema);
  const facts = fieldsOf(schema, field.root)
    .filter((one) => one.name !== name?.name && one.name !== sorts.property)
    .map((one) => fact(row[one.name], one))
    .filter((text) => text !== "");
  return { title: own || sort, facts: own && sort ? [sort, ...facts] : facts };
}

/** A sort by its own name, "call"; a title of several words was given on purpose, "CallStep" is that of a class. */
export function sortTitle(sort: string, schema: JsonSchema): string {
  const given = schema.title ?? "";
  return given.includes(" ") ? given : sort;
}

function fact(value: Json | undefined, field: FieldSpec): string {
  if (value === undefined || value === null) return "";
  if (field.kind !== "list" && field.kind !== "callees" && isDefault(value, field.fallback)) return "";
  if (field.kind === "boolean") return value === true ? field.title.toLowerCase() : "";
  if (field.kind === "rows") {
    const count = rowsOf(value).length;
    return count === 1 ? `1 ${singular(field.title)}` : `${count} ${field.title.toLowerCase()}`;
  }
  if (Array.isArray(value)) {
    const words = value.filter((one) => typeof one === "string").join(", ");
    return field.required || words === "" ? words : `${field.title.toLowerCase()} ${words}`;
  }
  if (isObject(value) && field.kind === "object") return field.title.toLowerCase();
  const text = field.kind === "command" ? String(value) : factText(value, field);
  if (text === null) return "";
  return field.kind === "distribution" ? text : `${field.title.toLowerCase()} ${text}`;
}
