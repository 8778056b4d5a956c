/** What the alternatives use: the busiest node, the largest backlog, the oldest message. */
import { isRecord } from "../api/errors";
import type { Alternative } from "./types";

type Nodes = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

export interface Found {
  readonly node: string;
  readonly value: number;
}

/** The number at a path: an estimate's mean, or the number itself. */
function numberAt(node: Readonly<Record<string, unknown>>, path: readonly string[]): number | null {
  let value: unknown = node;
  for (const step of path) value = isRecord(value) ? value[step] : undefined;
  if (isRecord(value)) value = value["mean"];
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

/** The node with the largest value of a metric, null where no node has it. */
export function largest(one: Alternative, ...path: readonly string[]): Found | null {
  const nodes: Nodes = one.result?.nodes ?? {};
  let best: Found | null = null;
  for (const [node, metrics] of Object.entries(nodes)) {
    const value = numberAt(metrics, path);
    if (value !== null && (best === null || value > best.value)) best = { node, value };
  }
  return best;
}

/** The sum of a count over all nodes, null where none counts it. */
export function total(one: Alternative, metric: string): number | null {
  const values = Object.values(one.result?.nodes ?? {}).flatMap((node) => numberAt(node, [metric]) ?? []);
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0);
}
