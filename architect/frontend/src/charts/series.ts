/**
 * The columns behind the charts: one number per frame and metric, for the whole run, in bounded memory.
 *
 * Up to 20,000 points every frame is a point. Beyond that (or when very many columns share the budget) neighbouring
 * points are merged in pairs, again and again: rates keep their mean, levels and times their largest value, counts
 * their last. A chart says how many frames one of its points stands for.
 */
import { type Frame, isSpread, type Metric } from "../run/frameTypes";
import { isShare } from "../run/shares";

/** How two neighbouring points become one. */
export type Merging = "mean" | "max" | "last";

const MOST_POINTS = 20_000;
const FEWEST_POINTS = 2_000;
/** Numbers held in all columns together: 8 million of 4 bytes. */
const CELL_BUDGET = 8_000_000;

const MEAN = new Set([
  "arrival_rate",
  "throughput",
  "goodput",
  "rate",
  "delivered_rate",
  "bytes_in_rate",
  "bytes_out_rate",
  "mean",
]);
const LAST = new Set([
  "dead_lettered",
  "redelivered",
  "expired",
  "dropped",
  "rejected",
  "duplicates",
  "out_of_order",
  "throttled",
  "executions_failed",
  "partial_answers",
  "rate_limited",
  "overloaded",
  "cold_starts",
  "throttles",
  "timeouts",
  "conflicts",
  "conflicts_given_up",
  "sagas_completed",
  "sagas_compensated",
  "sagas_stuck",
  "steps_refused",
  "compensations",
  "late_steps_refused",
  "isolation_anomalies",
  "effects_left_over",
  "effects_repeated",
  "lost_events",
  "phantom_events",
  "events_repeated",
  "rebuilds",
  "total",
]);

export function mergingOf(metric: string): Merging {
  if (MEAN.has(metric) || isShare(metric)) return "mean";
  return LAST.has(metric) ? "last" : "max";
}

interface Column {
  readonly merging: Merging;
  values: Float32Array;
  /** how many values the last point has taken in, for the running mean */
  inLast: number;
  peak: number;
  peakAt: number;
}

const PARTS = ["p50", "p95", "p99", "mean"] as const;

/** The columns of one node, edge or flow by metric: found without putting a key together at each frame. */
type Cells = Readonly<Record<"plain" | (typeof PARTS)[number], Map<string, Column>>>;

const newCells = (): Cells => ({
  plain: new Map(),
  p50: new Map(),
  p95: new Map(),
  p99: new Map(),
  mean: new Map(),
});

export const nodeKey = (id: string, metric: string, part = "") => `node ${id} ${metric}${part && ` ${part}`}`;
export const edgeKey = (id: string, metric: string) => `edge ${id} ${metric}`;
export const flowKey = (from: string, to: string, metric: string, part = "") =>
  `flow ${from}>${to} ${metric}${part && ` ${part}`}`;

export interface SeriesStore {
  append(frames: readonly Frame[]): void;
  reset(): void;
  /** simulated seconds of the points */
  times(): number[];
  /** null where nothing was measured; a column nobody wrote is all null */
  column(key: string): (number | null)[];
  has(key: string): boolean;
  keys(): string[];
  /** the largest value so far; 0 where there is none */
  peak(key: string): number;
  /** simulated seconds when that was first reached; null where there is no value */
  peakAt(key: string): number | null;
  /** the newest value; null where there is none */
  latest(key: string): number | null;
  /** the seq of the frame that was on at this simulated time (the last one not later; the first if all are later) */
  seqAt(t: number): number | null;
  lastTime(): number;
  framesPerPoint(): number;
  pointCount(): number;
  subscribe(listener: () => void): () => void;
  /** grows with every change: the snapshot for useSyncExternalStore */
  version(): number;
}

