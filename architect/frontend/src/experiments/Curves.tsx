import { useMemo } from "react";
import { timeTick, valueTick } from "../charts/axes";
import { OverlayChart } from "../charts/OverlayChart";
import { formatCount, formatLimit, formatSeconds, formatShare } from "../run/numbers";
import {
  bandLines,
  cumulative,
  type LatencyLimit,
  latencyLimits,
  nines,
  percentileLines,
} from "./curveLines";
import type { Band, Comparison, DistributionPoint } from "./types";

/** Shares that have a tick on the percentile chart. */
const PERCENTILES = [0.5, 0.9, 0.99, 0.999, 0.9999];
const percentile = (value: number) => `p${Number((100 * (1 - 10 ** -value)).toFixed(3))}`;

const SECONDS = { format: (value: number) => valueTick(value, "s"), isLog: true };
const SHARE = { format: formatShare, range: [0, 1.01] as const };
const NINES = { format: percentile, ticks: PERCENTILES.map(nines) };
const MESSAGES = { format: (value: number) => valueTick(value, "messages") };

/** What the alternatives look like over one another: distributions, tails, and the number in the system. */
export function Curves({ found, label }: { found: Comparison; label: (id: string) => string }) {
  const names = useMemo(() => found.alternatives.map((one) => one.name), [found]);
  return (
    <div className="experiment-charts">
      {found.charts.distributions.map((flow) => (
        <Distributions
          key={`${flow.from} ${flow.to}`}
          flow={`${label(flow.from)} → ${label(flow.to)}`}
          curves={flow.curves}
          names={names}
          limits={latencyLimits(found, flow.from, flow.to)}
        />
      ))}
      <InSystem bands={found.charts.in_system} names={names} duration={found.duration} />
    </div>
  );
}

function Distributions({
  flow,
  curves,
  names,
  limits,
}: {
  flow: string;
  limits: readonly LatencyLimit[];
  curves: Readonly<Record<string, readonly DistributionPoint[]>>;
  names: readonly string[];
}) {
  const shares = useMemo(() => cumulative(curves, names), [curves, names]);
  const tails = useMemo(() => percentileLines(curves, names), [curves, names]);
  const marks = useMemo(
    () =>
      limits.map(({ part, value }) => ({
        value,
        label: `objective: ${part} below ${formatLimit(value, "s")}`,
      })),
    [limits],
  );
  if (shares.length === 0) return null;
  return (
    <>
      <OverlayChart
        title="Latency distribution"
        about={`share that took no longer, ${flow}`}
        lines={shares}
        x={SECONDS}
        y={SHARE}
        words={`Cumulative distributions of the end-to-end latency, ${flow}: ${mediansOf(curves, names)}`}
      />
      <OverlayChart
        title="Latency by percentile"
        about={`the tail, ${flow}`}
        lines={tails}
        x={NINES}
        y={SECONDS}
        limits={marks}
        words={`Percentiles of the end-to-end latency, ${flow}; the figures stand in the table of differences`}
      />
    </>
  );
}

function InSystem({
  bands,
  names,
  duration,
}: {
  bands: Readonly<Record<string, Band>>;
  names: readonly string[];
  duration: number;
}) {
  const lines = useMemo(() => bandLines(bands, names), [bands, names]);
  const x = useMemo(
    () => ({
      format: (value: number) => timeTick(value, duration / 8),
      range: [0, duration] as const,
    }),
    [duration],
  );
  if (lines.length === 0) return null;
  return (
    <OverlayChart
      title="In the system"
      about="messages over time, mean and 95 % interval"
      lines={lines}
      x={x}
      y={MESSAGES}
      words={`Number of messages in the system over time: ${lines
        .map((line) => `${line.name} ends at ${formatCount(Math.round(line.y.at(-1) ?? 0))}`)
        .join(", ")}`}
    />
  );
}

function mediansOf(
  curves: Readonly<Record<string, readonly DistributionPoint[]>>,
  names: readonly string[],
): string {
  return names
    .flatMap((name) => {
      const median = curves[name]?.find(([, share]) => share >= 0.5);
      return median ? [`half of ${name} within ${formatSeconds(median[0])}`] : [];
    })
    .join(", ");
}
