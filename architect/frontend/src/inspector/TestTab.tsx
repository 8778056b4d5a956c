import { Check, RotateCcw, X } from "lucide-react";
import { useEffect, useId, useState } from "react";
import { type TrialRow, tryMessage } from "../api/designs";
import { sentence } from "../api/errors";
import { isObject } from "../document/paths";
import { asSentence } from "../document/problems";
import { shownDocument } from "../document/store";
import { type DesignNode, findEdge, findNode, type Json, type JsonObject, nodeName } from "../document/types";
import { useEditorState } from "../editor/EditorContext";
import type { TrialInfo } from "../schema/types";

/** Milliseconds after the last key until the server is asked. */
const REST = 300;

/** The sample of a text, or the sentence that says why it is none. */
export function readSample(text: string): JsonObject | string {
  try {
    const parsed = JSON.parse(text) as Json;
    return isObject(parsed) ? parsed : "A message is a JSON object: { … }.";
  } catch (error) {
    return `This is not JSON: ${error instanceof Error ? error.message : "unreadable"}`;
  }
}

/** Who takes the message stands before who does not; beside that the server's order stays. */
export function takersFirst(rows: readonly TrialRow[]): TrialRow[] {
  return [...rows.filter((row) => row.is_match), ...rows.filter((row) => !row.is_match)];
}

/** "2 of 5 take it." */
export function verdictText(rows: readonly TrialRow[]): string {
  const taking = rows.filter((row) => row.is_match).length;
  if (rows.length === 0) return "Nothing leads out of this node yet: connect it first.";
  if (taking === 0) return "Nobody takes this message.";
  return `${taking} of ${rows.length} ${taking === 1 ? "takes" : "take"} it.`;
}

/** Write a message and see at once where it goes, and why not elsewhere. */
export function TestTab({ node, trial }: { node: DesignNode; trial: TrialInfo }) {
  const document = useEditorState(shownDocument);
  const id = useId();
  const first = JSON.stringify(trial.sample, null, 2);
  const [text, setText] = useState(first);
  const [rows, setRows] = useState<readonly TrialRow[] | null>(null);
  const [refusal, setRefusal] = useState("");
  const sample = readSample(text);
  const fault = typeof sample === "string" ? sample : refusal;

  useEffect(() => {
    const read = readSample(text);
    if (typeof read === "string") return undefined;
    const leaving = new AbortController();
    const timer = window.setTimeout(() => {
      tryMessage(document, node.id, read, leaving.signal)
        .then((answer) => {
          setRows(answer.rows);
          setRefusal("");
        })
        .catch((failure: unknown) => {
          if (!leaving.signal.aborted) setRefusal(sentence(failure));
        });
    }, REST);
    return () => {
      window.clearTimeout(timer);
      leaving.abort();
    };
  }, [document, node.id, text]);

  const nameOf = (name: string) => {
    const edge = findEdge(document, name);
    if (!edge) return name;
    const other = findNode(document, edge.from === node.id ? edge.to : edge.from);
    return other ? nodeName(other) : name;
  };
  return (
    <>
      <p className="inspector-summary">{asSentence(trial.summary)}</p>
      <div className={`field${fault ? " is-invalid" : ""}`}>
        <div className="field-head">
          <label className="field-title" htmlFor={id}>
            {trial.title}
          </label>
          {text !== first && (
            <button
              type="button"
              className="field-tool"
              aria-label="Back to the first message"
              title="Back to the first message"
              onClick={() => setText(first)}
            >
              <RotateCcw size={13} aria-hidden="true" />
            </button>
          )}
        </div>
        <textarea
          id={id}
          className="field-input mono"
          rows={Math.min(16, Math.max(5, text.split("\n").length))}
          value={text}
          spellCheck={false}
          aria-invalid={fault !== ""}
          aria-describedby={`${id}-verdict`}
          onChange={(event) => setText(event.target.value)}
        />
      </div>
      <p id={`${id}-verdict`} className={fault ? "field-error" : "trial-verdict"} role="status">
        {fault ? asSentence(fault) : rows ? verdictText(rows) : "Asking the server …"}
      </p>
      {rows && rows.length > 0 && (
        <ul className={`trial-rows${fault ? " is-stale" : ""}`}>
          {takersFirst(rows).map((row, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: an edge may have several rows, in the server's order
            <li key={`${row.edge} ${index}`} className={row.is_match ? "is-match" : ""}>
              {row.is_match ? (
                <Check size={16} aria-label="takes it" />
              ) : (
                <X size={16} aria-label="does not take it" />
              )}
              <span>
                <strong>{nameOf(row.edge)}</strong>
                <span className="trial-reason">{asSentence(row.reason)}</span>
              </span>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
