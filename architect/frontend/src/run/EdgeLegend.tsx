import { useEffect, useRef } from "react";
import { edgeWidth, LOAD_STEPS } from "./edgeScale";
import { metricStore } from "./metrics";
import { formatRate } from "./numbers";
import { useSession } from "./session";

/** What width and colour of an edge mean, with the rate that has full width now. */
export function EdgeLegend() {
  const hasRun = useSession((state) => state.run !== null);
  const full = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    if (!hasRun) return;
    const write = () => {
      const text = formatRate(metricStore.highestRate());
      if (full.current && full.current.textContent !== text) full.current.textContent = text;
    };
    write();
    const timer = window.setInterval(write, 500);
    return () => window.clearInterval(timer);
  }, [hasRun]);
  if (!hasRun) return null;
  return (
    <aside className="edge-legend" aria-label="What the edges show">
      <span className="edge-legend-widths" title="Width: messages per second, on a logarithmic scale">
        <svg width="44" height="12" aria-hidden="true">
          {[0.001, 0.03, 1].map((share, i) => (
            <path
              key={share}
              d={`M${2 + i * 15} 6h11`}
              stroke="var(--load-1)"
              strokeWidth={edgeWidth(share, 1)}
            />
          ))}
        </svg>
        up to <span className="tabular" ref={full} />
      </span>
      {LOAD_STEPS.slice(1).map((step) => (
        <span key={step.token}>
          <svg width="14" height="10" aria-hidden="true">
            <path d="M0 5h14" stroke={`var(${step.token})`} strokeWidth="4" />
          </svg>
          {step.label}
        </span>
      ))}
    </aside>
  );
}
