/** The states of a run in words: label, tone, and the sentence that says what was kept. */
import type { RunStatus } from "./frameTypes";
import { formatClock, formatCount } from "./numbers";
import type { RunRecord } from "./runRecord";

export type Tone = "" | "ok" | "warn" | "bad" | "info";

export const STATUS_WORDS: Record<RunStatus, { label: string; tone: Tone }> = {
  queued: { label: "Waiting to start", tone: "" },
  starting: { label: "Starting", tone: "info" },
  running: { label: "Running", tone: "info" },
  paused: { label: "Paused", tone: "warn" },
  finished: { label: "Finished", tone: "ok" },
  cancelled: { label: "Stopped", tone: "warn" },
  failed: { label: "Failed", tone: "bad" },
  interrupted: { label: "Interrupted", tone: "bad" },
};

/** A status the server may add later is shown by its own name. */
export function statusWords(status: RunStatus): { label: string; tone: Tone } {
  return STATUS_WORDS[status] ?? { label: status, tone: "" };
}

/** Why a run did not reach its end, and what of it is kept. Null for runs that go on or finished. */
export function keptWords(run: RunRecord): string | null {
  if (run.status !== "failed" && run.status !== "cancelled" && run.status !== "interrupted") return null;
  const kept =
    run.last_seq > 0
      ? `Everything up to ${formatClock(run.t)} of simulated time is kept: ${formatCount(run.last_seq)} frames, the charts and the events.`
      : "Nothing had been measured yet.";
  if (run.status === "cancelled") return `You stopped this run. ${kept}`;
  const reason = run.reason ? withStop(run.reason) : "No reason was given.";
  if (/\bkept\b/.test(reason))
    return `${reason} Charts and events up to ${formatClock(run.t)} of simulated time are here.`;
  if (run.status === "interrupted")
    return `The server stopped while this run went on. ${reason} ${kept} Run again to get the whole of it.`;
  return `${reason} ${kept}`;
}

/** What stands in the place of results and report where a run ended without any. */
export function noResultWords(run: RunRecord): string {
  const how =
    { failed: "failed", cancelled: "was stopped", interrupted: "was cut off with its server" }[
      run.status as string
    ] ?? "ended";
  const why = run.status === "failed" && run.reason ? ` ${withStop(run.reason)}` : "";
  return `This run ${how} before it had results: there is nothing to judge and no report of it.${why}`;
}

function withStop(text: string): string {
  const sentence = text.trim().charAt(0).toUpperCase() + text.trim().slice(1);
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`;
}

export interface Announced {
  readonly runId: string | null;
  readonly status: RunStatus | null;
  readonly quarter: number;
}

/**
 * What a screen reader is told: start, each quarter, pause, end. Nothing in between, so that it stays calm.
 * Gives the new memory, and the sentence when there is something to say.
 */
export function announce(
  before: Announced,
  now: { runId: string | null; status: RunStatus | null; progress: number; reason?: string | null },
): { memory: Announced; say: string | null } {
  const quarter = Math.min(3, Math.floor(now.progress * 4 + 1e-9));
  const sameRun = before.runId === now.runId;
  const memory: Announced = {
    runId: now.runId,
    status: now.status,
    quarter: sameRun ? Math.max(quarter, before.quarter) : quarter,
  };
  if (now.status === null) return { memory, say: null };
  if (!sameRun || before.status !== now.status) {
    const resumed = sameRun && before.status === "paused" && now.status === "running";
    const words: Partial<Record<RunStatus, string>> = {
      running: resumed ? "Run goes on" : "Run started",
      paused: "Run paused",
      finished: "Run finished",
      cancelled: "Run stopped",
      failed: `Run failed. ${now.reason ?? ""}`.trim(),
      interrupted: "Run interrupted",
    };
    return { memory, say: words[now.status] ?? null };
  }
  if (now.status === "running" && memory.quarter > before.quarter)
    return { memory, say: `${memory.quarter * 25} percent done` };
  return { memory, say: null };
}
