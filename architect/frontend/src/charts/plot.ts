/** uPlot behind a small door: options from a ChartSpec, our colours, warm-up, event marks and objective lines. */

import type uPlot from "uplot";
import UPlot from "uplot";
import { formatClock, formatCount } from "../run/numbers";
import { tokenColor } from "../theme/theme";
import { TIME_STEPS, timeEnd, timeTick, valueRange, valueSteps, valueTick } from "./axes";
import type { ChartSpec } from "./chartSpec";
import { grouped, mergingOf, type SeriesStore } from "./series";

/** Something that happened, drawn on the time axis. */
export interface Mark {
  readonly t: number;
  readonly kind: string;
  readonly text: string;
}

export interface Decoration {
  readonly warmup: number | null;
  readonly marks: readonly Mark[];
}

export interface PlotOptions {
  readonly spec: ChartSpec;
  readonly isLog: boolean;
  readonly duration: number | null;
  readonly store: SeriesStore;
  /** the values under the cursor, or the latest ones */
  readonly onRead: (values: readonly (number | null)[]) => void;
  readonly onClick: (t: number) => void;
  /** how many of the store's points one point of the plot stands for */
  readonly onGroup: (size: number) => void;
}

export interface Plot {
  refresh(): void;
  decorate(decoration: Decoration): void;
  destroy(): void;
}

const HEIGHT = 130;
const SYNC = "headrace-run";
/** Pixels from one point to the next: closer ones are drawn as one. */
const POINT_SPACING = 2.5;
/** Marks beyond this many would be a wall; the event list has them all. */
const MOST_MARKS = 60;
/** With more than these only faults have a line through the chart: the others keep their triangle. */
const MOST_LINES_OF_MARKS = 8;

