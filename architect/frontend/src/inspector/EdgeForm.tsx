import { ArrowRight } from "lucide-react";
import { useId } from "react";
import { setEdgeConfig, setEdgeRole } from "../document/commands";
import { shownDocument } from "../document/store";
import { type DesignEdge, findNode, nodeName } from "../document/types";
import { useEditor, useEditorState } from "../editor/EditorContext";
import { EdgeCounts } from "./EdgeCounts";
import { useForm } from "./FormContext";
import { ElementProblems } from "./NodeForm";
import { SchemaForm } from "./SchemaForm";

export function EdgeForm({ edge }: { edge: DesignEdge }) {
  const { store, catalogue } = useEditor();
  const form = useForm();
  const roleId = useId();
  const document = useEditorState(shownDocument);
  const from = findNode(document, edge.from);
  const to = findNode(document, edge.to);
  const role = catalogue.roleOf(document, edge);
  const roles = catalogue.connection(document, edge.from, edge.to, edge.id).roles;
  const options = roles.includes(role) ? roles : [role, ...roles];
  const schema = from && to ? catalogue.edgeSchema(from.kind, role, to.kind) : null;
  const { apply, select } = store.getState();
  const end = (node: typeof from, id: string) => (
    <button type="button" className="link-button" onClick={() => select({ nodes: [id], edges: [] })}>
      {node ? nodeName(node) : id}
    </button>
  );
  return (
    <>
      <header className="inspector-head">
        <div>
          <h2 className="edge-ends">
            {end(from, edge.from)} <ArrowRight size={16} aria-label="to" /> {end(to, edge.to)}
          </h2>
          <p className="muted">
            Connection <span className="mono">{edge.id}</span>
          </p>
        </div>
      </header>
      <ElementProblems id={edge.id} />
      <div className="field" data-path="role">
        <div className="field-head">
          <label className="field-title" htmlFor={roleId}>
            Role
          </label>
        </div>
        <select
          id={roleId}
          className="field-input"
          value={role}
          disabled={form.readOnly || options.length < 2}
          onChange={(event) => apply("Change role", setEdgeRole(edge.id, event.target.value))}
        >
          {options.map((one) => (
            <option key={one} value={one}>
              {one} – {catalogue.roleTitle(one)}
            </option>
          ))}
        </select>
      </div>
      {schema ? (
        <SchemaForm
          key={role}
          schema={schema}
          value={edge.config ?? {}}
          onChange={(name, value) =>
            apply(`Change connection: ${name}`, setEdgeConfig(edge.id, [name], value), {
              gesture: `config ${edge.id} ${name}`,
            })
          }
        />
      ) : (
        <p className="muted">This connection has no settings of its own.</p>
      )}
      <EdgeCounts id={edge.id} />
    </>
  );
}
