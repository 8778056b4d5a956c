/**
 * A card's numbers during a run, written straight into the page: no React state changes at frame rate.
 * Text is written only when it differs from what stands there.
 */

import { isSpread, type Metric, type NodeMetrics } from "../run/frameTypes";
import { HISTORY_METRICS, type HistoryMetric, metricStore } from "../run/metrics";
import { unitOf } from "../run/metricWords";
import { formatQuantity } from "../run/numbers";
import type { MetricInfo } from "../schema/types";
import { paintNever, paintSoon } from "./paintSoon";

export interface LiveParts {
  readonly root: HTMLElement;
  readonly values: readonly HTMLElement[];
  readonly bar: HTMLElement | null;
  readonly spark: SVGPathElement | null;
  /** where a fault that is on is named */
  readonly fault: HTMLElement | null;
}

export interface LiveRow {
  readonly metric: string;
  readonly title: string;
  readonly unit: string;
}

export const ROWS = 3;
/** Milliseconds between two drawings of one sparkline. */
const SPARK_EVERY = 250;
export const SPARK = { width: 200, height: 34 } as const;

const SHORT: Readonly<Record<string, string>> = {
  arrival_rate: "Arrivals",
  throughput: "Throughput",
  utilization: "Utilization",
  queue_length: "Waiting",
  in_flight: "In flight",
  backlog: "Backlog",
  waiting_time: "Wait p95",
  service_time: "Service p95",
  sojourn_time: "Sojourn p95",
  dead_lettered: "Dead letters",
  consumer_lag: "Lag",
  execution_time: "Execution p95",
  executions_failed: "Failed",
  concurrent_executions: "Executing",
  time_to_first_token: "First token p95",
  rate_limited: "Rate limited",
  invocation_delay: "Delay p95",
  delivery_latency: "Delivery p95",
  read_your_writes: "Own writes",
};

/** Which metrics a card shows: those its kind names, then what every node has; what a node does not measure is hidden. */
export function liveRows(
  badges: readonly string[] | undefined,
  metrics: Readonly<Record<string, MetricInfo>>,
  receives = true,
): readonly LiveRow[] {
  const wanted = [...(badges ?? []), "throughput", ...(receives ? ["arrival_rate"] : [])];
  return [...new Set(wanted)].slice(0, ROWS).map((metric) => ({
    metric,
    title: SHORT[metric] ?? metrics[metric]?.title ?? metric,
    unit: unitOf(metric, metrics[metric]),
  }));
}

function figure(metric: Metric | undefined): number | null {
  if (isSpread(metric)) return metric.p95;
  return metric ?? null;
}

/** Busy shares at which a node is coloured as loaded, and as at its limit. */
export const LOADED = 0.75;
export const AT_LIMIT = 0.95;

/** 0 calm … 3 at the limit. */
export function loadLevel(utilization: number | null): 0 | 1 | 2 | 3 {
  if (utilization === null || utilization < 0.005) return 0;
  if (utilization < LOADED) return 1;
  return utilization < AT_LIMIT ? 2 : 3;
}

/** How full the bar is: the busy share of the servers, or the queue on a logarithmic scale up to 100,000. */
export function barShare(metrics: NodeMetrics): { share: number; level: 0 | 1 | 2 | 3 } {
  const utilization = figure(metrics["utilization"]);
  if (utilization !== null) return { share: Math.min(1, utilization), level: loadLevel(utilization) };
  const waiting = figure(metrics["queue_length"]) ?? figure(metrics["backlog"]) ?? 0;
  const share = Math.min(1, Math.log10(1 + waiting) / 5);
  return { share, level: waiting < 1 ? 0 : share < 0.5 ? 1 : share < 0.8 ? 2 : 3 };
}

/** An area chart as an SVG path; "" with fewer than two values. */
export function sparkPath(values: readonly number[], width = SPARK.width, height = SPARK.height): string {
  if (values.length < 2) return "";
  const top = Math.max(...values, 1e-9);
  const step = width / (values.length - 1);
  const y = (value: number) => (height - (Math.max(0, value) / top) * (height - 2)).toFixed(1);
  const line = values.map((value, index) => `${(index * step).toFixed(1)} ${y(value)}`).join("L");
  return `M0 ${height}L${line}L${width} ${height}Z`;
}

function write(element: Element | undefined, text: string): void {
  if (element && element.textContent !== text) element.textContent = text;
}

function mark(element: HTMLElement, name: string, value: string): void {
  if (element.dataset[name] !== value) element.dataset[name] = value;
}

/**
 * Keep a card's numbers current until the returned function is called. `far`: only the colour is kept.
 * `faultAt` names the fault that is on at a moment ("" for none).
 */
export function bindCard(
  id: string,
  rows: readonly LiveRow[],
  parts: LiveParts,
  far: boolean,
  faultAt: (t: number) => string = () => "",
): () => void {
  const sparkMetric = rows.find((row) => (HISTORY_METRICS as readonly string[]).includes(row.metric))?.metric;
  let sparkDrawn = 0;
  const clear = () => {
    delete parts.root.dataset["load"];
    delete parts.root.dataset["live"];
    delete parts.root.dataset["fault"];
    write(parts.fault ?? undefined, "");
    parts.spark?.setAttribute("d", "");
    if (parts.bar) parts.bar.style.transform = "scaleX(0)";
  };
  const paint = (metrics: NodeMetrics, t: number) => {
    const fault = faultAt(t);
    write(parts.fault ?? undefined, fault);
    if (fault !== "") mark(parts.root, "fault", "on");
    else delete parts.root.dataset["fault"];
    const { share, level } = barShare(metrics);
    mark(parts.root, "load", String(level));
    mark(parts.root, "live", "yes");
    if (far) return;
    rows.forEach((row, index) => {
      const line = parts.values[index]?.parentElement;
      const isMeasured = metrics[row.metric] !== undefined;
      if (line && line.hidden === isMeasured) line.hidden = !isMeasured;
      write(parts.values[index], formatQuantity(figure(metrics[row.metric]), row.unit));
    });
    if (parts.bar) {
      const transform = `scaleX(${share.toFixed(2)})`;
      if (parts.bar.style.transform !== transform) parts.bar.style.transform = transform;
    }
    const now = performance.now();
    if (parts.spark && sparkMetric && now - sparkDrawn >= SPARK_EVERY) {
      sparkDrawn = now;
      parts.spark.setAttribute("d", sparkPath(metricStore.history(id, sparkMetric as HistoryMetric, 60)));
    }
  };
  const stop = metricStore.subscribeNode(id, (metrics, t) => {
    if (metrics !== null) paintSoon(parts, () => paint(metrics, t));
    else {
      paintNever(parts);
      clear();
    }
  });
  return () => {
    stop();
    paintNever(parts);
    clear();
  };
}
