import { useEffect, useId, useMemo, useState } from "react";
import { sentence } from "../api/errors";
import { formatSetting, parseQuantity } from "../inspector/quantities";
import { useMetricWords } from "../run/metricWords";
import { type Row, withFound } from "./assumedRows";
import { RANKED_BY } from "./draft";
import { type AssumedNumber, listAssumed } from "./experimentsApi";
import { numberOf } from "./numberOf";
import { NO_OPTIONS, Option, RunOptions, readOptions } from "./RunOptions";
import { SettingPicker } from "./SettingPicker";
import { StartRow } from "./StartRow";
import { type Settable, settables, wholeTitle } from "./settables";
import type { Subject } from "./useDesign";
import { useStart } from "./useStart";
import { measureTitle } from "./words";

const REPLICATIONS = 10;
const METRICS = RANKED_BY.filter((metric) => metric !== "end_to_end_latency.max");

/** Which numbers are not known for sure, and between what they lie. */
export function SensitivityForm({ subject }: { subject: Subject }) {
  const { design, catalogue } = subject;
  const words = useMetricWords();
  const metricId = useId();
  const all = useMemo(
    () =>
      settables(design.document, catalogue).filter((one) => one.kind === "number" || one.kind === "integer"),
    [design, catalogue],
  );
  const [rows, setRows] = useState<readonly Row[] | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [metric, setMetric] = useState("end_to_end_latency.p99");
  const [walks, setWalks] = useState("0");
  const [texts, setTexts] = useState(NO_OPTIONS);
  const { isStarting, refused, start } = useStart("sensitivity", design.id);
  const settings = design.document.simulation ?? {};

  useEffect(() => {
    const abort = new AbortController();
    listAssumed(design.id, abort.signal).then(
      (found) =>
        setRows((added) =>
          withFound(
            found.map((one) => rowOf(one, all)),
            added,
          ),
        ),
      (error: unknown) => {
        if (abort.signal.aborted) return;
        setRows([]);
        setProblem(sentence(error));
      },
    );
    return () => abort.abort();
  }, [design.id, all]);

  const change = (path: string, part: Partial<Row>) =>
    setRows((before) => (before ?? []).map((row) => (row.path === path ? { ...row, ...part } : row)));
  const add = (path: string) => {
    const found = all.find((one) => one.path === path);
    if (!found || typeof found.value !== "number" || (rows ?? []).some((row) => row.path === path)) return;
    const range = { path, value: found.value, low: found.value / 2, high: found.value * 2, why: "asked for" };
    setRows((before) => [...(before ?? []), rowOf(range, all)]);
  };
  const taken = (rows ?? []).filter((row) => row.isTaken);
  const submit = () => {
    const options = readOptions(texts);
    if (typeof options === "string") return void start(options);
    const over = [];
    for (const row of taken) {
      const [low, high] = [parseQuantity(row.low, row.unit), parseQuantity(row.high, row.unit)];
      if ("error" in low) return void start(`${row.title}, from: ${low.error}`);
      if ("error" in high) return void start(`${row.title}, to: ${high.error}`);
      over.push({ path: row.path, low: low.value, high: high.value });
    }
    if (!/^\d{1,3}$/.test(walks.trim())) return void start("Trajectories: write a whole number.");
    void start({ ...options, over, metric, trajectories: Number(walks) });
  };
  return (
    <section className="experiment-form" aria-label="What is not known for sure">
      <fieldset className="form-block">
        <legend>Numbers that are not known for sure</legend>
        {problem && <p className="field-error">{problem}</p>}
        {rows?.length === 0 && (
          <p className="muted">The design calls nothing a guess. Add the numbers that you are not sure of.</p>
        )}
        {rows !== null && rows.length > 0 && (
          <div className="table-holder">
            <table className="result-table assumed-table">
              <thead>
                <tr>
                  <th scope="col">Vary</th>
                  <th scope="col" className="left">
                    Why
                  </th>
                  <th scope="col">From</th>
                  <th scope="col">To</th>
                </tr>
              </thead>
              <tbody>
                {rows.map((row) => (
                  <tr key={row.path}>
                    <th scope="row">
                      <label title={row.path}>
                        <input
                          type="checkbox"
                          checked={row.isTaken}
                          onChange={(event) => change(row.path, { isTaken: event.target.checked })}
                        />{" "}
                        {row.title}
                      </label>
                    </th>
                    <td className="muted left assumed-why">{row.why}</td>
                    {(["low", "high"] as const).map((end) => (
                      <td key={end}>
                        <input
                          type="text"
                          aria-label={`${row.title}, ${end === "low" ? "from" : "to"}`}
                          value={row[end]}
                          disabled={!row.isTaken}
                          onChange={(event) => change(row.path, { [end]: event.target.value })}
                        />
                      </td>
                    ))}
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
        <div className="form-row">
          <SettingPicker title="Another number" all={all} path="" onChange={add} />
        </div>
      </fieldset>
      <fieldset className="form-block">
        <legend>What it may move</legend>
        <div className="form-row">
          <div className="form-field">
            <label htmlFor={metricId}>Measure</label>
            <select id={metricId} value={metric} onChange={(event) => setMetric(event.target.value)}>
              {METRICS.map((one) => (
                <option key={one} value={one}>
                  {measureTitle(one, words)}
                </option>
              ))}
            </select>
            <span className="form-help muted">beside the verdicts on all objectives</span>
          </div>
          <Option
            title="Trajectories of Morris"
            value={walks}
            help="0 for none; 4 to 10 tell which numbers act together"
            onChange={setWalks}
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
          replications={REPLICATIONS}
          budget="at every end of a range"
        />
      </fieldset>
      <StartRow
        title="Find what matters"
        isReady={taken.length > 0}
        {...{ isStarting, refused }}
        onStart={submit}
      />
    </section>
  );
}

function rowOf(one: AssumedNumber, all: readonly Settable[]): Row {
  const unit =
    all.find((other) => other.path === one.path || other.path.startsWith(`${one.path}.`))?.unit ?? "1";
  return {
    path: one.path,
    title: wholeTitle(all, one.path),
    unit,
    why: one.why,
    isTaken: true,
    low: formatSetting(one.low, unit),
    high: formatSetting(one.high, unit),
  };
}
