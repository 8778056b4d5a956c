/** What arrives from the simulator while a run goes on: the frame of contract S5 and the socket's other messages. */
import { isObject } from "../document/paths";
import type { Json, JsonObject } from "../document/types";

/** Spread of a time in one frame's interval, seconds; null fields where nothing happened. */
export interface Spread {
  p50: number | null;
  p95: number | null;
  p99: number | null;
  mean: number | null;
}

export type Metric = number | Spread | null;
export type NodeMetrics = Readonly<Record<string, Metric | undefined>>;

export interface EdgeMetrics {
  /** messages per second in this frame's interval */
  readonly rate: number | null;
  /** messages since the start */
  readonly total?: number | null;
  readonly in_transit?: number | null;
  /** what the kind at its end counts on it since the start: matched, filtered out, retries */
  readonly counts?: Readonly<Record<string, number>>;
}

export interface RunEvent {
  /** simulated seconds */
  readonly t: number;
  readonly kind: string;
  readonly node?: string | null;
  readonly text: string;
}

export interface FlowMetrics {
  readonly from: string;
  readonly to: string;
  readonly end_to_end_latency?: Spread | null;
  readonly delivered?: number | null;
}

export interface Frame {
  /** 1, 2, 3 … without a hole */
  readonly seq: number;
  /** simulated seconds */
  readonly t: number;
  /** seconds of wall time since the start */
  readonly wall?: number | null;
  readonly nodes: Readonly<Record<string, NodeMetrics>>;
  readonly edges: Readonly<Record<string, EdgeMetrics>>;
  readonly flows?: readonly FlowMetrics[];
  readonly events?: readonly RunEvent[];
  readonly progress?: number | null;
  readonly done?: boolean;
  readonly status?: RunStatus;
  readonly reason?: string | null;
  /** first and last seq the server left out before this one because we were slow */
  readonly skipped?: readonly [number, number];
}

export type RunStatus =
  | "queued"
  | "starting"
  | "running"
  | "paused"
  | "finished"
  | "cancelled"
  | "failed"
  | "interrupted";

export interface StatusMessage {
  readonly type: "status";
  readonly status: RunStatus;
  readonly progress?: number | null;
  readonly t?: number | null;
  readonly speed?: number | null;
  readonly reason?: string | null;
}

export interface ErrorMessage {
  readonly type: "error";
  readonly message: string;
}

export type SocketMessage = Frame | StatusMessage | ErrorMessage;

export const ENDED: ReadonlySet<RunStatus> = new Set<RunStatus>([
  "finished",
  "cancelled",
  "failed",
  "interrupted",
]);

export function isFrame(message: SocketMessage): message is Frame {
  return "seq" in message;
}

/** The plain number of a metric; a spread has none. */
export function plainNumber(metric: Metric | undefined): number | null {
  return typeof metric === "number" ? metric : null;
}

export function isSpread(metric: Metric | undefined): metric is Spread {
  return typeof metric === "object" && metric !== null && "p50" in metric;
}

/** The inner state of a node (partitions, bindings, …) beside its metrics; null where its kind tells none. */
export function detailOf(metrics: NodeMetrics | null): JsonObject | null {
  const detail: unknown = metrics?.["detail"];
  return isObject(detail as Json) ? (detail as JsonObject) : null;
}
