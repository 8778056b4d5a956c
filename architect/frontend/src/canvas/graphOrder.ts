/** Nodes in the order messages meet them: the order of Tab, of tables and of reading aloud. */
import type { DesignDocument } from "../document/types";

/** Layer by layer from the sources; nodes on cycles come where the document has them. */
export function graphOrder(document: Pick<DesignDocument, "nodes" | "edges">): string[] {
  const layers = layersOf(document);
  const index = new Map(document.nodes.map((node, at) => [node.id, at]));
  return document.nodes
    .map((node) => node.id)
    .sort((a, b) => (layers.get(a) ?? 0) - (layers.get(b) ?? 0) || (index.get(a) ?? 0) - (index.get(b) ?? 0));
}

/** The longest way from a source to each node, edges that close a cycle left out. */
export function layersOf(document: Pick<DesignDocument, "nodes" | "edges">): Map<string, number> {
  const next = forward(document);
  const waiting = new Map<string, number>(document.nodes.map((node) => [node.id, 0]));
  for (const targets of next.values()) for (const to of targets) waiting.set(to, (waiting.get(to) ?? 0) + 1);
  const layer = new Map<string, number>();
  const ready = document.nodes.map((node) => node.id).filter((id) => waiting.get(id) === 0);
  for (const id of ready) layer.set(id, 0);
  for (let at = 0; at < ready.length; at += 1) {
    const id = ready[at] as string;
    for (const to of next.get(id) ?? []) {
      layer.set(to, Math.max(layer.get(to) ?? 0, (layer.get(id) ?? 0) + 1));
      const left = (waiting.get(to) ?? 1) - 1;
      waiting.set(to, left);
      if (left === 0) ready.push(to);
    }
  }
  return layer;
}

/** Edges by their start, without those that lead back (found by a depth-first walk without recursion). */
function forward(document: Pick<DesignDocument, "nodes" | "edges">): Map<string, string[]> {
  const ids = new Set(document.nodes.map((node) => node.id));
  const all = new Map<string, string[]>();
  for (const edge of document.edges) {
    if (!ids.has(edge.from) || !ids.has(edge.to) || edge.from === edge.to) continue;
    all.set(edge.from, [...(all.get(edge.from) ?? []), edge.to]);
  }
  const kept = new Map<string, string[]>();
  const state = new Map<string, "open" | "done">();
  const entered = new Set(document.edges.map((edge) => edge.to));
  const sourcesFirst = [...ids].sort((a, b) => Number(entered.has(a)) - Number(entered.has(b)));
  for (const start of sourcesFirst) {
    if (state.has(start)) continue;
    const stack: { id: string; at: number }[] = [{ id: start, at: 0 }];
    state.set(start, "open");
    while (stack.length > 0) {
      const top = stack[stack.length - 1] as { id: string; at: number };
      const to = all.get(top.id)?.[top.at];
      top.at += 1;
      if (to === undefined) {
        state.set(top.id, "done");
        stack.pop();
        continue;
      }
      if (state.get(to) === "open") continue;
      kept.set(top.id, [...(kept.get(top.id) ?? []), to]);
      if (!state.has(to)) {
        state.set(to, "open");
        stack.push({ id: to, at: 0 });
      }
    }
  }
  return kept;
}
