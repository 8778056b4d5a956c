import { shownDocument } from "../document/store";
import { findEdge, findNode, type JsonObject, nodeName } from "../document/types";
import { useEditorState } from "../editor/EditorContext";
import { formatCount } from "../run/numbers";
import { hasBar, type InsideTable, insideOf, insideText, wordsOf } from "./inside";

/** The node's inner state at the moment shown: partitions, members, bindings. */
export function InsideTab({ detail }: { detail: JsonObject }) {
  const document = useEditorState(shownDocument);
  const { facts, tables } = insideOf(detail);
  const label = (id: string) => {
    const node = findNode(document, id);
    return node ? nodeName(node) : id;
  };
  const edgeName = (id: string) => {
    const edge = findEdge(document, id);
    return edge ? `${label(edge.from)} → ${label(edge.to)}` : id;
  };
  const targetName = (id: string) => {
    const edge = findEdge(document, id);
    return edge ? label(edge.to) : label(id);
  };
  const text = (name: string, value: JsonObject[string]) => {
    if (name === "edge" && typeof value === "string") return edgeName(value);
    return insideText(name, value, name === "targets" ? targetName : label);
  };
  return (
    <>
      {facts.length > 0 && (
        <dl className="inside-facts">
          {facts.map(([name, value]) => (
            <div key={name}>
              <dt>{wordsOf(name)}</dt>
              <dd className="tabular">{text(name, value)}</dd>
            </div>
          ))}
        </dl>
      )}
      {tables.map((table) => (
        <Rows key={table.title} table={table} text={text} />
      ))}
      {facts.length === 0 && tables.length === 0 && <p className="muted">It is empty.</p>}
    </>
  );
}

function Rows({
  table,
  text,
}: {
  table: InsideTable;
  text: (name: string, value: JsonObject[string]) => string;
}) {
  // where a row names its edge and its other end, the end says it all
  const columns = table.columns.filter(
    (name) => name !== "edge" || !table.columns.some((other) => other === "to" || other === "consumer"),
  );
  const largest = (name: string) =>
    Math.max(0, ...table.rows.map((row) => (typeof row[name] === "number" ? (row[name] as number) : 0)));
  return (
    <div className="inside-table">
      <table>
        <caption>{table.title}</caption>
        <thead>
          <tr>
            {columns.map((name) => (
              <th key={name} scope="col">
                {wordsOf(name)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {table.rows.map((row, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: rows have no id of their own, their order is the kind's
            <tr key={index}>
              {columns.map((name) => {
                const value = row[name];
                return (
                  <td key={name} className={typeof value === "number" ? "tabular" : undefined}>
                    {hasBar(name) && typeof value === "number" ? (
                      <Bar value={value} largest={largest(name)} />
                    ) : (
                      text(name, value)
                    )}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** A number with its share of the largest in the column behind it. */
function Bar({ value, largest }: { value: number; largest: number }) {
  const share = largest > 0 ? (100 * value) / largest : 0;
  return (
    <span className="inside-bar">
      <span className="inside-bar-fill" style={{ width: `${share}%` }} aria-hidden="true" />
      <span className="inside-bar-text">{formatCount(value)}</span>
    </span>
  );
}
