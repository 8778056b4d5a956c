/** The template of an event: fixed values, weighted choices and distributions, as the form takes them apart. */
import { isObject } from "../document/paths";
import type { Json, JsonObject } from "../document/types";
import { formatShare } from "../run/numbers";

/** How one value of the template is given; "json" is whatever has parts of its own. */
export type ValueForm = "fixed" | "choice" | "distribution" | "json";

export const FORM_WORDS: Readonly<Record<ValueForm, string>> = {
  fixed: "fixed",
  choice: "one of several",
  distribution: "distribution",
  json: "JSON",
};

export interface Option {
  readonly value: Json;
  readonly weight: number;
}

export const FIRST_EVENT: JsonObject = { source: "shop.web", type: "OrderPlaced", detail: { country: "DK" } };

export function formOf(value: Json | undefined): ValueForm {
  if (isObject(value)) {
    if ("choice" in value) return "choice";
    return "distribution" in value ? "distribution" : "json";
  }
  return Array.isArray(value) ? "json" : "fixed";
}

/** The options of a choice, however it is written: {DK: 3, SE: 1} or [{value: 120, weight: 3}]. */
export function optionsOf(value: Json | undefined): readonly Option[] {
  const choice = isObject(value) ? value["choice"] : undefined;
  if (Array.isArray(choice))
    return choice.map((one: Json) => {
      const option = isObject(one) ? one : {};
      const { weight } = option;
      return { value: option["value"] ?? null, weight: typeof weight === "number" ? weight : 1 };
    });
  if (!isObject(choice)) return [];
  return Object.entries(choice).map(([text, weight]) => ({
    value: text,
    weight: typeof weight === "number" ? weight : 1,
  }));
}

/** A choice as short as it can be written: texts by name, anything else as a list. */
export function choiceOf(options: readonly Option[]): JsonObject {
  const texts = options.map((option) => option.value);
  const isPlain = texts.every((text) => typeof text === "string") && new Set(texts).size === texts.length;
  // names that look like numbers would change places in an object
  const keepsOrder = !texts.some((text) => /^\d+$/.test(String(text)));
  if (isPlain && keepsOrder)
    return { choice: Object.fromEntries(options.map(({ value, weight }) => [String(value), weight])) };
  return { choice: options.map(({ value, weight }) => ({ value, weight })) };
}

/** The same place given in another way, with as much of the old value as fits. */
export function inForm(value: Json | undefined, form: ValueForm): Json {
  if (formOf(value) === form) return value ?? "";
  switch (form) {
    case "fixed":
      return optionsOf(value)[0]?.value ?? "";
    case "choice":
      return choiceOf([
        { value: formOf(value) === "fixed" ? (value ?? "") : "a", weight: 3 },
        { value: "other", weight: 1 },
      ]);
    case "distribution":
      return { distribution: "exponential", mean: typeof value === "number" && value > 0 ? value : 100 };
    case "json":
      return formOf(value) === "fixed" ? { value: value ?? "" } : (value ?? {});
  }
}

/** What was typed: a number, true, false, null, or text; text that looks like one of them is put in quotes. */
export function readFixed(text: string): Json {
  try {
    const parsed = JSON.parse(text) as Json;
    if (!isObject(parsed) && !Array.isArray(parsed)) return parsed;
  } catch {
    return text; // it is plain text
  }
  return text;
}

export function fixedText(value: Json | undefined): string {
  if (value === undefined) return "";
  if (typeof value !== "string") return JSON.stringify(value);
  return readFixed(value) === value ? value : JSON.stringify(value);
}

export function shareText(options: readonly Option[], option: Option): string {
  const total = options.reduce((sum, one) => sum + one.weight, 0);
  return total > 0 ? formatShare(option.weight / total) : "";
}

/** The same object with one name changed, in its place; null when the name is empty or taken. */
export function renamed(object: JsonObject, from: string, to: string): JsonObject | null {
  if (to === "" || (to !== from && to in object)) return null;
  return Object.fromEntries(
    Object.entries(object).map(([name, value]) => [name === from ? to : name, value]),
  );
}

/** A name for a new field that is not taken. */
export function freeName(object: JsonObject): string {
  for (let number = 1; ; number += 1) {
    const name = `field${number}`;
    if (!(name in object)) return name;
  }
}
