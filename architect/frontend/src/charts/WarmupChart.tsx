import { useEffect, useId, useRef, useSyncExternalStore } from "react";
import UPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { formatNumber, formatSeconds } from "../run/numbers";
import type { Curve } from "../run/trust";
import { shownTheme, subscribeTheme, tokenColor } from "../theme/theme";
import { TIME_STEPS, timeTick, valueTick } from "./axes";
import "./charts.css";

export interface WarmupChartProps {
  curve: Curve;
  /** simulated seconds left out at the start */
  cut: number;
  /** simulated seconds of the run */
  duration: number;
  replications: number;
}

const HEIGHT = 150;

/** The number of messages in the system, averaged over the replications, with the part that is left out shaded. */
export function WarmupChart({ curve, cut, duration, replications }: WarmupChartProps) {
  const theme = useSyncExternalStore(subscribeTheme, shownTheme);
  const place = useRef<HTMLDivElement>(null);
  const titleId = useId();

  // biome-ignore lint/correctness/useExhaustiveDependencies: another theme has other colours, and the plot is made anew
  useEffect(() => {
    const holder = place.current;
    if (!holder) return undefined;
    const colours = {
      text: tokenColor("--text-muted"),
      grid: tokenColor("--grid"),
      line: tokenColor("--series-1"),
      warmup: tokenColor("--warmup"),
      cut: tokenColor("--warn"),
    };
    const font = `11px ${getComputedStyle(document.body).fontFamily || "sans-serif"}`;
    const axis = {
      stroke: colours.text,
      font,
      grid: { stroke: colours.grid, width: 1 },
      ticks: { show: false },
    };
    const shade = (u: UPlot) => {
      if (cut <= 0) return;
      const { left, top, width, height } = u.bbox;
      const right = Math.min(u.valToPos(cut, "x", true), left + width);
      u.ctx.save();
      u.ctx.fillStyle = colours.warmup;
      u.ctx.fillRect(left, top, right - left, height);
      u.ctx.strokeStyle = colours.cut;
      u.ctx.lineWidth = devicePixelRatio;
      u.ctx.setLineDash([4 * devicePixelRatio, 3 * devicePixelRatio]);
      u.ctx.beginPath();
      u.ctx.moveTo(right, top);
      u.ctx.lineTo(right, top + height);
      u.ctx.stroke();
      u.ctx.restore();
    };
    const plot = new UPlot(
      {
        width: Math.max(200, holder.clientWidth),
        height: HEIGHT,
        padding: [8, 30, 0, 0],
        legend: { show: false },
        cursor: { show: false },
        scales: {
          x: { time: false, range: () => [0, duration] },
          y: { range: (_u, _low, high) => [0, high > 0 ? high * 1.08 : 1] },
        },
        axes: [
          {
            ...axis,
            size: 24,
            gap: 4,
            space: 70,
            incrs: [...TIME_STEPS],
            values: (_u, splits, _axis, _space, step) => splits.map((value) => timeTick(value, step)),
          },
          {
            ...axis,
            size: 52,
            gap: 6,
            space: 28,
            values: (_u, splits) => splits.map((v) => valueTick(v, "1")),
          },
        ],
        series: [{}, { stroke: colours.line, width: 1.75, points: { show: false } }],
        hooks: { drawClear: [shade] },
      },
      [[...curve.t], [...curve.in_system]],
      holder,
    );
    const watcher = new ResizeObserver(() => {
      if (holder.clientWidth > 0) plot.setSize({ width: holder.clientWidth, height: HEIGHT });
    });
    watcher.observe(holder);
    return () => {
      watcher.disconnect();
      plot.destroy();
    };
  }, [curve, cut, duration, theme]);

  const line = replications > 1 ? `mean of ${replications} replications` : "this run";
  return (
    <figure className="chart" aria-labelledby={titleId}>
      <figcaption className="chart-head">
        <span className="chart-title" id={titleId}>
          In the system <span className="muted">messages, over simulated time</span>
        </span>
        <ul className="chart-legend">
          <li>
            <Sample stroke="var(--series-1)" />
            <span>{line}</span>
          </li>
          {cut > 0 && (
            <li>
              <Sample stroke="var(--warn)" dash="4 3" />
              <span>warm-up, left out until {formatSeconds(cut)}</span>
            </li>
          )}
        </ul>
      </figcaption>
      <div className="chart-plot" ref={place} role="img" aria-label={pictureWords(curve, cut, line)} />
    </figure>
  );
}

function Sample({ stroke, dash }: { stroke: string; dash?: string }) {
  return (
    <svg width="18" height="8" aria-hidden="true">
      <path d="M0 4h18" stroke={stroke} strokeWidth="2.5" strokeDasharray={dash} />
    </svg>
  );
}

function pictureWords(curve: Curve, cut: number, line: string): string {
  const known = curve.in_system.filter((value) => value !== null);
  const [first, last] = [known[0], known.at(-1)];
  const ends = `starts at ${formatNumber(first)}, is at most ${formatNumber(Math.max(0, ...known))}, ends at ${formatNumber(last)}`;
  const left = cut > 0 ? `; the first ${formatSeconds(cut)} are left out` : "";
  return `Messages in the system, ${line}: ${ends}${left}`;
}
