import { useMemo } from "react";
import { timeTick, valueTick } from "../charts/axes";
import { OverlayChart, type OverlayLine } from "../charts/OverlayChart";
import { formatCount, formatSeconds, formatShare } from "../run/numbers";
import type { Band, Comparison, DistributionPoint } from "./types";
import { styleAt } from "./words";

/** Shares that have a tick on the percentile chart. */
const PERCENTILES = [0.5, 0.9, 0.99, 0.999, 0.9999];
/** Equal steps for every nine: 0.9 is 1, 0.99 is 2. */
const nines = (share: number) => -Math.log10(1 - share);
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
}: {
  flow: string;
  curves: Readonly<Record<string, readonly DistributionPoint[]>>;
  names: readonly string[];
}) {
  const shares = useMemo(() => cumulative(curves, names), [curves, names]);
  const tails = useMemo(() => percentileLines(curves, names), [curves, names]);
  if (shares.length === 0) return null;
  return (
    <>
      <OverlayChart
        title="Share of messages that took no longer"
        about={`end-to-end latency, ${flow}`}
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
      about={`messages, mean of all replications with its 95 % interval, over simulated time`}
      lines={lines}
      x={x}
      y={MESSAGES}
      words={`Number of messages in the system over time: ${lines
        .map((line) => `${line.name} ends at ${formatCount(Math.round(line.y.at(-1) ?? 0))}`)
        .join(", ")}`}
    />
  );
}

/** The empirical distributions as lines; a logarithmic axis has no place for 0. */
export function cumulative(
  curves: Readonly<Record<string, readonly DistributionPoint[]>>,
  names: readonly string[],
): OverlayLine[] {
  return names.flatMap((name, i) => {
    const points = (curves[name] ?? []).filter(([seconds]) => seconds > 0);
    if (points.length === 0) return [];
    return [{ name, ...styleAt(i), x: points.map((one) => one[0]), y: points.map((one) => one[1]) }];
  });
}

/** Latency over the percentile, a step for every nine; the last point (the longest of all) has no such place. */
export function percentileLines(
  curves: Readonly<Record<string, readonly DistributionPoint[]>>,
  names: readonly string[],
): OverlayLine[] {
  return names.flatMap((name, i) => {
    const points = (curves[name] ?? []).filter(
      ([seconds, share]) => seconds > 0 && share < 1 && share > 0.01,
    );
    if (points.length === 0) return [];
    return [{ name, ...styleAt(i), x: points.map((one) => nines(one[1])), y: points.map((one) => one[0]) }];
  });
}

export function bandLines(bands: Readonly<Record<string, Band>>, names: readonly string[]): OverlayLine[] {
  return names.flatMap((name, i) => {
    const band = bands[name];
    if (!band) return [];
    return [{ name, ...styleAt(i), dash: [], x: band.t, y: band.mean, band: band.ci95 }];
  });
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
