/**
 * Units as people type them: "5 ms", "2k/s", "64 KiB", "1.5 min", "10 %".
 * A value is kept in the unit its setting has ("s", "ms", "msg/s", "bytes", "1"); only its writing changes.
 */

export type Parsed = { readonly value: number } | { readonly error: string };

interface Dimension {
  /** words → factor to the base unit */
  readonly words: Readonly<Record<string, number>>;
  /** units for showing, largest first */
  readonly shown: readonly (readonly [number, string])[];
  readonly examples: string;
}

const MULTIPLES: Readonly<Record<string, number>> = { k: 1e3, K: 1e3, M: 1e6, G: 1e9, T: 1e12 };

const TIME: Dimension = {
  words: {
    ns: 1e-9,
    us: 1e-6,
    µs: 1e-6,
    μs: 1e-6,
    ms: 1e-3,
    s: 1,
    sec: 1,
    secs: 1,
    second: 1,
    seconds: 1,
    m: 60,
    min: 60,
    mins: 60,
    minute: 60,
    minutes: 60,
    h: 3600,
    hr: 3600,
    hour: 3600,
    hours: 3600,
    d: 86400,
    day: 86400,
    days: 86400,
    w: 604800,
    week: 604800,
    weeks: 604800,
  },
  shown: [
    [86400, "d"],
    [3600, "h"],
    [60, "min"],
    [1, "s"],
    [1e-3, "ms"],
    [1e-6, "µs"],
    [1e-9, "ns"],
  ],
  examples: "5 ms, 1.5 min or 2 h",
};

const RATE: Dimension = {
  words: {
    "/s": 1,
    "msg/s": 1,
    "msgs/s": 1,
    "messages/s": 1,
    "1/s": 1,
    hz: 1,
    rps: 1,
    "/sec": 1,
    "/min": 1 / 60,
    "msg/min": 1 / 60,
    "/h": 1 / 3600,
    "msg/h": 1 / 3600,
    "/d": 1 / 86400,
    "/day": 1 / 86400,
    "msg/d": 1 / 86400,
  },
  shown: [],
  examples: "250, 2k/s or 90/min",
};

const BYTES: Dimension = {
  words: {
    b: 1,
    byte: 1,
    bytes: 1,
    kb: 1e3,
    mb: 1e6,
    gb: 1e9,
    tb: 1e12,
    kib: 1024,
    mib: 1024 ** 2,
    gib: 1024 ** 3,
    tib: 1024 ** 4,
  },
  shown: [
    [1024 ** 4, "TiB"],
    [1024 ** 3, "GiB"],
    [1024 ** 2, "MiB"],
    [1024, "KiB"],
    [1, "B"],
  ],
  examples: "64 KiB, 1 MB or 2048",
};

const NUMBER: Dimension = { words: { "%": 0.01 }, shown: [], examples: "10, 2k or 5 %" };

/** Base units of one field unit: "ms" is a time of 1e-3 s. */
function dimension(unit: string): { of: Dimension; size: number; suffix: string } {
  const time = TIME.words[unit];
  if (time !== undefined) return { of: TIME, size: time, suffix: unit };
  const bytes = BYTES.words[unit.toLowerCase()];
  if (bytes !== undefined) return { of: BYTES, size: bytes, suffix: unit };
  if (unit === "1/s") return { of: RATE, size: 1, suffix: "/s" };
  if (unit === "1/min") return { of: RATE, size: 1 / 60, suffix: "/min" };
  const rate = RATE.words[unit.toLowerCase()];
  if (rate !== undefined) return { of: RATE, size: rate, suffix: unit };
  return { of: NUMBER, size: 1, suffix: unit === "1" || unit === "" ? "" : unit };
}

/** "1,000" and "1 000" are a thousand, "1,5" is one and a half. */
function plainDigits(text: string): string {
  const dense = text.replace(/(\d)[\s\u00a0\u202f_](?=\d{3}\b)/g, "$1");
  if (/^[+-]?\d{1,3}(,\d{3})+(\.\d+)?$/.test(dense)) return dense.replace(/,/g, "");
  return dense.replace(",", ".");
}

const SHAPE = /^([+-]?(?:\d[\d.,\s\u00a0\u202f_]*|\.\d+)(?:[eE][+-]?\d+)?)\s*(.*)$/u;

/** Widgets whose number is a share, written in percent. */
export function isPercent(widget: string): boolean {
  return widget === "probability" || widget === "precision";
}

/** Read what was typed as a value in the field's unit. */
export function parseQuantity(text: string, unit: string): Parsed {
  const { of, size, suffix } = dimension(unit);
  const wanted = `Write a number${of.examples ? `, such as ${of.examples}` : ""}.`;
  const match = SHAPE.exec(text.trim().replace(/^±\s*/, "").replace("−", "-"));
  if (!match) return { error: text.trim() === "" ? "Write a value." : wanted };
  const number = Number(plainDigits((match[1] ?? "").trim()));
  if (!Number.isFinite(number)) return { error: wanted };
  const word = (match[2] ?? "").trim();
  const factor = factorOf(word, of, size, suffix);
  if (factor === null) return { error: `“${word}” is not a unit of this field. ${wanted}` };
  return { value: tidy(number * factor) };
}

