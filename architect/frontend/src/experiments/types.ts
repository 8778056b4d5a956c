/** What the server says of experiments: their records, and the documents headrace-comparison/1, -sweep/1, and so on. */
import type { Json, JsonObject } from "../document/types";
import type { RunStatus } from "../run/frameTypes";
import type { Estimate, RunResult } from "../run/result";

export type ExperimentKind = "comparison" | "sweep" | "capacity" | "cheapest" | "sensitivity";

export interface ExperimentRecord {
  readonly id: string;
  readonly kind: ExperimentKind;
  readonly design: string;
  readonly design_name: string;
  readonly design_version: number;
  readonly request: JsonObject;
  readonly status: RunStatus;
  readonly reason: string | null;
  readonly seed: number;
  readonly versions: Readonly<Record<string, string>>;
  /** of what `progress_text` says is under way, 0 to 1 */
  readonly progress: number;
  readonly progress_text: string;
  /** how often the result has changed */
  readonly partials: number;
  readonly headline: string;
  readonly created_at: string;
  readonly started_at: string | null;
  readonly ended_at: string | null;
  readonly wall_seconds: number | null;
}

export type Interval = readonly [low: number, high: number];
export type NoteKind = "translated" | "assumed" | "lost";

export interface Note {
  readonly kind: NoteKind;
  readonly text: string;
}

export interface SwapTarget {
  readonly kind: string;
  readonly title: string;
  readonly variants: readonly string[];
  /** kinds of nodes that may become it; empty: brokers may */
  readonly of: readonly string[];
}

export interface Difference {
  readonly mean: number | null;
  readonly relative: number | null;
  readonly interval: Interval | null;
  readonly level: number | null;
  readonly more_runs: number | null;
  readonly verdict:
    | "lower"
    | "higher"
    | "equal"
    | "not distinguishable"
    | "unstable"
    | "undecided"
    | "not measured";
  readonly statement: string;
}

export interface MeasureRow {
  readonly metric: string;
  readonly values: Readonly<Record<string, Estimate | null>>;
  readonly differences: Readonly<Record<string, Difference>>;
}

export interface Judged {
  readonly value: number | null;
  readonly ci95: Interval | null;
  readonly verdict: "met" | "missed" | "undecided" | "not measured";
  readonly reason?: string;
  readonly more_runs?: number | null;
}

export interface ObjectiveRow {
  readonly objective: JsonObject;
  readonly judged: Readonly<Record<string, Judged>>;
}

export interface Alternative {
  readonly name: string;
  readonly design: { readonly name: string; readonly digest: string };
  readonly status: "ok" | "unstable" | "failed";
  readonly statement: string;
  readonly mapping: readonly Note[];
  readonly result: RunResult | null;
}

/** Seconds and the share of the messages that took no longer. */
export type DistributionPoint = readonly [seconds: number, share: number];

export interface Band {
  readonly t: readonly number[];
  readonly mean: readonly number[];
  readonly ci95: readonly (Interval | null)[];
}

export interface Comparison {
  readonly format: "headrace-comparison/1";
  readonly seed: number;
  readonly duration: number;
  readonly warmup: number;
  readonly replications: number;
  readonly budget: number;
  readonly paired: boolean;
  readonly baseline: string | null;
  readonly alternatives: readonly Alternative[];
  readonly flows: readonly {
    readonly from: string;
    readonly to: string;
    readonly measures: readonly MeasureRow[];
  }[];
  readonly objectives: readonly ObjectiveRow[];
  /** the cost of a month, paired; null where some alternative has no prices */
  readonly cost?: MeasureRow | null;
  readonly best: {
    readonly metric: string;
    readonly alternative: string;
    readonly decided: boolean;
    readonly probability: number | null;
    readonly statement: string;
    readonly method: string;
  } | null;
  readonly charts: {
    readonly distributions: readonly {
      readonly from: string;
      readonly to: string;
      readonly curves: Readonly<Record<string, readonly DistributionPoint[]>>;
    }[];
    readonly in_system: Readonly<Record<string, Band>>;
  };
  readonly remarks: readonly string[];
  readonly stopped: string | null;
  readonly decided: boolean;
}

