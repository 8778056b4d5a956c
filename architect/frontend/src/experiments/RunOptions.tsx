import { useId } from "react";
import type { JsonObject } from "../document/types";
import { formatSetting, parseQuantity } from "../inspector/quantities";

export interface OptionTexts {
  readonly duration: string;
  readonly replications: string;
  readonly seed: string;
}
export const NO_OPTIONS: OptionTexts = { duration: "", replications: "", seed: "" };

/** The options as the API takes them, or the sentence that says which cannot be read. */
export function readOptions(texts: OptionTexts): JsonObject | string {
  const found: Record<string, number> = {};
  const duration = texts.duration.trim() === "" ? null : parseQuantity(texts.duration, "s");
  if (duration && "error" in duration) return `Duration: ${duration.error}`;
  if (duration) found["duration"] = duration.value;
  for (const name of ["replications", "seed"] as const) {
    const text = texts[name].trim();
    if (text === "") continue;
    if (!/^\d{1,15}$/.test(text))
      return `${name === "seed" ? "Seed" : "Replications"}: write a whole number.`;
    found[name] = Number(text);
  }
  return found;
}

/** Duration, replications and seed, each with what stands when it is left out. */
export function RunOptions({
  texts,
  onChange,
  duration,
  seed,
  replications,
  budget,
}: {
  readonly texts: OptionTexts;
  readonly onChange: (texts: OptionTexts) => void;
  readonly duration: number;
  readonly seed: number;
  readonly replications: number;
  /** what the number of replications means here */
  readonly budget: string;
}) {
  return (
    <div className="form-row">
      <Option
        title="Duration of one run"
        value={texts.duration}
        placeholder={formatSetting(duration, "s")}
        help="simulated time"
        onChange={(text) => onChange({ ...texts, duration: text })}
      />
      <Option
        title="Replications"
        value={texts.replications}
        placeholder={String(replications)}
        help={budget}
        onChange={(text) => onChange({ ...texts, replications: text })}
      />
      <Option
        title="Seed"
        value={texts.seed}
        placeholder={String(seed)}
        help="same seed, same numbers"
        onChange={(text) => onChange({ ...texts, seed: text })}
      />
    </div>
  );
}

export function Option({
  title,
  value,
  placeholder,
  help,
  onChange,
}: {
  readonly title: string;
  readonly value: string;
  readonly placeholder?: string;
  readonly help: string;
  readonly onChange: (text: string) => void;
}) {
  const id = useId();
  return (
    <div className="form-field">
      <label htmlFor={id}>{title}</label>
      <input
        id={id}
        type="text"
        value={value}
        placeholder={placeholder}
        autoComplete="off"
        aria-describedby={`${id}-help`}
        onChange={(event) => onChange(event.target.value)}
      />
      <span id={`${id}-help`} className="form-help muted">
        {help}
      </span>
    </div>
  );
}
