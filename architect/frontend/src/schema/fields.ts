/** From JSON Schema to the few kinds of field the inspector can draw. */

import { isObject, sameJson } from "../document/paths";
import type { Json, JsonObject } from "../document/types";
import type { JsonSchema, SettingSource } from "./types";

export type FieldKind =
  | "number"
  | "integer"
  | "text"
  | "boolean"
  | "choice"
  | "distribution"
  | "arrivals"
  | "event"
  | "object"
  | "variants"
  | "list"
  | "choices"
  | "rows"
  | "callees"
  | "command"
  | "json";

/** One setting as the form needs it. */
export interface FieldSpec {
  readonly name: string;
  readonly kind: FieldKind;
  readonly title: string;
  readonly help: string;
  /** "s", "ms", "msg/s", "bytes", "1"; "" when the schema names none */
  readonly unit: string;
  readonly widget: string;
  readonly fallback: Json | undefined;
  readonly nullable: boolean;
  readonly required: boolean;
  readonly advanced: boolean;
  readonly source: SettingSource | null;
  /** without $ref and without the null branch */
  readonly schema: JsonSchema;
  /** where $ref point into */
  readonly root: JsonSchema;
  readonly choices: readonly Json[];
  /** words a number field takes as well: "auto" */
  readonly words: readonly string[];
}

