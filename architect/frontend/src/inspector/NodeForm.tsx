import { ArrowLeft, ArrowRight, ExternalLink } from "lucide-react";
import { useId, useState } from "react";
import { KindIcon } from "../canvas/kindIcons";
import { renameNode, setLabel, setNodeConfig } from "../document/commands";
import { idsOf, isValidId } from "../document/ids";
import { asSentence, problemsByElement } from "../document/problems";
import { shownDocument } from "../document/store";
import { type DesignNode, findNode, nodeName } from "../document/types";
import { useEditor, useEditorState } from "../editor/EditorContext";
import { TryAs } from "../experiments/TryAs";
import { useForm } from "./FormContext";
import { NodeTabs } from "./NodeTabs";
import { SchemaForm } from "./SchemaForm";

export function NodeForm({ node }: { node: DesignNode }) {
  const { catalogue } = useEditor();
  const kind = catalogue.kind(node.kind);
  return (
    <>
      <header className="inspector-head">
        <span className={`card-icon category-${catalogue.category(node.kind)}`}>
          <KindIcon kind={node.kind} category={catalogue.category(node.kind)} size={18} />
        </span>
        <div>
          <h2>{nodeName(node)}</h2>
          <p className="muted">
            {kind?.title ?? node.kind}{" "}
            {kind?.docs && (
              <a href={kind.docs} target="_blank" rel="noreferrer" className="docs-link">
                documentation <ExternalLink size={12} aria-hidden="true" />
              </a>
            )}
          </p>
        </div>
      </header>
      <ElementProblems id={node.id} />
      <NodeTabs node={node} kind={kind}>
        <Settings node={node} />
      </NodeTabs>
    </>
  );
}

function Settings({ node }: { node: DesignNode }) {
  const { store, catalogue } = useEditor();
  const form = useForm();
  const kind = catalogue.kind(node.kind);
  const nameId = useId();
  const apply = store.getState().apply;
  return (
    <>
      {kind && <p className="inspector-summary">{kind.summary}</p>}
      <div className="field">
        <div className="field-head">
          <label className="field-title" htmlFor={nameId}>
            Name
          </label>
        </div>
        <input
          id={nameId}
          className="field-input"
          value={node.label ?? ""}
          placeholder={node.id}
          readOnly={form.readOnly}
          autoComplete="off"
          onChange={(event) =>
            apply(`Rename ${nodeName(node)}`, setLabel(node.id, event.target.value), {
              gesture: `label ${node.id}`,
            })
          }
          onBlur={form.done}
        />
      </div>
      {kind ? (
        <SchemaForm
          schema={kind.config}
          value={node.config ?? {}}
          {...(kind.defaults ? { defaults: kind.defaults } : {})}
          onChange={(name, value) =>
            apply(`Change ${nodeName(node)}: ${name}`, setNodeConfig(node.id, [name], value), {
              gesture: `config ${node.id} ${name}`,
            })
          }
        />
      ) : (
        <p className="field-error">This version of Headrace does not know the kind “{node.kind}”.</p>
      )}
      <Connections node={node} />
      <TryAs node={node} />
      <Identifier node={node} />
    </>
  );
}

/** What leads in and out, each a way to that connection's settings. */
function Connections({ node }: { node: DesignNode }) {
  const { store, catalogue } = useEditor();
  const document = useEditorState(shownDocument);
  const edges = document.edges.filter((edge) => edge.from === node.id || edge.to === node.id);
  if (edges.length === 0) return null;
  const name = (id: string) => {
    const other = findNode(document, id);
    return other ? nodeName(other) : id;
  };
  return (
    <section className="connections">
      <h3 className="inspector-section">Connections</h3>
      <ul>
        {edges.map((edge) => {
          const isOut = edge.from === node.id;
          return (
            <li key={edge.id}>
              <button
                type="button"
                className="connection"
                onClick={() => store.getState().select({ nodes: [], edges: [edge.id] })}
              >
                {isOut ? <ArrowRight size={14} aria-label="to" /> : <ArrowLeft size={14} aria-label="from" />}
                <span>{name(isOut ? edge.to : edge.from)}</span>
                <span className="muted">{catalogue.roleOf(document, edge)}</span>
              </button>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

/** The id used in files and results; it stays when the name changes, and can be changed here. */
function Identifier({ node }: { node: DesignNode }) {
  const { store } = useEditor();
  const form = useForm();
  const id = useId();
  const [text, setText] = useState(node.id);
  const document = useEditorState((state) => state.history.present);
  const refusal = !isValidId(text)
    ? "Small letters, digits and hyphens, a letter first."
    : text !== node.id && idsOf(document).has(text)
      ? "Another element has this identifier."
      : null;
  const commit = () => {
    if (refusal || text === node.id) return;
    store.getState().apply(`Change identifier to ${text}`, renameNode(node.id, text), {
      select: { nodes: [text], edges: [] },
    });
  };
  return (
    <div className={`field is-quiet${refusal ? " is-invalid" : ""}`} data-path="id">
      <div className="field-head">
        <label className="field-title" htmlFor={id}>
          Identifier in files
        </label>
      </div>
      <input
        id={id}
        className="field-input mono"
        value={text}
        readOnly={form.readOnly}
        spellCheck={false}
        aria-invalid={refusal !== null}
        onChange={(event) => setText(event.target.value)}
        onBlur={commit}
        onKeyDown={(event) => event.key === "Enter" && commit()}
      />
      {refusal && <p className="field-error">{refusal}</p>}
    </div>
  );
}

/** What is wrong with the element as a whole, not with one of its fields. */
export function ElementProblems({ id }: { id: string }) {
  const document = useEditorState((state) => state.history.present);
  const problems = useEditorState((state) => state.problems);
  const own = problemsByElement(problems, document).get(id)?.problems ?? [];
  const whole = own.filter(
    (problem) =>
      // one about all settings together has no field to stand at
      /(^|\.)config$/.test(problem.field || problem.path) ||
      (!problem.field.startsWith("config") && !/\.config\b/.test(problem.path)),
  );
  if (whole.length === 0) return null;
  return (
    <ul className="element-problems">
      {whole.map((problem) => (
        <li key={problem.code + problem.message} className={problem.severity}>
          <strong>{asSentence(problem.message)}</strong> {asSentence(problem.hint)}{" "}
          <span className="muted mono">{problem.code}</span>
        </li>
      ))}
    </ul>
  );
}
