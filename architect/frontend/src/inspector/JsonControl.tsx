/** Settings that are written as text: JSON, and lists of plain values. */
import { useEffect, useRef, useState } from "react";
import { isObject } from "../document/paths";
import type { Json } from "../document/types";
import type { ControlProps } from "./Field";
import { useForm } from "./FormContext";

/** Anything else, as JSON. */
export function JsonControl({ id, field, value, onChange, onError, invalid, describedBy }: ControlProps) {
  const read = (text: string): Json | undefined | string => {
    if (text.trim() === "") return field.nullable ? null : undefined;
    try {
      const parsed = JSON.parse(text) as Json;
      const isRight = field.kind !== "event" || isObject(parsed);
      return isRight ? boxed(parsed) : "Write a JSON object: { … }.";
    } catch (error) {
      return `This is not JSON: ${error instanceof Error ? error.message : "unreadable"}`;
    }
  };
  const shown = value === undefined || value === null ? "" : JSON.stringify(value, null, 2);
  return (
    <BufferedText
      id={id}
      shown={shown}
      rows={Math.min(12, Math.max(4, shown.split("\n").length))}
      read={read}
      onChange={onChange}
      onError={onError}
      invalid={invalid}
      describedBy={describedBy}
      isCode
    />
  );
}

/** A JSON text that is itself a string must not be taken for an error sentence. */
const boxed = (value: Json): Json => (typeof value === "string" ? [value] : value);

interface BufferedProps {
  readonly id: string;
  readonly shown: string;
  readonly rows: number;
  readonly read: (text: string) => Json | undefined | string;
  readonly onChange: (value: Json | undefined) => void;
  readonly onError: (error: string | null) => void;
  readonly invalid: boolean;
  readonly describedBy: string;
  readonly isCode?: boolean;
}

/** Text that is read as a whole: refused text stays in the field and out of the design. */
export function BufferedText({
  id,
  shown,
  rows,
  read,
  onChange,
  onError,
  invalid,
  describedBy,
  isCode,
}: BufferedProps) {
  const form = useForm();
  const [text, setText] = useState(shown);
  const isFocused = useRef(false);
  useEffect(() => {
    if (!isFocused.current) setText(shown);
  }, [shown]);
  const take = (next: string) => {
    setText(next);
    const result = read(next);
    if (typeof result === "string") {
      onError(result);
      return;
    }
    onError(null);
    onChange(result);
  };
  return (
    <textarea
      id={id}
      className={`field-input${isCode ? " mono" : ""}`}
      rows={rows}
      value={text}
      readOnly={form.readOnly}
      spellCheck={false}
      aria-invalid={invalid}
      aria-describedby={describedBy}
      aria-labelledby={`${id}-title`}
      onFocus={() => {
        isFocused.current = true;
      }}
      onChange={(event) => take(event.target.value)}
      onBlur={() => {
        isFocused.current = false;
        form.done();
      }}
    />
  );
}
