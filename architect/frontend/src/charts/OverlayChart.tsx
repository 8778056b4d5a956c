import { useEffect, useId, useRef, useState, useSyncExternalStore } from "react";
import UPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { ABSENT } from "../run/numbers";
import { shownTheme, subscribeTheme, tokenColor } from "../theme/theme";
import { logTicks } from "./axes";
import "./charts.css";

export interface OverlayLine {
  readonly name: string;
  readonly token: `--${string}`;
  readonly dash: readonly number[];
  readonly x: readonly number[];
  readonly y: readonly (number | null)[];
  /** 95 % interval at every x, drawn as a band */
  readonly band?: readonly (readonly [number, number] | null)[];
  /** a mark at every point: for few points that are not one continuous thing */
  readonly points?: boolean;
}

export interface Scale {
  readonly format: (value: number) => string;
  readonly isLog?: boolean;
  readonly range?: readonly [number, number];
  /** where ticks stand, when not at round numbers */
  readonly ticks?: readonly number[];
}

export interface OverlayChartProps {
  readonly title: string;
  readonly about: string;
  readonly lines: readonly OverlayLine[];
  readonly x: Scale;
  readonly y: Scale;
  /** a level to be kept, such as an objective */
  readonly limits?: readonly { readonly value: number; readonly label: string }[];
  /** what the picture shows, for those who cannot see it */
  readonly words: string;
  readonly height?: number;
}

const HEIGHT = 240;

/** Several curves over one axis with their bands, each with its own points; the legend reads them at the cursor. */
export function OverlayChart(props: OverlayChartProps) {
  const { title, about, lines, x, y, words, limits, height = HEIGHT } = props;
  const theme = useSyncExternalStore(subscribeTheme, shownTheme);
  const place = useRef<HTMLDivElement>(null);
  const titleId = useId();
  const [read, setRead] = useState<{ x: number; values: readonly (number | null)[] } | null>(null);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another theme has other colours, and the plot is made anew
  useEffect(() => {
    const holder = place.current;
    if (!holder || lines.length === 0) return undefined;
    const plot = new UPlot(
      {
        width: Math.max(200, holder.clientWidth),
        height,
        padding: [10, 30, 0, 0],
        legend: { show: false },
        cursor: { drag: { x: false, y: false }, points: { show: false } },
        scales: { x: scaleOf(x, "x"), y: scaleOf(y, "y") },
        axes: [axisOf(x, 24, 74), axisOf(y, 62, 26)],
        series: [{}, ...lines.flatMap(seriesOf)],
        bands: lines.flatMap((line, i) => {
          const at = 1 + before(lines, i);
          return line.band ? [{ series: [at + 1, at + 2] as [number, number], fill: soft(line.token) }] : [];
        }),
        hooks: {
          draw: [(u) => drawLimits(u, limits ?? [])],
          setCursor: [
            (u) => {
              const at = u.cursor.idx;
              setRead(
                at == null
                  ? null
                  : {
                      x: u.data[0][at] ?? 0,
                      values: lines.map((_, i) => lastKnown(u.data[1 + before(lines, i)] ?? [], at)),
                    },
              );
            },
          ],
        },
      },
      joined(lines),
      holder,
    );
    const watcher = new ResizeObserver(() => {
      if (holder.clientWidth > 0) plot.setSize({ width: holder.clientWidth, height });
    });
    watcher.observe(holder);
    return () => {
      watcher.disconnect();
      plot.destroy();
    };
  }, [lines, x, y, limits, height, theme]);

  return (
    <figure className="chart" aria-labelledby={titleId}>
      <figcaption className="chart-head">
        <span className="chart-title" id={titleId}>
          {title} <span className="muted">{about}</span>
        </span>
        <span className="chart-read muted tabular">{read ? `at ${x.format(read.x)}` : ""}</span>
        <ul className="chart-legend">
          {lines.map((line, i) => (
            <li key={line.name}>
              <svg width="22" height="8" aria-hidden="true">
                <path
                  d="M0 4h22"
                  stroke={`var(${line.token})`}
                  strokeWidth="2.5"
                  strokeDasharray={line.dash.join(" ")}
                />
              </svg>
              <span className="chart-legend-name" title={line.name}>
                {line.name}
              </span>
              {read && <b>{shown(read.values[i], y)}</b>}
            </li>
          ))}
        </ul>
      </figcaption>
      <div className="chart-plot" ref={place} role="img" aria-label={words} />
    </figure>
  );
}

