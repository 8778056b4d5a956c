import { useMemo } from "react";
import { nodeFacts } from "../canvas/facts";
import { graphOrder } from "../canvas/graphOrder";
import { asSentence, problemsByElement } from "../document/problems";
import { shownDocument } from "../document/store";
import { type DesignDocument, findNode, nodeName } from "../document/types";
import { useEditor, useEditorState } from "./EditorContext";
import "./table.css";

/** The design as two tables: the same as the drawing, for reading by ear and for large designs. */
export function GraphTable() {
  const { store, view, catalogue } = useEditor();
  const document = useEditorState(shownDocument);
  const selection = useEditorState((state) => state.selection);
  const problems = useEditorState((state) => state.problems);
  const faults = useMemo(() => problemsByElement(problems, document), [problems, document]);
  const order = useMemo(() => graphOrder(document), [document]);
  const choose = (list: "nodes" | "edges", id: string) => {
    store.getState().select({ nodes: [], edges: [], [list]: [id] });
    view.getState().set({ inspectorOpen: true });
  };
  const name = (id: string) => nameIn(document, id);
  return (
    <div className="graph-table">
      <table>
        <caption>Nodes</caption>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Kind</th>
            <th scope="col">Settings</th>
            <th scope="col">Leads to</th>
            <th scope="col">Problems</th>
          </tr>
        </thead>
        <tbody>
          {order.map((id) => {
            const node = findNode(document, id);
            if (!node) return null;
            const kind = catalogue.kind(node.kind);
            return (
              <tr key={id} aria-selected={selection.nodes.includes(id)}>
                <th scope="row">
                  <button type="button" className="link-button" onClick={() => choose("nodes", id)}>
                    {nodeName(node)}
                  </button>
                </th>
                <td>{kind?.title ?? node.kind}</td>
                <td>
                  {nodeFacts(node, kind)
                    .slice(0, 4)
                    .map((fact) => `${fact.name} ${fact.text}`)
                    .join(", ")}
                </td>
                <td>
                  {document.edges
                    .filter((edge) => edge.from === id)
                    .map((edge) => name(edge.to))
                    .join(", ") || "–"}
                </td>
                <td>
                  {faults
                    .get(id)
                    ?.problems.map((problem) => asSentence(problem.message))
                    .join(" ") || "–"}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
      <table>
        <caption>Connections</caption>
        <thead>
          <tr>
            <th scope="col">From</th>
            <th scope="col">To</th>
            <th scope="col">Role</th>
            <th scope="col">Problems</th>
          </tr>
        </thead>
        <tbody>
          {document.edges.map((edge) => (
            <tr key={edge.id} aria-selected={selection.edges.includes(edge.id)}>
              <th scope="row">
                <button type="button" className="link-button" onClick={() => choose("edges", edge.id)}>
                  {name(edge.from)}
                </button>
              </th>
              <td>{name(edge.to)}</td>
              <td>{catalogue.roleOf(document, edge)}</td>
              <td>
                {faults
                  .get(edge.id)
                  ?.problems.map((problem) => asSentence(problem.message))
                  .join(" ") || "–"}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function nameIn(document: DesignDocument, id: string): string {
  const node = findNode(document, id);
  return node ? nodeName(node) : id;
}
