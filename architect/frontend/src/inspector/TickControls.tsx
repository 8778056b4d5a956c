/** Lists whose values are known beforehand: boxes to tick instead of a text. */
import { shownDocument } from "../document/store";
import { findNode, type Json, nodeName } from "../document/types";
import { useEditor, useEditorState } from "../editor/EditorContext";
import { fieldSpec } from "../schema/fields";
import type { ControlProps } from "./Field";
import { useForm } from "./FormContext";

interface Tick {
  readonly value: string;
  readonly label: string;
}

/** Some of a few words. */
export function ChoicesControl(props: ControlProps) {
  const { items } = props.field.schema;
  const words = typeof items === "object" ? fieldSpec("item", items, props.field.root, true).choices : [];
  return <Ticks {...props} ticks={words.map((word) => ({ value: String(word), label: String(word) }))} />;
}

/** Some of the services that the node calls: by the node's id, or by the edge's where two lead to one node. */
export function CalleesControl(props: ControlProps) {
  const { catalogue } = useEditor();
  const form = useForm();
  const document = useEditorState(shownDocument);
  const chosen = Array.isArray(props.value) ? props.value : [];
  const calls = document.edges.filter(
    (edge) => edge.from === form.id && catalogue.roleOf(document, edge) === "invoke",
  );
  const ticks = calls.map((edge) => {
    const to = findNode(document, edge.to);
    const name = to ? nodeName(to) : edge.to;
    const isAlone = calls.filter((one) => one.to === edge.to).length === 1;
    const value = isAlone && !chosen.includes(edge.id) ? edge.to : edge.id;
    return { value, label: isAlone ? name : `${name} (${edge.id})` };
  });
  const known = new Set(ticks.map((tick) => tick.value));
  const strangers = chosen.filter((one) => typeof one === "string" && !known.has(one)).map(String);
  return (
    <>
      <Ticks
        {...props}
        ticks={[...ticks, ...strangers.map((value) => ({ value, label: `${value} (not connected)` }))]}
      />
      {ticks.length === 0 && <p className="field-help">Lead an invoke connection to a service first.</p>}
    </>
  );
}

function Ticks({
  id,
  field,
  value,
  onChange,
  describedBy,
  ticks,
}: ControlProps & { ticks: readonly Tick[] }) {
  const form = useForm();
  const chosen = Array.isArray(value) ? value : [];
  const isWords = field.kind === "choices";
  const toggle = (one: string) => {
    const next: Json[] = chosen.includes(one) ? chosen.filter((other) => other !== one) : [...chosen, one];
    // words in the order of the schema, so that the same choice is the same document; calls in the order of ticking
    onChange(isWords ? ticks.map((tick) => tick.value).filter((word) => next.includes(word)) : next);
    form.done();
  };
  return (
    <fieldset className="ticks" id={id} aria-labelledby={`${id}-title`} aria-describedby={describedBy}>
      {ticks.map((tick) => (
        <label key={tick.value}>
          <input
            type="checkbox"
            checked={chosen.includes(tick.value)}
            disabled={form.readOnly}
            onChange={() => toggle(tick.value)}
          />
          {tick.label}
        </label>
      ))}
    </fieldset>
  );
}
