import { useId } from "react";
import { setDescription, setName, setSimulation } from "../document/commands";
import { shownDocument } from "../document/store";
import { useEditor, useEditorState } from "../editor/EditorContext";
import { objectOr, resolve } from "../schema/fields";
import { useForm } from "./FormContext";
import { SchemaForm } from "./SchemaForm";

/** Nothing is selected: the design's name and description, and how it is run. */
export function SimulationForm() {
  const { store, catalogue } = useEditor();
  const form = useForm();
  const nameId = useId();
  const textId = useId();
  const document = useEditorState(shownDocument);
  const root = catalogue.bundle.document;
  const simulation = root.properties?.["simulation"];
  const apply = store.getState().apply;
  return (
    <>
      <header className="inspector-head">
        <div>
          <h2>Design and simulation</h2>
          <p className="muted">
            {document.nodes.length} nodes, {document.edges.length} connections
          </p>
        </div>
      </header>
      <div className="field" data-path="name">
        <div className="field-head">
          <label className="field-title" htmlFor={nameId}>
            Name
          </label>
        </div>
        <input
          id={nameId}
          className="field-input"
          value={document.name}
          readOnly={form.readOnly}
          autoComplete="off"
          onChange={(event) => apply("Rename the design", setName(event.target.value), { gesture: "name" })}
          onBlur={() => {
            if (document.name.trim() === "")
              apply("Rename the design", setName("Untitled design"), { gesture: "name" });
            form.done();
          }}
        />
      </div>
      <div className="field" data-path="description">
        <div className="field-head">
          <label className="field-title" htmlFor={textId}>
            Description
          </label>
        </div>
        <textarea
          id={textId}
          className="field-input grows"
          rows={3}
          value={document.description ?? ""}
          readOnly={form.readOnly}
          onChange={(event) =>
            apply("Describe the design", setDescription(event.target.value), { gesture: "text" })
          }
          onBlur={form.done}
        />
      </div>
      {simulation && (
        <>
          <h3 className="inspector-section">Simulation</h3>
          <SchemaForm
            schema={resolve(simulation, root)}
            root={root}
            value={objectOr(document.simulation)}
            onChange={(name, value) =>
              apply(`Change simulation: ${name}`, setSimulation([name], value), {
                gesture: `simulation ${name}`,
              })
            }
          />
        </>
      )}
    </>
  );
}
