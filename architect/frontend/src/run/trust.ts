/** What a result says of its own reliability (`statistics` and `theory`), in words a page can show. */
import { formatCount, formatInterval, formatNumber, formatRate, GAP } from "./numbers";
import type { Estimate, Interval, RunResult } from "./result";

export interface Curve {
  /** simulated seconds */
  readonly t: readonly number[];
  /** messages in the system, averaged over the replications */
  readonly in_system: readonly (number | null)[];
}

export interface Warmup {
  readonly rule: string;
  /** simulated seconds left out */
  readonly cut: number;
  /** the same as a share of the run */
  readonly share: number;
  readonly too_short: boolean;
  readonly curve?: Curve | null;
  readonly statement: string;
}

export interface Precision {
  /** relative half-width */
  readonly target: number;
  readonly achieved: number | null;
  readonly metric: string | null;
  readonly reached: boolean;
  readonly messages_needed?: number | null;
  readonly statement: string;
}

export type StabilityVerdict = "stable" | "growing" | "undecided" | "not-judged";

export interface Stability {
  readonly verdict: StabilityVerdict;
  readonly nodes: Readonly<
    Record<
      string,
      {
        readonly verdict: StabilityVerdict;
        readonly growth_rate: Estimate | null;
        readonly statement: string;
      }
    >
  >;
}

export interface Statement {
  readonly severity: "info" | "warning" | "problem";
  readonly code: string;
  readonly text: string;
  readonly node: string | null;
}

export interface Statistics {
  readonly method: "replications" | "batch-means" | "none";
  readonly confidence: number;
  readonly replications: number;
  readonly batches: number | null;
  readonly effective_sample_size?: Readonly<Record<string, number | null>>;
  readonly warmup?: Warmup | null;
  readonly precision?: Precision | null;
  readonly stability?: Stability | null;
  readonly statements?: readonly Statement[];
}

export interface TheoryMetric {
  readonly node: string;
  /** "waiting_time.mean" */
  readonly metric: string;
  readonly theory: number;
  readonly simulated: { readonly mean: number | null; readonly ci95: Interval | null };
  readonly relative_difference: number | null;
  readonly verdict: "agrees" | "differs" | "undecided";
}

export interface Theory {
  readonly nodes: readonly string[];
  readonly model: string;
  readonly formula?: string;
  readonly source?: string;
  readonly parameters?: Readonly<Record<string, unknown>>;
  readonly exact: boolean;
  readonly metrics: readonly TheoryMetric[];
}

export type Label = (id: string) => string;

/** How the intervals were made, in one sentence. */
export function methodWords({ method, confidence, replications, batches }: Statistics): string {
  const level = `${Math.round(confidence * 100)}${GAP}%`;
  if (method === "replications")
    return `Intervals at ${level} confidence are Student's t over ${formatCount(replications)} independent replications.`;
  if (method === "batch-means")
    return `One run, divided after the warm-up into ${batches ?? "equal"} batches: intervals at ${level} confidence come from the spread of the batch means. Replications need no such division and are the safer choice.`;
  return `${replications === 1 ? "One run" : "These runs"} of this kind ${replications === 1 ? "gives" : "give"} no intervals: ask for ten replications in the run's settings.`;
}

/** What ± means; null where there is none. */
export function intervalWords({ method, confidence }: Statistics): string | null {
  if (method === "none") return null;
  return `± is half of an interval's width: of a hundred such experiments with other seeds, about ${Math.round(confidence * 100)} intervals hold the true value.`;
}

/** The measure whose messages depend on each other most: how many independent ones they are worth. */
export function smallestSample(
  { effective_sample_size: sizes }: Statistics,
  label: Label,
  title: Label,
): string | null {
  const known = Object.entries(sizes ?? {}).filter(
    (pair): pair is [string, number] => typeof pair[1] === "number" && pair[1] > 0,
  );
  const least = known.sort((a, b) => a[1] - b[1])[0];
  if (!least) return null;
  const at = least[0].lastIndexOf(".");
  const where = least[0].slice(0, at).split(" → ").map(label).join(" → ");
  const metric = title(least[0].slice(at + 1));
  return `Messages that wait together wait alike. The hardest figure, the ${metric} of ${where}, rests on as much as ${formatCount(Math.round(least[1]))} independent observations.`;
}

