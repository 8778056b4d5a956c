/** From the curves of a comparison to the lines of its charts. */
import type { OverlayLine } from "../charts/OverlayChart";
import type { Band, Comparison, DistributionPoint } from "./types";
import { styleAt } from "./words";

/** Equal steps for every nine: 0.9 is 1, 0.99 is 2. */
export const nines = (share: number) => -Math.log10(1 - share);

/** Shares below it are left out: the few fastest messages would take half of a logarithmic axis. */
const LEAST = 0.001;

/** The empirical distributions as lines; a logarithmic axis has no place for 0. */
export function cumulative(
  curves: Readonly<Record<string, readonly DistributionPoint[]>>,
  names: readonly string[],
): OverlayLine[] {
  return names.flatMap((name, i) => {
    const points = (curves[name] ?? []).filter(([seconds, share]) => seconds > 0 && share >= LEAST);
    if (points.length === 0) return [];
    return [{ name, ...styleAt(i), x: points.map((one) => one[0]), y: points.map((one) => one[1]) }];
  });
}

/** Latency over the percentile, a step for every nine; the last point (the longest of all) has no such place. */
export function percentileLines(
  curves: Readonly<Record<string, readonly DistributionPoint[]>>,
  names: readonly string[],
): OverlayLine[] {
  return names.flatMap((name, i) => {
    const points = (curves[name] ?? []).filter(
      ([seconds, share]) => seconds > 0 && share < 1 && share > 0.01,
    );
    if (points.length === 0) return [];
    return [{ name, ...styleAt(i), x: points.map((one) => nines(one[1])), y: points.map((one) => one[0]) }];
  });
}

export function bandLines(bands: Readonly<Record<string, Band>>, names: readonly string[]): OverlayLine[] {
  return names.flatMap((name, i) => {
    const band = bands[name];
    if (!band) return [];
    return [{ name, ...styleAt(i), dash: [], x: band.t, y: band.mean, band: band.ci95 }];
  });
}

export interface LatencyLimit {
  /** p99, mean, … */
  readonly part: string;
  /** seconds */
  readonly value: number;
}

/** What the objectives ask of the latency of a flow: lines over its percentiles. */
export function latencyLimits(
  found: Pick<Comparison, "objectives">,
  from: string,
  to: string,
): LatencyLimit[] {
  return found.objectives.flatMap(({ objective }) => {
    const [metric, part] = String(objective["metric"] ?? "").split(".");
    const value = objective["below"];
    const isHere = objective["from"] === from && objective["to"] === to;
    return isHere && metric === "end_to_end_latency" && part && typeof value === "number"
      ? [{ part, value }]
      : [];
  });
}
