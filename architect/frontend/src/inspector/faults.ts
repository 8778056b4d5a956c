/** Faults and actions as the page speaks of them. */
import { isObject } from "../document/paths";
import type { Json, JsonObject } from "../document/types";
import { formatNumber, formatSeconds } from "../run/numbers";
import type { FaultInfo, JsonSchema } from "../schema/types";

export const DEFAULT_DURATION = 60;

/** The times of a fault, for the same form as every other setting. */
export const DURATION: JsonSchema = {
  type: "object",
  properties: {
    duration: {
      type: "number",
      exclusiveMinimum: 0,
      maximum: 1e9,
      title: "Duration",
      description: "How long it lasts, in simulated time.",
      "x-unit": "s",
      "x-widget": "duration",
    },
  },
  required: ["duration"],
};
export const AT: JsonSchema = {
  type: "object",
  properties: {
    at: {
      type: "number",
      minimum: 0,
      maximum: 1e9,
      title: "At",
      description: "Simulated time at which it happens in every run.",
      "x-unit": "s",
      "x-widget": "duration",
    },
  },
  required: ["at"],
};

/** A fault of a node as it stands in the document, without its time. */
export function faultOf(
  info: FaultInfo,
  node: string,
  config: JsonObject,
  duration: Json | undefined,
): JsonObject {
  return {
    kind: info.fault,
    node,
    ...(info.lasts && duration !== undefined ? { duration } : {}),
    ...(Object.keys(config).length > 0 ? { config } : {}),
  };
}

/** "at 2 min for 60 s": when it happens. */
export function whenText(fault: JsonObject): string {
  const { at, duration } = fault;
  const when = typeof at === "number" ? `at ${formatSeconds(at)}` : "";
  return typeof duration === "number" ? `${when} for ${formatSeconds(duration)}` : when;
}

/** "broker 2, clients both": its settings in a line. */
export function configText(fault: JsonObject): string {
  const { config } = fault;
  if (!isObject(config)) return "";
  return Object.entries(config)
    .map(([name, value]) => `${name} ${typeof value === "number" ? formatNumber(value) : plain(value)}`)
    .join(", ");
}

const plain = (value: Json | undefined) => (typeof value === "string" ? value : JSON.stringify(value));

/** Where a refusal belongs in the form: "fault.config.node" and "faults[3].config.node" are both ["node"]. */
export function refusedPath(path: string): readonly string[] {
  return path
    .replace(/^faults?(\[\d+\])?\.?/, "")
    .replace(/^config\.?/, "")
    .replace(/\[(\d+)\]/g, ".$1")
    .split(".")
    .filter((step) => step !== "");
}
