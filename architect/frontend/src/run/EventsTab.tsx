import { useMemo, useState } from "react";
import type { Selection } from "../charts/chartSet";
import { capital } from "../charts/chartSpec";
import { isFaultOver } from "./activeFaults";
import type { RunEvent } from "./frameTypes";
import { formatClock, formatCount } from "./numbers";
import { labelOf } from "./runRecord";
import { showMoment, useSession } from "./session";

const PAGE = 200;
const KIND_WORDS: Record<string, string> = {
  fault: "Fault",
  "dead-letter": "Dead letter",
  limit: "Limit",
  note: "Note",
};

/** What happened, newest first; a click shows the canvas at that moment. */
export function EventsTab({ selection }: { selection: Selection }) {
  const { run, events, eventsLeftOut, snapshot } = useSession();
  const [shown, setShown] = useState(PAGE);
  const wanted = selection?.kind === "node" ? selection.id : null;
  const list = useMemo(
    () => events.filter((event) => !wanted || event.node === wanted).reverse(),
    [events, wanted],
  );
  if (!run)
    return <p className="run-empty">Faults, dead letters and limits reached are listed here during a run.</p>;
  if (list.length === 0) {
    return (
      <p className="run-empty">
        {wanted
          ? `Nothing has happened at ${labelOf(snapshot, wanted)}.`
          : "Nothing out of the ordinary has happened."}
      </p>
    );
  }
  return (
    <>
      <ol className="event-list">
        {list.slice(0, shown).map((event, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: events have no id
          <li key={list.length - i}>
            <button
              type="button"
              onClick={() => void showMoment(event.t)}
              title="Show the canvas at this moment"
            >
              <span className="tabular muted">{formatClock(event.t)}</span>
              <EventChip kind={event.kind} isOver={isFaultOver(event, snapshot?.faults)} />
              {event.node && <strong>{labelOf(snapshot, event.node)}</strong>}
              <span>{withoutName(event)}</span>
            </button>
          </li>
        ))}
      </ol>
      {list.length > shown && (
        <button type="button" className="button quiet" onClick={() => setShown(shown + PAGE)}>
          Show {Math.min(PAGE, list.length - shown)} more of {formatCount(list.length)}
        </button>
      )}
      {eventsLeftOut > 0 && (
        <p className="muted run-note">
          The {formatCount(eventsLeftOut)} earliest events are not listed here; they are kept with the run.
        </p>
      )}
    </>
  );
}

function EventChip({ kind, isOver }: { kind: string; isOver: boolean }) {
  if (isOver) return <span className="chip ok">Over</span>;
  const tone = kind === "fault" ? "bad" : kind === "note" ? "" : "warn";
  return <span className={`chip ${tone}`}>{KIND_WORDS[kind] ?? capital(kind)}</span>;
}

/** The name stands before it already: "billing is paused" is told as "is paused", "db: Slow" as "Slow". */
export function withoutName({ node, text }: RunEvent): string {
  if (!node) return text;
  if (text.startsWith(`${node} `)) return text.slice(node.length + 1);
  if (text.startsWith(`${node}: `)) return text.slice(node.length + 2);
  return text;
}
