/**
 * How every number of the product is written: three significant digits, a unit after a narrow space, tabular figures.
 * "1.24k msg/s", "83 ms", "4 min 10 s", "97.5 %". An absent value is an en dash, never 0.
 */

export const ABSENT = "–";
/** A narrow no-break space: number and unit never part at a line's end. */
export const GAP = "\u202f";

const PREFIXES: readonly (readonly [number, string])[] = [
  [1e12, "T"],
  [1e9, "G"],
  [1e6, "M"],
  [1e3, "k"],
];

type Maybe = number | null | undefined;

function isAbsent(value: Maybe): value is null | undefined {
  return value === null || value === undefined || Number.isNaN(value);
}

/** Three significant digits without an exponent; whole numbers below 1000 stay whole. */
function threeDigits(exact: number): string {
  const whole = Math.round(exact); // 0.083 s is 83.00000000000001 ms
  const value = Math.abs(exact - whole) < 1e-9 * Math.abs(exact) ? whole : exact;
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (Number.isInteger(value) && size < 1000) return String(value).replace("-", "−");
  if (size < 0.001) return value.toExponential(1).replace("e-", "e−");
  const decimals = Math.max(0, 2 - Math.floor(Math.log10(size)));
  const rounded = value.toFixed(Math.min(decimals, 5));
  // 9.996 becomes 10.00: cut what rounding up has made superfluous
  const fixed =
    Math.abs(Number(rounded)) >= 10 ** (3 - decimals) && decimals > 0
      ? Number(rounded).toFixed(decimals - 1)
      : rounded;
  return fixed.replace("-", "−");
}

/** 1240 → "1.24k", 0.0123 → "0.0123", 12 → "12". */
export function formatNumber(value: Maybe): string {
  if (isAbsent(value)) return ABSENT;
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  for (const [scale, prefix] of PREFIXES) {
    if (Math.abs(value) >= scale * 0.9995) {
      const digits = threeDigits(value / scale);
      return `${Number.isInteger(value / scale) && Math.abs(value / scale) < 100 ? digits : widen(digits)}${prefix}`;
    }
  }
  return threeDigits(value);
}

/** "1" → "1.00" so that 1.00k and 1.24k take the same room. */
function widen(digits: string): string {
  const plain = Number(digits.replace("−", "-"));
  if (digits.includes(".") || Math.abs(plain) >= 100) return digits;
  return plain.toFixed(Math.abs(plain) >= 10 ? 1 : 2).replace("-", "−");
}

/** Counts of messages are exact up to 99,999 and short above. */
export function formatCount(value: Maybe): string {
  if (isAbsent(value)) return ABSENT;
  if (Math.abs(value) < 100_000 && Number.isInteger(value))
    return value.toLocaleString("en-US").replace("-", "−");
  return formatNumber(value);
}

/** Messages per second. */
export function formatRate(value: Maybe): string {
  return isAbsent(value) ? ABSENT : `${formatNumber(value)}${GAP}msg/s`;
}

/** A share 0..1 in percent; near the ends more digits, for there they matter (99.97 %). */
export function formatShare(value: Maybe): string {
  if (isAbsent(value)) return ABSENT;
  const percent = value * 100;
  const distance = Math.min(Math.abs(percent), Math.abs(100 - percent));
  const decimals = distance === 0 ? 0 : distance < 0.1 ? 3 : distance < 1 ? 2 : distance < 10 ? 1 : 0;
  return `${percent.toFixed(decimals).replace("-", "−")}${GAP}%`;
}

const LONG: readonly (readonly [seconds: number, unit: string])[] = [
  [86_400, "d"],
  [3600, "h"],
  [60, "min"],
  [1, "s"],
];

