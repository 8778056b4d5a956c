import { type ReactNode, useEffect, useState } from "react";
import { writePath } from "../document/paths";
import type { Json, JsonObject } from "../document/types";
import { type FieldSpec, fieldsOf, isDefault, objectOr } from "../schema/fields";
import type { JsonSchema } from "../schema/types";
import { Field } from "./Field";
import { useForm } from "./FormContext";

interface Props {
  readonly schema: JsonSchema;
  readonly root?: JsonSchema;
  readonly value: JsonObject;
  readonly path?: readonly string[];
  readonly defaults?: JsonObject;
  readonly skip?: readonly string[];
  readonly onChange: (name: string, value: Json | undefined) => void;
}

/** A form made from a JSON Schema: everyday settings, then the advanced ones folded away. */
export function SchemaForm({
  schema,
  root = schema,
  value,
  path = [],
  defaults,
  skip,
  onChange,
}: Props): ReactNode {
  const form = useForm();
  const fields = fieldsOf(schema, root, defaults, skip);
  const everyday = fields.filter((field) => !field.advanced);
  const advanced = fields.filter((field) => field.advanced);
  const [open, setOpen] = useState(false);
  const changed = advanced.filter((field) => !isDefault(value[field.name], field.fallback)).length;
  const step = form.wanted?.path[path.length];
  const isWanted = advanced.some((field) => field.name === step);

  useEffect(() => {
    if (isWanted) setOpen(true);
  }, [isWanted]);

  const row = (field: FieldSpec) => (
    <Field
      key={field.name}
      field={field}
      path={[...path, field.name]}
      value={value[field.name]}
      onChange={(next) => onChange(field.name, next)}
    />
  );
  return (
    <>
      {everyday.map(row)}
      {advanced.length > 0 && (
        <details className="advanced" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
          <summary>
            Advanced
            <span className="muted">
              {advanced.length} {advanced.length === 1 ? "setting" : "settings"}
              {changed > 0 && `, ${changed} changed`}
            </span>
          </summary>
          {open && advanced.map(row)}
        </details>
      )}
    </>
  );
}

/** A change inside an object setting, as the object's new value. */
export function changedObject(value: Json | undefined, name: string, next: Json | undefined): JsonObject {
  return writePath(objectOr(value), [name], next);
}
