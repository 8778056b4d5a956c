/** The one line that a list says of a run: what came out, or why nothing did. */
import { formatCount, formatSeconds, formatShare } from "./numbers";
import type { RunRecord } from "./runRecord";

type Loose = Readonly<Record<string, unknown>> | null | undefined;

export interface HeadlinePart {
  readonly text: string;
  readonly title: string;
  readonly tone?: "ok" | "warn" | "bad";
}

function record(value: unknown): Loose {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Loose) : null;
}

function number(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

/** What a node is called, as the run's own document had it; its id where the headline names none. */
function nameIn(headline: Loose): (id: string) => string {
  const labels = record(headline?.["labels"]);
  return (id) => (typeof labels?.[id] === "string" && labels[id] !== "" ? (labels[id] as string) : id);
}

/** The figures of a headline, most telling first; empty when the run left none. */
export function headlineParts(headline: Loose): HeadlinePart[] {
  const label = nameIn(headline);
  const parts: HeadlinePart[] = [];
  const verdicts = record(headline?.["objectives"]);
  const missed = number(verdicts?.["missed"]) ?? 0;
  const undecided = number(verdicts?.["undecided"]) ?? 0;
  const met = number(verdicts?.["met"]) ?? 0;
  if (missed > 0)
    parts.push({
      text: `${missed} of ${missed + undecided + met} objectives missed`,
      title: "Service level objectives of the design",
      tone: "bad",
    });
  else if (undecided > 0)
    parts.push({
      text: `${undecided} objectives undecided`,
      title: "The interval holds the limit",
      tone: "warn",
    });
  else if (met > 0)
    parts.push({
      text: met === 1 ? "Objective met" : `All ${met} objectives met`,
      title: "Service level objectives of the design",
      tone: "ok",
    });
  const slowest = record(headline?.["end_to_end_latency_p99"]);
  const p99 = number(slowest?.["seconds"]);
  if (p99 !== null) {
    const way =
      slowest?.["from"] && slowest?.["to"]
        ? `, ${label(String(slowest["from"]))} → ${label(String(slowest["to"]))}`
        : "";
    parts.push({ text: `p99 ${formatSeconds(p99)}`, title: `End-to-end latency of the slowest flow${way}` });
  }
  const busiest = record(headline?.["bottleneck"]);
  const utilization = number(busiest?.["utilization"]);
  if (utilization !== null && busiest?.["node"]) {
    parts.push({
      text: `${label(String(busiest["node"]))} ${formatShare(utilization)} busy`,
      title: "The busiest node",
    });
  }
  const dead = number(headline?.["dead_lettered"]);
  if (dead !== null && dead > 0)
    parts.push({
      text: `${formatCount(dead)} dead-lettered`,
      title: "Messages in dead-letter queues",
      tone: "warn",
    });
  return parts;
}

/** The headline as plain text, or the reason why there is none. */
export function headlineText(run: Pick<RunRecord, "headline" | "status" | "reason">): string {
  const parts = headlineParts(run.headline).map((part) => part.text);
  if (parts.length > 0) return parts.join(" · ");
  return run.reason ?? "";
}
