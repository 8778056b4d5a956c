import { useMemo } from "react";
import { valueTick } from "../charts/axes";
import type { MetricWords } from "../run/metricWords";
import { formatCount, formatHalfWidth, formatQuantity } from "../run/numbers";
import { OpenVariant, type Source } from "./OpenVariant";
import { type Mark, ScatterPlot } from "./ScatterPlot";
import { type Settable, settingTitle } from "./settables";
import type { Cheapest, CheapestPoint } from "./types";
import { brokenText, measureTitle, namedStatement, statementWords, unitOf } from "./words";

const MOST_ROWS = 500;
const LEGEND = [
  ["chosen", "the cheapest that meets the objectives"],
  ["front", "front: none that meets them is both cheaper and faster"],
  ["pale", "meets them, but another is cheaper and faster"],
  ["missed", "misses an objective"],
] as const;

interface Props {
  readonly found: Cheapest;
  readonly words: MetricWords;
  readonly label: (id: string) => string;
  readonly all: readonly Settable[];
  readonly source: Source;
}

/** The cheapest configuration, cost against latency of all of them, and every one in a table. */
export function CheapestView({ found, words, label, all, source }: Props) {
  const unit = unitOf(found.latency, words);
  const latency = measureTitle(found.latency, words);
  const chosen = found.cheapest === null ? null : found.points[found.cheapest];
  const expected = found.varied.reduce((product, one) => product * one.values.length, 1);
  const marks = useMemo(() => marksOf(found, unit), [found, unit]);
  const unpriced = [...new Set(found.points.flatMap((one) => one.unpriced.map((each) => each.statement)))];
  return (
    <>
      <section className="overall" aria-label="In short">
        {chosen && (
          <p className="capacity-value">
            {formatQuantity(chosen.cost.mean, found.currency)} <span className="muted">a month</span>{" "}
            <OpenVariant source={source} values={chosen.values} name="the cheapest" />
          </p>
        )}
        <p className={chosen ? "" : "overall-text"}>
          {statementWords(
            namedStatement(
              found.statement,
              all,
              found.varied.map((one) => one.path),
            ),
            found.points[0]?.objectives.map((one) => one.objective) ?? [],
            words,
            label,
          )}
        </p>
        {unpriced.map((statement) => (
          <p key={statement} className="banner warn">
            {statement}
          </p>
        ))}
        <p className="muted">
          Prices of {found.prices_dated}. All configurations share their random numbers.
        </p>
      </section>
      {marks.length > 1 && (
        <section aria-label="Cost and latency">
          <ScatterPlot
            title="Cost and latency"
            about={`of ${formatCount(found.points.length)} configurations`}
            marks={marks}
            path={marks.filter((one) => one.look === "front" || one.look === "chosen")}
            x={{ title: latency, format: (value) => valueTick(value, unit) }}
            y={{ title: `${found.currency} a month`, format: (value) => formatQuantity(value, "1") }}
            legend={LEGEND.filter(([look]) => marks.some((one) => one.look === look))}
          />
        </section>
      )}
      <section aria-labelledby="configurations-title">
        <h2 id="configurations-title">
          Configurations{" "}
          <span className="muted">
            {found.points.length < expected
              ? `${found.points.length} of ${formatCount(expected)} so far`
              : formatCount(expected)}
            , the cheapest first
          </span>
        </h2>
        <div className="table-holder points-table">
          <table className="result-table">
            <thead>
              <tr>
                {found.varied.map((one) => (
                  <th scope="col" key={one.path} title={one.path} className="left">
                    {settingTitle(all, one.path)}
                  </th>
                ))}
                <th scope="col">A month</th>
                <th scope="col">{latency}</th>
                <th scope="col">Objectives</th>
                <th scope="col">Runs</th>
                <th scope="col" className="left">
                  What it misses first
                </th>
                <th scope="col">
                  <span className="visually-hidden">Go on with it</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {found.points.slice(0, MOST_ROWS).map((point, i) => (
                <tr
                  key={JSON.stringify(point.values)}
                  className={lookOf(found, i) === "pale" ? "is-pale" : ""}
                >
                  {point.values.map((value, at) => (
                    <td key={found.varied[at]?.path} className="left">
                      {String(value)}
                    </td>
                  ))}
                  <td>{formatQuantity(point.cost.mean, found.currency)}</td>
                  <td>
                    {formatQuantity(point.latency?.mean, unit)}{" "}
                    <span className="muted">
                      {point.latency?.ci95 && formatHalfWidth(point.latency.ci95, unit, found.latency)}
                    </span>
                  </td>
                  <td>
                    <span className={`chip ${point.verdict === "met" ? "ok" : "bad"}`}>{point.verdict}</span>{" "}
                    {i === found.cheapest && <strong>cheapest</strong>}
                    {i !== found.cheapest && found.front.includes(i) && "front"}
                    {!point.sure && <span className="muted"> by the estimate</span>}
                  </td>
                  <td>{point.replications}</td>
                  <td className="broken-cell">
                    {point.broken[0] && brokenText({ ...point.broken[0], busiest: null }, words, label)}
                  </td>
                  <td>
                    <OpenVariant source={source} values={point.values} name={point.values.join(", ")} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
        {found.points.length > MOST_ROWS && (
          <p className="muted run-note">The first {MOST_ROWS}; the CSV has them all.</p>
        )}
      </section>
    </>
  );
}

/** Of a configuration whether it is the answer, on the front, beaten, or no answer at all. */
export function lookOf(found: Cheapest, position: number): (typeof LEGEND)[number][0] {
  if (position === found.cheapest) return "chosen";
  if (found.front.includes(position)) return "front";
  return found.points[position]?.verdict === "met" ? "pale" : "missed";
}

function marksOf(found: Cheapest, unit: string): Mark[] {
  return found.points.flatMap((point, i) => {
    if (point.latency === null) return [];
    const look = lookOf(found, i);
    const mark = {
      key: JSON.stringify(point.values),
      x: point.latency.mean,
      y: point.cost.mean,
      look,
      words: `${nameOf(found, point)}: ${formatQuantity(point.cost.mean, found.currency)} a month, ${formatQuantity(point.latency.mean, unit)}, ${point.verdict}`,
    };
    return [look === "chosen" ? { ...mark, label: point.values.map(String).join(", ") } : mark];
  });
}

const nameOf = (found: Cheapest, point: CheapestPoint) =>
  found.varied.map((one, i) => `${one.path.split(".").at(-1)} ${point.values[i]}`).join(", ");
