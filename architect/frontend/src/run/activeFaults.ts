/** Which faults of a run are on at a moment: the document of the run has the planned and the injected ones. */
import type { JsonObject } from "../document/types";
import type { RunEvent } from "./frameTypes";

/** Faults are told to the nanosecond of simulated time; frames and events are rounded to it. */
const CLOSE = 1e-6;

/** The last begun fault of a node that is on at this moment; what has no duration is never on. */
export function activeFault(
  faults: readonly JsonObject[] | undefined,
  node: string,
  t: number,
): JsonObject | undefined {
  return faults?.findLast(({ node: where, at, duration }) => {
    if (where !== node || typeof at !== "number" || typeof duration !== "number") return false;
    return t >= at - CLOSE && t < at + duration - CLOSE;
  });
}

/** Whether an event says that a fault has ended. */
export function isFaultOver(event: RunEvent, faults: readonly JsonObject[] | undefined): boolean {
  if (event.kind !== "fault") return false;
  const ends = ({ node, at, duration }: JsonObject) =>
    node === event.node &&
    typeof at === "number" &&
    typeof duration === "number" &&
    Math.abs(at + duration - event.t) < CLOSE;
  const begins = ({ node, at }: JsonObject) =>
    node === event.node && typeof at === "number" && Math.abs(at - event.t) < CLOSE;
  return (faults ?? []).some(ends) && !(faults ?? []).some(begins);
}
