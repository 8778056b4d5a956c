/** A run as the API gives it (contract S7), and the design snapshot it ran. */
import type { JsonObject } from "../document/types";
import type { RunStatus } from "./frameTypes";

export interface RunRecord {
  readonly id: string;
  readonly design: string | null;
  readonly design_name: string;
  readonly design_version: number | null;
  readonly status: RunStatus;
  readonly reason: string | null;
  readonly seed: number;
  readonly digest: string | null;
  readonly versions: Readonly<Record<string, string>> | null;
  readonly created_at: string;
  readonly started_at: string | null;
  readonly ended_at: string | null;
  /** 0..1 */
  readonly progress: number | null;
  /** simulated seconds reached */
  readonly t: number | null;
  /** simulated seconds asked for */
  readonly duration: number | null;
  readonly last_seq: number;
  /** simulated seconds per second of ours; null: as fast as it goes */
  readonly speed: number | null;
  readonly wall_seconds: number | null;
  readonly headline: Readonly<Record<string, unknown>> | null;
}

export interface SnapshotNode {
  readonly id: string;
  readonly kind: string;
  readonly label?: string;
}

export interface SnapshotEdge {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly role?: string;
}

/** Only what the run view reads of a design document. */
export interface Snapshot {
  readonly name: string;
  readonly nodes: readonly SnapshotNode[];
  readonly edges: readonly SnapshotEdge[];
  readonly objectives?: readonly Objective[];
  /** planned and injected */
  readonly faults?: readonly JsonObject[];
  readonly simulation?: {
    readonly duration?: number;
    readonly warmup?: number | string;
    readonly replications?: number;
    /** relative half-width at which replications stop */
    readonly precision?: number | null;
  };
}

export interface Objective {
  readonly metric: string;
  readonly from?: string;
  readonly to?: string;
  readonly node?: string;
  readonly below?: number;
  readonly above?: number;
  readonly equals?: number;
}

/** What a node is called on the canvas. */
export function labelOf(snapshot: Snapshot | null, id: string): string {
  const label = snapshot?.nodes.find((node) => node.id === id)?.label;
  return label === undefined || label === "" ? id : label;
}

/** What an edge is called: its two ends. */
export function edgeLabel(snapshot: Snapshot | null, id: string): string {
  const edge = snapshot?.edges.find((one) => one.id === id);
  return edge ? `${labelOf(snapshot, edge.from)} → ${labelOf(snapshot, edge.to)}` : id;
}

/** The first characters of a digest: enough to tell two designs apart by eye. */
export function shortDigest(digest: string | null | undefined): string {
  return digest ? digest.replace(/^sha256:/, "").slice(0, 8) : "–";
}
