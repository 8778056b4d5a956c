/** What a sweep measured, place by place, ready for a line, a heat map and a table. */
import { isRecord } from "../api/errors";
import type { Json } from "../document/types";
import type { MetricWords } from "../run/metricWords";
import type { Estimate } from "../run/result";
import type { Sweep, SweepPoint } from "./types";
import { unitOf } from "./words";

/** A measure at a place: a flow, a node, or the cost of the whole design. */
export interface Figure {
  readonly key: string;
  readonly metric: string;
  readonly place:
    | { readonly from: string; readonly to: string }
    | { readonly node: string }
    | { readonly cost: true };
}

function asEstimate(value: unknown): Estimate | null {
  return isRecord(value) && typeof value["mean"] === "number" ? (value as unknown as Estimate) : null;
}

/** Every measure that some point has: flows first, in the order of the points. */
export function figuresOf(found: Sweep): Figure[] {
  const figures = new Map<string, Figure>();
  for (const point of found.points) {
    for (const flow of point.flows) {
      const { from, to } = flow;
      for (const metric of Object.keys(flow))
        if (asEstimate(flow[metric]))
          add(figures, { key: `${from} ${to} ${metric}`, metric, place: { from, to } });
    }
  }
  for (const point of found.points) {
    for (const [node, metrics] of Object.entries(point.nodes))
      for (const metric of Object.keys(metrics))
        if (asEstimate(metrics[metric])) add(figures, { key: `${node} ${metric}`, metric, place: { node } });
  }
  for (const point of found.points)
    for (const metric of Object.keys(point.cost ?? {}))
      if (asEstimate(point.cost?.[metric]))
        add(figures, { key: `cost ${metric}`, metric, place: { cost: true } });
  return [...figures.values()];
}

function add(figures: Map<string, Figure>, figure: Figure): void {
  if (!figures.has(figure.key)) figures.set(figure.key, figure);
}

/** The estimate of a figure at a point. */
export function estimateAt(point: SweepPoint, figure: Figure): Estimate | null {
  const { place } = figure;
  if ("cost" in place) return asEstimate(point.cost?.[figure.metric]);
  if ("node" in place) return asEstimate(point.nodes[place.node]?.[figure.metric]);
  const flow = point.flows.find((one) => one.from === place.from && one.to === place.to);
  return flow ? asEstimate(flow[figure.metric]) : null;
}

/** The worst verdict of a point; "unstable" where a backlog grows without end. */
export function pointVerdict(
  point: SweepPoint,
): "met" | "missed" | "undecided" | "unstable" | "ended early" | "" {
  if (point.stopped) return "ended early";
  if (point.stability === "growing") return "unstable";
  const verdicts = point.objectives.map((one) => one.verdict);
  return (["missed", "undecided", "met"] as const).find((word) => verdicts.includes(word)) ?? "";
}

/** The limit of an objective on this very figure. */
export function limitOf(found: Sweep, figure: Figure): number | null {
  for (const { objective } of found.points[0]?.objectives ?? []) {
    if (objective["metric"] !== figure.metric) continue;
    const { place } = figure;
    if ("cost" in place) return null;
    const isHere =
      "node" in place
        ? objective["node"] === place.node
        : objective["from"] === place.from && objective["to"] === place.to;
    const limit = objective["below"] ?? objective["above"];
    if (isHere && typeof limit === "number") return limit;
  }
  return null;
}

/** Points in the order of the first setting's values; as they come while the sweep goes on. */
export function inOrder(found: Sweep): SweepPoint[] {
  const places = found.varied.map((one) => new Map(one.values.map((value, i) => [JSON.stringify(value), i])));
  const ranked = found.points.map((point) => ({
    point,
    ranks: places.map((place, i) => place.get(JSON.stringify(point.values[i])) ?? 0),
  }));
  ranked.sort((a, b) => (a.ranks[0] ?? 0) - (b.ranks[0] ?? 0) || (a.ranks[1] ?? 0) - (b.ranks[1] ?? 0));
  return ranked.map((one) => one.point);
}

/** How a point is found by its values. */
export const keyOf = (values: readonly (Json | undefined)[]) => JSON.stringify(values);

/** Whether the values of a setting grow by factors: then its axis is logarithmic. */
export function isSpacedByFactors(values: readonly Json[]): boolean {
  const numbers = values.filter((value) => typeof value === "number");
  const [first, last] = [numbers[0], numbers.at(-1)];
  if (numbers.length < 4 || first === undefined || last === undefined || first <= 0) return false;
  const middle = numbers[Math.floor(numbers.length / 2)] ?? 0;
  return last / first > 20 && middle < (first + last) / 4;
}

/** Prices stand in US dollars; a point of a sweep names no currency. */
const CURRENCY = "USD";

export const figureUnit = (figure: Figure, words: MetricWords) =>
  "cost" in figure.place ? CURRENCY : unitOf(figure.metric, words);
