import { AT_LIMIT, LOADED } from "../canvas/liveCard";
import { edgeWidth } from "../canvas/liveEdge";
import { formatNumber, formatRate, GAP } from "./numbers";
import { useSession } from "./session";

const RATES = [1, 100, 10_000] as const;
const percent = (share: number) => `${Math.round(share * 100)}${GAP}%`;
/** As the canvas colours them: the load of the node an edge leads to. */
const LOADS = [
  { token: "--load-1", label: `below ${percent(LOADED)}` },
  { token: "--load-2", label: `to ${percent(AT_LIMIT)}` },
  { token: "--load-3", label: "busier" },
] as const;

/** What width and colour of an edge mean; only while a run is on the canvas. */
export function EdgeLegend() {
  const hasRun = useSession((state) => state.run !== null);
  if (!hasRun) return null;
  return (
    <aside className="edge-legend" aria-label="What the edges show">
      {RATES.map((rate, i) => (
        <span key={rate} className="edge-legend-rate">
          <Sample stroke="var(--load-1)" width={edgeWidth(rate)} />
          {i === RATES.length - 1 ? formatRate(rate) : formatNumber(rate)}
        </span>
      ))}
      <span className="edge-legend-gap" />
      {LOADS.map((load) => (
        <span key={load.token}>
          <Sample stroke={`var(${load.token})`} width={4} />
          {load.label}
        </span>
      ))}
    </aside>
  );
}

function Sample({ stroke, width }: { stroke: string; width: number }) {
  return (
    <svg width="14" height="10" aria-hidden="true">
      <path d="M0 5h14" stroke={stroke} strokeWidth={width} />
    </svg>
  );
}
