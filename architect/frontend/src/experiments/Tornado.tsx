import { useId } from "react";
import type { Estimate } from "../run/result";
import { niceTicks, spanOf } from "./plotTicks";
import type { SwungFlow } from "./types";
import "./plots.css";

const WIDTH = 1180;
const NAMES = 260;
const RIGHT = 16;
const ROW = 30;
const BAR = 14;
const AXIS = 24;
const LONGEST = 40; // letters of a name

interface Row {
  readonly name: string;
  readonly low: number;
  readonly high: number;
  readonly flow: SwungFlow | undefined;
}

/** What the metric is at both ends of every range, around the design as drawn; the widest bar stands on top. */
export function Tornado({
  title,
  about,
  rows,
  format,
}: {
  readonly title: string;
  readonly about: string;
  readonly rows: readonly Row[];
  readonly format: (value: number) => string;
}) {
  const titleId = useId();
  const base = rows[0]?.flow?.as_drawn?.mean ?? null;
  const ends = rows.flatMap(({ flow }) =>
    [flow?.low, flow?.high].flatMap((one) => [one?.mean, ...(one?.ci95 ?? [])]),
  );
  if (base === null) return null;
  const span = spanOf([base, ...ends.filter((one) => typeof one === "number")]);
  const at = (value: number) =>
    NAMES + ((value - span.low) / (span.high - span.low)) * (WIDTH - NAMES - RIGHT);
  const height = rows.length * ROW + AXIS + 8;
  return (
    <figure className="chart tornado" aria-labelledby={titleId}>
      <figcaption className="chart-head">
        <span className="chart-title" id={titleId}>
          {title} <span className="muted">{about}</span>
        </span>
        <ul className="chart-legend">
          <li>
            <span className="tornado-key low" aria-hidden="true" /> low end of the range
          </li>
          <li>
            <span className="tornado-key high" aria-hidden="true" /> high end
          </li>
          <li>
            <span className="tornado-key base" aria-hidden="true" /> as drawn
          </li>
        </ul>
      </figcaption>
      <svg
        className="scatter-plot"
        viewBox={`0 0 ${WIDTH} ${height}`}
        role="img"
        aria-label={`${title}, ${about}, at the ends of every range; the figures stand in the table below`}
      >
        {niceTicks(span).map((tick) => (
          <g key={tick}>
            <path className="scatter-grid" d={`M${at(tick)} 4V${height - AXIS}`} />
            <text className="scatter-tick" x={at(tick)} y={height - 8} textAnchor="middle">
              {format(tick)}
            </text>
          </g>
        ))}
        {rows.map(({ name, low, high, flow }, i) => {
          const middle = 4 + i * ROW + ROW / 2;
          return (
            <g key={name}>
              <title>{`${name}, ${low} to ${high}: ${describe(flow, format)}`}</title>
              <text className="scatter-tick tornado-name" x={NAMES - 10} y={middle + 4} textAnchor="end">
                {name.length > LONGEST ? `${name.slice(0, LONGEST - 1)}…` : name}
              </text>
              {(["low", "high"] as const).map((end) => {
                const found = flow?.[end];
                if (typeof found?.mean !== "number") return null;
                const [from, to] = [Math.min(at(base), at(found.mean)), Math.max(at(base), at(found.mean))];
                // two bars to the same side stand one above the other
                const y = end === "low" ? middle - BAR / 2 : middle;
                return (
                  <g key={end}>
                    <rect
                      className={`tornado-bar ${end}`}
                      x={from}
                      y={y}
                      width={Math.max(1.5, to - from)}
                      height={BAR / 2}
                    />
                    {found.ci95 && (
                      <path
                        className="tornado-interval"
                        d={`M${at(found.ci95[0])} ${y + BAR / 4}H${at(found.ci95[1])}`}
                      />
                    )}
                  </g>
                );
              })}
            </g>
          );
        })}
        <path className="tornado-base" d={`M${at(base)} 2V${height - AXIS}`} />
      </svg>
    </figure>
  );
}

function describe(flow: SwungFlow | undefined, format: (value: number) => string): string {
  const value = (one: Estimate | null | undefined) =>
    typeof one?.mean === "number" ? format(one.mean) : "not measured";
  return `${value(flow?.low)} at the low end, ${value(flow?.high)} at the high end`;
}
