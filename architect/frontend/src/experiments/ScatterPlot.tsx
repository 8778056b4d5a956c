import { useId } from "react";
import { niceTicks, type Span, spanOf } from "./plotTicks";
import "./plots.css";

const WIDTH = 1180;
const HEIGHT = 340;
const LEFT = 70;
const RIGHT = 24;
const TOP = 16;
const BOTTOM = 46;

export interface Mark {
  readonly key: string;
  readonly x: number;
  readonly y: number;
  /** how it is drawn, and what that means in the legend */
  readonly look: string;
  readonly words: string;
  /** written beside it; sparingly */
  readonly label?: string;
}

interface Axis {
  readonly title: string;
  readonly format: (value: number) => string;
}

/** Points with two measures, each with its words at the pointer; `path` joins some of them. */
export function ScatterPlot({
  title,
  about,
  marks,
  path = [],
  x,
  y,
  legend,
}: {
  readonly title: string;
  readonly about: string;
  readonly marks: readonly Mark[];
  readonly path?: readonly Mark[];
  readonly x: Axis;
  readonly y: Axis;
  readonly legend: readonly (readonly [look: string, words: string])[];
}) {
  const titleId = useId();
  const [across, up] = [spanOf(marks.map((one) => one.x)), spanOf(marks.map((one) => one.y))];
  const atX = (value: number) => LEFT + share(value, across) * (WIDTH - LEFT - RIGHT);
  const atY = (value: number) => HEIGHT - BOTTOM - share(value, up) * (HEIGHT - TOP - BOTTOM);
  return (
    <figure className="chart scatter" aria-labelledby={titleId}>
      <figcaption className="chart-head">
        <span className="chart-title" id={titleId}>
          {title} <span className="muted">{about}</span>
        </span>
        <ul className="chart-legend">
          {legend.map(([look, words]) => (
            <li key={look}>
              <svg width="14" height="14" aria-hidden="true">
                <Sign look={look} x={7} y={7} />
              </svg>
              {words}
            </li>
          ))}
        </ul>
      </figcaption>
      <svg
        className="scatter-plot"
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        role="img"
        aria-label={`${title}; the figures stand in the table below`}
      >
        {niceTicks(across).map((tick) => (
          <g key={`x${tick}`}>
            <path className="scatter-grid" d={`M${atX(tick)} ${TOP}V${HEIGHT - BOTTOM}`} />
            <text className="scatter-tick" x={atX(tick)} y={HEIGHT - BOTTOM + 16} textAnchor="middle">
              {x.format(tick)}
            </text>
          </g>
        ))}
        {niceTicks(up).map((tick) => (
          <g key={`y${tick}`}>
            <path className="scatter-grid" d={`M${LEFT} ${atY(tick)}H${WIDTH - RIGHT}`} />
            <text className="scatter-tick" x={LEFT - 8} y={atY(tick) + 4} textAnchor="end">
              {y.format(tick)}
            </text>
          </g>
        ))}
        <text className="scatter-axis" x={(LEFT + WIDTH - RIGHT) / 2} y={HEIGHT - 8} textAnchor="middle">
          {x.title}
        </text>
        <text
          className="scatter-axis"
          transform={`translate(14 ${HEIGHT / 2}) rotate(-90)`}
          textAnchor="middle"
        >
          {y.title}
        </text>
        {path.length > 1 && (
          <path
            className="scatter-path"
            d={`M${path.map((one) => `${atX(one.x)} ${atY(one.y)}`).join("L")}`}
          />
        )}
        {marks.map((one) => (
          <g key={one.key}>
            <title>{one.words}</title>
            <Sign look={one.look} x={atX(one.x)} y={atY(one.y)} />
            {one.label && <Label text={one.label} x={atX(one.x)} y={atY(one.y)} />}
          </g>
        ))}
      </svg>
    </figure>
  );
}

function Label({ text, x, y }: { readonly text: string; readonly x: number; readonly y: number }) {
  const isFarRight = x > WIDTH * 0.62;
  return (
    <text
      className="scatter-label"
      x={isFarRight ? x - 11 : x + 11}
      y={y - 8}
      textAnchor={isFarRight ? "end" : "start"}
    >
      {text}
    </text>
  );
}

function Sign({ look, x, y }: { readonly look: string; readonly x: number; readonly y: number }) {
  if (look === "missed")
    return <path className="scatter-sign missed" d={`M${x - 4} ${y - 4}l8 8m0 -8l-8 8`} />;
  return <circle className={`scatter-sign ${look}`} cx={x} cy={y} r={look === "chosen" ? 6 : 5} />;
}

const share = (value: number, span: Span) => (value - span.low) / (span.high - span.low);
