/** How experiments are put into words and marks: pure, so that they can be tested without a page. */
import { asSentence } from "../document/problems";
import type { JsonObject } from "../document/types";
import type { MetricWords } from "../run/metricWords";
import {
  ABSENT,
  formatHalfWidth,
  formatLimit,
  formatQuantity,
  formatShare,
  GAP,
  isPercentile,
  RESOLUTION,
} from "../run/numbers";
import { objectiveWords } from "../run/result";
import type { Tone } from "../run/status";
import { inLabels, type Label } from "../run/trust";
import { type Settable, wholeTitle } from "./settables";
import type {
  Alternative,
  Broken,
  Comparison,
  Difference,
  Interval,
  Judged,
  Note,
  ObjectiveRow,
  Recovery,
} from "./types";

export interface Style {
  readonly token: `--series-${number}`;
  readonly dash: readonly number[];
}

const DASHES: readonly (readonly number[])[] = [[], [7, 4], [2, 3], [9, 3, 2, 3]];
const TOKENS = 6;

/** The line of the alternative at a position: six hues, and another dash for every second one, so that grey tells too. */
export function styleAt(position: number): Style {
  return {
    token: `--series-${(position % TOKENS) + 1}`,
    dash: DASHES[position % DASHES.length] ?? [],
  };
}

/** "end_to_end_latency.p99" → "p99 end-to-end latency". */
export function measureTitle(metric: string, words: MetricWords): string {
  const [name = "", part] = metric.split(".");
  const title = words.title(name);
  if (part === undefined) return title;
  return part === "max" ? `longest ${title}` : `${part} ${title}`;
}

export const unitOf = (metric: string, words: MetricWords) => words.unit(metric.split(".")[0] ?? "");

/** Whether less of a measure is better; of all but what comes through. */
export const isLessBetter = (metric: string) => !/^(goodput|delivered|throughput)\b/.test(metric);

export interface DifferenceMark {
  readonly word: string;
  readonly tone: Tone;
}

/** The verdict on a difference, with whether that is good news. */
export function differenceMark(metric: string, found: Difference): DifferenceMark {
  switch (found.verdict) {
    case "lower":
    case "higher":
      return {
        word: found.verdict,
        tone: (found.verdict === "lower") === isLessBetter(metric) ? "ok" : "bad",
      };
    case "unstable":
      return { word: "no steady state", tone: "bad" };
    case "equal":
      return { word: "the same", tone: "" };
    default:
      return { word: found.verdict, tone: found.verdict === "undecided" ? "warn" : "" };
  }
}

/** What a difference of two percentiles may be off where all pairs of runs agree on it; null where they do not. */
function resolution({ mean, relative, interval }: Difference, metric: string): number | null {
  if (!mean || !relative || !interval || !isPercentile(metric)) return null;
  if (interval[1] - interval[0] > 1e-9 * Math.abs(mean)) return null;
  const base = mean / relative;
  return RESOLUTION * (Math.abs(base) + Math.abs(base + mean));
}

/** "−1.8 s ± 0.2 s", "+212". */
export function differenceText(found: Difference, unit: string, metric = ""): string {
  if (found.mean === null) return ABSENT;
  if (isRounding(found))
    return `0 ${found.interval ? formatHalfWidth(found.interval, plain(unit)) : ""}`.trim();
  const sign = found.mean > 0 ? "+" : "";
  const text = `${sign}${formatQuantity(found.mean, plain(unit))}`;
  const known = resolution(found, metric);
  if (known !== null) return `${text} ±${GAP}${formatQuantity(known, plain(unit))} (resolution)`;
  return found.interval ? `${text} ${formatHalfWidth(found.interval, plain(unit))}` : text;
}

/** Whether a mean is but what is left of adding up numbers in another order. */
const isRounding = (found: Difference) => found.relative !== null && Math.abs(found.relative) < 1e-9;

/** "−64 %"; nothing where the base is 0. */
export function relativeText(found: Difference): string {
  if (found.relative === null || isRounding(found)) return "";
  return `${found.relative > 0 ? "+" : ""}${formatShare(found.relative)}`;
}

const plain = (unit: string) => (unit === "messages" ? "1" : unit);

const JUDGED: Readonly<Record<Judged["verdict"], DifferenceMark>> = {
  met: { word: "Met", tone: "ok" },
  missed: { word: "Missed", tone: "bad" },
  undecided: { word: "Undecided", tone: "warn" },
  "not measured": { word: "Not measured", tone: "" },
};
export const judgedMark = (judged: Judged | undefined): DifferenceMark =>
  judged ? JUDGED[judged.verdict] : JUDGED["not measured"];

/** "about 12 more runs"; null where no number of runs that anybody makes would tell. */
export function moreRunsText(more: number | null | undefined): string {
  return more === null || more === undefined
    ? "more runs would not tell"
    : `about ${more.toLocaleString("en-US")} more ${more === 1 ? "run" : "runs"}`;
}

/** What would decide an objective that is open: so many more runs, or why no number of them would. */
export function openText(judged: Judged): string {
  return typeof judged.more_runs !== "number" && judged.reason
    ? asSentence(judged.reason)
    : moreRunsText(judged.more_runs);
}

/** "p99 end-to-end latency, Web shop → Billing, below 2 s". */
export function limitWords(objective: JsonObject, words: MetricWords, label: (id: string) => string): string {
  return objectiveWords(objective, words.title, label, (value, metric) =>
    formatLimit(value, words.unit(metric)),
  );
}

/** How many of each kind, the losses first: what one has to know before believing a swap. */
export function noteCounts(notes: readonly Note[]): Readonly<Record<Note["kind"], number>> {
  const count = (kind: Note["kind"]) => notes.filter((note) => note.kind === kind).length;
  return { lost: count("lost"), assumed: count("assumed"), translated: count("translated") };
}

