/** Reading and changing one setting inside plain JSON, without touching what it came from. */
import type { Json, JsonObject } from "./types";

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function readPath(value: Json | undefined, path: readonly string[]): Json | undefined {
  let at: Json | undefined = value;
  for (const step of path) {
    if (Array.isArray(at)) at = at[Number(step)];
    else if (isObject(at)) at = at[step];
    else return undefined;
  }
  return at;
}

/**
 * A copy with the value at `path` set; `undefined` removes the key, and objects that this leaves empty are removed
 * too, so that a reset setting leaves no trace in the file.
 */
export function writePath(value: JsonObject, path: readonly string[], next: Json | undefined): JsonObject {
  const [step, ...rest] = path;
  if (step === undefined) return isObject(next) ? next : {};
  const copy: Record<string, Json | undefined> = { ...value };
  const inner = copy[step];
  if (rest.length === 0) {
    if (next === undefined) delete copy[step];
    else copy[step] = next;
    return copy;
  }
  if (Array.isArray(inner)) {
    copy[step] = writeInList(inner, rest, next);
    return copy;
  }
  const changed = writePath(isObject(inner) ? inner : {}, rest, next);
  if (next === undefined && Object.keys(changed).length === 0) delete copy[step];
  else copy[step] = changed;
  return copy;
}

function writeInList(list: readonly Json[], path: readonly string[], next: Json | undefined): Json[] {
  const [step, ...rest] = path;
  const index = Number(step);
  const copy = [...list];
  if (rest.length === 0) {
    if (next === undefined) copy.splice(index, 1);
    else copy[index] = next;
    return copy;
  }
  const inner = copy[index];
  copy[index] = Array.isArray(inner)
    ? writeInList(inner, rest, next)
    : writePath(isObject(inner) ? inner : {}, rest, next);
  return copy;
}

/** Equal as JSON values: the order of keys does not count, a key set to undefined is the same as none. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    return a.every((item, index) => sameJson(item, b[index]));
  }
  if (!isObject(a) || !isObject(b)) return false;
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  for (const key of keys) if (!sameJson(a[key], b[key])) return false;
  return true;
}
