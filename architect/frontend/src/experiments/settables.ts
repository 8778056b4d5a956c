/** The settings of a design that an experiment may change: every number, choice and switch, by its path. */
import { isObject } from "../document/paths";
import { type DesignDocument, findNode, type Json, type JsonObject, nodeName } from "../document/types";
import type { Catalogue } from "../schema/catalogue";
import { type FieldSpec, fieldsOf, objectOr, titleFrom } from "../schema/fields";
import type { JsonSchema } from "../schema/types";

export interface Settable {
  /** as the API and the command line name it: nodes.billing.config.instances */
  readonly path: string;
  /** of the node, connection or fault */
  readonly place: string;
  readonly title: string;
  readonly unit: string;
  readonly kind: "number" | "integer" | "choice" | "boolean";
  /** what it is now, its default included */
  readonly value: Json;
  readonly choices: readonly Json[];
}

/** Every setting that can be varied, in the order of the document. */
export function settables(document: DesignDocument, catalogue: Catalogue): Settable[] {
  const found: Settable[] = [];
  for (const node of document.nodes) {
    const kind = catalogue.kind(node.kind);
    if (!kind) continue;
    const place = nodeName(node);
    collect(
      found,
      kind.config,
      kind.config,
      `nodes.${node.id}.config`,
      place,
      node.config ?? {},
      kind.defaults,
    );
  }
  for (const edge of document.edges) {
    const [from, to] = [findNode(document, edge.from), findNode(document, edge.to)];
    if (!from || !to) continue;
    const schema = catalogue.edgeSchema(from.kind, catalogue.roleOf(document, edge), to.kind);
    const place = `${nodeName(from)} → ${nodeName(to)}`;
    if (schema) collect(found, schema, schema, `edges.${edge.id}.config`, place, edge.config ?? {});
  }
  (document.faults ?? []).forEach((fault, i) => {
    for (const key of ["at", "duration"])
      if (typeof fault[key] === "number")
        found.push(
          setting(
            `faults.${i}.${key}`,
            `Fault: ${fault["kind"]} of ${fault["node"]}`,
            titleFrom(key),
            "s",
            fault[key],
          ),
        );
  });
  return found;
}

function setting(path: string, place: string, title: string, unit: string, value: number): Settable {
  return { path, place, title, unit, kind: "number", value, choices: [] };
}

function collect(
  found: Settable[],
  schema: JsonSchema,
  root: JsonSchema,
  path: string,
  place: string,
  config: JsonObject,
  defaults?: JsonObject,
): void {
  for (const field of fieldsOf(schema, root, defaults)) {
    const value = config[field.name] ?? field.fallback;
    const own = `${path}.${field.name}`;
    switch (field.kind) {
      case "number":
      case "integer":
        if (typeof value === "number") found.push(ofField(field, field.kind, own, place, value));
        break;
      case "choice":
      case "boolean":
        if (value !== undefined) found.push(ofField(field, field.kind, own, place, value));
        break;
      case "distribution":
      case "arrivals":
      case "variants":
        collectNumbers(found, field, own, place, value);
        break;
      case "object":
        collect(found, field.schema, root, own, place, objectOr(value));
        break;
    }
  }
}

function ofField(
  field: FieldSpec,
  kind: Settable["kind"],
  path: string,
  place: string,
  value: Json,
): Settable {
  const choices = kind === "boolean" ? [true, false] : field.choices;
  return { path, place, title: field.title, unit: field.unit, kind, value, choices };
}

/** The numbers of a distribution or of arrivals as they are set now: their mean, their rate. */
function collectNumbers(
  found: Settable[],
  field: FieldSpec,
  path: string,
  place: string,
  value: Json | undefined,
): void {
  if (typeof value === "number") {
    found.push(setting(path, place, field.title, field.unit, value));
    return;
  }
  if (!isObject(value)) return;
  for (const [key, inner] of Object.entries(value)) {
    if (typeof inner !== "number") continue;
    const unit = key === "rate" ? "msg/s" : LIKE_THE_WHOLE.test(key) ? field.unit : "1";
    found.push(
      setting(`${path}.${key}`, place, `${field.title}: ${titleFrom(key).toLowerCase()}`, unit, inner),
    );
  }
}

const LIKE_THE_WHOLE = /^(value|mean|stddev|low|high|mode|minimum|p\d+)$/;

/** "Resize workers, instances" of a path; the path itself for what is no longer there. */
export function settingTitle(all: readonly Settable[], path: string): string {
  const found = all.find((one) => one.path === path);
  return found ? `${found.place}, ${found.title.charAt(0).toLowerCase()}${found.title.slice(1)}` : path;
}

/** The same of a distribution as a whole: as its first number is called, without the name of that. */
export function wholeTitle(all: readonly Settable[], path: string): string {
  const part = all.find((one) => one.path === path || one.path.startsWith(`${path}.`));
  if (!part || part.path === path) return settingTitle(all, path);
  return settingTitle(all, part.path).split(":")[0] ?? path;
}

/** By place, for a menu with headings. */
export function byPlace(all: readonly Settable[]): ReadonlyMap<string, readonly Settable[]> {
  const groups = new Map<string, Settable[]>();
  for (const one of all) groups.set(one.place, [...(groups.get(one.place) ?? []), one]);
  return groups;
}
