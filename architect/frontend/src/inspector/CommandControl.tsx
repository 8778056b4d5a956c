import { ArrowRight } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { assignTask, carrierOf, renameTask, tasksOf } from "../document/tasks";
import { useEditor } from "../editor/EditorContext";
import type { ControlProps } from "./Field";
import { useForm } from "./FormContext";
import { useCarriers } from "./useCarriers";

/**
 * The name of a command, and the connection it goes along. The name is taken when the field is left: until then it
 * would be a new command with every letter, and the connections name commands too.
 */
export function CommandControl({
  id,
  field,
  path,
  value,
  onChange,
  onError,
  invalid,
  describedBy,
}: ControlProps) {
  const { store } = useEditor();
  const form = useForm();
  const { edges, nameOf } = useCarriers();
  const name = typeof value === "string" ? value : "";
  const [text, setText] = useState(name);
  const isFocused = useRef(false);
  useEffect(() => {
    if (!isFocused.current) setText(name);
  }, [name]);
  const carrier = name === "" ? undefined : carrierOf(edges, name);
  // one undo step with the change of the setting that these are part of
  const gesture = `config ${form.id} ${path[0] ?? ""}`;
  const commit = () => {
    const next = text.trim();
    if (next === "" && !field.nullable) return onError("Write a name.");
    onError(null);
    if (next !== name) {
      onChange(next === "" ? null : next);
      if (name !== "" && next !== "" && edges.some((edge) => tasksOf(edge).includes(name)))
        store.getState().apply("Rename a command", renameTask(edges, name, next), { gesture });
    }
    form.done();
  };
  return (
    <>
      <input
        id={id}
        className="field-input"
        type="text"
        value={text}
        placeholder={field.nullable ? "none" : ""}
        autoComplete="off"
        readOnly={form.readOnly}
        aria-invalid={invalid}
        aria-describedby={describedBy}
        onFocus={() => {
          isFocused.current = true;
        }}
        onChange={(event) => setText(event.target.value)}
        onBlur={() => {
          isFocused.current = false;
          commit();
        }}
        onKeyDown={(event) => event.key === "Enter" && commit()}
      />
      {name !== "" && edges.length > 0 && (
        <div className="carrier">
          <span>done by</span>
          <select
            className="field-input"
            aria-label={`Who does ${name}`}
            value={carrier?.id ?? ""}
            disabled={form.readOnly}
            onChange={(event) => {
              store
                .getState()
                .apply(`Change who does ${name}`, assignTask(edges, name, event.target.value), { gesture });
              form.done();
            }}
          >
            {!carrier && <option value="">nobody yet</option>}
            {edges.map((edge) => (
              <option key={edge.id} value={edge.id}>
                {nameOf(edge)}
              </option>
            ))}
          </select>
          {carrier && (
            <button
              type="button"
              className="field-tool"
              aria-label={`Connection of ${name}: latency, refusals, retries`}
              title="Its connection: latency, refusals, retries"
              onClick={() => store.getState().select({ nodes: [], edges: [carrier.id] })}
            >
              <ArrowRight size={14} aria-hidden="true" />
            </button>
          )}
        </div>
      )}
    </>
  );
}