export function createSeriesStore(mostPoints = MOST_POINTS): SeriesStore {
  const columns = new Map<string, Column>();
  const cellsOf = {
    node: new Map<string, Cells>(),
    edge: new Map<string, Cells>(),
    flow: new Map<string, Cells>(),
  };
  const listeners = new Set<() => void>();
  const delivered = new Map<string, readonly [t: number, count: number]>();
  let times = new Float64Array(1024);
  let seqs = new Float64Array(1024);
  let length = 0;
  let perPoint = 1;
  let inLast = 0;
  let version = 0;

  const limit = () => {
    const share = Math.floor(CELL_BUDGET / Math.max(1, columns.size));
    return Math.max(2, 2 * Math.floor(Math.min(mostPoints, Math.max(FEWEST_POINTS, share)) / 2));
  };

  function grow(): void {
    const size = times.length * 2;
    times = enlarged(times, new Float64Array(size));
    seqs = enlarged(seqs, new Float64Array(size));
    for (const column of columns.values())
      column.values = enlarged(column.values, new Float32Array(size).fill(Number.NaN));
  }

  function mergePairs(): void {
    const half = Math.ceil(length / 2);
    for (let i = 0; i < half; i += 1) {
      const right = Math.min(2 * i + 1, length - 1);
      times[i] = times[right] ?? 0;
      seqs[i] = seqs[right] ?? 0;
    }
    for (const { values, merging } of columns.values()) {
      for (let i = 0; i < half; i += 1) {
        const right = Math.min(2 * i + 1, length - 1);
        values[i] = merged(values[2 * i] ?? Number.NaN, values[right] ?? Number.NaN, merging);
      }
      values.fill(Number.NaN, half, length);
    }
    length = half;
    perPoint *= 2;
  }

  function openPoint(frame: Frame): void {
    if (length > 0 && inLast < perPoint) {
      inLast += 1;
    } else {
      if (length >= limit()) mergePairs();
      if (length >= times.length) grow();
      length += 1;
      inLast = 1;
      for (const column of columns.values()) column.inLast = 0;
    }
    times[length - 1] = frame.t;
    seqs[length - 1] = frame.seq;
  }

  function write(
    cells: Cells,
    part: keyof Cells,
    metric: string,
    key: (part: string) => string,
    value: number | null | undefined,
  ): void {
    if (value === null || value === undefined || !Number.isFinite(value)) return;
    let column = cells[part].get(metric);
    if (!column) {
      column = {
        merging: mergingOf(part === "plain" ? metric : part),
        values: new Float32Array(times.length).fill(Number.NaN),
        inLast: 0,
        peak: 0,
        peakAt: -1,
      };
      cells[part].set(metric, column);
      columns.set(key(part === "plain" ? "" : part), column);
    }
    const { values } = column;
    const at = length - 1;
    const before = values[at] ?? Number.NaN;
    column.inLast += 1;
    if (value > column.peak) {
      column.peak = value;
      column.peakAt = times[at] ?? 0;
    }
    if (Number.isNaN(before)) values[at] = value;
    else if (column.merging === "mean") values[at] = before + (value - before) / column.inLast;
    else values[at] = column.merging === "max" ? Math.max(before, value) : value;
  }

  function writeMetric(
    cells: Cells,
    metric: string,
    key: (part: string) => string,
    value: Metric | undefined,
  ): void {
    if (isSpread(value)) for (const part of PARTS) write(cells, part, metric, key, value[part]);
    else write(cells, "plain", metric, key, value);
  }

  function cellsFor(sort: keyof typeof cellsOf, id: string): Cells {
    let cells = cellsOf[sort].get(id);
    if (!cells) {
      cells = newCells();
      cellsOf[sort].set(id, cells);
    }
    return cells;
  }

  function writeFrame(frame: Frame): void {
    openPoint(frame);
    for (const id in frame.nodes) {
      const metrics = frame.nodes[id];
      const cells = cellsFor("node", id);
      for (const metric in metrics)
        writeMetric(cells, metric, (part) => nodeKey(id, metric, part), metrics[metric]);
    }
    for (const id in frame.edges) {
      const edge = frame.edges[id];
      const cells = cellsFor("edge", id);
      write(cells, "plain", "rate", () => edgeKey(id, "rate"), edge?.rate);
      write(cells, "plain", "in_transit", () => edgeKey(id, "in_transit"), edge?.in_transit);
    }
    for (const { from, to, end_to_end_latency: latency, delivered: count } of frame.flows ?? []) {
      const name = `${from}>${to}`;
      const cells = cellsFor("flow", name);
      writeMetric(
        cells,
        "end_to_end_latency",
        (part) => flowKey(from, to, "end_to_end_latency", part),
        latency,
      );
      const [t, before] = delivered.get(name) ?? [0, 0];
      if (typeof count === "number" && frame.t > t) {
        const rate = (count - before) / (frame.t - t);
        write(cells, "plain", "delivered_rate", () => flowKey(from, to, "delivered_rate"), rate);
        delivered.set(name, [frame.t, count]);
      }
    }
  }

  function changed(): void {
    version += 1;
    for (const listener of listeners) listener();
  }

  return {
    append(frames) {
      if (frames.length === 0) return;
      for (const frame of frames) writeFrame(frame);
      changed();
    },
    reset() {
      columns.clear();
      for (const cells of Object.values(cellsOf)) cells.clear();
      delivered.clear();
      times = new Float64Array(1024);
      seqs = new Float64Array(1024);
      length = 0;
      perPoint = 1;
      inLast = 0;
      changed();
    },
    times: () => Array.from(times.subarray(0, length)),
    column(key) {
      const values = columns.get(key)?.values;
      return Array.from({ length }, (_, i) => {
        const value = values?.[i] ?? Number.NaN;
        return Number.isNaN(value) ? null : value;
      });
    },
    has: (key) => columns.has(key),
    keys: () => [...columns.keys()],
    peak: (key) => columns.get(key)?.peak ?? 0,
    peakAt(key) {
      const at = columns.get(key)?.peakAt ?? -1;
      return at < 0 ? null : at;
    },
    latest(key) {
      const values = columns.get(key)?.values;
      for (let i = length - 1; values && i >= 0; i -= 1) {
        const value = values[i] ?? Number.NaN;
        if (!Number.isNaN(value)) return value;
      }
      return null;
    },
    seqAt(t) {
      if (length === 0) return null;
      let low = 0;
      let high = length - 1;
      while (low < high) {
        const middle = (low + high + 1) >> 1;
        if ((times[middle] ?? 0) <= t) low = middle;
        else high = middle - 1;
      }
      return seqs[low] ?? null;
    },
    lastTime: () => (length === 0 ? 0 : (times[length - 1] ?? 0)),
    framesPerPoint: () => perPoint,
    pointCount: () => length,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    version: () => version,
  };
}

function enlarged<A extends Float64Array | Float32Array>(from: A, to: A): A {
  to.set(from);
  return to;
}

/**
 * Every `size` neighbours as one, for drawing: a line with more points than pixels is a smear.
 * Groups start at multiples of `size`, so that a growing run changes only the last one.
 */
export function grouped(
  column: readonly (number | null)[],
  size: number,
  merging: Merging,
): (number | null)[] {
  if (size <= 1) return [...column];
  const out: (number | null)[] = [];
  for (let start = 0; start < column.length; start += size) {
    let value: number | null = null;
    let count = 0;
    for (const next of column.slice(start, start + size)) {
      if (next === null) continue;
      count += 1;
      if (value === null || merging === "last") value = next;
      else value = merging === "max" ? Math.max(value, next) : value + (next - value) / count;
    }
    out.push(value);
  }
  return out;
}

function merged(left: number, right: number, merging: Merging): number {
  if (Number.isNaN(left)) return right;
  if (Number.isNaN(right)) return left;
  if (merging === "mean") return (left + right) / 2;
  return merging === "max" ? Math.max(left, right) : right;
}

/** The columns of the run on the page. */
export const seriesStore: SeriesStore = createSeriesStore();
