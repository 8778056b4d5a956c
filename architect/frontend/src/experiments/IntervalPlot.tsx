import { formatInterval } from "../run/numbers";
import type { Difference } from "./types";

const WIDTH = 164;
const HEIGHT = 22;
const EDGE = 8;

interface Props {
  readonly found: Difference;
  /** the largest distance from zero of all differences that share this scale */
  readonly extent: number;
  readonly unit: string;
  readonly tone: string;
}

/** A difference with its interval over a line at zero: does it touch it? */
export function IntervalPlot({ found, extent, unit, tone }: Props) {
  if (found.mean === null || extent === 0) return null;
  const middle = WIDTH / 2;
  const at = (value: number) => middle + (value / extent) * (middle - EDGE);
  const words = found.interval
    ? `interval of the difference ${formatInterval(found.interval, unit === "messages" ? "1" : unit)}`
    : "a difference without an interval";
  return (
    <svg
      className={`interval-plot ${tone}`}
      width={WIDTH}
      height={HEIGHT}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={words}
    >
      <title>{words}</title>
      <path className="interval-axis" d={`M${EDGE / 2} ${HEIGHT / 2}H${WIDTH - EDGE / 2}`} />
      <path className="interval-zero" d={`M${middle} 1V${HEIGHT - 1}`} />
      {found.interval && (
        <path
          className="interval-range"
          d={`M${at(found.interval[0])} ${HEIGHT / 2 - 5}v10m0 -5H${at(found.interval[1])}m0 -5v10`}
        />
      )}
      <circle className="interval-mean" cx={at(found.mean)} cy={HEIGHT / 2} r="3.5" />
    </svg>
  );
}
