/** The inner state of a node, as its kind tells it, put in order for the page. */
import { isObject } from "../document/paths";
import type { Json, JsonObject } from "../document/types";
import { formatBytes, formatCount, formatSeconds } from "../run/numbers";
import { titleFrom } from "../schema/fields";

export interface InsideTable {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly JsonObject[];
}

/** A span of an execution: seconds since it began. */
export interface Bar {
  readonly name: string;
  readonly from: number;
  /** null while it goes on */
  readonly to: number | null;
}

export interface Inside {
  /** single values, in the kind's order */
  readonly facts: readonly (readonly [name: string, value: Json])[];
  readonly tables: readonly InsideTable[];
  /** the last execution, state by state */
  readonly waterfall: readonly Bar[];
}

/** Quantities that a bar tells faster than a number. */
const BARS = new Set([
  "lag",
  "unread",
  "ready",
  "unacked",
  "matched",
  "waiting",
  "messages",
  "records",
  "size",
]);

export const hasBar = (column: string) => BARS.has(column) || column.startsWith("lag ");

export function insideOf(detail: JsonObject): Inside {
  const facts: (readonly [string, Json])[] = [];
  const tables: InsideTable[] = [];
  let waterfall: Bar[] = [];
  for (const [name, value] of Object.entries(detail)) {
    if (name === "waterfall" && Array.isArray(value)) {
      waterfall = value.filter((row): row is JsonObject => isObject(row as Json)).map(barOf);
    } else if (Array.isArray(value) && value.some((row) => isObject(row as Json))) {
      const rows = value.filter((row): row is JsonObject => isObject(row as Json));
      const columns = columnsOf(rows);
      // rows that the kind gives no name are called after what they begin with
      const title = name === "rows" && columns[0] ? `${titleFrom(columns[0])}s` : wordsOf(name);
      tables.push({ title, columns, rows });
    } else if (isTelling(name, value)) {
      facts.push([name, value as Json]);
    }
  }
  return { facts, tables, waterfall };
}

function barOf(row: JsonObject): Bar {
  const { from, to } = row;
  return {
    name: String(row["state"] ?? ""),
    from: typeof from === "number" ? from : 0,
    to: typeof to === "number" ? to : null,
  };
}

/** More do not fit the panel: then columns go that say "yes", a default, or, from the right, 0 in every row. */
const MOST_COLUMNS = 5;

const isArgument = (name: string) => name.startsWith("x-");

/** Columns in the order of their first coming; those that say nothing in any row are left out. */
function columnsOf(rows: readonly JsonObject[]): string[] {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const telling = names.filter((name) => rows.some((row) => isTelling(name, row[name])));
  if (telling.length <= MOST_COLUMNS) return telling;
  const kept = telling.filter(
    (name) => !rows.every((row) => row[name] === true || (isArgument(name) && row[name] === 0)),
  );
  for (const name of [...kept].reverse()) {
    if (kept.length <= MOST_COLUMNS) break;
    if (rows.every((row) => row[name] === 0)) kept.splice(kept.indexOf(name), 1);
  }
  return kept;
}

function isTelling(name: string, value: Json | undefined): boolean {
  if (value === undefined || value === null || value === "") return false;
  if (Array.isArray(value)) return value.length > 0;
  if (isObject(value)) return Object.keys(value).length > 0;
  return !(name.startsWith("more_") && value === 0);
}

const isSeconds = (name: string) => /(^|_)(age|time|delay)$/.test(name);
const isBytes = (name: string) => name === "memory" || /(^|_)bytes(_|$)/.test(name);

/** "is_leader" is "leader" to people. */
export function wordsOf(name: string): string {
  const words = titleFrom(name.replace(/^(is|has)_/, ""));
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** One value as text; `label` says what a node is called. */
export function insideText(name: string, value: Json | undefined, label: (id: string) => string): string {
  if (value === undefined || value === null || value === "") return "–";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "number") {
    if (isSeconds(name)) return formatSeconds(value);
    return isBytes(name) ? formatBytes(value) : formatCount(value);
  }
  if (typeof value === "string") return NODES.has(name) ? label(value) : value;
  if (Array.isArray(value)) return value.map((one) => insideText(name, one as Json, label)).join(", ");
  return Object.entries(value as JsonObject)
    .map(([key, inner]) => `${key}: ${insideText(key, inner, label)}`)
    .join(", ");
}

const NODES = new Set(["to", "from", "consumer", "target", "targets", "group", "alternate-exchange"]);
