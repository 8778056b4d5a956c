import { Info, RotateCcw } from "lucide-react";
import { type ReactNode, useId, useState } from "react";
import { breakable } from "../canvas/breakable";
import { distributionText } from "../canvas/facts";
import { asSentence } from "../document/problems";
import type { Json } from "../document/types";
import { type FieldSpec, isDefault, rangeText } from "../schema/fields";
import { type Form, useForm } from "./FormContext";
import { formatSetting, unitLabel } from "./quantities";
import { widgetFor } from "./widgets";

export interface FieldProps {
  readonly field: FieldSpec;
  readonly path: readonly string[];
  readonly value: Json | undefined;
  readonly onChange: (value: Json | undefined) => void;
}

/** What a control gets from the field around it. */
export interface ControlProps extends FieldProps {
  readonly id: string;
  readonly invalid: boolean;
  readonly describedBy: string;
  readonly onError: (error: string | null) => void;
}

/** One setting: title, unit, control, help, what is wrong with it, and the way back to its default. */
export function Field({ field, path, value, onChange }: FieldProps) {
  const form = useForm();
  const id = useId();
  const [error, setError] = useState<string | null>(null);
  const [told, setTold] = useState(false);
  const problems = problemsOf(form, field, path, value);
  const isBlock = BLOCKS.has(field.kind);
  const changed = !isDefault(value, field.fallback) && !field.required;
  const Control = widgetFor(field);
  const serious = problems.some((problem) => problem.severity === "error");
  const invalid = error !== null || (serious && !isBlock);

  const set = (next: Json | undefined) =>
    onChange(field.required ? next : isDefault(next, field.fallback) ? undefined : next);
  const reset = () => {
    setError(null);
    onChange(undefined);
    form.done();
  };
  const describedBy = `${id}-help${invalid || problems.length > 0 ? ` ${id}-errors` : ""}`;
  const control = (
    <Control
      id={id}
      field={field}
      path={path}
      value={value === undefined ? field.fallback : value}
      onChange={set}
      onError={setError}
      invalid={invalid}
      describedBy={describedBy}
    />
  );
  const detail = detailOf(field);
  const help = (
    <>
      {field.help && (
        <p className="field-help" id={`${id}-help`}>
          {field.help}
        </p>
      )}
      {told && detail}
      {(error !== null || problems.length > 0) && (
        <div className="field-errors" id={`${id}-errors`}>
          {error !== null && <p className="field-error">{error}</p>}
          {problems.map((problem) => (
            <p key={problem.code + problem.path} className={`field-error ${problem.severity}`}>
              {asSentence(problem.message)} {asSentence(problem.hint)}
            </p>
          ))}
        </div>
      )}
    </>
  );
  const tools = (
    <span className="field-tools">
      {changed && !form.readOnly && (
        <button
          type="button"
          className="field-tool"
          onClick={reset}
          aria-label={`${field.title}: back to the default`}
          title={`Back to the default: ${defaultText(field)}`}
        >
          <RotateCcw size={13} aria-hidden="true" />
        </button>
      )}
      {detail && (
        <button
          type="button"
          className="field-tool"
          aria-expanded={told}
          aria-label={`${field.title}: default, range and source`}
          onClick={() => setTold(!told)}
        >
          <Info size={14} aria-hidden="true" />
        </button>
      )}
    </span>
  );
  return (
    <div
      className={`field kind-${field.kind}${changed ? " is-changed" : ""}${invalid ? " is-invalid" : ""}`}
      data-path={path.join(".")}
    >
      <div className="field-head">
        <Title id={id} isBlock={isBlock}>
          {breakable(field.title)}
          {unitLabel(field.unit) && !isBlock && <span className="field-unit">{unitLabel(field.unit)}</span>}
          {changed && <span className="visually-hidden"> (changed from the default)</span>}
        </Title>
        {tools}
      </div>
      {control}
      {help}
    </div>
  );
}

/** A text has the problems of all that is in it; of a list of objects each row has its own. */
function problemsOf(form: Form, field: FieldSpec, path: readonly string[], value: Json | undefined) {
  if (field.kind === "json" || field.kind === "callees" || field.kind === "choices")
    return form.problemsUnder(path);
  if (field.kind !== "rows") return form.problemsAt(path);
  const rows = Array.isArray(value) ? value : [];
  const inRows = new Set(rows.flatMap((_row, at) => form.problemsUnder([...path, String(at)])));
  return form.problemsUnder(path).filter((problem) => !inRows.has(problem));
}

const BLOCKS = new Set([
  "distribution",
  "arrivals",
  "object",
  "variants",
  "event",
  "choices",
  "rows",
  "callees",
]);

function Title({ id, isBlock, children }: { id: string; isBlock: boolean; children: ReactNode }) {
  return isBlock ? (
    <span className="field-title" id={`${id}-title`}>
      {children}
    </span>
  ) : (
    <label className="field-title" htmlFor={id}>
      {children}
    </label>
  );
}

/** The default as people read it. */
export function defaultText(field: FieldSpec): string {
  const { fallback } = field;
  if (fallback === undefined || fallback === null) return "none";
  if (typeof fallback === "number") return formatSetting(fallback, field.unit, field.widget);
  if (typeof fallback === "boolean") return fallback ? "on" : "off";
  if (typeof fallback === "string") return fallback;
  return distributionText(fallback, field.unit) || "as the kind has it";
}

function detailOf(field: FieldSpec): ReactNode {
  const range = rangeText(field.schema);
  const hasDefault = field.fallback !== undefined;
  if (!range && !hasDefault && !field.source) return null;
  return (
    <dl className="field-detail">
      {hasDefault && (
        <>
          <dt>Default</dt>
          <dd>
            {defaultText(field)}
            {field.source && " – "}
            {field.source?.url ? (
              <a href={field.source.url} target="_blank" rel="noreferrer">
                {field.source.text}
              </a>
            ) : (
              field.source?.text
            )}
          </dd>
        </>
      )}
      {range && (
        <>
          <dt>Range</dt>
          <dd>
            {range} {unitLabel(field.unit)}
          </dd>
        </>
      )}
    </dl>
  );
}
