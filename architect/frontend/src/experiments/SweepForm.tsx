import { useMemo, useState } from "react";
import { formatCount } from "../run/numbers";
import { numberOf } from "./numberOf";
import { NO_OPTIONS, RunOptions, readOptions } from "./RunOptions";
import { StartRow } from "./StartRow";
import { settables } from "./settables";
import type { Subject } from "./useDesign";
import { useStart } from "./useStart";
import { countOf, NOTHING_CHOSEN, readVaried, VariedSettings } from "./VariedSettings";

const REPLICATIONS = 5;

/** Which settings, over which values. */
export function SweepForm({ subject }: { subject: Subject }) {
  const { design, catalogue } = subject;
  const all = useMemo(() => settables(design.document, catalogue), [design, catalogue]);
  const [chosen, setChosen] = useState(NOTHING_CHOSEN);
  const [texts, setTexts] = useState(NO_OPTIONS);
  const { isStarting, refused, start } = useStart("sweep", design.id);
  const settings = design.document.simulation ?? {};
  const points = countOf(chosen, all);
  const runs = points * (Number(texts.replications) || REPLICATIONS);
  const submit = () => {
    const options = readOptions(texts);
    if (typeof options === "string") return void start(options);
    const vary = readVaried(chosen, all);
    void start(typeof vary === "string" ? vary : { ...options, vary });
  };
  return (
    <section className="experiment-form" aria-label="What is varied">
      <VariedSettings
        {...{ all, chosen }}
        most={2}
        addTitle="Second setting: a heat map"
        onChange={setChosen}
      />
      <fieldset className="form-block">
        <legend>How it is run</legend>
        <RunOptions
          texts={texts}
          onChange={setTexts}
          duration={numberOf(settings["duration"], 600)}
          seed={numberOf(settings["seed"], 1)}
          replications={REPLICATIONS}
          budget="at every point"
        />
      </fieldset>
      {points > 0 && (
        <p className="muted">
          {formatCount(points)} points, {formatCount(runs)} runs. All points share their random numbers:
          neighbours differ by the setting and not by luck.
        </p>
      )}
      <StartRow title="Sweep" isReady={points > 0} {...{ isStarting, refused }} onStart={submit} />
    </section>
  );
}
