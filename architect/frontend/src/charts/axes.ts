/** Scales and ticks of the time charts: pure, so that they can be tested without a canvas. */
import { formatQuantity } from "../run/numbers";

/** The right end of the time axis: steps of a half decade, so that a growing run does not move the lines all the time. */
export function timeEnd(t: number, duration: number | null): number {
  if (duration !== null && duration > 0 && t >= duration * 0.5) return Math.max(t, duration);
  const wanted = Math.max(t * 1.05, 1);
  const power = 10 ** Math.floor(Math.log10(wanted));
  const step = [1, 1.5, 2, 3, 5, 7.5, 10].find((one) => one * power >= wanted) ?? 10;
  return duration !== null && duration > 0 ? Math.min(step * power, duration) : step * power;
}

/** 0 to a little above the highest; shares always show 0..100 %; a log axis starts at its lowest positive value. */
export function valueRange(
  low: number | null,
  high: number | null,
  unit: string,
  isLog: boolean,
): [number, number] {
  if (isLog) {
    const bottom = low !== null && low > 0 ? low : 0.001;
    const top = high !== null && high > bottom ? high : bottom * 10;
    return [10 ** Math.floor(Math.log10(bottom)), 10 ** Math.ceil(Math.log10(top * 1.0001))];
  }
  if (unit === "share") return [0, Math.max(1, (high ?? 0) * 1.02)];
  if (high === null || high <= 0) return [0, 1];
  return [0, high * 1.08];
}

/** Tick steps for seconds that fall on whole minutes and hours. */
export const TIME_STEPS: readonly number[] = [
  0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800,
  3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 259_200, 345_600, 432_000, 604_800, 1_209_600,
  2_592_000,
];

/** Tick steps of a value axis in seconds: decimal below a minute, then whole minutes and hours. Others: uPlot's own. */
export function valueSteps(unit: string): number[] | undefined {
  if (unit !== "s") return undefined;
  const decimal = [-9, -8, -7, -6, -5, -4, -3, -2, -1, 0].flatMap((power) =>
    [1, 2, 5].map((one) => one * 10 ** power),
  );
  return [...decimal, 10, 20, ...TIME_STEPS.filter((step) => step >= 30)];
}

/** A tick of the simulated-time axis: "45 s", "2:30", "1:15:00", "3 d". */
export function timeTick(seconds: number, step: number): string {
  if (seconds === 0) return "0";
  if (seconds < 60 && step < 60) return formatQuantity(seconds, "s");
  if (step >= 86_400) return `${Math.round(seconds / 86_400)}\u202fd`;
  const whole = Math.round(seconds);
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  const rest = whole % 60;
  const two = (n: number) => String(n).padStart(2, "0");
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** Units that belong to the number; the others are words, which the chart's title has. */
const IN_TICKS: ReadonlySet<string> = new Set(["s", "share", "bytes", "bytes/s"]);

/** Ticks carry the short unit, for the chart's title has it in words, and no superfluous zeros: "2.5 s", "0.5". */
export function valueTick(value: number, unit: string): string {
  const text = formatQuantity(value, IN_TICKS.has(unit) ? unit : "1");
  return text.replace(/(\.\d*?)0+(?=\D|$)/, "$1").replace(/\.(?=\D|$)/, "");
}

/** Most ticks of a logarithmic axis. */
const MOST_LOG_TICKS = 9;

/** Ticks of a logarithmic axis: 1, 2 and 5 of every power of ten while there is room, else whole powers. */
export function logTicks(low: number, high: number): number[] {
  if (!(low > 0 && high > low)) return [];
  const powers = (step: number, digits: readonly number[]) => {
    const first = Math.floor(Math.log10(low) / step) * step;
    const found: number[] = [];
    for (let power = first; power <= Math.log10(high); power += step)
      for (const digit of digits) found.push(Number(`${digit}e${power}`));
    return found.filter((tick) => tick >= low * (1 - 1e-12) && tick <= high * (1 + 1e-12));
  };
  for (const [step, digits] of [
    [1, [1, 2, 5]],
    [1, [1, 3]],
    [1, [1]],
    [2, [1]],
    [3, [1]],
  ] as const) {
    const ticks = powers(step, digits);
    if (ticks.length <= MOST_LOG_TICKS) return ticks;
  }
  return powers(10, [1]);
}