export function createPlot(place: HTMLElement, options: PlotOptions): Plot {
  const { spec, isLog, duration, store } = options;
  const colours = {
    text: tokenColor("--text-muted"),
    surface: tokenColor("--surface"),
    grid: tokenColor("--grid"),
    warmup: tokenColor("--warmup"),
    mark: tokenColor("--warn"),
    limit: tokenColor("--bad"),
  };
  const font = `11px ${getComputedStyle(document.body).fontFamily || "sans-serif"}`;
  let decoration: Decoration = { warmup: null, marks: [] };

  let zoom: readonly [number, number] | null = null;
  let whole: readonly [number, number] = [0, 1];
  let group = 1;
  let isGone = false;

  /** uPlot asks with the ends of the data (all is shown), with the range we gave last, or with what was dragged over. */
  function timeRange(u: uPlot, low: number | null, high: number | null): [number, number] {
    const times = u.data[0];
    const isData = low === (times[0] ?? null) && high === (times.at(-1) ?? null);
    const isRepeat = low === whole[0] && high === whole[1];
    // a single point makes uPlot widen the range around it: that is no zoom either
    if (low === null || high === null || isData || isRepeat || times.length < 2) {
      setZoom(null);
      whole = [0, timeEnd(store.lastTime(), duration)];
      return [...whole];
    }
    setZoom([low, high]);
    return [low, high];
  }

  /** Another zoom may want another grouping: uPlot gets the new data after it has finished with this range. */
  function setZoom(next: readonly [number, number] | null): void {
    const isSame =
      next === zoom || (next !== null && zoom !== null && next[0] === zoom[0] && next[1] === zoom[1]);
    zoom = next;
    if (!isSame) queueMicrotask(() => !isGone && groupSize() !== group && refresh());
  }

  function groupSize(): number {
    const count = store.pointCount();
    const span = store.lastTime();
    const shown = zoom !== null && span > 0 ? (count * Math.min(zoom[1] - zoom[0], span)) / span : count;
    const room = Math.max(40, (place.clientWidth - 80) / POINT_SPACING);
    return shown <= room ? 1 : 2 ** Math.ceil(Math.log2(shown / room));
  }

  function data(): uPlot.AlignedData {
    const size = groupSize();
    if (size !== group) {
      group = size;
      options.onGroup(size);
    }
    const columns = spec.lines.map((one) => {
      const column = grouped(store.column(one.key), group, mergingOf(one.key.split(" ").at(-1) ?? ""));
      // a logarithmic axis has no place for zero
      return isLog ? column.map((value) => (value !== null && value > 0 ? value : null)) : column;
    });
    return [grouped(store.times(), group, "last") as number[], ...columns];
  }

  function refresh(): void {
    plot.setData(data(), zoom === null);
    if (zoom !== null) plot.redraw();
  }

  function read(u: uPlot): void {
    const at = u.cursor.idx;
    // groups show their largest value; without a cursor the reading is the newest frame's own
    options.onRead(
      spec.lines.map((one, i) => (at == null ? store.latest(one.key) : (u.data[i + 1]?.[at] ?? null))),
    );
  }

  function drawBelow(u: uPlot): void {
    const { warmup } = decoration;
    if (warmup === null || warmup <= 0) return;
    const left = u.valToPos(0, "x", true);
    const right = Math.min(u.valToPos(warmup, "x", true), u.bbox.left + u.bbox.width);
    if (right <= u.bbox.left) return;
    u.ctx.save();
    u.ctx.fillStyle = colours.warmup;
    u.ctx.fillRect(
      Math.max(left, u.bbox.left),
      u.bbox.top,
      right - Math.max(left, u.bbox.left),
      u.bbox.height,
    );
    u.ctx.fillStyle = colours.text;
    u.ctx.font = scaled(font);
    u.ctx.textBaseline = "top";
    if (right - left > 52 * devicePixelRatio)
      u.ctx.fillText("warm-up", Math.max(left, u.bbox.left) + 4, u.bbox.top + 3);
    u.ctx.restore();
  }

  function drawAbove(u: uPlot): void {
    u.ctx.save();
    u.ctx.lineWidth = devicePixelRatio;
    const isCrowd = decoration.marks.length > MOST_LINES_OF_MARKS;
    for (const mark of decoration.marks.slice(0, MOST_MARKS)) {
      const x = Math.round(u.valToPos(mark.t, "x", true)) + 0.5;
      if (x < u.bbox.left || x > u.bbox.left + u.bbox.width) continue;
      if (!isCrowd || mark.kind === "fault") {
        u.ctx.strokeStyle = colours.mark;
        u.ctx.setLineDash([2 * devicePixelRatio, 3 * devicePixelRatio]);
        line(u.ctx, x, u.bbox.top, x, u.bbox.top + u.bbox.height);
        u.ctx.setLineDash([]);
      }
      u.ctx.fillStyle = colours.mark;
      triangle(u.ctx, x, u.bbox.top + u.bbox.height, 5 * devicePixelRatio);
    }
    drawPeak(u);
    for (const limit of spec.limits ?? []) {
      const y = Math.round(u.valToPos(limit.value, "y", true)) + 0.5;
      if (y < u.bbox.top || y > u.bbox.top + u.bbox.height) continue;
      u.ctx.strokeStyle = colours.limit;
      u.ctx.setLineDash([6 * devicePixelRatio, 3 * devicePixelRatio]);
      line(u.ctx, u.bbox.left, y, u.bbox.left + u.bbox.width, y);
      u.ctx.fillStyle = colours.limit;
      u.ctx.font = scaled(font);
      u.ctx.textAlign = "right";
      u.ctx.textBaseline = "bottom";
      const right = u.bbox.left + u.bbox.width - 4;
      const box = u.ctx.measureText(limit.label);
      u.ctx.fillStyle = colours.surface;
      u.ctx.globalAlpha = 0.8;
      u.ctx.fillRect(right - box.width - 3, y - 14 * devicePixelRatio, box.width + 6, 13 * devicePixelRatio);
      u.ctx.globalAlpha = 1;
      u.ctx.fillStyle = colours.limit;
      u.ctx.fillText(limit.label, right, y - 2);
    }
    u.ctx.restore();
  }

  /** The largest number of messages anywhere in the chart, with its moment: what one looks for first. */
  function drawPeak(u: uPlot): void {
    const peak = highestPeak(spec, store);
    if (!peak) return;
    const x = u.valToPos(peak.t, "x", true);
    const y = u.valToPos(peak.value, "y", true);
    const { left, top, width } = u.bbox;
    if (x < left || x > left + width || y < top - 1) return;
    u.ctx.strokeStyle = colours.text;
    u.ctx.fillStyle = colours.text;
    u.ctx.beginPath();
    u.ctx.arc(x, y, 3.5 * devicePixelRatio, 0, 2 * Math.PI);
    u.ctx.stroke();
    u.ctx.font = scaled(font);
    u.ctx.textBaseline = "middle";
    u.ctx.textAlign = x > left + width / 2 ? "right" : "left";
    const aside = 8 * devicePixelRatio * (x > left + width / 2 ? -1 : 1);
    const label = `${formatCount(peak.value)} at ${formatClock(peak.t)}`;
    const middle = Math.max(y, top + 6 * devicePixelRatio);
    // lines and marks must not run through the figure
    u.ctx.lineWidth = 4 * devicePixelRatio;
    u.ctx.lineJoin = "round";
    u.ctx.strokeStyle = colours.surface;
    u.ctx.strokeText(label, x + aside, middle);
    u.ctx.lineWidth = devicePixelRatio;
    u.ctx.fillText(label, x + aside, middle);
  }

  const plot = new UPlot(
    {
      width: Math.max(200, place.clientWidth),
      height: HEIGHT,
      padding: [8, 30, 0, 0],
      legend: { show: false },
      cursor: {
        sync: { key: SYNC, scales: ["x", null] },
        drag: { x: true, y: false, dist: 6 },
        points: { size: 6 },
        focus: { prox: 24 },
      },
      focus: { alpha: 0.45 },
      scales: {
        x: { time: false, range: timeRange },
        y: {
          distr: isLog ? 3 : 1,
          range: (u, low, high) =>
            valueRange(isLog ? lowestPositive(u) : low, withLimits(high, spec), spec.unit, isLog),
        },
      },
      axes: [
        {
          stroke: colours.text,
          font,
          grid: { stroke: colours.grid, width: 1 },
          ticks: { show: false },
          size: 24,
          gap: 4,
          space: 70,
          incrs: [...TIME_STEPS],
          values: (_u, splits, _axis, _space, step) => splits.map((value) => timeTick(value, step)),
        },
        {
          stroke: colours.text,
          font,
          grid: { stroke: colours.grid, width: 1 },
          ticks: { show: false },
          size: 62,
          gap: 6,
          space: 28,
          ...(valueSteps(spec.unit) && !isLog ? { incrs: valueSteps(spec.unit) as number[] } : {}),
          values: (_u, splits) => splits.map((value) => (value === null ? "" : valueTick(value, spec.unit))),
        },
      ],
      series: [
        {},
        ...spec.lines.map((one): uPlot.Series => {
          const stroke = tokenColor(one.token);
          return {
            label: one.label,
            stroke,
            width: 1.75,
            dash: [...(one.dash ?? [])],
            points: { show: false },
            spanGaps: false,
            ...(one.fill ? { fill: withAlpha(stroke, 0.14) } : {}),
          };
        }),
      ],
      hooks: { setCursor: [read], setData: [read], drawClear: [drawBelow], draw: [drawAbove] },
    },
    data(),
    place,
  );

  // uPlot zooms on drag; a plain click is ours
  let pressedAt: number | null = null;
  plot.over.addEventListener("pointerdown", (event) => {
    pressedAt = event.clientX;
  });
  plot.over.addEventListener("pointerup", (event) => {
    if (pressedAt !== null && Math.abs(event.clientX - pressedAt) < 4)
      options.onClick(plot.posToVal(event.offsetX, "x"));
    pressedAt = null;
  });

  const watcher = new ResizeObserver(() => {
    if (place.clientWidth > 0) plot.setSize({ width: place.clientWidth, height: HEIGHT });
  });
  watcher.observe(place);

  return {
    refresh,
    decorate(next) {
      decoration = next;
      plot.redraw(false);
    },
    destroy() {
      isGone = true;
      watcher.disconnect();
      plot.destroy();
    },
  };
}