/** A span of time given in seconds: "830 µs", "83 ms", "1.24 s", "63.4 s", "4 min 10 s", "2 h 5 min". */
export function formatSeconds(value: Maybe): string {
  if (isAbsent(value)) return ABSENT;
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  const sign = value < 0 ? "−" : "";
  if (size === 0) return `0${GAP}s`;
  if (size < 0.9995e-6) return `${sign}${threeDigits(size * 1e9)}${GAP}ns`;
  if (size < 0.9995e-3) return `${sign}${threeDigits(size * 1e6)}${GAP}µs`;
  if (size < 0.9995) return `${sign}${threeDigits(size * 1e3)}${GAP}ms`;
  if (size < 99.95) return `${sign}${threeDigits(size)}${GAP}s`;
  for (let i = 0; i < LONG.length - 1; i += 1) {
    const [big, bigUnit] = LONG[i] as readonly [number, string];
    const [small, smallUnit] = LONG[i + 1] as readonly [number, string];
    const steps = Math.round(size / small);
    if (steps * small < big) continue;
    const rest = steps % Math.round(big / small);
    const head = `${sign}${Math.floor(steps / Math.round(big / small))}${GAP}${bigUnit}`;
    return rest === 0 ? head : `${head} ${rest}${GAP}${smallUnit}`;
  }
  return `${sign}${threeDigits(size)}${GAP}s`;
}

/** A clock that keeps its width: "0:04:10", beyond a day "2 d 03:00:00". For running times, not for spans. */
export function formatClock(seconds: Maybe): string {
  if (isAbsent(seconds)) return ABSENT;
  const whole = Math.max(0, Math.floor(seconds + 1e-9));
  const days = Math.floor(whole / 86_400);
  const hours = Math.floor((whole % 86_400) / 3600);
  const two = (n: number) => String(n).padStart(2, "0");
  const rest = `${two(Math.floor((whole % 3600) / 60))}:${two(whole % 60)}`;
  return days > 0 ? `${days}${GAP}d ${two(hours)}:${rest}` : `${hours}:${rest}`;
}

const BYTE_UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

