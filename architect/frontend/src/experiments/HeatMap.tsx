import type { MetricWords } from "../run/metricWords";
import { ABSENT, formatInterval, formatQuantity } from "../run/numbers";
import { estimateAt, type Figure, figureUnit, keyOf, pointVerdict } from "./sweepFigures";
import type { Sweep } from "./types";

/** How much of the accent the largest value gets: text on it keeps its contrast in both themes. */
const STRONGEST = 46; // percent
/** Columns whose cells have room for their value; with more, it shows at the pointer and in the table below. */
const MOST_WRITTEN = 14;
const SIGNS: Readonly<Record<string, string>> = {
  met: "✓",
  missed: "✗",
  unstable: "↗",
  undecided: "?",
  "ended early": "!",
};

/** Two settings, one measure: a table whose cells are the darker the larger their value, with the verdict as a sign. */
export function HeatMap({
  found,
  figure,
  words,
  title,
  setting,
}: {
  readonly found: Sweep;
  readonly figure: Figure;
  readonly words: MetricWords;
  readonly title: string;
  readonly setting: (path: string) => string;
}) {
  const [down, across] = found.varied;
  if (!down || !across) return null;
  const unit = figureUnit(figure, words);
  const values = found.points.flatMap((point) => estimateAt(point, figure)?.mean ?? []);
  const shade = shader(values);
  const isDense = across.values.length > MOST_WRITTEN;
  const points = new Map(found.points.map((point) => [keyOf(point.values), point]));
  return (
    <figure className="heat-map">
      <figcaption>
        <strong>{title}</strong>{" "}
        <span className="muted">
          down: <strong>{setting(down.path)}</strong>, across: <strong>{setting(across.path)}</strong>; the
          stronger the colour, the more. ✓ meets every objective, ✗ misses one, ? open, ↗ no steady state.
        </span>
      </figcaption>
      <div className="table-holder">
        <table className={`heat-table${isDense ? " is-dense" : ""}`}>
          <thead>
            <tr>
              <td />
              {across.values.map((value) => (
                <th scope="col" key={String(value)}>
                  {String(value)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {down.values.map((row) => (
              <tr key={String(row)}>
                <th scope="row">{String(row)}</th>
                {across.values.map((column) => {
                  const point = points.get(keyOf([row, column]));
                  const estimate = point ? estimateAt(point, figure) : null;
                  const verdict = point ? pointVerdict(point) : "";
                  return (
                    <td
                      key={String(column)}
                      style={{ background: shade(estimate?.mean ?? null) }}
                      title={`${formatQuantity(estimate?.mean, unit)}, interval ${formatInterval(estimate?.ci95, unit)}${verdict ? `; ${verdict}` : ""}`}
                    >
                      <span className="heat-value">
                        {estimate ? formatQuantity(estimate.mean, unit) : ABSENT}
                      </span>
                      {verdict && (
                        <span
                          className={`heat-sign ${verdict === "met" ? "ok" : verdict === "undecided" ? "warn" : "bad"}`}
                        >
                          <span aria-hidden="true">{SIGNS[verdict]}</span>
                          <span className="visually-hidden">{verdict}</span>
                        </span>
                      )}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </figure>
  );
}

/** Even in the logarithm where values spread over more than a factor of 20, else even in the value. */
export function shader(values: readonly number[]): (value: number | null) => string {
  const low = Math.min(...values);
  const high = Math.max(...values);
  const isLog = low > 0 && high / low > 20;
  const place = (value: number) =>
    high === low ? 0 : isLog ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
  return (value) => {
    if (value === null) return "transparent";
    const part = Math.round(STRONGEST * Math.min(1, Math.max(0, place(value))));
    return `color-mix(in oklab, var(--accent) ${part}%, var(--surface))`;
  };
}
