import { setNodeConfig, together } from "../document/commands";
import { sameJson } from "../document/paths";
import { shownDocument } from "../document/store";
import type { Json, Selection } from "../document/types";
import { useEditor, useEditorState } from "../editor/EditorContext";
import { fieldsOf } from "../schema/fields";
import { Field } from "./Field";

const MIXED = "mixed values";

/** Several elements are selected. Nodes of one kind share their settings: a change reaches all of them. */
export function ManyForm({ selection }: { selection: Selection }) {
  const { store, catalogue, actions } = useEditor();
  const document = useEditorState(shownDocument);
  const nodes = document.nodes.filter((node) => selection.nodes.includes(node.id));
  const kinds = new Set(nodes.map((node) => node.kind));
  const kind = kinds.size === 1 && nodes[0] ? catalogue.kind(nodes[0].kind) : undefined;
  const set = (name: string, value: Json | undefined) =>
    store
      .getState()
      .apply(
        `Change ${nodes.length} nodes: ${name}`,
        together(...nodes.map((node) => setNodeConfig(node.id, [name], value))),
        {
          gesture: `many ${name}`,
        },
      );
  const run = (id: "duplicate" | "delete" | "tidy") => () => void actions.by[id].run();
  return (
    <>
      <header className="inspector-head">
        <div>
          <h2>
            {selection.nodes.length} nodes
            {selection.edges.length > 0 && `, ${selection.edges.length} connections`}
          </h2>
          <p className="muted">{kind ? `All are of one kind: ${kind.title}` : "Of different kinds"}</p>
        </div>
      </header>
      <div className="many-actions">
        <button type="button" className="button small" onClick={run("tidy")} disabled={nodes.length < 2}>
          Tidy up
        </button>
        <button
          type="button"
          className="button small"
          onClick={run("duplicate")}
          disabled={nodes.length === 0}
        >
          Duplicate
        </button>
        <button type="button" className="button small" onClick={run("delete")}>
          Delete
        </button>
      </div>
      {kind &&
        nodes.length > 1 &&
        fieldsOf(kind.config, kind.config, kind.defaults).map((field) => {
          const values = nodes.map((node) => node.config?.[field.name] ?? field.fallback);
          const isMixed = values.some((value) => !sameJson(value, values[0]));
          return (
            <div key={field.name} className={isMixed ? "is-mixed" : undefined}>
              {isMixed && <p className="mixed-mark">{MIXED}: a change here applies to all</p>}
              <Field
                field={field}
                path={[field.name]}
                value={nodes[0]?.config?.[field.name]}
                onChange={(value) => set(field.name, value)}
              />
            </div>
          );
        })}
    </>
  );
}
