import { Plus, Trash2 } from "lucide-react";
import { type ReactNode, useEffect, useId, useState } from "react";
import { isObject, writePath } from "../document/paths";
import { asSentence } from "../document/problems";
import type { Json, JsonObject } from "../document/types";
import { fieldSpec, objectOr } from "../schema/fields";
import { DistributionField } from "./DistributionField";
import {
  choiceOf,
  FIRST_EVENT,
  FORM_WORDS,
  fixedText,
  formOf,
  freeName,
  inForm,
  type Option,
  optionsOf,
  readFixed,
  renamed,
  shareText,
  type ValueForm,
} from "./event";
import type { ControlProps } from "./Field";
import { useForm } from "./FormContext";
import { JsonControl } from "./JsonControl";
import "./event.css";

const NUMBER = fieldSpec("value", { type: "object", "x-widget": "distribution", "x-unit": "1" }, {}, true);
const ANYTHING = fieldSpec("value", {}, {}, true);

/** What messages carry: source and type, and fields that are fixed, chosen by weight, or drawn. */
export function EventField(props: ControlProps) {
  const { id, path, value, onChange } = props;
  const form = useForm();
  const [isText, setText] = useState(false);
  const event = objectOr(value);
  const isOn = Object.keys(event).length > 0;
  // a whole part may be one weighted choice, and what a task gives a list: that is for JSON
  const isPlain = ["detail", "attributes"].every((part) => {
    const inner = event[part] ?? {};
    return isObject(inner) && formOf(inner) === "json";
  });
  if (!isOn && !isText)
    return (
      <button
        type="button"
        className="button"
        disabled={form.readOnly}
        onClick={() => {
          onChange(FIRST_EVENT);
          form.done();
        }}
      >
        <Plus size={15} aria-hidden="true" /> Give messages a payload
      </button>
    );
  const set = (part: string, next: Json | undefined) => onChange(writePath(event, [part], next));
  const showText = isText || !isPlain;
  return (
    <div className="event">
      <fieldset className="event-modes" aria-label="Written as">
        <button type="button" aria-pressed={!showText} disabled={!isPlain} onClick={() => setText(false)}>
          Fields
        </button>
        <button type="button" aria-pressed={showText} onClick={() => setText(true)}>
          JSON
        </button>
      </fieldset>
      {showText ? (
        <JsonControl {...props} />
      ) : (
        <>
          {(["source", "type"] as const).map((part) => (
            <Row key={part} path={[...path, part]} name={<span className="event-name">{part}</span>}>
              <ValueEditor
                label={part}
                path={[...path, part]}
                forms={["fixed", "choice"]}
                isAlwaysText
                value={event[part] ?? ""}
                onChange={(next) => set(part, next === "" ? undefined : next)}
              />
            </Row>
          ))}
          {(["detail", "attributes"] as const).map((part) => (
            <Part
              key={part}
              part={part}
              path={[...path, part]}
              value={objectOr(event[part])}
              onChange={(next) => set(part, Object.keys(next).length > 0 ? next : undefined)}
            />
          ))}
          <span id={id} hidden />
        </>
      )}
    </div>
  );
}

/** The fields of `detail` or `attributes`. */
function Part({
  part,
  path,
  value,
  onChange,
}: {
  part: "detail" | "attributes";
  path: readonly string[];
  value: JsonObject;
  onChange: (value: JsonObject) => void;
}) {
  const form = useForm();
  return (
    <section className="event-part" aria-label={part}>
      <h4>{part}</h4>
      {Object.entries(value).map(([name, inner], index) => (
        <Row
          // biome-ignore lint/suspicious/noArrayIndexKey: a field that is renamed stays the same field
          key={index}
          path={[...path, name]}
          name={
            <NameInput
              name={name}
              onRename={(to) => {
                const next = renamed(value, name, to);
                if (next) onChange(next);
                return next !== null;
              }}
            />
          }
          onRemove={() => {
            const { [name]: _gone, ...rest } = value;
            onChange(rest);
            form.done();
          }}
        >
          <ValueEditor
            label={name}
            path={[...path, name]}
            forms={["fixed", "choice", "distribution", "json"]}
            value={inner}
            onChange={(next) => onChange({ ...value, [name]: next })}
          />
        </Row>
      ))}
      {!form.readOnly && (
        <button
          type="button"
          className="button quiet"
          onClick={() => {
            onChange({ ...value, [freeName(value)]: "" });
            form.done();
          }}
        >
          <Plus size={14} aria-hidden="true" /> Add {part === "detail" ? "a field" : "an attribute"}
        </button>
      )}
    </section>
  );
}

function Row({
  name,
  path,
  onRemove,
  children,
}: {
  name: ReactNode;
  path: readonly string[];
  onRemove?: () => void;
  children: ReactNode;
}) {
  const form = useForm();
  const problems = form.problemsUnder(path);
  return (
    <div className="event-row" data-path={path.join(".")}>
      <div className="event-row-head">
        {name}
        {onRemove && !form.readOnly && (
          <button
            type="button"
            className="icon-button"
            aria-label={`Remove ${path.at(-1)}`}
            title="Remove"
            onClick={onRemove}
          >
            <Trash2 size={14} aria-hidden="true" />
          </button>
        )}
      </div>
      {children}
      {problems.map((problem) => (
        <p key={problem.code + problem.path} className={`field-error ${problem.severity}`}>
          {asSentence(problem.message)} {asSentence(problem.hint)}
        </p>
      ))}
    </div>
  );
}

