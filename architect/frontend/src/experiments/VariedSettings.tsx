import { Plus, X } from "lucide-react";
import { useId } from "react";
import type { JsonObject } from "../document/types";
import { Option } from "./RunOptions";
import { type RangeTexts, readRange, type Spacing, startRange, varyOf } from "./ranges";
import { SettingPicker } from "./SettingPicker";
import type { Settable } from "./settables";

const SPACINGS: readonly (readonly [Spacing, string])[] = [
  ["linear", "Even steps"],
  ["log", "Even factors"],
  ["list", "A list"],
];
const ORDINALS = ["Setting", "Second setting", "Third setting", "Fourth setting", "Fifth setting"];

export interface Chosen {
  readonly id: number;
  readonly path: string;
  readonly texts: RangeTexts | null;
}
export const NOTHING_CHOSEN: readonly Chosen[] = [{ id: 0, path: "", texts: null }];

/** How many combinations the ranges have; 0 while one of them cannot be read. */
export function countOf(chosen: readonly Chosen[], all: readonly Settable[]): number {
  return chosen.reduce((product, one) => {
    const values = valuesOf(one, all);
    return product * (values === null || typeof values === "string" ? 0 : values.length);
  }, 1);
}

/** The settings as the API takes them, or the sentence that says which cannot be read. */
export function readVaried(chosen: readonly Chosen[], all: readonly Settable[]): JsonObject[] | string {
  const vary: JsonObject[] = [];
  for (const one of chosen) {
    const setting = all.find((other) => other.path === one.path);
    const values = valuesOf(one, all);
    if (!setting || values === null) return "Choose a setting.";
    if (typeof values === "string") return `${setting.title}: ${values}`;
    vary.push(varyOf(setting, values));
  }
  return vary;
}

function valuesOf(one: Chosen, all: readonly Settable[]) {
  const setting = all.find((other) => other.path === one.path);
  return setting && one.texts ? readRange(one.texts, setting) : null;
}

/** Some settings, each with the values it takes. */
export function VariedSettings({
  all,
  chosen,
  most,
  addTitle,
  onChange,
}: {
  readonly all: readonly Settable[];
  readonly chosen: readonly Chosen[];
  readonly most: number;
  readonly addTitle: string;
  readonly onChange: (chosen: readonly Chosen[]) => void;
}) {
  const change = (next: Chosen) => onChange(chosen.map((one) => (one.id === next.id ? next : one)));
  return (
    <>
      {chosen.map((one, i) => {
        const setting = all.find((other) => other.path === one.path);
        const title = ORDINALS[i] ?? `Setting ${i + 1}`;
        return (
          <fieldset className="form-block" key={one.id}>
            <legend>{title}</legend>
            <div className="form-row">
              <SettingPicker
                title="Vary"
                all={all}
                path={one.path}
                onChange={(path) => {
                  const found = all.find((other) => other.path === path);
                  change({ id: one.id, path, texts: found ? startRange(found) : null });
                }}
              />
              {i > 0 && (
                <button
                  type="button"
                  className="icon-button"
                  aria-label={`Remove the ${title.toLowerCase()}`}
                  onClick={() => onChange(chosen.filter((other) => other.id !== one.id))}
                >
                  <X size={15} aria-hidden="true" />
                </button>
              )}
            </div>
            {setting && one.texts && (
              <Range
                setting={setting}
                texts={one.texts}
                onChange={(texts) => change({ id: one.id, path: one.path, texts })}
              />
            )}
          </fieldset>
        );
      })}
      {chosen.length < most && (
        <div className="alternative-add">
          <button
            type="button"
            className="button"
            onClick={() =>
              onChange([
                ...chosen,
                { id: Math.max(...chosen.map((one) => one.id)) + 1, path: "", texts: null },
              ])
            }
          >
            <Plus size={15} aria-hidden="true" /> {addTitle}
          </button>
        </div>
      )}
    </>
  );
}

function Range({
  setting,
  texts,
  onChange,
}: {
  readonly setting: Settable;
  readonly texts: RangeTexts;
  readonly onChange: (texts: RangeTexts) => void;
}) {
  const id = useId();
  const values = readRange(texts, setting);
  if (setting.choices.length > 0)
    return (
      <div className="form-row form-choices">
        {setting.choices.map((choice, i) => (
          <label key={String(choice)}>
            <input
              type="checkbox"
              checked={texts.chosen.includes(i)}
              onChange={(event) =>
                onChange({
                  ...texts,
                  chosen: setting.choices.flatMap((_, at) =>
                    (at === i ? event.target.checked : texts.chosen.includes(at)) ? [at] : [],
                  ),
                })
              }
            />{" "}
            {String(choice)}
          </label>
        ))}
      </div>
    );
  return (
    <>
      <div className="form-row">
        <div className="form-field form-narrow">
          <label htmlFor={id}>Spacing</label>
          <select
            id={id}
            value={texts.spacing}
            onChange={(event) => onChange({ ...texts, spacing: event.target.value as Spacing })}
          >
            {SPACINGS.map(([spacing, title]) => (
              <option key={spacing} value={spacing}>
                {title}
              </option>
            ))}
          </select>
        </div>
        {texts.spacing === "list" ? (
          <Option
            title="Values"
            value={texts.list}
            placeholder="1, 2, 4, 8"
            help={setting.unit}
            onChange={(list) => onChange({ ...texts, list })}
          />
        ) : (
          <>
            <Option
              title="From"
              value={texts.from}
              help={setting.unit}
              onChange={(from) => onChange({ ...texts, from })}
            />
            <Option
              title="To"
              value={texts.to}
              help={setting.unit}
              onChange={(to) => onChange({ ...texts, to })}
            />
            <Option
              title="Values"
              value={texts.count}
              help="how many"
              onChange={(count) => onChange({ ...texts, count })}
            />
          </>
        )}
      </div>
      <p className={`form-help ${typeof values === "string" ? "field-error" : "muted mono"}`}>
        {typeof values === "string" ? values : shortList(values.map(String))}
      </p>
    </>
  );
}

function shortList(values: readonly string[]): string {
  return values.length > 12 ? `${values.slice(0, 10).join(", ")}, … ${values.at(-1)}` : values.join(", ");
}
