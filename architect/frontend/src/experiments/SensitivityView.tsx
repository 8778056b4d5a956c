import { useMemo } from "react";
import { valueTick } from "../charts/axes";
import type { MetricWords } from "../run/metricWords";
import { formatHalfWidth, formatNumber, formatQuantity, formatShare } from "../run/numbers";
import { ScatterPlot } from "./ScatterPlot";
import { type Settable, wholeTitle } from "./settables";
import { Tornado } from "./Tornado";
import type { End, Sensitivity, SwungFlow, SwungParameter } from "./types";
import { limitWords, measureTitle, namedStatement, unitOf } from "./words";

/** Of the largest effect: what is nearer to zero lies in one heap, and the table names it. */
const NEAR = 0.08;

interface Props {
  readonly found: Sensitivity;
  readonly words: MetricWords;
  readonly label: (id: string) => string;
  readonly all: readonly Settable[];
}

/** Which number matters: a tornado of every flow, verdicts that turn round, elementary effects, all figures. */
export function SensitivityView({ found, words, label, all }: Props) {
  const unit = unitOf(found.metric, words);
  const metric = measureTitle(found.metric, words);
  const title = (name: string) => wholeTitle(all, name);
  const turning = found.parameters.flatMap((one) =>
    one.objectives.filter(turnsRound).map((row) => ({ one, row })),
  );
  const flows = found.parameters[0]?.flows ?? [];
  return (
    <>
      <section className="overall" aria-label="In short">
        <p className="overall-text">
          {namedStatement(
            found.statement,
            all,
            found.parameters.map((one) => one.name),
          )}
        </p>
        {turning.length > 0 && (
          <ul className="broken-list">
            {turning.map(({ one, row }) => (
              <li key={one.name + JSON.stringify(row.objective)}>
                {limitWords(row.objective, words, label)}: {row.low?.verdict ?? "not measured"} at{" "}
                {formatNumber(one.low)}, {row.as_drawn?.verdict ?? "not measured"} as drawn,{" "}
                {row.high?.verdict ?? "not measured"} at {formatNumber(one.high)} ({title(one.name)})
              </li>
            ))}
          </ul>
        )}
        <p className="muted">
          One number at a time, {found.replications} replications at both ends of its range, all under the
          same random numbers.
        </p>
      </section>
      <section className="stacked-charts" aria-label="How far each number moves it">
        {flows.map((flow, i) => (
          <Tornado
            key={`${flow.from} ${flow.to}`}
            title={metric}
            about={`${label(flow.from)} → ${label(flow.to)}`}
            rows={found.parameters.map((one) => ({
              name: title(one.name),
              low: one.low,
              high: one.high,
              flow: one.flows[i],
            }))}
            format={(value) => valueTick(value, unit)}
          />
        ))}
      </section>
      {found.morris && <Effects {...{ found, unit, metric, title }} morris={found.morris} />}
      <section aria-labelledby="numbers-title">
        <h2 id="numbers-title">
          Numbers, in the order of what they move <span className="muted">{metric}</span>
        </h2>
        <div className="table-holder">
          <table className="result-table">
            <thead>
              <tr>
                <th scope="col">Number</th>
                <th scope="col">As drawn</th>
                <th scope="col" className="left">
                  Flow
                </th>
                <th scope="col">Low end</th>
                <th scope="col">found there</th>
                <th scope="col">High end</th>
                <th scope="col">found there</th>
                <th scope="col">Moves it by</th>
                <th scope="col">Verdicts</th>
              </tr>
            </thead>
            <tbody>
              {found.parameters.flatMap((one) =>
                one.flows.map((flow, i) => (
                  <tr key={`${one.name} ${flow.from} ${flow.to}`}>
                    <th scope="row" title={`${one.name}: ${one.why}`}>
                      {i === 0 && title(one.name)}
                    </th>
                    <td>{i === 0 && formatNumber(one.as_drawn)}</td>
                    <td className="left">
                      {label(flow.from)} → {label(flow.to)}
                    </td>
                    {(["low", "high"] as const).flatMap((end) => [
                      <td key={end}>{i === 0 && formatNumber(one[end])}</td>,
                      <td key={`${end} found`}>
                        <Found {...{ one, flow, end, unit }} metric={found.metric} />
                      </td>,
                    ])}
                    <td>{flow.swing === null ? "–" : formatShare(flow.swing)}</td>
                    <td>{i === 0 && verdictWords(one)}</td>
                  </tr>
                )),
              )}
            </tbody>
          </table>
        </div>
      </section>
    </>
  );
}

function Found({
  one,
  flow,
  end,
  unit,
  metric,
}: {
  readonly one: SwungParameter;
  readonly flow: SwungFlow;
  readonly end: End;
  readonly unit: string;
  readonly metric: string;
}) {
  const estimate = flow[end];
  return (
    <>
      {formatQuantity(estimate?.mean, unit)}{" "}
      <span className="muted">{estimate?.ci95 && formatHalfWidth(estimate.ci95, unit, metric)}</span>{" "}
      {one.status[end] !== "ok" && <span className="chip bad">{one.status[end]}</span>}
    </>
  );
}

function Effects({
  morris,
  unit,
  metric,
  title,
}: {
  readonly morris: NonNullable<Sensitivity["morris"]>;
  readonly unit: string;
  readonly metric: string;
  readonly title: (name: string) => string;
}) {
  const most = Math.max(...morris.effects.map((one) => one.mu_star));
  const marks = useMemo(
    () =>
      morris.effects.map((one) => ({
        key: one.name,
        x: one.mu_star,
        y: one.sigma,
        look: "front",
        ...(one.mu_star > NEAR * most ? { label: title(one.name) } : {}),
        words: `${title(one.name)}: μ* ${formatQuantity(one.mu_star, unit)}, σ ${formatQuantity(one.sigma, unit)}`,
      })),
    [morris, most, title, unit],
  );
  const format = (value: number) => valueTick(value, unit);
  return (
    <section aria-labelledby="effects-title">
      <h2 id="effects-title">Elementary effects</h2>
      <p className="muted">
        To the right: it matters. High up: what it does depends on the other numbers, or is curved.
      </p>
      <ScatterPlot
        title={`Effects on ${metric}`}
        about={`over whole ranges; ${morris.trajectories} trajectories, ${morris.points} points of ${morris.replications} replications`}
        marks={marks}
        x={{ title: "μ*, mean of the absolute effects", format }}
        y={{ title: "σ, their spread", format }}
        legend={[]}
      />
      <div className="table-holder">
        <table className="result-table">
          <thead>
            <tr>
              <th scope="col">Number</th>
              <th scope="col">μ*</th>
              <th scope="col">μ</th>
              <th scope="col">σ</th>
            </tr>
          </thead>
          <tbody>
            {morris.effects.map((one) => (
              <tr key={one.name}>
                <th scope="row">{title(one.name)}</th>
                <td>{formatQuantity(one.mu_star, unit)}</td>
                <td>{formatQuantity(one.mu, unit)}</td>
                <td>{formatQuantity(one.sigma, unit)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function turnsRound(row: SwungParameter["objectives"][number]): boolean {
  const found = [row.low, row.as_drawn, row.high].map((one) => one?.verdict);
  return found.includes("met") && found.includes("missed");
}

const verdictWords = (one: SwungParameter) =>
  one.changed_verdicts > 0
    ? `${one.changed_verdicts} turn${one.changed_verdicts === 1 ? "s" : ""} round`
    : "";
