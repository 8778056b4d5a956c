/** The values a setting takes in a sweep: from a form to what the API takes. */
import type { Json, JsonObject } from "../document/types";
import { parseQuantity, tidy } from "../inspector/quantities";
import type { Settable } from "./settables";

/** Significant digits of the values between the ends: nobody wants 14.2857142857. */
const DIGITS = 3;

export type Spacing = "linear" | "log" | "list";

export interface RangeTexts {
  readonly spacing: Spacing;
  readonly from: string;
  readonly to: string;
  readonly count: string;
  readonly list: string;
  /** positions of the choices that take part, for settings that are no numbers */
  readonly chosen: readonly number[];
}

/** Around what is set now: half to four times as much, in whole steps where the setting counts things. */
export function startRange(setting: Settable): RangeTexts {
  const value = typeof setting.value === "number" && setting.value > 0 ? setting.value : 1;
  const isWhole = setting.kind === "integer";
  const low = isWhole ? Math.max(1, Math.floor(value / 2)) : tidy(value / 2);
  const high = isWhole ? Math.max(low + 7, value * 2) : tidy(value * 2);
  return {
    spacing: "linear",
    from: String(low),
    to: String(high),
    count: "8",
    list: "",
    chosen: setting.choices.map((_, i) => i),
  };
}

/** The values in order, or the sentence that says why there are none. */
export function readRange(texts: RangeTexts, setting: Settable): readonly Json[] | string {
  if (setting.choices.length > 0) {
    const values = texts.chosen.flatMap((i) =>
      setting.choices[i] === undefined ? [] : [setting.choices[i]],
    );
    return values.length > 1 ? values : "Choose at least two values.";
  }
  const numbers =
    texts.spacing === "list"
      ? texts.list.split(",").map((text) => read(text, setting))
      : spaced(texts, setting);
  const refused = typeof numbers === "string" ? numbers : numbers.find((one) => typeof one === "string");
  if (typeof refused === "string") return refused;
  const values = (numbers as number[]).map((value) =>
    setting.kind === "integer" ? Math.round(value) : tidy(value),
  );
  const different = [...new Set(values)];
  return different.length > 1 ? different : "The range is a single value: give two different ends.";
}

function read(text: string, setting: Settable): number | string {
  const parsed = parseQuantity(text, setting.unit);
  return "error" in parsed ? parsed.error : parsed.value;
}

function spaced(texts: RangeTexts, setting: Settable): readonly number[] | string {
  const [low, high] = [read(texts.from, setting), read(texts.to, setting)];
  if (typeof low === "string") return `From: ${low}`;
  if (typeof high === "string") return `To: ${high}`;
  if (high <= low) return "The lower end comes first.";
  const count = Number(texts.count);
  if (!Number.isInteger(count) || count < 2 || count > 1000) return "Take 2 to 1,000 values.";
  if (texts.spacing === "log" && low <= 0) return "A logarithmic range begins above 0.";
  return Array.from({ length: count }, (_, i) => {
    const share = i / (count - 1);
    if (i === 0 || i === count - 1) return i === 0 ? low : high; // the ends are exactly those that were written
    const value = texts.spacing === "log" ? low * (high / low) ** share : low + (high - low) * share;
    return setting.kind === "integer" ? value : Number(value.toPrecision(DIGITS));
  });
}

/** One entry of `vary`. */
export const varyOf = (setting: Settable, values: readonly Json[]): JsonObject => ({
  path: setting.path,
  values: [...values],
});
