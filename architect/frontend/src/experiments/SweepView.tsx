import { useId, useMemo, useState } from "react";
import { valueTick } from "../charts/axes";
import { OverlayChart, type OverlayLine } from "../charts/OverlayChart";
import type { MetricWords } from "../run/metricWords";
import { formatCount, formatHalfWidth, formatNumber, formatQuantity } from "../run/numbers";
import { HeatMap } from "./HeatMap";
import { OpenVariant, type Source } from "./OpenVariant";
import { type Settable, settingTitle } from "./settables";
import {
  estimateAt,
  type Figure,
  figuresOf,
  figureUnit,
  inOrder,
  isSpacedByFactors,
  limitOf,
  pointVerdict,
} from "./sweepFigures";
import type { Sweep } from "./types";
import { measureTitle } from "./words";

/** Values that all get a tick of their own. */
const MOST_TICKS = 16;
/** Rows of the table: a page is no spreadsheet. */
const MOST_ROWS = 500;
const USUAL = "end_to_end_latency.p95";
const TONES: Readonly<Record<string, string>> = {
  met: "ok",
  missed: "bad",
  undecided: "warn",
  unstable: "bad",
  "ended early": "bad",
};

interface Props {
  readonly found: Sweep;
  readonly words: MetricWords;
  readonly label: (id: string) => string;
  /** the settings of the design, for their titles */
  readonly all: readonly Settable[];
  readonly source: Source;
}

/** A sweep: a line with its band over one setting, a heat map over two, and every point in a table. */
export function SweepView({ found, words, label, all, source }: Props) {
  const setting = (path: string) => settingTitle(all, path);
  const figures = useMemo(() => figuresOf(found), [found]);
  const [wanted, setWanted] = useState<string | null>(null);
  const id = useId();
  const figure =
    figures.find((one) => one.key === wanted) ?? figures.find((one) => one.metric === USUAL) ?? figures[0];
  if (!figure) return <p className="run-empty">Nothing has been measured yet.</p>;
  const title = (one: Figure) => {
    if ("cost" in one.place) return `cost ${one.metric.replaceAll("_", " ")}`;
    const place =
      "node" in one.place ? label(one.place.node) : `${label(one.place.from)} → ${label(one.place.to)}`;
    return `${measureTitle(one.metric, words)}, ${place}`;
  };
  return (
    <>
      <section className="sweep-figure" aria-labelledby={`${id}-title`}>
        <h2 id={`${id}-title`} className="visually-hidden">
          Figure
        </h2>
        <div className="form-field form-wide">
          <label htmlFor={id}>Measure</label>
          <select id={id} value={figure.key} onChange={(event) => setWanted(event.target.value)}>
            {figures.map((one) => (
              <option key={one.key} value={one.key}>
                {title(one)}
              </option>
            ))}
          </select>
        </div>
        {found.varied.length === 2 ? (
          <HeatMap {...{ found, figure, words, setting }} title={title(figure)} />
        ) : (
          <Line {...{ found, figure, words, setting }} title={title(figure)} />
        )}
      </section>
      <Points {...{ found, figure, words, setting, source }} title={title(figure)} />
    </>
  );
}

interface FigureProps {
  readonly found: Sweep;
  readonly figure: Figure;
  readonly words: MetricWords;
  readonly title: string;
  /** what a setting is called */
  readonly setting: (path: string) => string;
}

function Line({ found, figure, words, title, setting: titleOf }: FigureProps) {
  const unit = figureUnit(figure, words);
  const setting = found.varied[0];
  const values = setting?.values ?? [];
  const isNumber = values.every((value) => typeof value === "number");
  const { lines, x, y, limits } = useMemo(() => {
    const points = inOrder(found).flatMap((point) => {
      const estimate = estimateAt(point, figure);
      const value = point.values[0];
      const at = isNumber
        ? (value as number)
        : values.findIndex((one) => JSON.stringify(one) === JSON.stringify(value));
      return estimate?.mean === null || !estimate ? [] : [{ at, estimate }];
    });
    const line: OverlayLine = {
      name: `mean of ${found.replications ?? 5} replications, 95 % interval`,
      token: "--series-1",
      dash: [],
      x: points.map((one) => one.at),
      y: points.map((one) => one.estimate.mean),
      band: points.map((one) => one.estimate.ci95),
      points: true,
    };
    const limit = limitOf(found, figure);
    return {
      lines: [line],
      x: isNumber
        ? {
            format: (value: number) => formatNumber(value),
            isLog: isSpacedByFactors(values),
            ...(values.length <= MOST_TICKS ? { ticks: values as readonly number[] } : {}),
          }
        : {
            format: (value: number) => String(values[value] ?? ""),
            range: [-0.5, values.length - 0.5] as const,
            ticks: values.map((_, i) => i),
          },
      y: { format: (value: number) => valueTick(value, unit) },
      limits: limit === null ? [] : [{ value: limit, label: `objective ${formatQuantity(limit, unit)}` }],
    };
  }, [found, figure, isNumber, values, unit]);
  return (
    <OverlayChart
      title={title}
      about={`over ${titleOf(setting?.path ?? "")}`}
      {...{ lines, x, y, limits }}
      height={320}
      words={`${title} over ${titleOf(setting?.path ?? "")}; the figures stand in the table below`}
    />
  );
}

function Points({ found, figure, words, title, setting, source }: FigureProps & { readonly source: Source }) {
  const unit = figureUnit(figure, words);
  const points = inOrder(found);
  const expected = found.varied.reduce((product, one) => product * one.values.length, 1);
  return (
    <section aria-labelledby="points-title">
      <h2 id="points-title">
        Points{" "}
        <span className="muted">
          {points.length < expected ? `${points.length} of ${expected} so far` : points.length}
        </span>
      </h2>
      <div className="table-holder points-table">
        <table className="result-table">
          <thead>
            <tr>
              {found.varied.map((one) => (
                <th scope="col" key={one.path} title={one.path} className="left">
                  {setting(one.path)}
                </th>
              ))}
              <th scope="col">{title}</th>
              <th scope="col">Interval</th>
              <th scope="col">Objectives</th>
              <th scope="col">
                <span className="visually-hidden">Go on with it</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {points.slice(0, MOST_ROWS).map((point) => {
              const estimate = estimateAt(point, figure);
              const verdict = pointVerdict(point);
              return (
                <tr key={JSON.stringify(point.values)}>
                  {point.values.map((value, i) => (
                    <td key={found.varied[i]?.path} className="left">
                      {String(value)}
                    </td>
                  ))}
                  <td>{formatQuantity(estimate?.mean, unit)}</td>
                  <td className="muted">{formatHalfWidth(estimate?.ci95, unit, figure.metric)}</td>
                  <td>{verdict && <span className={`chip ${TONES[verdict] ?? ""}`}>{verdict}</span>}</td>
                  <td>
                    <OpenVariant source={source} values={point.values} name={point.values.join(", ")} />
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      {points.length > MOST_ROWS && (
        <p className="muted run-note">
          The first {MOST_ROWS} of {formatCount(points.length)} points; the CSV has them all.
        </p>
      )}
    </section>
  );
}
