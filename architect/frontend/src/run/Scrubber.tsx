import { SkipForward } from "lucide-react";
import { useRef } from "react";
import { formatClock } from "./numbers";
import { isGoing, showMoment, showNewest, useSession } from "./session";

const MOST_MARKS = 80;

/** The run's time as a slider: drag back and the canvas shows that moment; marks are events. */
export function Scrubber() {
  const { run, status, t, shownT, events } = useSession();
  const planned = useRef(0);
  if (!run || t <= 0) return null;
  const end = Math.max(run.duration ?? 0, t);
  const shown = shownT ?? t;
  const going = isGoing(status);
  const show = (moment: number) => {
    window.clearTimeout(planned.current);
    if (moment >= t) showNewest();
    else planned.current = window.setTimeout(() => void showMoment(moment), 30);
  };
  const marks = events.filter((event) => event.kind !== "note").slice(0, MOST_MARKS);
  return (
    <div className="scrubber">
      <div className="scrubber-track">
        <input
          type="range"
          min={0}
          max={end}
          step={end / 1000}
          value={shown}
          aria-label="Moment shown on the canvas"
          aria-valuetext={`${formatClock(shown)} of ${formatClock(end)}`}
          onChange={(event) => show(Number(event.target.value))}
        />
        {marks.map((mark, i) => (
          <button
            type="button"
            // biome-ignore lint/suspicious/noArrayIndexKey: events have no id, and the list only grows at its end
            key={i}
            tabIndex={-1}
            className="scrubber-mark"
            style={{ left: `${(mark.t / end) * 100}%` }}
            title={`${formatClock(mark.t)}: ${mark.text}`}
            aria-label={`${formatClock(mark.t)}: ${mark.text}`}
            onClick={() => show(mark.t)}
          />
        ))}
      </div>
      <span className="tabular scrubber-time" aria-hidden="true">
        {formatClock(shown)}
      </span>
      <button type="button" className="button small" disabled={shownT === null} onClick={showNewest}>
        <SkipForward size={14} aria-hidden="true" />
        {going ? "Live" : "End"}
      </button>
    </div>
  );
}
