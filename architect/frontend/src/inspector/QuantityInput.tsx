import { useEffect, useRef, useState } from "react";
import type { Json } from "../document/types";
import type { FieldSpec } from "../schema/fields";
import { isPercent, parseQuantity, rangeError, settingText, tidy } from "./quantities";

export type Read = { readonly value: Json | undefined } | { readonly error: string };

/** What a text means for a number field: a value, "use the default" (undefined), or why it is refused. */
export function readNumber(text: string, field: FieldSpec): Read {
  const plain = text.trim();
  if (plain === "") {
    if (field.nullable)
      return { value: field.fallback === undefined || field.fallback === null ? undefined : null };
    return field.required && field.fallback === undefined
      ? { error: "Write a value." }
      : { value: undefined };
  }
  const word = field.words.find((one) => one.toLowerCase() === plain.toLowerCase());
  if (word !== undefined) return { value: word };
  const parsed = parseQuantity(plain, field.unit);
  if ("error" in parsed) {
    return {
      error: field.words.length > 0 ? `${parsed.error} Or write ${field.words.join(", ")}.` : parsed.error,
    };
  }
  const value = asShare(plain, parsed.value, field);
  const refused = rangeError(value, field.schema, field.unit, field.kind === "integer", field.widget);
  return refused ? { error: refused } : { value };
}

/** Probabilities are shown in percent, so "5" beside "%" would be ambiguous: above 1 it can only mean percent. */
function asShare(text: string, value: number, field: FieldSpec): number {
  const isShare = isPercent(field.widget) && !text.includes("%");
  return isShare && value > 1 && value <= 100 ? tidy(value / 100) : value;
}

export function showNumber(value: Json | undefined, field: FieldSpec): string {
  if (typeof value === "number") return settingText(value, field.unit, field.widget);
  return typeof value === "string" ? value : "";
}

interface Props {
  readonly id?: string;
  readonly field: FieldSpec;
  readonly value: Json | undefined;
  readonly readOnly: boolean;
  readonly invalid: boolean;
  readonly describedBy?: string;
  readonly label?: string;
  readonly onChange: (value: Json | undefined) => void;
  readonly onError: (error: string | null) => void;
  readonly onDone?: () => void;
}

/**
 * A number with its unit as typed. Valid text goes into the design while it is typed (one undo step until the field
 * is left); refused text stays in the field with its error and never reaches the design.
 */
export function QuantityInput({
  id,
  field,
  value,
  readOnly,
  invalid,
  describedBy,
  label,
  onChange,
  onError,
  onDone,
}: Props) {
  const shown = showNumber(value, field);
  const [text, setText] = useState(shown);
  const isFocused = useRef(false);

  // a change from outside (undo, another field) replaces the text, but not under the typist's hands
  useEffect(() => {
    if (!isFocused.current) {
      setText(shown);
      onError(null);
    }
  }, [shown, onError]);

  const type = (next: string) => {
    setText(next);
    const read = readNumber(next, field);
    if ("error" in read) {
      if (invalid) onError(read.error);
      return;
    }
    onError(null);
    onChange(read.value);
  };
  const leave = () => {
    isFocused.current = false;
    const read = readNumber(text, field);
    if ("error" in read) onError(read.error);
    else {
      onError(null);
      setText(showNumber(read.value === undefined ? field.fallback : read.value, field));
    }
    onDone?.();
  };
  return (
    <input
      id={id}
      className="field-input tabular"
      type="text"
      inputMode={field.unit === "1" || field.unit === "" ? "decimal" : "text"}
      autoComplete="off"
      spellCheck={false}
      value={text}
      readOnly={readOnly}
      placeholder={field.nullable ? "none" : ""}
      aria-label={label}
      aria-invalid={invalid}
      aria-describedby={describedBy}
      onFocus={() => {
        isFocused.current = true;
      }}
      onChange={(event) => type(event.target.value)}
      onBlur={leave}
      onKeyDown={(event) => {
        if (event.key === "Enter") leave();
      }}
    />
  );
}