/** Null while nothing has been counted, and for charts of anything but messages. */
export function highestPeak(spec: ChartSpec, store: SeriesStore): { value: number; t: number } | null {
  if (spec.unit !== "messages") return null;
  let best: { value: number; t: number } | null = null;
  for (const { key } of spec.lines) {
    const value = store.peak(key);
    const t = store.peakAt(key);
    if (t !== null && value > (best?.value ?? 0)) best = { value, t };
  }
  return best;
}

function lowestPositive(u: uPlot): number | null {
  let lowest = Infinity;
  for (const column of u.data.slice(1))
    for (const value of column ?? []) if (value != null && value > 0 && value < lowest) lowest = value;
  return lowest === Infinity ? null : lowest;
}

/** A limit is worth seeing when the lines come near it; a far one would flatten them. */
function withLimits(high: number | null, spec: ChartSpec): number | null {
  const near = (spec.limits ?? [])
    .map((limit) => limit.value)
    .filter((value) => high !== null && value <= high * 4);
  return high === null ? null : Math.max(high, ...near);
}

function withAlpha(colour: string, alpha: number): string {
  const parts = /^rgba?\((\d+),\s*(\d+),\s*(\d+)/.exec(colour);
  return parts ? `rgba(${parts[1]}, ${parts[2]}, ${parts[3]}, ${alpha})` : "transparent";
}

function scaled(font: string): string {
  return font.replace(/^(\d+)px/, (_, size) => `${Number(size) * devicePixelRatio}px`);
}

function line(ctx: CanvasRenderingContext2D, x1: number, y1: number, x2: number, y2: number): void {
  ctx.beginPath();
  ctx.moveTo(x1, y1);
  ctx.lineTo(x2, y2);
  ctx.stroke();
}

function triangle(ctx: CanvasRenderingContext2D, x: number, y: number, size: number): void {
  ctx.beginPath();
  ctx.moveTo(x, y - size * 1.4);
  ctx.lineTo(x - size, y);
  ctx.lineTo(x + size, y);
  ctx.fill();
}
