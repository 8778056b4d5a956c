import { shownDocument } from "../document/store";
import { findEdge, findNode, type JsonObject, nodeName } from "../document/types";
import { useEditorState } from "../editor/EditorContext";
import { formatCount, formatSeconds } from "../run/numbers";
import { hasBar, type InsideTable, insideOf, insideText, type Bar as Span, wordsOf } from "./inside";

/** The node's inner state at the moment shown: partitions, members, bindings. */
export function InsideTab({ node, detail }: { node: string; detail: JsonObject }) {
  const document = useEditorState(shownDocument);
  const { facts, tables, waterfall } = insideOf(detail);
  const label = (id: string) => {
    const node = findNode(document, id);
    return node ? nodeName(node) : id;
  };
  const edgeName = (id: string) => {
    const edge = findEdge(document, id);
    if (!edge) return id;
    // this node's own name in every row would leave no room for the other end's
    if (edge.from === node) return `→ ${label(edge.to)}`;
    return edge.to === node ? `${label(edge.from)} →` : `${label(edge.from)} → ${label(edge.to)}`;
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
      {waterfall.length > 0 && <Waterfall bars={waterfall} />}
      {facts.length === 0 && tables.length === 0 && <p className="muted">It is empty.</p>}
    </>
  );
}

/** The last execution: when each state was entered and how long it took. */
function Waterfall({ bars }: { bars: readonly Span[] }) {
  const end = Math.max(...bars.map((bar) => bar.to ?? bar.from), 1e-9);
  const share = (seconds: number) => `${((100 * seconds) / end).toFixed(2)}%`;
  return (
    <div className="inside-table waterfall">
      <table>
        <caption>Waterfall of the last execution, {formatSeconds(end)}</caption>
        <thead>
          <tr>
            <th scope="col">State</th>
            <th scope="col">Entered</th>
            <th scope="col">Took</th>
          </tr>
        </thead>
        <tbody>
          {bars.map((bar, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a state may be entered many times
            <tr key={index}>
              <td>
                {bar.name}
                <span className="waterfall-track" aria-hidden="true">
                  <span
                    style={{ left: share(bar.from), width: share(Math.max(0, (bar.to ?? end) - bar.from)) }}
                  />
                </span>
              </td>
              <td className="tabular">{formatSeconds(bar.from)}</td>
              <td className="tabular">{bar.to === null ? "goes on" : formatSeconds(bar.to - bar.from)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
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
