/** The control for each kind of field. */
import { type ComponentType, useEffect, useRef, useState } from "react";
import { isObject } from "../document/paths";
import type { Json } from "../document/types";
import { type FieldSpec, fieldSpec, objectOr, startValue, titleFrom, variantsOf } from "../schema/fields";
import { ArrivalsField } from "./ArrivalsField";
import { CommandControl } from "./CommandControl";
import { DistributionField } from "./DistributionField";
import { EventField } from "./EventField";
import type { ControlProps } from "./Field";
import { useForm } from "./FormContext";
import { BufferedText, JsonControl } from "./JsonControl";
import { QuantityInput } from "./QuantityInput";
import { RowsControl } from "./RowsControl";
import { changedObject, SchemaForm } from "./SchemaForm";
import { CalleesControl, ChoicesControl } from "./TickControls";

function NumberControl(props: ControlProps) {
  const form = useForm();
  return (
    <QuantityInput
      id={props.id}
      field={props.field}
      value={props.value}
      readOnly={form.readOnly}
      invalid={props.invalid}
      describedBy={props.describedBy}
      onChange={props.onChange}
      onError={props.onError}
      onDone={form.done}
    />
  );
}

function TextControl({ id, field, value, onChange, invalid, describedBy, onError }: ControlProps) {
  const form = useForm();
  const shown = typeof value === "string" ? value : "";
  const [text, setText] = useState(shown);
  const isFocused = useRef(false);
  // undo, or another row in this place: the text follows, but not under the typist's hands
  useEffect(() => {
    if (!isFocused.current) setText(shown);
  }, [shown]);
  const change = (next: string) => {
    setText(next);
    const { minLength = 0, maxLength = Number.POSITIVE_INFINITY, pattern } = field.schema;
    if (next === "" && field.nullable) return onChange(null);
    if (next.length > maxLength) return onError(`At most ${maxLength} characters.`);
    if (next.length < minLength) return onError(`At least ${minLength} characters.`);
    if (pattern && !new RegExp(pattern, "u").test(next))
      return onError("This is not written as the setting needs it.");
    onError(null);
    onChange(next);
  };
  return (
    <input
      id={id}
      className="field-input"
      type="text"
      value={text}
      readOnly={form.readOnly}
      aria-invalid={invalid}
      aria-describedby={describedBy}
      onFocus={() => {
        isFocused.current = true;
      }}
      onChange={(event) => change(event.target.value)}
      onBlur={() => {
        isFocused.current = false;
        form.done();
      }}
    />
  );
}

function SwitchControl({ id, value, onChange, describedBy }: ControlProps) {
  const form = useForm();
  return (
    <input
      id={id}
      className="switch"
      type="checkbox"
      checked={value === true}
      disabled={form.readOnly}
      aria-describedby={describedBy}
      onChange={(event) => {
        onChange(event.target.checked);
        form.done();
      }}
    />
  );
}

function ChoiceControl({ id, field, value, onChange, describedBy, invalid }: ControlProps) {
  const form = useForm();
  return (
    <select
      id={id}
      className="field-input"
      value={JSON.stringify(value ?? null)}
      disabled={form.readOnly}
      aria-invalid={invalid}
      aria-describedby={describedBy}
      onChange={(event) => {
        onChange(JSON.parse(event.target.value) as Json);
        form.done();
      }}
    >
      {field.nullable && <option value="null">none</option>}
      {field.choices.map((choice) => (
        <option key={String(choice)} value={JSON.stringify(choice)}>
          {String(choice)}
        </option>
      ))}
    </select>
  );
}

/** An object with its own fields; one that may be absent is switched on and off. */
function ObjectControl({ id, field, path, value, onChange }: ControlProps) {
  const form = useForm();
  const isOn = isObject(value);
  const nested = (
    <div className="nested">
      <SchemaForm
        schema={field.schema}
        root={field.root}
        value={objectOr(value)}
        defaults={objectOr(field.fallback)}
        path={path}
        onChange={(name, next) => {
          const object = changedObject(value, name, next);
          onChange(!field.nullable && Object.keys(object).length === 0 ? undefined : object);
        }}
      />
    </div>
  );
  if (!field.nullable) return nested;
  return (
    <>
      <label className="switch-line">
        <input
          id={id}
          className="switch"
          type="checkbox"
          checked={isOn}
          disabled={form.readOnly}
          onChange={(event) => {
            onChange(
              event.target.checked
                ? startValue({ ...field.schema, default: undefined } as never, field.root)
                : null,
            );
            form.done();
          }}
        />
        {isOn ? "on" : "off"}
      </label>
      {isOn && nested}
    </>
  );
}

/** One of several forms of an object, chosen by name. */
function VariantsControl({ id, field, path, value, onChange, describedBy }: ControlProps) {
  const form = useForm();
  const union = variantsOf(field.schema, field.root);
  if (!union) return null;
  const chosen = isObject(value) ? String(value[union.property] ?? "") : "";
  const branch = union.branches.get(chosen);
  return (
    <>
      <select
        id={id}
        className="field-input"
        value={chosen}
        disabled={form.readOnly}
        aria-labelledby={`${id}-title`}
        aria-describedby={describedBy}
        onChange={(event) => {
          const next = union.branches.get(event.target.value);
          onChange(next ? startValue(next, field.root) : field.nullable ? null : undefined);
          form.done();
        }}
      >
        {(field.nullable || !branch) && <option value="">none</option>}
        {[...union.branches].map(([name, one]) => (
          <option key={name} value={name}>
            {one.title ?? titleFrom(name)}
          </option>
        ))}
      </select>
      {branch && (
        <div className="nested">
          <SchemaForm
            schema={branch}
            root={field.root}
            value={objectOr(value)}
            path={path}
            skip={[union.property]}
            onChange={(name, next) => onChange(changedObject(value, name, next))}
          />
        </div>
      )}
    </>
  );
}

/** Several plain values, separated by commas or lines. */
function ListControl({ id, field, value, onChange, onError, invalid, describedBy }: ControlProps) {
  const items =
    typeof field.schema.items === "object" ? fieldSpec("item", field.schema.items, field.root, true) : null;
  const isNumber = items?.kind === "number" || items?.kind === "integer";
  const read = (text: string): Json[] | string => {
    const parts = text
      .split(/[\n,;]+/)
      .map((part) => part.trim())
      .filter((part) => part !== "");
    if (!isNumber) return parts;
    const numbers = parts.map(Number);
    return numbers.every(Number.isFinite) ? numbers : "Write numbers, separated by commas.";
  };
  const shown = Array.isArray(value) ? value.join(", ") : "";
  return (
    <BufferedText
      id={id}
      shown={shown}
      rows={2}
      read={read}
      onChange={onChange}
      onError={onError}
      invalid={invalid}
      describedBy={describedBy}
    />
  );
}

const CONTROLS: Readonly<Record<FieldSpec["kind"], ComponentType<ControlProps>>> = {
  number: NumberControl,
  integer: NumberControl,
  text: TextControl,
  boolean: SwitchControl,
  choice: ChoiceControl,
  distribution: DistributionField,
  arrivals: ArrivalsField,
  event: EventField,
  object: ObjectControl,
  variants: VariantsControl,
  list: ListControl,
  choices: ChoicesControl,
  rows: RowsControl,
  callees: CalleesControl,
  command: CommandControl,
  json: JsonControl,
};

export function widgetFor(field: FieldSpec): ComponentType<ControlProps> {
  return CONTROLS[field.kind];
}
