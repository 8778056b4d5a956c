/**
 * The numbers of the moment shown, kept outside React: nodes and edges subscribe by id and write their own text.
 *
 * Measured in the walking skeletons: at 200 live nodes this halves the main thread's work against setNodes per frame.
 */
import { type EdgeMetrics, type Frame, type NodeMetrics, plainNumber } from "./frameTypes";

export type NodeListener = (metrics: NodeMetrics | null, t: number) => void;
export type EdgeListener = (metrics: EdgeMetrics | null, t: number) => void;

/** How many frames a sparkline remembers. */
export const HISTORY_LENGTH = 120;
/** What the sparklines may draw. */
export const HISTORY_METRICS = [
  "throughput",
  "arrival_rate",
  "queue_length",
  "backlog",
  "utilization",
  "in_flight",
] as const;
export type HistoryMetric = (typeof HISTORY_METRICS)[number];

export interface MetricStore {
  /** Called with the present value at once (when there is one), then at each paint, and with null when a run is left. */
  subscribeNode(id: string, listener: NodeListener): () => void;
  subscribeEdge(id: string, listener: EdgeListener): () => void;
  /** Paint this frame: every subscriber of an element hears it. */
  apply(frame: Frame): void;
  /** Add a frame to the sparklines without painting it; call with every frame, in order. */
  remember(frame: Frame): void;
  /** Forget the run. */
  reset(): void;
  node(id: string): NodeMetrics | null;
  edge(id: string): EdgeMetrics | null;
  /** The latest values of one metric up to the moment shown, oldest first; nulls left out. */
  history(id: string, metric: HistoryMetric, length?: number): number[];
  /** The frame shown now. */
  shown(): Frame | null;
}

interface Ring {
  readonly times: Float64Array;
  readonly values: Float64Array;
  written: number;
}

export function createMetricStore(): MetricStore {
  const nodeListeners = new Map<string, Set<NodeListener>>();
  const edgeListeners = new Map<string, Set<EdgeListener>>();
  const rings = new Map<string, Map<HistoryMetric, Ring>>();
  let frame: Frame | null = null;

  function add<L>(table: Map<string, Set<L>>, id: string, listener: L): () => void {
    const set = table.get(id) ?? new Set<L>();
    table.set(id, set.add(listener));
    return () => {
      set.delete(listener);
      if (set.size === 0 && table.get(id) === set) table.delete(id);
    };
  }

  function tellAll(): void {
    const t = frame?.t ?? 0;
    for (const [id, set] of nodeListeners) for (const listener of set) listener(frame?.nodes[id] ?? null, t);
    for (const [id, set] of edgeListeners) for (const listener of set) listener(frame?.edges[id] ?? null, t);
  }

  function keep(kept: Map<HistoryMetric, Ring>, metric: HistoryMetric, t: number, value: number): void {
    let ring = kept.get(metric);
    if (!ring) {
      ring = {
        times: new Float64Array(HISTORY_LENGTH),
        values: new Float64Array(HISTORY_LENGTH),
        written: 0,
      };
      kept.set(metric, ring);
    }
    const slot = ring.written % HISTORY_LENGTH;
    ring.times[slot] = t;
    ring.values[slot] = value;
    ring.written += 1;
  }

  return {
    subscribeNode(id, listener) {
      const stop = add(nodeListeners, id, listener);
      if (frame) listener(frame.nodes[id] ?? null, frame.t);
      return stop;
    },
    subscribeEdge(id, listener) {
      const stop = add(edgeListeners, id, listener);
      if (frame) listener(frame.edges[id] ?? null, frame.t);
      return stop;
    },
    apply(next) {
      frame = next;
      tellAll();
    },
    remember(next) {
      for (const id in next.nodes) {
        const metrics = next.nodes[id];
        if (!metrics) continue;
        let kept = rings.get(id);
        if (!kept) {
          kept = new Map();
          rings.set(id, kept);
        }
        for (const metric of HISTORY_METRICS) {
          const value = plainNumber(metrics[metric]);
          if (value !== null) keep(kept, metric, next.t, value);
        }
      }
    },
    reset() {
      frame = null;
      rings.clear();
      tellAll();
    },
    node: (id) => frame?.nodes[id] ?? null,
    edge: (id) => frame?.edges[id] ?? null,
    history(id, metric, length = HISTORY_LENGTH) {
      const ring = rings.get(id)?.get(metric);
      if (!ring) return [];
      const until = frame?.t ?? Infinity;
      const values: number[] = [];
      for (let i = Math.max(0, ring.written - HISTORY_LENGTH); i < ring.written; i += 1) {
        const slot = i % HISTORY_LENGTH;
        if ((ring.times[slot] ?? Infinity) <= until) values.push(ring.values[slot] ?? 0);
      }
      return values.slice(-length);
    },
    shown: () => frame,
  };
}

/** The one store of the page. */
export const metricStore: MetricStore = createMetricStore();