const shown = (value: number | null | undefined, y: Scale) =>
  value === null || value === undefined ? ABSENT : y.format(value);

/** Columns before those of line `i`: a line with a band takes three. */
function before(lines: readonly OverlayLine[], i: number): number {
  return lines.slice(0, i).reduce((sum, line) => sum + (line.band ? 3 : 1), 0);
}

/** All lines over the union of their x; where a line has no point of its own it is drawn through. */
function joined(lines: readonly OverlayLine[]): UPlot.AlignedData {
  const tables = lines.map((line): UPlot.AlignedData => {
    const columns: (number | null)[][] = [[...line.y]];
    if (line.band) {
      columns.push(line.band.map((one) => one?.[1] ?? null));
      columns.push(line.band.map((one) => one?.[0] ?? null));
    }
    return [[...line.x], ...columns] as UPlot.AlignedData;
  });
  return tables.length === 1 && tables[0] ? tables[0] : UPlot.join(tables);
}

function lastKnown(column: ArrayLike<number | null | undefined>, at: number): number | null {
  for (let i = at; i >= 0; i -= 1) {
    const value = column[i];
    if (value !== null && value !== undefined) return value;
  }
  return null;
}

function seriesOf(line: OverlayLine): UPlot.Series[] {
  const stroke = tokenColor(line.token);
  const main: UPlot.Series = {
    stroke,
    width: 2,
    dash: [...line.dash],
    spanGaps: true,
    points: line.points ? { show: true, size: 7, fill: stroke, stroke } : { show: false },
  };
  const edge: UPlot.Series = {
    stroke: soft(line.token, 0.5),
    width: 1,
    spanGaps: true,
    points: { show: false },
  };
  return line.band ? [main, edge, edge] : [main];
}

function soft(token: `--${string}`, alpha = 0.16): string {
  const parts = /^rgba?\((\d+),\s*(\d+),\s*(\d+)/.exec(tokenColor(token));
  return parts ? `rgba(${parts[1]}, ${parts[2]}, ${parts[3]}, ${alpha})` : "transparent";
}

function scaleOf(scale: Scale, side: "x" | "y"): UPlot.Scale {
  const { isLog = false, range } = scale;
  const fixed: UPlot.Range.MinMax | null = range ? [range[0], range[1]] : null;
  return {
    ...(side === "x" ? { time: false } : {}),
    distr: isLog ? 3 : 1,
    range: (_u, low, high) => {
      if (fixed) return fixed;
      if (low === null || high === null) return isLog ? [0.001, 1] : [0, 1];
      if (isLog) return [low * 0.9, high * 1.15];
      return side === "y" ? [Math.min(0, low), high > 0 ? high * 1.08 : 1] : [low, high];
    },
  };
}

function axisOf(scale: Scale, size: number, space: number): UPlot.Axis {
  const { ticks } = scale;
  return {
    stroke: tokenColor("--text-muted"),
    font: `11px ${getComputedStyle(document.body).fontFamily || "sans-serif"}`,
    grid: { stroke: tokenColor("--grid"), width: 1 },
    ticks: { show: false },
    size,
    gap: 5,
    space,
    ...(ticks ? { splits: () => [...ticks] } : {}),
    ...(scale.isLog && !ticks ? { splits: (_u, _axis, low, high) => logTicks(low, high) } : {}),
    values: (_u, splits) => splits.map((value) => (value === null ? "" : scale.format(value))),
  };
}

function drawLimits(u: UPlot, limits: readonly { value: number; label: string }[]): void {
  const { left, top, width, height } = u.bbox;
  u.ctx.save();
  u.ctx.strokeStyle = tokenColor("--bad");
  u.ctx.fillStyle = tokenColor("--bad");
  u.ctx.lineWidth = devicePixelRatio;
  u.ctx.setLineDash([6 * devicePixelRatio, 3 * devicePixelRatio]);
  u.ctx.font = `${11 * devicePixelRatio}px ${getComputedStyle(document.body).fontFamily || "sans-serif"}`;
  u.ctx.textAlign = "right";
  u.ctx.textBaseline = "bottom";
  for (const { value, label } of limits) {
    const at = Math.round(u.valToPos(value, "y", true)) + 0.5;
    if (!(at >= top && at <= top + height)) continue;
    u.ctx.beginPath();
    u.ctx.moveTo(left, at);
    u.ctx.lineTo(left + width, at);
    u.ctx.stroke();
    u.ctx.fillText(label, left + width - 4, at - 2);
  }
  u.ctx.restore();
}