export interface SweepPoint {
  readonly values: readonly Json[];
  readonly flows: readonly (Readonly<Record<string, unknown>> & {
    readonly from: string;
    readonly to: string;
  })[];
  readonly nodes: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly objectives: readonly (Judged & { readonly objective: JsonObject })[];
  /** estimates by name: per_month, per_million_messages */
  readonly cost?: Readonly<Record<string, unknown>>;
  readonly stability: string;
  readonly stopped: string | null;
}

export interface Sweep {
  readonly format: "headrace-sweep/1";
  readonly seed: number;
  readonly replications: number | null;
  readonly varied: readonly { readonly path: string; readonly values: readonly Json[] }[];
  readonly points: readonly SweepPoint[];
  readonly stopped: string | null;
}

export interface Broken {
  readonly objective?: JsonObject;
  readonly value?: number | null;
  readonly ci95?: Interval | null;
  readonly busiest?: { readonly node: string; readonly utilization: number } | null;
  readonly node?: string;
  readonly measure?: string;
  readonly growth_rate?: number;
  readonly reason?: string;
}

export interface LookedAt {
  readonly value: number;
  readonly verdict: "met" | "missed";
  readonly sure: boolean;
  readonly replications: number;
  readonly broken: readonly Broken[];
  readonly objectives: readonly (Judged & { readonly objective: JsonObject })[];
  /** of a search over outages: what became of the backlog */
  readonly recovery?: Recovery;
}

export interface Recovery {
  readonly state: string;
  readonly recovered: number;
  readonly of: number;
  /** seconds after the end of the fault */
  readonly drain_time: Estimate | null;
}

export interface Capacity {
  readonly format: "headrace-capacity/1";
  readonly setting: string;
  readonly find: "highest" | "lowest";
  readonly seed: number;
  readonly duration: number;
  readonly value: number | null;
  readonly bracket: readonly (number | null)[];
  readonly sure_bracket: readonly (number | null)[];
  readonly sure: boolean;
  readonly first_to_break: readonly Broken[];
  readonly looked_at: readonly LookedAt[];
  readonly statement: string;
}

export interface CheapestPoint extends Omit<LookedAt, "value"> {
  readonly values: readonly Json[];
  readonly cost: { readonly mean: number; readonly ci95: Interval | null };
  readonly latency: { readonly mean: number; readonly ci95: Interval | null } | null;
  readonly unpriced: readonly { readonly statement: string }[];
}

export interface Cheapest {
  readonly format: "headrace-cheapest/1";
  readonly seed: number;
  readonly duration: number;
  readonly varied: readonly { readonly path: string; readonly values: readonly Json[] }[];
  readonly latency: string;
  readonly currency: string;
  readonly prices_dated: string;
  /** in rising order of cost */
  readonly points: readonly CheapestPoint[];
  /** positions in `points` */
  readonly cheapest: number | null;
  readonly front: readonly number[];
  readonly statement: string;
  readonly stopped: string | null;
}

export type End = "low" | "high";

export interface SwungFlow {
  readonly from: string;
  readonly to: string;
  readonly swing: number | null;
  readonly as_drawn?: Estimate | null;
  readonly low?: Estimate | null;
  readonly high?: Estimate | null;
  readonly low_difference?: Difference | null;
  readonly high_difference?: Difference | null;
}

export interface SwungParameter {
  readonly name: string;
  readonly why: string;
  readonly as_drawn: number;
  readonly low: number;
  readonly high: number;
  readonly status: Readonly<Record<End, Alternative["status"]>>;
  readonly changed_verdicts: number;
  readonly swing: number | null;
  readonly flows: readonly SwungFlow[];
  readonly objectives: readonly {
    readonly objective: JsonObject;
    readonly as_drawn: Judged | null;
    readonly low: Judged | null;
    readonly high: Judged | null;
  }[];
}

export interface Effect {
  readonly name: string;
  readonly mu: number;
  readonly mu_star: number;
  readonly sigma: number;
}

export interface Sensitivity {
  readonly format: "headrace-sensitivity/1";
  readonly seed: number;
  readonly duration: number;
  readonly replications: number;
  readonly metric: string;
  /** in rank */
  readonly parameters: readonly SwungParameter[];
  readonly morris: {
    readonly trajectories: number;
    readonly points: number;
    readonly replications: number;
    readonly effects: readonly Effect[];
  } | null;
  readonly stopped: string | null;
  readonly statement: string;
}

export type ExperimentResult = Comparison | Sweep | Capacity | Cheapest | Sensitivity;