/** "2 without equivalent · 3 assumed · 4 translated". */
export function noteSummary(notes: readonly Note[]): string {
  const { lost, assumed, translated } = noteCounts(notes);
  return [
    lost > 0 && `${lost} without equivalent`,
    assumed > 0 && `${assumed} assumed`,
    translated > 0 && `${translated} translated`,
  ]
    .filter(Boolean)
    .join(" · ");
}

const COUNTS: Readonly<Record<number, string>> = { 1: "the objective", 2: "both objectives" };

/** One sentence above all figures: who meets the objectives. */
export function overallText(found: Comparison): string {
  const steady = found.alternatives.filter((one) => one.status === "ok").map((one) => one.name);
  if (found.objectives.length === 0) return "";
  const verdict = (name: string) => found.objectives.map((row) => row.judged[name]?.verdict);
  const meets = steady.filter((name) => verdict(name).every((word) => word === "met"));
  const open = steady.filter(
    (name) => verdict(name).includes("undecided") && !verdict(name).includes("missed"),
  );
  const all = found.alternatives.length;
  const count = COUNTS[found.objectives.length] ?? `all ${found.objectives.length} objectives`;
  const parts = [
    meets.length === 0
      ? `None of the ${all} alternatives is known to meet ${count}.`
      : meets.length === all
        ? `Every alternative meets ${count}.`
        : `${meets.join(", ")} ${meets.length === 1 ? "meets" : "meet"} ${count}.`,
  ];
  if (open.length > 0) parts.push(`Open: ${open.join(", ")}.`);
  return parts.join(" ");
}

/** The symmetric scale of the interval plot of one measure: the largest end of any interval or mean in it. */
export function plotExtent(differences: Iterable<Difference>): number {
  let extent = 0;
  for (const found of differences) {
    for (const value of [found.mean, ...(found.interval ?? [])])
      if (value !== null && Number.isFinite(value)) extent = Math.max(extent, Math.abs(value));
  }
  return extent;
}

/** A statement of the server with settings by their titles instead of their paths. */
export function namedStatement(text: string, all: readonly Settable[], paths: readonly string[]): string {
  return paths.reduce((said, path) => {
    const title = wholeTitle(all, path);
    return said.replaceAll(`${path}=`, `${title} `).replaceAll(path, title);
  }, text);
}

/** A statement about objectives, with the words of the page for metrics and nodes. */
export function statementWords(
  text: string,
  objectives: readonly JsonObject[],
  words: MetricWords,
  label: (id: string) => string,
): string {
  return objectives
    .reduce((said, one) => {
      const place = one["node"] ?? `${String(one["from"])} → ${String(one["to"])}`;
      const { metric, node, from, to } = one;
      const title = objectiveWords({ metric, node, from, to }, words.title, label, () => "");
      return said.replaceAll(`${String(metric)} of ${String(place)}`, title);
    }, text)
    .replace(/\(busiest: (\S+) at/g, (_, id: string) => `(busiest: ${label(id)} at`)
    .replace(/the backlog of (\S+) grows/g, (_, id: string) => `the backlog of ${label(id)} grows`)
    .replace(/(\d) %/g, "$1\u00a0%");
}

/** What became of a backlog: "drained in 50 s ± 4 s", "still draining in 3 of 10 runs". */
export function recoveryText(found: Recovery): string {
  if (found.drain_time?.mean != null)
    return `drained in ${formatQuantity(found.drain_time.mean, "s")} ${found.drain_time.ci95 ? formatHalfWidth(found.drain_time.ci95, "s") : ""}`.trim();
  return found.recovered > 0
    ? `${found.state} in ${found.of - found.recovered} of ${found.of} runs`
    : found.state;
}

/** What broke, in one sentence. */
export function brokenText(broken: Broken, words: MetricWords, label: (id: string) => string): string {
  if (broken.objective) {
    const metric = String(broken.objective["metric"] ?? "");
    const found = formatQuantity(broken.value ?? null, unitOf(metric, words));
    const busy = broken.busiest
      ? `; the busiest node is ${label(broken.busiest.node)}, ${formatShare(broken.busiest.utilization)} busy`
      : "";
    return `${limitWords(broken.objective, words, label)}: found ${found}${busy}`;
  }
  if (broken.node)
    return `the backlog of ${label(broken.node)} grows by ${formatQuantity(broken.growth_rate ?? null, "msg/s")}`;
  return broken.reason ?? "the run ended early";
}

/** The rows of a table of objectives with every one in it that some alternative misses first. */
export function worstFirst(rows: readonly ObjectiveRow[]): ObjectiveRow[] {
  const rank = (row: ObjectiveRow) => {
    const verdicts = Object.values(row.judged).map((one) => one.verdict);
    return verdicts.includes("missed") ? 0 : verdicts.includes("undecided") ? 1 : 2;
  };
  return rows.toSorted((a, b) => rank(a) - rank(b));
}

export function intervalWords(interval: Interval | null, unit: string): string {
  return interval
    ? `95${GAP}% interval ${formatQuantity(interval[0], unit)} to ${formatQuantity(interval[1], unit)}`
    : "";
}

/** Why an alternative is left out, with nodes called as the drawing does. */
export function whyTroubled(one: Alternative, label: Label): string {
  const { result } = one;
  const nodes = Object.entries(result?.statistics?.stability?.nodes ?? {});
  const growing = nodes.filter(([, node]) => node.verdict === "growing");
  if (one.status !== "unstable" || !result || growing.length === 0) return one.statement;
  return growing.map(([id, node]) => inLabels(node.statement, result, label, id)).join(" ");
}
