import { useId, useMemo, useState } from "react";
import { nodeName } from "../document/types";
import { parseQuantity } from "../inspector/quantities";
import { useMetricWords } from "../run/metricWords";
import { MustMeet } from "./MustMeet";
import { numberOf } from "./numberOf";
import { NO_OPTIONS, Option, RunOptions, readOptions } from "./RunOptions";
import { SettingPicker } from "./SettingPicker";
import { StartRow } from "./StartRow";
import { settables } from "./settables";
import type { Subject } from "./useDesign";
import { useStart } from "./useStart";

const MOST_RUNS = 40;
const OUTAGE = /^faults\.\d+\.duration$/;
type Question = "node" | "highest" | "lowest" | "outage";
const QUESTIONS: readonly (readonly [Question, string])[] = [
  ["node", "Highest rate of a producer"],
  ["lowest", "Lowest value of a setting"],
  ["highest", "Highest value of a setting"],
  ["outage", "Longest outage that is survived"],
];

/** What is pushed to its limit. */
export function CapacityForm({ subject }: { subject: Subject }) {
  const { design, catalogue, label } = subject;
  const words = useMetricWords();
  const nodeId = useId();
  const producers = design.document.nodes.filter((node) => catalogue.category(node.kind) === "producer");
  const all = useMemo(
    () =>
      settables(design.document, catalogue).filter((one) => one.kind === "number" || one.kind === "integer"),
    [design, catalogue],
  );
  const outages = all.filter((one) => OUTAGE.test(one.path));
  const [question, setQuestion] = useState<Question>("node");
  const [node, setNode] = useState(producers[0]?.id ?? "");
  const [path, setPath] = useState("");
  const [low, setLow] = useState("");
  const [high, setHigh] = useState("");
  const [texts, setTexts] = useState(NO_OPTIONS);
  const { isStarting, refused, start } = useStart("capacity", design.id);
  const settings = design.document.simulation ?? {};
  const objectives = design.document.objectives ?? [];
  const unit =
    question === "node"
      ? "msg/s"
      : question === "outage"
        ? "s"
        : (all.find((one) => one.path === path)?.unit ?? "1");

  const outage = outages.find((one) => one.path === path) ?? outages[0];
  const asked =
    question === "node"
      ? { node }
      : question === "outage"
        ? { highest: outage?.path ?? "" }
        : { [question]: path };
  const submit = () => {
    const options = readOptions(texts);
    if (typeof options === "string") return void start(options);
    const ends: Record<string, number> = {};
    for (const [name, text] of [
      ["low", low],
      ["high", high],
    ] as const) {
      if (text.trim() === "") continue;
      const read = parseQuantity(text, unit);
      if ("error" in read) return void start(`Look no ${name === "low" ? "lower" : "higher"}: ${read.error}`);
      ends[name] = read.value;
    }
    void start({ ...options, ...ends, ...asked });
  };
  return (
    <section className="experiment-form" aria-label="What is pushed to its limit">
      <MustMeet
        {...{ objectives, words, label }}
        also={
          question === "outage" ? "The backlog that the fault leaves has drained when the run ends." : null
        }
      />
      <fieldset className="form-block">
        <legend>What is looked for</legend>
        <div className="form-row form-choices">
          {QUESTIONS.filter(([one]) => one !== "outage" || outages.length > 0).map(([one, title]) => (
            <label key={one}>
              <input
                type="radio"
                name="question"
                checked={question === one}
                onChange={() => setQuestion(one)}
              />{" "}
              {title}
            </label>
          ))}
        </div>
        <div className="form-row">
          {question === "node" ? (
            <div className="form-field">
              <label htmlFor={nodeId}>Producer</label>
              <select id={nodeId} value={node} onChange={(event) => setNode(event.target.value)}>
                {producers.map((one) => (
                  <option key={one.id} value={one.id}>
                    {nodeName(one)}
                  </option>
                ))}
              </select>
            </div>
          ) : (
            <SettingPicker
              title="Setting"
              all={question === "outage" ? outages : all}
              path={question === "outage" ? (outage?.path ?? "") : path}
              onChange={setPath}
            />
          )}
          <Option title="Look no lower" value={low} placeholder="anything" help={unit} onChange={setLow} />
          <Option title="Look no higher" value={high} placeholder="anything" help={unit} onChange={setHigh} />
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
          budget="at every value at most"
        />
      </fieldset>
      <StartRow
        title="Find the limit"
        isReady={
          (objectives.length > 0 || question === "outage") && Object.values(asked).every((one) => one !== "")
        }
        {...{ isStarting, refused }}
        onStart={submit}
      />
    </section>
  );
}
