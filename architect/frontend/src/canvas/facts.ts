/** What a card says before any run: how the node is set, the most telling first. */
import { isObject } from "../document/paths";
import type { DesignNode, Json } from "../document/types";
import { formatSetting, settingText } from "../inspector/quantities";
import { type FieldSpec, fieldsOf, isDefault } from "../schema/fields";
import type { KindInfo } from "../schema/types";

export interface Fact {
  readonly name: string;
  readonly text: string;
  /** nobody has chosen this: it is what the kind does unasked */
  readonly isDefault: boolean;
}

/** Settings that were changed come first, then those everybody asks for; advanced ones only when changed. */
export function nodeFacts(node: DesignNode, kind: KindInfo | undefined): Fact[] {
  if (!kind) return [{ name: "Unknown kind", text: node.kind, isDefault: false }];
  const facts: { fact: Fact; rank: number }[] = [];
  fieldsOf(kind.config, kind.config, kind.defaults).forEach((field, index) => {
    const own = node.config?.[field.name];
    const value = own ?? field.fallback;
    const text = factText(value, field);
    if (text === null) return;
    const changed = own !== undefined && !isDefault(own, field.fallback);
    if (!changed && (field.advanced || field.kind === "event" || field.kind === "json")) return;
    const rank = (field.required ? 0 : changed ? 100 : 200) + index;
    // "Service", not "Service time": beside "300 ms, exponential" there is no room, nor any doubt
    const name = field.kind === "distribution" ? field.title.replace(/ time$/, "") : field.title;
    facts.push({ fact: { name, text, isDefault: own === undefined }, rank });
  });
  facts.sort((a, b) => a.rank - b.rank);
  return facts.map((entry) => entry.fact);
}

/** What a kind that comes in two sorts is: "FIFO" or "standard"; "" for all other kinds. */
export function sortOf(node: DesignNode, kind: KindInfo | undefined): string {
  const name = ["FifoQueue", "FifoTopic"].find((one) => kind?.config.properties?.[one] !== undefined);
  if (name === undefined) return "";
  return (node.config?.[name] ?? kind?.defaults?.[name]) === true ? "FIFO" : "standard";
}

export function factText(value: Json | undefined, field: FieldSpec): string | null {
  if (value === undefined || value === null || value === "") return null;
  switch (field.kind) {
    case "number":
    case "integer":
      return typeof value === "number" ? settingText(value, field.unit, field.widget) : null;
    case "boolean":
      return value === true ? "yes" : "no";
    case "distribution":
      return distributionText(value, field.unit);
    case "arrivals":
      return arrivalsText(value);
    case "choice":
    case "text":
      return typeof value === "string" && value.length <= 40 ? value : null;
    default:
      return null;
  }
}

/** "6.4 ms, exponential": the one figure people know it by, and the shape. */
export function distributionText(value: Json | undefined, unit: string): string | null {
  if (typeof value === "number") return formatSetting(value, unit);
  if (!isObject(value)) return null;
  const name = String(value["distribution"] ?? "");
  const figure = ["mean", "value", "p50", "minimum", "mode", "count"]
    .map((key) => ({ key, number: value[key] }))
    .find((one) => typeof one.number === "number");
  if (!figure) return name;
  const shown = formatSetting(figure.number as number, figure.key === "count" ? "1" : unit);
  if (figure.key === "p50") return `${shown} median`;
  return name === "constant" ? shown : `${shown}, ${name}`;
}

/** "100 msg/s, poisson": how much comes in. */
export function arrivalsText(value: Json | undefined): string | null {
  if (!isObject(value)) return null;
  const name = String(value["process"] ?? "");
  const rate = value["rate"];
  if (typeof rate === "number") {
    return `${formatSetting(rate, name === "batch-poisson" ? "1/s" : "msg/s")}, ${name}`;
  }
  const points = value["points"];
  if (Array.isArray(points)) {
    const rates = points
      .map((point) => (Array.isArray(point) ? Number(point[1]) : 0))
      .filter(Number.isFinite);
    if (rates.length > 0) return `up to ${formatSetting(Math.max(...rates), "msg/s")}`;
  }
  if (typeof value["clients"] === "number") return `${value["clients"]} clients`;
  if (Array.isArray(value["times"])) return `${value["times"].length} recorded`;
  return name;
}
