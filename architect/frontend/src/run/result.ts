/** The result of a run (contract section 2) made into rows for tables, whatever metrics a kind has. */

import type { Statistics, Theory } from "./trust";

export type Interval = readonly [number, number];

export interface Estimate {
  readonly mean: number | null;
  /** 95 % confidence interval; null when the run was too short for one */
  readonly ci95: Interval | null;
  /** false: it depends on the length of the run, so that there is no such thing as its mean */
  readonly steady_state?: boolean;
}

export interface RunResult {
  readonly seed: number;
  readonly replications: number;
  readonly duration: number;
  /** simulated seconds cut off at the start */
  readonly warmup: number | null;
  readonly messages?: number;
  readonly events?: number;
  readonly stopped?: string | null;
  readonly design?: { readonly name: string; readonly digest: string };
  readonly nodes?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly edges?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly flows?: readonly Readonly<Record<string, unknown>>[];
  /** absent in results of older versions */
  readonly statistics?: Statistics | null;
  readonly theory?: readonly Theory[] | null;
  readonly conservation?: {
    readonly ok: boolean;
    readonly nodes?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  };
  readonly littles_law?: Readonly<
    Record<string, { L?: number | null; lambda_W?: number | null; relative_error?: number | null }>
  >;
  readonly objectives?: readonly {
    readonly objective: Readonly<Record<string, unknown>>;
    readonly value: number | null;
    readonly ci95: Interval | null;
    readonly verdict: string;
    /** what the interval does not say by itself; absent in results of older versions */
    readonly reason?: string;
  }[];
  readonly cost?: Readonly<Record<string, unknown>> | null;
}

/** The columns of the results table besides mean and interval. */
export const PERCENTILES = ["p50", "p90", "p95", "p99", "p999", "max"] as const;
export type Percentile = (typeof PERCENTILES)[number];

export interface MetricRow {
  readonly metric: string;
  readonly mean: Estimate;
  readonly percentiles: Readonly<Partial<Record<Percentile, number | null>>>;
  /** simulated seconds at which the largest value was reached */
  readonly maxAt?: number | null;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isInterval(value: unknown): value is Interval {
  return Array.isArray(value) && value.length === 2 && value.every((end) => typeof end === "number");
}

/** A number, {mean, ci95} or {value}: all are estimates; null when it is none of them. */
export function asEstimate(value: unknown): Estimate | null {
  if (typeof value === "number") return { mean: value, ci95: null };
  if (!isRecord(value) || isRecord(value["mean"])) return null;
  if (typeof value["mean"] !== "number" && !("ci95" in value)) return null;
  return {
    mean: typeof value["mean"] === "number" ? value["mean"] : null,
    ci95: isInterval(value["ci95"]) ? value["ci95"] : null,
    ...(value["steady_state"] === false ? { steady_state: false } : {}),
  };
}

/** One metric as a row; null when there is no number in it at all. */
export function metricRow(metric: string, value: unknown): MetricRow | null {
  const percentiles: Partial<Record<Percentile, number | null>> = {};
  if (isRecord(value)) {
    for (const name of PERCENTILES) {
      const estimate = asEstimate(value[name]);
      if (estimate) percentiles[name] = estimate.mean;
    }
  }
  const whole = asEstimate(value);
  // {mean: {mean, ci95}, p50: ...} has its estimate inside; in {mean, ci95} the number is the estimate's own.
  const inner = isRecord(value) && isRecord(value["mean"]) ? asEstimate(value["mean"]) : null;
  const mean = inner ?? whole;
  if (!mean && Object.keys(percentiles).length === 0) return null;
  const maxAt = isRecord(value) ? (asEstimate(value["max_at"])?.mean ?? null) : null;
  const row = {
    metric,
    mean: mean ?? { mean: null, ci95: null },
    percentiles,
    ...(maxAt === null ? {} : { maxAt }),
  };
  return row.mean.mean === null && Object.values(percentiles).every((one) => one === null) ? null : row;
}

/** Every metric of a node or flow that holds a number, in the order of the result. */
export function metricRows(metrics: Readonly<Record<string, unknown>>): MetricRow[] {
  return Object.entries(metrics).flatMap(([metric, value]) => {
    const row = metricRow(metric, value);
    return row ? [row] : [];
  });
}

/** What an objective asks of its metric, whichever way; null where it asks nothing. */
export function limitOf(objective: Readonly<Record<string, unknown>>): number | null {
  const limit = objective["below"] ?? objective["above"] ?? objective["equals"];
  return typeof limit === "number" ? limit : null;
}

/** "p99 end-to-end latency, Web shop → Billing, below 2 s" in words. */
export function objectiveWords(
  objective: Readonly<Record<string, unknown>>,
  title: (metric: string) => string,
  label: (id: string) => string,
  quantity: (value: number, metric: string) => string,
): string {
  const text = (key: string) => (typeof objective[key] === "string" ? (objective[key] as string) : null);
  const [metric = "", part] = (text("metric") ?? "").split(".");
  const where =
    text("from") && text("to")
      ? `${label(text("from") ?? "")} → ${label(text("to") ?? "")}`
      : label(text("node") ?? "");
  const limit = (["below", "above", "equals"] as const).find((key) => typeof objective[key] === "number");
  const bound = limit ? `${limit} ${quantity(objective[limit] as number, metric)}` : "";
  return [part ? `${part} ${title(metric)}` : title(metric), where, bound]
    .filter((piece) => piece !== "")
    .join(", ");
}

/** What every connection has; anything else is counted by the kind at its end (matched, filtered out, retries). */
const OF_EVERY_EDGE = new Set(["throughput", "total", "arrived", "lost", "duplicated", "in_transit"]);

/** The connections worth a table: the chosen one, else those on which a kind counts something of its own. */
export function tellingEdges(
  edges: RunResult["edges"],
  chosen: string | null,
): (readonly [id: string, metrics: Readonly<Record<string, unknown>>])[] {
  return Object.entries(edges ?? {}).filter(([id, metrics]) =>
    chosen === null ? Object.keys(metrics).some((name) => !OF_EVERY_EDGE.has(name)) : id === chosen,
  );
}
