import { Plus, X } from "lucide-react";
import { useId, useRef, useState } from "react";
import { parseQuantity } from "../inspector/quantities";
import { useMetricWords } from "../run/metricWords";
import { AlternativeEditor } from "./AlternativeEditor";
import { type AlternativeDraft, draftOfAddress, kindText, nameOf, RANKED_BY, requestOf } from "./draft";
import { numberOf } from "./numberOf";
import { NO_OPTIONS, Option, RunOptions, readOptions } from "./RunOptions";
import { StartRow } from "./StartRow";
import type { Subject } from "./useDesign";
import { useStart } from "./useStart";
import { limitWords, measureTitle } from "./words";

const MOST_RUNS = 40;
const TYPES: readonly (readonly [AlternativeDraft["type"], string])[] = [
  ["swap", "Another broker"],
  ["set", "Another setting"],
  ["design", "Another design"],
  ["version", "An earlier version"],
];

/** What is to be compared with the design as it is drawn. */
export function CompareForm({ subject }: { subject: Subject }) {
  const { design, catalogue, label } = subject;
  const words = useMetricWords();
  const nextId = useRef(1);
  const [drafts, setDrafts] = useState<readonly AlternativeDraft[]>(() => {
    const asked = draftOfAddress(window.location.search);
    return asked ? [asked] : [];
  });
  const [texts, setTexts] = useState(NO_OPTIONS);
  const [rankBy, setRankBy] = useState<string>(RANKED_BY[0]);
  const [indifference, setIndifference] = useState("");
  const { isStarting, refused, start } = useStart("comparison", design.id);
  const rankId = useId();
  const settings = design.document.simulation ?? {};
  const objectives = design.document.objectives ?? [];
  const unit = words.unit(rankBy.split(".")[0] ?? "");

  const add = (type: AlternativeDraft["type"]) => {
    const id = nextId.current++;
    const fresh: Readonly<Record<AlternativeDraft["type"], AlternativeDraft>> = {
      swap: { id, type: "swap", node: "", kind: "", variant: "" },
      set: { id, type: "set", path: "", value: undefined, title: "" },
      design: { id, type: "design", design: "", title: "" },
      version: { id, type: "version", version: 0 },
    };
    setDrafts((before) => [...before, fresh[type]]);
  };
  const change = (next: AlternativeDraft) =>
    setDrafts((before) => before.map((one) => (one.id === next.id ? next : one)));
  const submit = () => {
    const options = readOptions(texts);
    if (typeof options === "string") return void start(options);
    const zone =
      indifference.trim() === "" ? null : parseQuantity(indifference, unit === "messages" ? "1" : unit);
    if (zone && "error" in zone) return void start(`Difference that does not matter: ${zone.error}`);
    void start({
      ...options,
      alternatives: requestOf(drafts, design.document, catalogue),
      rank_by: rankBy,
      ...(zone ? { indifference: zone.value } : {}),
    });
  };
  return (
    <section className="experiment-form" aria-label="What is compared">
      <p className="form-claim">
        All alternatives get the same arrivals and the same random numbers, so that what differs is what the
        designs do.
      </p>
      <ol className="alternative-list">
        <li className="alternative-card is-base">
          <strong>as drawn</strong>{" "}
          <span className="muted">
            {design.name}, version {design.version}
          </span>
        </li>
        {drafts.map((draft, i) => (
          <li key={draft.id} className="alternative-card">
            <div className="alternative-head">
              <strong>
                {isComplete(draft) ? nameOf(draft, design.document, catalogue) : `Alternative ${i + 1}`}
              </strong>
              <button
                type="button"
                className="icon-button"
                aria-label={`Remove alternative ${i + 1}`}
                onClick={() => setDrafts((before) => before.filter((one) => one.id !== draft.id))}
              >
                <X size={15} aria-hidden="true" />
              </button>
            </div>
            <AlternativeEditor {...{ draft, subject }} onChange={change} />
          </li>
        ))}
      </ol>
      <div className="alternative-add" role="toolbar" aria-label="Add an alternative">
        {TYPES.map(([type, title]) => (
          <button key={type} type="button" className="button" onClick={() => add(type)}>
            <Plus size={15} aria-hidden="true" /> {title}
          </button>
        ))}
      </div>
      <fieldset className="form-block">
        <legend>How it is judged</legend>
        {objectives.length > 0 ? (
          <ul className="objective-list">
            {objectives.map((one) => (
              <li key={JSON.stringify(one)}>{limitWords(one, words, label)}</li>
            ))}
          </ul>
        ) : (
          <p className="muted">
            The design has no objectives: the comparison goes on until the best is selected, or the budget is
            spent.
          </p>
        )}
        <div className="form-row">
          <div className="form-field">
            <label htmlFor={rankId}>Rank by</label>
            <select id={rankId} value={rankBy} onChange={(event) => setRankBy(event.target.value)}>
              {RANKED_BY.map((metric) => (
                <option key={metric} value={metric}>
                  {measureTitle(metric, words)}
                </option>
              ))}
            </select>
            <span className="form-help muted">the best is named with 95 % probability</span>
          </div>
          <Option
            title="Difference that does not matter"
            value={indifference}
            placeholder="5 % of the best"
            help="smaller ones are a tie"
            onChange={setIndifference}
          />
        </div>
      </fieldset>
      <fieldset className="form-block">
        <legend>How it is run</legend>
        <RunOptions
          texts={texts}
          onChange={setTexts}
          duration={numberOf(settings["duration"], 600)}
          seed={numberOf(settings["seed"], 1)}
          replications={MOST_RUNS}
          budget="of each at most: it ends when all is decided"
        />
      </fieldset>
      <StartRow
        title="Compare"
        isReady={drafts.length > 0 && drafts.every(isComplete)}
        {...{ isStarting, refused }}
        onStart={submit}
      />
    </section>
  );
}

function isComplete(draft: AlternativeDraft): boolean {
  switch (draft.type) {
    case "swap":
      return draft.node !== "" && kindText(draft) !== "";
    case "set":
      return draft.path !== "" && draft.value !== undefined;
    case "design":
      return draft.design !== "";
    case "version":
      return draft.version > 0;
  }
}
