import { useEffect, useId, useRef, useState, useSyncExternalStore } from "react";
import "uplot/dist/uPlot.min.css";
import { formatClock, formatQuantity } from "../run/numbers";
import { shownTheme, subscribeTheme } from "../theme/theme";
import { mergingWords } from "./chartSet";
import type { ChartSpec } from "./chartSpec";
import { createPlot, type Mark, type Plot } from "./plot";
import { type SeriesStore, seriesStore } from "./series";
import "./charts.css";

export interface TimeChartProps {
  spec: ChartSpec;
  /** what is measured, for the accessible name ("Orders") */
  subject: string;
  duration: number | null;
  warmup: number | null;
  marks: readonly Mark[];
  /** a click on the plot shows that moment on the canvas */
  onMoment?: (t: number) => void;
  store?: SeriesStore;
}

/** Redraws while a run goes: four times a second is calm for the eye and cheap. */
const REDRAW_EVERY = 250;

/** One chart over simulated time: title with unit, legend with the values under the shared cursor, plot. */
export function TimeChart({
  spec,
  subject,
  duration,
  warmup,
  marks,
  onMoment,
  store = seriesStore,
}: TimeChartProps) {
  const theme = useSyncExternalStore(subscribeTheme, shownTheme);
  const titleId = useId();
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<Plot | null>(null);
  const readings = useRef<(HTMLElement | null)[]>([]);
  const moment = useRef(onMoment);
  moment.current = onMoment;
  const [isLog, setLog] = useState(false);
  const [group, setGroup] = useState(1);
  const specText = JSON.stringify(spec);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the plot is made anew for another theme, and spec is compared by its text
  useEffect(() => {
    if (!place.current) return;
    const made = createPlot(place.current, {
      spec,
      isLog,
      duration,
      store,
      onRead: (values) => {
        spec.lines.forEach((_, i) => {
          const cell = readings.current[i];
          const text = formatQuantity(values[i], spec.unit);
          if (cell && cell.textContent !== text) cell.textContent = text;
        });
      },
      onClick: (t) => moment.current?.(t),
      onGroup: setGroup,
    });
    plot.current = made;
    let planned = 0;
    const stop = store.subscribe(() => {
      if (planned === 0) {
        planned = window.setTimeout(() => {
          planned = 0;
          made.refresh();
        }, REDRAW_EVERY);
      }
    });
    return () => {
      stop();
      window.clearTimeout(planned);
      made.destroy();
      plot.current = null;
    };
  }, [specText, theme, isLog, duration, store]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a plot made anew needs its marks again
  useEffect(() => {
    plot.current?.decorate({ warmup, marks });
  }, [warmup, marks, specText, theme, isLog, duration]);

  return (
    <figure className="chart" aria-labelledby={titleId}>
      <figcaption className="chart-head">
        <span className="chart-title" id={titleId} title={spec.help}>
          {spec.title}{" "}
          <span className="muted">
            {unitWords(spec.unit)}
            <MergingNote spec={spec} store={store} group={group} />
          </span>
          <span className="visually-hidden">, {subject}</span>
        </span>
        {spec.canBeLog && (
          <label className="chart-log">
            <input type="checkbox" checked={isLog} onChange={(event) => setLog(event.target.checked)} /> log
          </label>
        )}
        <ul className="chart-legend">
          {spec.lines.map((line, i) => (
            <li key={line.key} title={line.label}>
              <svg width="18" height="8" aria-hidden="true">
                <path
                  d="M0 4h18"
                  stroke={`var(${line.token})`}
                  strokeWidth="2.5"
                  strokeDasharray={line.dash?.join(" ")}
                />
              </svg>
              <span className="chart-legend-name">{line.label}</span>
              <b
                className="tabular"
                ref={(cell) => {
                  readings.current[i] = cell;
                }}
              />
            </li>
          ))}
        </ul>
      </figcaption>
      <div className="chart-plot" ref={place} role="img" aria-label={pictureWords(spec, subject, store)} />
    </figure>
  );
}

function MergingNote({ spec, store, group }: { spec: ChartSpec; store: SeriesStore; group: number }) {
  const perPoint = useSyncExternalStore(store.subscribe, store.framesPerPoint);
  const note = mergingWords(perPoint * group, spec.lines);
  return note === "" ? null : (
    <span title="What one point of the lines stands for; zoom in for each frame">{` · ${note}`}</span>
  );
}

function unitWords(unit: string): string {
  return { s: "", "msg/s": "msg/s", messages: "messages", share: "%" }[unit] ?? unit;
}

/** What a picture of lines says in a sentence: each line's highest value so far. */
function pictureWords(spec: ChartSpec, subject: string, store: SeriesStore): string {
  const peaks = spec.lines.map((line) => {
    const at = store.peakAt(line.key);
    const when = at === null ? "" : ` at ${formatClock(at)}`;
    return `${line.label} at most ${formatQuantity(store.peak(line.key), spec.unit)}${when}`;
  });
  return `${spec.title}, ${subject}, until ${formatClock(store.lastTime())}: ${peaks.join("; ")}`;
}