export function formatBytes(value: Maybe): string {
  if (isAbsent(value)) return ABSENT;
  let size = value;
  let unit = 0;
  while (Math.abs(size) >= 1023.5 && unit < BYTE_UNITS.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${Math.abs(size) >= 1000 ? String(Math.round(size)) : threeDigits(size)}${GAP}${BYTE_UNITS[unit]}`;
}

/** Units as the schema's metrics give them ("s", "msg/s", "1", …). */
export function formatQuantity(value: Maybe, unit: string | null | undefined): string {
  if (isAbsent(value)) return ABSENT;
  switch (unit) {
    case "s":
    case "seconds":
      return formatSeconds(value);
    case "msg/s":
    case "messages/s":
      return formatRate(value);
    case "share":
    case "%":
      return formatShare(value);
    case "bytes":
    case "B":
      return formatBytes(value);
    case "bytes/s":
      return `${formatBytes(value)}/s`;
    case "messages":
    case "msg":
    case "count":
      return formatCount(value);
    case "":
    case "1":
    case null:
    case undefined:
      return formatNumber(value);
    default:
      return counted(formatNumber(value), unit);
  }
}

type Units = readonly (readonly [size: number, unit: string])[];

const SPANS: Units = [...LONG, [1e-3, "ms"], [1e-6, "µs"], [1e-9, "ns"]];
const SIZES: Units = BYTE_UNITS.map((unit, power) => [1024 ** power, unit] as const).reverse();

/** Up to twelve digits, which is all that a number carries of what somebody wrote. */
const allDigits = (value: number) =>
  Number(value.toPrecision(12)).toLocaleString("en-US", { maximumSignificantDigits: 12 }).replace("-", "−");

/** In the largest unit in which up to six digits are enough, or else the fewest: "1.5 min", but "100 s". */
function allDigitsIn(units: Units, value: number): string {
  const smallest = units[units.length - 1] as readonly [number, string];
  const fitting = units.filter(([size]) => Math.abs(value) >= size);
  const written = (fitting.length > 0 ? fitting : [smallest]).map(([size, unit]) => {
    const digits = allDigits(value / size).replaceAll(",", "");
    return { text: `${digits}${GAP}${unit}`, count: digits.replace(/\D/g, "").length };
  });
  const fewest = Math.min(...written.map((one) => one.count));
  return written.find((one) => one.count <= Math.max(6, fewest))?.text ?? "";
}

/** The limit of an objective with all its digits, for it was written by somebody and not measured: "100.2 ms". */
export function formatLimit(limit: number, unit: string | null | undefined): string {
  if (limit === 0 || !Number.isFinite(limit)) return formatQuantity(limit, unit);
  switch (unit) {
    case "s":
    case "seconds":
      return allDigitsIn(SPANS, limit);
    case "bytes":
    case "B":
      return allDigitsIn(SIZES, limit);
    case "bytes/s":
      return `${allDigitsIn(SIZES, limit)}/s`;
    case "share":
    case "%":
      return `${allDigits(limit * 100)}${GAP}%`;
    case "msg/s":
    case "messages/s":
      return `${allDigits(limit)}${GAP}msg/s`;
    case "messages":
    case "msg":
    case "count":
    case "":
    case "1":
    case null:
    case undefined:
      return allDigits(limit);
    default:
      return counted(allDigits(limit), unit);
  }
}

/** What was found, in more digits than three where these do not tell it from its limit. */
export function formatBesideLimit(
  value: Maybe,
  limit: number | null,
  unit: string | null | undefined,
): string {
  const text = formatQuantity(value, unit);
  if (isAbsent(value) || limit === null || value === limit) return text;
  return text === formatQuantity(limit, unit) ? formatLimit(Number(value.toPrecision(6)), unit) : text;
}

/** A number with its unit; of words such as "runs" one is "1 run". */
function counted(number: string, unit: string): string {
  const isWord = /^[a-z]{3,}s$/.test(unit);
  return `${number}${GAP}${number === "1" && isWord ? unit.slice(0, -1) : unit}`;
}

/** How far a percentile may be off what was seen: half a bucket of its histogram (docs/statistics.md). */
export const RESOLUTION = 0.005;

export const isPercentile = (metric: string) => /(^|\.)p(50|90|95|99|999)$/.test(metric);

/**
 * "± 12 ms": half the width of a 95 % interval. Absent intervals stay absent: no number is made up.
 *
 * That of a percentile is never narrower than a bucket of its histogram: "± 0.5 % (resolution)".
 */
export function formatHalfWidth(
  interval: readonly [number, number] | null | undefined,
  unit?: string | null,
  metric = "",
): string {
  if (!interval) return ABSENT;
  const half = (interval[1] - interval[0]) / 2;
  // an interval as wide as the rounding of its ends is none
  const size = Math.max(Math.abs(interval[0]), Math.abs(interval[1]));
  if (isPercentile(metric) && size > 0 && half < (RESOLUTION * Math.abs(interval[0] + interval[1])) / 2)
    return `±${GAP}${formatShare(RESOLUTION).replace("0.50", "0.5")} (resolution)`;
  if (half <= size * 1e-9) return `±${GAP}0`;
  return `±${GAP}${formatQuantity(half, unit === "messages" || unit === "count" ? "1" : unit)}`;
}

/** The interval itself, for a tooltip: "12.3 ms to 14.1 ms". */
export function formatInterval(
  interval: readonly [number, number] | null | undefined,
  unit?: string | null,
): string {
  if (!interval) return ABSENT;
  return `${formatQuantity(interval[0], unit)} to ${formatQuantity(interval[1], unit)}`;
}

/** How many simulated seconds pass in one of ours: "12×", "1.24k×", and "max" for no limit. */
export function formatSpeed(speed: number | null): string {
  if (speed === null) return "max";
  const short = Number(speed.toPrecision(2));
  return short >= 1000 ? `${short / 1000}k×` : `${short}×`;
}

/** "just now", "5 min ago", "yesterday 14:05", "3 Nov 14:05". */
export function formatAgo(iso: string | null | undefined, now: Date = new Date()): string {
  if (!iso) return ABSENT;
  const then = new Date(iso);
  if (Number.isNaN(then.getTime())) return ABSENT;
  const seconds = (now.getTime() - then.getTime()) / 1000;
  if (seconds < 45) return "just now";
  if (seconds < 3600) return `${Math.max(1, Math.round(seconds / 60))} min ago`;
  const clock = then.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  if (seconds < 12 * 3600 && then.getDate() === now.getDate()) return `${Math.round(seconds / 3600)} h ago`;
  const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate()).getTime();
  if (then.getTime() >= midnight) return `today ${clock}`;
  if (then.getTime() >= midnight - 86_400_000) return `yesterday ${clock}`;
  const year = then.getFullYear() === now.getFullYear() ? "" : ` ${then.getFullYear()}`;
  return `${then.getDate()} ${then.toLocaleDateString("en-GB", { month: "short" })}${year} ${clock}`;
}