/** Follow `$ref` into the root's `$defs`; what stands beside the `$ref` wins. */
export function resolve(schema: JsonSchema, root: JsonSchema): JsonSchema {
  let at = schema;
  for (let depth = 0; depth < 16; depth += 1) {
    if (at.allOf?.length === 1 && at.allOf[0]) {
      const { allOf, ...beside } = at;
      at = { ...allOf[0], ...beside };
    }
    if (at.$ref === undefined) return at;
    const { $ref, ...beside } = at;
    const target = root.$defs?.[$ref.replace(/^#\/\$defs\//, "")];
    if (!target) return beside;
    at = { ...target, ...beside };
  }
  return at;
}

const isNull = (schema: JsonSchema) => schema.type === "null" || schema.const === null;

/** The schema without its null branch, and whether it had one. */
export function withoutNull(schema: JsonSchema, root: JsonSchema): { schema: JsonSchema; nullable: boolean } {
  const resolved = resolve(schema, root);
  if (Array.isArray(resolved.type) && resolved.type.includes("null")) {
    const others = resolved.type.filter((type) => type !== "null");
    return {
      schema: { ...resolved, type: others.length === 1 ? (others[0] ?? "string") : others },
      nullable: true,
    };
  }
  const options = resolved.anyOf ?? resolved.oneOf;
  if (!options?.some((option) => isNull(resolve(option, root)))) return { schema: resolved, nullable: false };
  const rest = options.filter((option) => !isNull(resolve(option, root)));
  const { anyOf: _any, oneOf: _one, ...outer } = resolved;
  if (rest.length === 1 && rest[0])
    return { schema: { ...resolve(rest[0], root), ...outer }, nullable: true };
  return { schema: { ...outer, anyOf: rest }, nullable: true };
}

/** All branches of a union, unions inside it included. */
function branchesOf(schema: JsonSchema, root: JsonSchema): JsonSchema[] {
  return [...(schema.oneOf ?? []), ...(schema.anyOf ?? [])].flatMap((option) => {
    const branch = resolve(option, root);
    return branch.oneOf || branch.anyOf ? branchesOf(branch, root) : [branch];
  });
}

/** The object branches of a union whose members name themselves ("distribution", "process"), by that name. */
export function variantsOf(
  schema: JsonSchema,
  root: JsonSchema,
): { property: string; branches: ReadonlyMap<string, JsonSchema> } | null {
  const objects = branchesOf(schema, root).filter((branch) => branch.properties !== undefined);
  if (objects.length < 2) return null;
  const property = schema.discriminator?.propertyName ?? sharedConstant(objects);
  if (!property) return null;
  const branches = new Map<string, JsonSchema>();
  for (const branch of objects) {
    const mark = branch.properties?.[property];
    const name = mark?.const ?? mark?.default ?? mark?.enum?.[0];
    if (typeof name === "string") branches.set(name, branch);
  }
  return branches.size > 0 ? { property, branches } : null;
}

function sharedConstant(objects: readonly JsonSchema[]): string | null {
  const isMark = (name: string) => objects.every((branch) => branch.properties?.[name]?.const !== undefined);
  return Object.keys(objects[0]?.properties ?? {}).find(isMark) ?? null;
}

/** Words that may stand in place of a number ("auto"). */
function wordsBesideNumber(
  schema: JsonSchema,
  root: JsonSchema,
): { number: JsonSchema; words: string[] } | null {
  const branches = branchesOf(schema, root);
  const isNumber = (branch: JsonSchema) => branch.type === "number" || branch.type === "integer";
  const number = branches.find(isNumber);
  const words = branches.flatMap((branch) =>
    branch.const === undefined ? (branch.enum ?? []) : [branch.const],
  );
  const isOther = (branch: JsonSchema) => !isNumber(branch) && branch.const === undefined && !branch.enum;
  if (!number || words.length === 0 || branches.some(isOther)) return null;
  return { number, words: words.filter((word) => typeof word === "string") };
}

function kindOf(schema: JsonSchema, root: JsonSchema): FieldKind {
  const widget = schema["x-widget"];
  if (widget === "distribution" || widget === "keys") return "distribution";
  if (widget === "arrivals") return "arrivals";
  if (widget === "event" || widget === "callees" || widget === "command") return widget;
  if (schema.enum) return "choice";
  if (schema.const !== undefined) return "choice";
  switch (schema.type) {
    case "boolean":
      return "boolean";
    case "integer":
      return "integer";
    case "number":
      return "number";
    case "string":
      return "text";
    case "array":
      return kindOfList(schema, root);
    case "object":
      return schema.properties ? "object" : "json";
  }
  switch (variantsOf(schema, root)?.property) {
    case undefined:
      return "json";
    case "distribution":
      return "distribution";
    case "process":
      return "arrivals";
    default:
      return "variants";
  }
}

/** Plain values as one text, words of a few as boxes to tick, objects one under the other; anything else as JSON. */
function kindOfList(schema: JsonSchema, root: JsonSchema): FieldKind {
  if (typeof schema.items !== "object") return "json";
  const item = resolve(schema.items, root);
  if (item.enum) return "choices";
  if (item.type === "string" || item.type === "number" || item.type === "integer") return "list";
  return item.properties || variantsOf(item, root) ? "rows" : "json";
}

/** "visibility_timeout" → "Visibility timeout"; vendor names (VisibilityTimeout) stay as they are. */
export function titleFrom(name: string): string {
  if (!/^[a-z][a-z0-9_]*$/.test(name)) return name;
  const words = name.replace(/_/g, " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export function fieldSpec(name: string, raw: JsonSchema, root: JsonSchema, required: boolean): FieldSpec {
  const { schema: plain, nullable } = withoutNull(raw, root);
  const mixed = plain.type === undefined ? wordsBesideNumber(plain, root) : null;
  const schema: JsonSchema = mixed
    ? { ...mixed.number, ...plain, type: mixed.number.type ?? "number" }
    : plain;
  return {
    name,
    kind: kindOf(schema, root),
    title: raw.title ?? schema.title ?? titleFrom(name),
    help: raw.description ?? schema.description ?? "",
    unit: raw["x-unit"] ?? schema["x-unit"] ?? "",
    widget: schema["x-widget"] ?? "",
    fallback: raw.default ?? schema.default,
    nullable,
    required,
    advanced: raw["x-advanced"] ?? schema["x-advanced"] ?? false,
    source: raw["x-source"] ?? schema["x-source"] ?? null,
    schema,
    root,
    choices: schema.enum ?? (schema.const === undefined ? [] : [schema.const]),
    words: mixed?.words ?? [],
  };
}

/**
 * The fields of an object schema, in its order. `defaults` fills what the schema leaves out (defaults that are made
 * by a function are not in it); `skip` names what the caller draws itself.
 */
export function fieldsOf(
  schema: JsonSchema,
  root: JsonSchema,
  defaults: JsonObject = {},
  skip: readonly string[] = [],
): FieldSpec[] {
  const resolved = resolve(schema, root);
  const required = new Set(resolved.required ?? []);
  return Object.entries(resolved.properties ?? {})
    .filter(([name]) => !skip.includes(name))
    .map(([name, property]) => {
      const spec = fieldSpec(name, property, root, required.has(name));
      return defaults[name] === undefined ? spec : { ...spec, fallback: defaults[name] };
    });
}

/** A value that fits a schema, for a part that has just been chosen: defaults where there are some. */
export function startValue(schema: JsonSchema, root: JsonSchema): Json {
  const { schema: resolved } = withoutNull(schema, root);
  if (resolved.default !== undefined) return resolved.default;
  if (resolved.const !== undefined) return resolved.const;
  if (resolved.enum?.[0] !== undefined) return resolved.enum[0];
  const branch = [...(variantsOf(resolved, root)?.branches ?? [])][0];
  if (branch) return startObject(branch[1], root);
  switch (resolved.type) {
    case "boolean":
      return false;
    case "number":
    case "integer":
      return startNumber(resolved);
    case "string":
      return "";
    case "array":
      return [];
    default:
      return startObject(resolved, root);
  }
}

function startNumber(schema: JsonSchema): number {
  const low = schema.minimum ?? schema.exclusiveMinimum;
  const high = schema.maximum ?? schema.exclusiveMaximum ?? Number.POSITIVE_INFINITY;
  if (low === undefined || low < 1) return Math.min(1, high);
  return schema.exclusiveMinimum === undefined ? low : low + 1;
}

/** Only what must be there: optional settings stay unset. */
function startObject(schema: JsonSchema, root: JsonSchema): JsonObject {
  const value: Record<string, Json> = {};
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    if (property.const !== undefined) value[name] = property.const;
    else if (schema.required?.includes(name)) value[name] = startValue(property, root);
  }
  return value;
}

/** "1 to 1,000", "above 0", "at least 0": the allowed range in words; "" when there is none worth saying. */
export function rangeText(schema: JsonSchema): string {
  const shown = (value: number) =>
    Math.abs(value) >= 1e12 ? "" : value.toLocaleString("en-US", { maximumFractionDigits: 6 });
  const low = schema.minimum === undefined ? "" : shown(schema.minimum);
  const above = schema.exclusiveMinimum === undefined ? "" : shown(schema.exclusiveMinimum);
  const high = schema.maximum === undefined ? "" : shown(schema.maximum);
  const below = schema.exclusiveMaximum === undefined ? "" : shown(schema.exclusiveMaximum);
  if (low && high) return `${low} to ${high}`;
  const parts = [
    low && `at least ${low}`,
    above && `above ${above}`,
    high && `at most ${high}`,
    below && `below ${below}`,
  ].filter((part) => part !== "");
  return parts.join(", ");
}

/** Whether a JSON value is the default of a field (or unset). */
export function isDefault(value: Json | undefined, fallback: Json | undefined): boolean {
  if (value === undefined) return true;
  return fallback !== undefined && sameJson(value, fallback);
}

export function objectOr(value: Json | undefined): JsonObject {
  return isObject(value) ? value : {};
}