function NameInput({ name, onRename }: { name: string; onRename: (to: string) => boolean }) {
  const form = useForm();
  const [text, setText] = useState(name);
  useEffect(() => setText(name), [name]);
  const commit = () => {
    if (text !== name && !onRename(text.trim())) setText(name);
    form.done();
  };
  return (
    <input
      className="field-input mono event-name"
      aria-label={`Name of ${name}`}
      value={text}
      readOnly={form.readOnly}
      spellCheck={false}
      onChange={(event) => setText(event.target.value)}
      onBlur={commit}
      onKeyDown={(event) => event.key === "Enter" && commit()}
    />
  );
}

function ValueEditor({
  label,
  path,
  forms,
  isAlwaysText = false,
  value,
  onChange,
}: {
  label: string;
  path: readonly string[];
  forms: readonly ValueForm[];
  isAlwaysText?: boolean;
  value: Json | undefined;
  onChange: (value: Json) => void;
}) {
  const form = useForm();
  const id = useId();
  const [error, setError] = useState<string | null>(null);
  const chosen = formOf(value);
  const control = {
    id,
    path,
    invalid: error !== null,
    describedBy: `${id}-error`,
    onError: setError,
    value,
    onChange: (next: Json | undefined) => next !== undefined && onChange(next),
  };
  return (
    <div className="event-value">
      <select
        className="field-input"
        aria-label={`How ${label} is given`}
        value={chosen}
        disabled={form.readOnly}
        onChange={(event) => {
          setError(null);
          onChange(inForm(value, event.target.value as ValueForm));
          form.done();
        }}
      >
        {forms.map((one) => (
          <option key={one} value={one}>
            {FORM_WORDS[one]}
          </option>
        ))}
      </select>
      {chosen === "fixed" && (
        <FixedInput label={label} isAlwaysText={isAlwaysText} value={value} onChange={onChange} />
      )}
      {chosen === "choice" && (
        <Options
          label={label}
          isAlwaysText={isAlwaysText}
          options={optionsOf(value)}
          onChange={(options) => onChange(choiceOf(options))}
        />
      )}
      {chosen === "distribution" && (
        <fieldset className="event-draw" aria-label={`Distribution of ${label}`}>
          <span id={`${id}-title`} className="visually-hidden">
            Distribution of {label}
          </span>
          <DistributionField {...control} field={NUMBER} />
        </fieldset>
      )}
      {chosen === "json" && (
        <div>
          <span id={`${id}-title`} className="visually-hidden">
            JSON of {label}
          </span>
          <JsonControl {...control} field={ANYTHING} />
        </div>
      )}
      {error && (
        <p className="field-error" id={`${id}-error`}>
          {error}
        </p>
      )}
    </div>
  );
}

function FixedInput({
  label,
  isAlwaysText,
  value,
  onChange,
}: {
  label: string;
  isAlwaysText: boolean;
  value: Json | undefined;
  onChange: (value: Json) => void;
}) {
  const form = useForm();
  const shown = isAlwaysText && typeof value === "string" ? value : fixedText(value);
  const [text, setText] = useState(shown);
  // what is typed stays as it is typed ("1." on the way to 1.5) as long as it means the same
  useEffect(
    () =>
      setText((old) => {
        const isSame = JSON.stringify(isAlwaysText ? old : readFixed(old)) === JSON.stringify(value);
        return isSame ? old : shown;
      }),
    [shown, value, isAlwaysText],
  );
  return (
    <input
      className="field-input"
      aria-label={`Value of ${label}`}
      value={text}
      readOnly={form.readOnly}
      spellCheck={false}
      onChange={(event) => {
        setText(event.target.value);
        onChange(isAlwaysText ? event.target.value : readFixed(event.target.value));
      }}
      onBlur={form.done}
    />
  );
}

/** Values with weights, and the share that each comes to. */
function Options({
  label,
  isAlwaysText,
  options,
  onChange,
}: {
  label: string;
  isAlwaysText: boolean;
  options: readonly Option[];
  onChange: (options: readonly Option[]) => void;
}) {
  const form = useForm();
  const change = (index: number, part: Partial<Option>) =>
    onChange(options.map((option, at) => (at === index ? { ...option, ...part } : option)));
  return (
    <ul className="event-options">
      {options.map((option, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: options have no name but their place
        <li key={index}>
          <FixedInput
            label={`${label}, option ${index + 1}`}
            isAlwaysText={isAlwaysText}
            value={option.value}
            onChange={(value) => change(index, { value })}
          />
          <input
            className="field-input"
            type="number"
            min="0"
            step="any"
            aria-label={`Weight of option ${index + 1} of ${label}`}
            value={option.weight}
            readOnly={form.readOnly}
            onChange={(event) => {
              const weight = Number(event.target.value);
              if (weight > 0) change(index, { weight });
            }}
            onBlur={form.done}
          />
          <span className="muted tabular">{shareText(options, option)}</span>
          <button
            type="button"
            className="icon-button"
            aria-label={`Remove option ${index + 1} of ${label}`}
            title="Remove"
            disabled={form.readOnly || options.length < 2}
            onClick={() => onChange(options.filter((_option, at) => at !== index))}
          >
            <Trash2 size={14} aria-hidden="true" />
          </button>
        </li>
      ))}
      {!form.readOnly && (
        <li>
          <button
            type="button"
            className="button quiet"
            onClick={() => onChange([...options, { value: `option${options.length + 1}`, weight: 1 }])}
          >
            <Plus size={14} aria-hidden="true" /> Add an option
          </button>
        </li>
      )}
    </ul>
  );
}