/** The node's backlog rises for ever: what stands instead of its means. */
export function growthWords(rate: Estimate | null): string {
  if (rate?.mean == null) return "grows as long as the run lasts";
  const interval = rate.ci95 ? ` (95 % interval ${formatInterval(rate.ci95, "msg/s")})` : "";
  return `grows by ${formatRate(rate.mean)}${interval}`;
}

/** Nodes whose backlog grows without end. */
export function growingNodes(statistics: Statistics | null | undefined): string[] {
  return Object.entries(statistics?.stability?.nodes ?? {})
    .filter(([, node]) => node.verdict === "growing")
    .map(([id]) => id);
}

/** The server speaks of ids; the page calls things as the drawing does. Only ids in the places known to hold them are exchanged. */
export function inLabels(text: string, result: RunResult, label: Label, node: string | null = null): string {
  let words = text;
  for (const flow of result.flows ?? []) {
    const [from, to] = [String(flow["from"]), String(flow["to"])];
    words = words.replaceAll(`${from} → ${to}`, `${label(from)} → ${label(to)}`);
  }
  if (node !== null) {
    if (words.startsWith(`${node} `)) words = label(node) + words.slice(node.length);
    words = words.replace(` of ${node} `, ` of ${label(node)} `);
  }
  return words;
}

export type Tone = "ok" | "warn" | "bad" | "info";

/** What the panel says first, worst first. */
export function overallWords(result: RunResult, label: Label): { tone: Tone; text: string } {
  const statistics = result.statistics;
  const growing = growingNodes(statistics);
  const names = growing.map(label).join(", ");
  if (growing.length > 0)
    return {
      tone: "bad",
      text: `Do not rely on the times and lengths of ${names}: ${growing.length === 1 ? "its backlog grows" : "their backlogs grow"} without end.`,
    };
  if (result.conservation?.ok === false)
    return {
      tone: "bad",
      text: "Messages are unaccounted for: do not rely on this run, and please report it.",
    };
  if (!statistics)
    return { tone: "info", text: "This result was made before Headrace judged its own figures." };
  if (statistics.warmup?.too_short)
    return { tone: "warn", text: "The run is too short: its start-up was not over after half of it." };
  if (statistics.precision && !statistics.precision.reached)
    return {
      tone: "warn",
      text: "The wanted precision was not reached: the intervals are as wide as shown.",
    };
  if ((result.theory ?? []).some((one) => one.exact && one.metrics.some((row) => row.verdict === "differs")))
    return { tone: "warn", text: "A figure differs from the exact formula by more than chance explains." };
  if (statistics.stability?.verdict === "undecided")
    return {
      tone: "warn",
      text: "Whether every queue settles cannot be told from this run: make it longer.",
    };
  const passing = (statistics.statements ?? []).filter((one) => one.code === "growing-under-load");
  if (passing.length > 0)
    return {
      tone: "warn",
      text: `The times and lengths of ${passing.map((one) => label(one.node ?? "")).join(", ")} depend on how long the load lasts: more comes than is served.`,
    };
  if (statistics.method === "none")
    return {
      tone: "info",
      text: "One history: it shows what can happen, not how often. Replications tell that.",
    };
  return { tone: "ok", text: "Nothing speaks against these figures, within the intervals shown." };
}

/** "λ = 80, μ = 100" */
export function parameterWords(parameters: Theory["parameters"]): string {
  return Object.entries(parameters ?? {})
    .filter(([, value]) => typeof value === "number" || typeof value === "string")
    .map(
      ([name, value]) =>
        `${name.replaceAll("_", " ")} = ${typeof value === "number" ? formatNumber(value) : String(value)}`,
    )
    .join(", ");
}

const LETTERS: Readonly<Record<string, string>> = {
  lam: "λ",
  lambda: "λ",
  mu: "μ",
  rho: "ρ",
  sigma: "σ",
  tau: "τ",
  theta: "θ",
};

/** A formula that came in plain letters ("lam E[S^2] / 2 (1 - rho)"), as textbooks print it. */
export function formulaText(formula: string): string {
  return formula
    .replace(/\b[a-z]+\b/g, (word) => LETTERS[word] ?? word)
    .replaceAll("^2", "²")
    .replaceAll("^3", "³")
    .replaceAll("<=", "≤")
    .replace(/ x (?=\()/g, " × ")
    .replaceAll(" - ", " − ");
}
