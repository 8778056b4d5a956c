import { useId, useMemo, useState } from "react";
import { useMetricWords } from "../run/metricWords";
import { formatCount } from "../run/numbers";
import { RANKED_BY } from "./draft";
import { MustMeet } from "./MustMeet";
import { numberOf } from "./numberOf";
import { NO_OPTIONS, RunOptions, readOptions } from "./RunOptions";
import { StartRow } from "./StartRow";
import { settables } from "./settables";
import type { Subject } from "./useDesign";
import { useStart } from "./useStart";
import { countOf, NOTHING_CHOSEN, readVaried, VariedSettings } from "./VariedSettings";
import { measureTitle } from "./words";

const MOST_RUNS = 40;
const MOST_VARIED = 8;
const LATENCIES = RANKED_BY.filter((metric) => metric.startsWith("end_to_end_latency."));

/** Which settings may be changed to make it cheaper. */
export function CheapestForm({ subject }: { subject: Subject }) {
  const { design, catalogue, label } = subject;
  const words = useMetricWords();
  const latencyId = useId();
  const all = useMemo(() => settables(design.document, catalogue), [design, catalogue]);
  const [chosen, setChosen] = useState(NOTHING_CHOSEN);
  const [latency, setLatency] = useState("end_to_end_latency.p99");
  const [texts, setTexts] = useState(NO_OPTIONS);
  const { isStarting, refused, start } = useStart("cheapest", design.id);
  const settings = design.document.simulation ?? {};
  const objectives = design.document.objectives ?? [];
  const points = countOf(chosen, all);
  const submit = () => {
    const options = readOptions(texts);
    if (typeof options === "string") return void start(options);
    const vary = readVaried(chosen, all);
    void start(typeof vary === "string" ? vary : { ...options, vary, latency });
  };
  return (
    <section className="experiment-form" aria-label="What may be changed">
      <MustMeet {...{ objectives, words, label }} />
      <VariedSettings
        {...{ all, chosen }}
        most={MOST_VARIED}
        addTitle="Another setting: every combination is tried"
        onChange={setChosen}
      />
      <fieldset className="form-block">
        <legend>How it is run</legend>
        <div className="form-row">
          <div className="form-field">
            <label htmlFor={latencyId}>Latency beside the cost</label>
            <select id={latencyId} value={latency} onChange={(event) => setLatency(event.target.value)}>
              {LATENCIES.map((metric) => (
                <option key={metric} value={metric}>
                  {measureTitle(metric, words)}
                </option>
              ))}
            </select>
            <span className="form-help muted">the mean over the flows</span>
          </div>
        </div>
        <RunOptions
          texts={texts}
          onChange={setTexts}
          duration={numberOf(settings["duration"], 600)}
          seed={numberOf(settings["seed"], 1)}
          replications={MOST_RUNS}
          budget="of each configuration at most"
        />
      </fieldset>
      {points > 0 && (
        <p className="muted">
          {formatCount(points)} configurations. Each is run 4 times; more often only where that does not
          decide.
        </p>
      )}
      <StartRow
        title="Find the cheapest"
        isReady={objectives.length > 0 && points > 0}
        {...{ isStarting, refused }}
        onStart={submit}
      />
    </section>
  );
}
