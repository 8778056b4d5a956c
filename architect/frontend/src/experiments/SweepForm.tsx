import { Plus, X } from "lucide-react";
import { useId, useMemo, useState } from "react";
import { formatCount } from "../run/numbers";
import { numberOf } from "./numberOf";
import { NO_OPTIONS, Option, RunOptions, readOptions } from "./RunOptions";
import { type RangeTexts, readRange, type Spacing, startRange, varyOf } from "./ranges";
import { SettingPicker } from "./SettingPicker";
import { StartRow } from "./StartRow";
import { type Settable, settables } from "./settables";
import type { Subject } from "./useDesign";
import { useStart } from "./useStart";

const REPLICATIONS = 5;
const SPACINGS: readonly (readonly [Spacing, string])[] = [
  ["linear", "Even steps"],
  ["log", "Even factors"],
  ["list", "A list"],
];

interface Chosen {
  readonly path: string;
  readonly texts: RangeTexts | null;
}
const NONE: Chosen = { path: "", texts: null };

/** Which settings, over which values. */
export function SweepForm({ subject }: { subject: Subject }) {
  const { design, catalogue } = subject;
  const all = useMemo(() => settables(design.document, catalogue), [design, catalogue]);
  const [chosen, setChosen] = useState<readonly Chosen[]>([NONE]);
  const [texts, setTexts] = useState(NO_OPTIONS);
  const { isStarting, refused, start } = useStart("sweep", design.id);
  const settings = design.document.simulation ?? {};

  const varied = chosen.map(({ path, texts: range }) => {
    const setting = all.find((one) => one.path === path);
    return setting && range ? { setting, values: readRange(range, setting) } : null;
  });
  const change = (at: number, next: Chosen) =>
    setChosen((before) => before.map((one, i) => (i === at ? next : one)));
  const points = varied.reduce(
    (product, one) => product * (one && typeof one.values !== "string" ? one.values.length : 0),
    1,
  );
  const runs = points * (Number(texts.replications) || REPLICATIONS);
  const submit = () => {
    const options = readOptions(texts);
    if (typeof options === "string") return void start(options);
    const vary = [];
    for (const one of varied) {
      if (!one) return void start("Choose a setting.");
      if (typeof one.values === "string") return void start(`${one.setting.title}: ${one.values}`);
      vary.push(varyOf(one.setting, one.values));
    }
    void start({ ...options, vary });
  };
  return (
    <section className="experiment-form" aria-label="What is varied">
      {chosen.map(({ path, texts: range }, i) => {
        const setting = all.find((one) => one.path === path);
        return (
          <fieldset className="form-block" key={i === 0 ? "first" : "second"}>
            <legend>{i === 0 ? "Setting" : "Second setting"}</legend>
            <div className="form-row">
              <SettingPicker
                title="Vary"
                all={all}
                path={path}
                onChange={(next) => {
                  const found = all.find((one) => one.path === next);
                  change(i, { path: next, texts: found ? startRange(found) : null });
                }}
              />
              {i > 0 && (
                <button
                  type="button"
                  className="icon-button"
                  aria-label="Remove the second setting"
                  onClick={() => setChosen((before) => before.slice(0, 1))}
                >
                  <X size={15} aria-hidden="true" />
                </button>
              )}
            </div>
            {setting && range && (
              <Range {...{ setting }} texts={range} onChange={(next) => change(i, { path, texts: next })} />
            )}
          </fieldset>
        );
      })}
      {chosen.length === 1 && (
        <div className="alternative-add">
          <button type="button" className="button" onClick={() => setChosen((before) => [...before, NONE])}>
            <Plus size={15} aria-hidden="true" /> Second setting: a heat map
          </button>
        </div>
      )}
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

function Range({
  setting,
  texts,
  onChange,
}: {
  readonly setting: Settable;
  readonly texts: RangeTexts;
  readonly onChange: (texts: RangeTexts) => void;
}) {
  const id = useId();
  const values = readRange(texts, setting);
  if (setting.choices.length > 0)
    return (
      <div className="form-row form-choices">
        {setting.choices.map((choice, i) => (
          <label key={String(choice)}>
            <input
              type="checkbox"
              checked={texts.chosen.includes(i)}
              onChange={(event) =>
                onChange({
                  ...texts,
                  chosen: setting.choices.flatMap((_, at) =>
                    (at === i ? event.target.checked : texts.chosen.includes(at)) ? [at] : [],
                  ),
                })
              }
            />{" "}
            {String(choice)}
          </label>
        ))}
      </div>
    );
  return (
    <>
      <div className="form-row">
        <div className="form-field form-narrow">
          <label htmlFor={id}>Spacing</label>
          <select
            id={id}
            value={texts.spacing}
            onChange={(event) => onChange({ ...texts, spacing: event.target.value as Spacing })}
          >
            {SPACINGS.map(([spacing, title]) => (
              <option key={spacing} value={spacing}>
                {title}
              </option>
            ))}
          </select>
        </div>
        {texts.spacing === "list" ? (
          <Option
            title="Values"
            value={texts.list}
            placeholder="1, 2, 4, 8"
            help={setting.unit}
            onChange={(list) => onChange({ ...texts, list })}
          />
        ) : (
          <>
            <Option
              title="From"
              value={texts.from}
              help={setting.unit}
              onChange={(from) => onChange({ ...texts, from })}
            />
            <Option
              title="To"
              value={texts.to}
              help={setting.unit}
              onChange={(to) => onChange({ ...texts, to })}
            />
            <Option
              title="Values"
              value={texts.count}
              help="how many"
              onChange={(count) => onChange({ ...texts, count })}
            />
          </>
        )}
      </div>
      <p className={`form-help ${typeof values === "string" ? "field-error" : "muted mono"}`}>
        {typeof values === "string" ? values : shortList(values.map(String))}
      </p>
    </>
  );
}

function shortList(values: readonly string[]): string {
  return values.length > 12 ? `${values.slice(0, 10).join(", ")}, … ${values.at(-1)}` : values.join(", ");
}
