/** What the alternatives cost: per month and per million messages, by cause, and what has no price. */
import { isRecord } from "../api/errors";
import type { Estimate } from "../run/result";
import type { Alternative } from "./types";

export interface CostFigures {
  readonly currency: string;
  readonly perMonth: Estimate | null;
  readonly perMillion: Estimate | null;
  /** of a month, by cause: requests, storage, node hours */
  readonly causes: Readonly<Record<string, number>>;
  readonly dated: string;
  /** why something is not in it */
  readonly unpriced: readonly string[];
}

/** The cost of an alternative, null where its result has no prices. */
export function costOf(one: Alternative): CostFigures | null {
  const cost: unknown = one.result?.cost;
  if (!isRecord(cost) || typeof cost["currency"] !== "string") return null;
  const [perMonth, perMillion] = [estimate(cost["per_month"]), estimate(cost["per_million_messages"])];
  if (!perMonth && !perMillion) return null;
  return {
    currency: cost["currency"],
    perMonth,
    perMillion,
    causes: numbersOf(isRecord(cost["per_month"]) ? cost["per_month"]["by_cause"] : null),
    dated: typeof cost["prices_dated"] === "string" ? cost["prices_dated"] : "",
    unpriced: statements(cost["unpriced"]),
  };
}

/** Every cause that some alternative has, the dearest first. */
export function causesOf(costs: readonly (CostFigures | null)[]): string[] {
  const largest = new Map<string, number>();
  for (const cost of costs)
    for (const [cause, value] of Object.entries(cost?.causes ?? {}))
      largest.set(cause, Math.max(value, largest.get(cause) ?? 0));
  return [...largest].sort((a, b) => b[1] - a[1]).map(([cause]) => cause);
}

function estimate(value: unknown): Estimate | null {
  return isRecord(value) && typeof value["mean"] === "number" ? (value as unknown as Estimate) : null;
}

function numbersOf(value: unknown): Record<string, number> {
  return Object.fromEntries(
    Object.entries(isRecord(value) ? value : {}).filter(
      (pair): pair is [string, number] => typeof pair[1] === "number",
    ),
  );
}

function statements(value: unknown): string[] {
  return (Array.isArray(value) ? value : []).flatMap((one: unknown) =>
    isRecord(one) && typeof one["statement"] === "string" ? [one["statement"]] : [],
  );
}