function factorOf(word: string, of: Dimension, size: number, suffix: string): number | null {
  if (word === "" || word === suffix || word === one(suffix)) return 1;
  const exact = of.words[word] ?? of.words[word.toLowerCase()];
  // "m" is a minute for a time; everywhere else letters are looked up as they are
  if (exact !== undefined) return exact / size;
  const multiple = MULTIPLES[word.charAt(0)];
  if (multiple === undefined) return null;
  const rest = word.slice(1).trim();
  if (rest === "" || rest === suffix) return of === TIME ? null : multiple;
  if (of === TIME || of === BYTES) return null;
  const unitFactor = of.words[rest.toLowerCase()];
  return unitFactor === undefined ? null : (multiple * unitFactor) / size;
}

/** Takes away the noise of binary fractions: 5 × 0.001 is 0.005, not 0.005000000000000001. */
export function tidy(value: number): number {
  return Number(value.toPrecision(12));
}

/** A number as short as it can be written without losing anything: 1500000 → "1.5M", 0.25 → "0.25". */
export function shortNumber(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e15 || (size !== 0 && size < 1e-6)) return String(value);
  for (const [letter, factor] of [
    ["G", 1e9],
    ["M", 1e6],
  ] as const) {
    const scaled = tidy(value / factor);
    if (size >= factor && String(scaled).length <= 6) return `${scaled}${letter}`;
  }
  return String(value);
}

/** A value written as people read it; reading it back gives the same value. */
export function formatSetting(value: number, unit: string, widget = ""): string {
  const { of, size, suffix } = dimension(unit);
  if (isPercent(widget) || unit === "%") {
    const sign = widget === "precision" ? "±" : "";
    return unit === "%" ? `${shortNumber(value)} %` : `${sign}${shortNumber(tidy(value * 100))} %`;
  }
  if (of === TIME || of === BYTES) {
    const base = tidy(value * size);
    if (base === 0) return `0 ${suffix === "bytes" ? "B" : suffix}`;
    for (const [factor, word] of of.shown) {
      const scaled = tidy(base / factor);
      if (Math.abs(scaled) < 1) continue;
      const decimals = String(scaled).split(".")[1]?.length ?? 0;
      const sameBack = tidy((scaled * factor) / size) === tidy(value);
      if (decimals <= (factor > 1 ? 1 : 4) && sameBack) return `${scaled} ${word}`;
    }
    return `${value} ${suffix === "bytes" ? "B" : suffix}`;
  }
  const shown = shortNumber(value);
  if (suffix === "") return shown;
  return suffix.startsWith("/") ? `${shown}${suffix}` : `${shown} ${value === 1 ? one(suffix) : suffix}`;
}

/** A counted noun for one of it: units are written in the plural ("instances", "deliveries"). */
function one(noun: string): string {
  if (!/^[a-z]{3,}s$/.test(noun)) return noun;
  return noun.endsWith("ies") ? `${noun.slice(0, -3)}y` : noun.slice(0, -1);
}

/** Units that only say what is counted: the title says it already. */
const COUNTED = new Set(["messages", "instances", "deliveries", "clients", "servers"]);

/** A value for a field or a card: like `formatSetting`, without the name of what is counted. */
export function settingText(value: number, unit: string, widget = ""): string {
  return formatSetting(value, COUNTED.has(unit) ? "1" : unit, widget);
}

/** What stands behind a title: "seconds" says more than "s" only once; units of count are not worth a word. */
export function unitLabel(unit: string): string {
  if (unit === "" || unit === "1" || COUNTED.has(unit)) return "";
  if (unit === "bytes") return "B";
  return unit;
}

/** Whether a value may stand in a field: the range of its schema, in words that name the limit. */
export function rangeError(
  value: number,
  schema: {
    readonly minimum?: number;
    readonly maximum?: number;
    readonly exclusiveMinimum?: number;
    readonly exclusiveMaximum?: number;
    readonly multipleOf?: number;
  },
  unit: string,
  whole: boolean,
  widget = "",
): string | null {
  const shown = (limit: number) =>
    formatSetting(limit, unit, widget === "precision" ? "probability" : widget);
  if (whole && !Number.isInteger(value)) return "Write a whole number.";
  if (schema.minimum !== undefined && value < schema.minimum) return `At least ${shown(schema.minimum)}.`;
  if (schema.exclusiveMinimum !== undefined && value <= schema.exclusiveMinimum) {
    return `Must be above ${shown(schema.exclusiveMinimum)}.`;
  }
  if (schema.maximum !== undefined && value > schema.maximum) return `At most ${shown(schema.maximum)}.`;
  if (schema.exclusiveMaximum !== undefined && value >= schema.exclusiveMaximum) {
    return `Must be below ${shown(schema.exclusiveMaximum)}.`;
  }
  if (schema.multipleOf !== undefined && tidy(value / schema.multipleOf) % 1 !== 0) {
    return `Must be a multiple of ${shown(schema.multipleOf)}.`;
  }
  return null;
}
