/**
 * Every edit of a design: pure functions from a document to the next one.
 * Whether an edit is allowed (wiring) is decided in `schema/wiring.ts`; these only carry it out.
 */
import { freeEdgeId, freeId, idsOf } from "./ids";
import { writePath } from "./paths";
import type { DesignDocument, DesignEdge, DesignNode, Json, JsonObject, Point, Selection } from "./types";

export type Command = (document: DesignDocument) => DesignDocument;

export function addNode(node: DesignNode, at: Point): Command {
  return (document) => ({
    ...document,
    nodes: [...document.nodes, node],
    layout: { ...document.layout, [node.id]: rounded(at) },
  });
}

export function addEdge(edge: DesignEdge): Command {
  return (document) => ({ ...document, edges: [...document.edges, edge] });
}

/** Carry out several commands as one. */
export function together(...commands: readonly Command[]): Command {
  return (document) => commands.reduce((next, command) => command(next), document);
}

/** Put a node into an edge: the edge now ends at the node, a new edge leads on to where it ended. */
export function insertIntoEdge(
  edgeId: string,
  nodeId: string,
  roles: { before: string; after: string },
): Command {
  return (document) => {
    const edge = document.edges.find((one) => one.id === edgeId);
    if (!edge) return document;
    const onward: DesignEdge = {
      id: freeEdgeId(idsOf(document)),
      from: nodeId,
      to: edge.to,
      role: roles.after,
      // what the receiving side needs stays with the edge that reaches it
      ...(roles.after === edge.role && edge.config ? { config: edge.config } : {}),
    };
    const { config, ...bare } = edge;
    const kept = roles.before === edge.role && roles.after !== edge.role && config ? { config } : {};
    const before: DesignEdge = { ...bare, to: nodeId, role: roles.before, ...kept };
    return {
      ...document,
      edges: [...document.edges.map((one) => (one.id === edgeId ? before : one)), onward],
    };
  };
}

/** A fault at the end of the list: the order of the list is not the order of time. */
export function addFault(fault: JsonObject): Command {
  return (document) => ({ ...document, faults: [...(document.faults ?? []), fault] });
}

export function addObjective(objective: JsonObject): Command {
  return (document) => ({ ...document, objectives: [...(document.objectives ?? []), objective] });
}

export function removeFault(index: number): Command {
  return (document) => ({
    ...document,
    faults: (document.faults ?? []).filter((_fault, position) => position !== index),
  });
}

/** Remove nodes and edges, the edges of removed nodes, and all that names a removed node. */
export function remove(selection: Selection): Command {
  return (document) => {
    const nodes = new Set(selection.nodes);
    const edges = new Set(selection.edges);
    const names = (value: unknown) => typeof value === "string" && nodes.has(value);
    const next: { -readonly [K in keyof DesignDocument]: DesignDocument[K] } = {
      ...document,
      nodes: document.nodes.filter((node) => !nodes.has(node.id)),
      edges: document.edges.filter(
        (edge) => !edges.has(edge.id) && !nodes.has(edge.from) && !nodes.has(edge.to),
      ),
    };
    if (document.layout) next.layout = withoutKeys(document.layout, (id) => nodes.has(id));
    if (document.faults) next.faults = document.faults.filter((fault) => !names(fault["node"]));
    if (document.objectives) {
      next.objectives = document.objectives.filter(
        (one) => !names(one["from"]) && !names(one["to"]) && !names(one["node"]),
      );
    }
    if (document.assumptions) {
      next.assumptions = withoutKeys(document.assumptions, (key) => nodes.has(key.split(".")[0] ?? ""));
    }
    return next;
  };
}

export function moveNodes(positions: Readonly<Record<string, Point>>): Command {
  return (document) => {
    const layout: Record<string, Point> = { ...document.layout };
    for (const [id, point] of Object.entries(positions)) layout[id] = rounded(point);
    return { ...document, layout };
  };
}

export function updateNode(id: string, change: (node: DesignNode) => DesignNode): Command {
  return (document) => ({
    ...document,
    nodes: document.nodes.map((node) => (node.id === id ? change(node) : node)),
  });
}

export function updateEdge(id: string, change: (edge: DesignEdge) => DesignEdge): Command {
  return (document) => ({
    ...document,
    edges: document.edges.map((edge) => (edge.id === id ? change(edge) : edge)),
  });
}

export function setLabel(id: string, label: string): Command {
  return updateNode(id, ({ label: _old, ...node }) => (label.trim() === "" ? node : { ...node, label }));
}

function configured<T extends { readonly config?: JsonObject }>(
  element: T,
  path: readonly string[],
  value: Json | undefined,
): T {
  const { config, ...bare } = element;
  const next = writePath(config ?? {}, path, value);
  return (Object.keys(next).length === 0 ? bare : { ...bare, config: next }) as T;
}

/** Set one setting of a node; `undefined` takes it back to its default. */
export function setNodeConfig(id: string, path: readonly string[], value: Json | undefined): Command {
  return updateNode(id, (node) => configured(node, path, value));
}

export function setEdgeConfig(id: string, path: readonly string[], value: Json | undefined): Command {
  return updateEdge(id, (edge) => configured(edge, path, value));
}

/** Give an edge another role; settings of the old role do not fit the new one and go. */
export function setEdgeRole(id: string, role: string): Command {
  return updateEdge(id, (edge) => {
    if (edge.role === role) return edge;
    const { config: _old, ...bare } = edge;
    return { ...bare, role };
  });
}

/** Lead an edge from or to another node. */
export function reconnect(id: string, ends: { from: string; to: string; role: string }): Command {
  return updateEdge(id, (edge) => {
    const { config, ...bare } = edge;
    const keeps = edge.role === ends.role && config !== undefined;
    return { ...bare, from: ends.from, to: ends.to, role: ends.role, ...(keeps ? { config } : {}) };
  });
}

export function setSimulation(path: readonly string[], value: Json | undefined): Command {
  return (document) => {
    const { simulation, ...rest } = document;
    const next = writePath(simulation ?? {}, path, value);
    return (Object.keys(next).length === 0 ? rest : { ...rest, simulation: next }) as DesignDocument;
  };
}

export function setName(name: string): Command {
  return (document) => ({ ...document, name });
}

export function setDescription(description: string): Command {
  return (document) => ({ ...document, description });
}

/** Give a node another id, everywhere it is named. The caller has checked that the id is valid and free. */
export function renameNode(id: string, next: string): Command {
  return (document) => {
    const renamed = (value: unknown) => (value === id ? next : value);
    const inObject = (object: JsonObject, keys: readonly string[]): JsonObject => ({
      ...object,
      ...Object.fromEntries(
        keys.filter((key) => key in object).map((key) => [key, renamed(object[key]) as Json]),
      ),
    });
    const key = (text: string) =>
      text === id ? next : text.startsWith(`${id}.`) ? next + text.slice(id.length) : text;
    const inKeys = <T>(record: Readonly<Record<string, T>>) =>
      Object.fromEntries(Object.entries(record).map(([name, value]) => [key(name), value]));
    return {
      ...document,
      nodes: document.nodes.map((node) => (node.id === id ? { ...node, id: next } : node)),
      edges: document.edges.map((edge) => ({
        ...edge,
        from: renamed(edge.from) as string,
        to: renamed(edge.to) as string,
      })),
      ...(document.layout ? { layout: inKeys(document.layout) } : {}),
      ...(document.faults ? { faults: document.faults.map((fault) => inObject(fault, ["node"])) } : {}),
      ...(document.objectives
        ? { objectives: document.objectives.map((one) => inObject(one, ["node", "from", "to"])) }
        : {}),
      ...(document.assumptions ? { assumptions: inKeys(document.assumptions) } : {}),
    };
  };
}

/** Nodes and the edges between them, copied beside the originals. Returns the new ids too. */
export function pasted(
  document: DesignDocument,
  piece: {
    nodes: readonly DesignNode[];
    edges: readonly DesignEdge[];
    layout: Readonly<Record<string, Point>>;
  },
  offset: Point,
): { document: DesignDocument; selection: Selection } {
  const taken = idsOf(document);
  const ids = new Map<string, string>();
  for (const node of piece.nodes) {
    const id = freeId(node.id, taken);
    taken.add(id);
    ids.set(node.id, id);
  }
  const nodes = piece.nodes.map((node) => ({ ...node, id: ids.get(node.id) ?? node.id }));
  const layout: Record<string, Point> = { ...document.layout };
  for (const node of piece.nodes) {
    const at = piece.layout[node.id] ?? { x: 0, y: 0 };
    layout[ids.get(node.id) ?? node.id] = rounded({ x: at.x + offset.x, y: at.y + offset.y });
  }
  const edges: DesignEdge[] = [];
  for (const edge of piece.edges) {
    const from = ids.get(edge.from);
    const to = ids.get(edge.to);
    if (from === undefined || to === undefined) continue;
    const id = taken.has(edge.id) ? freeEdgeId(taken) : edge.id;
    taken.add(id);
    edges.push({ ...edge, id, from, to });
  }
  return {
    document: {
      ...document,
      nodes: [...document.nodes, ...nodes],
      edges: [...document.edges, ...edges],
      layout,
    },
    selection: { nodes: nodes.map((node) => node.id), edges: edges.map((edge) => edge.id) },
  };
}

function withoutKeys<T>(
  record: Readonly<Record<string, T>>,
  gone: (key: string) => boolean,
): Record<string, T> {
  return Object.fromEntries(Object.entries(record).filter(([key]) => !gone(key)));
}

function rounded(point: Point): Point {
  return { x: Math.round(point.x), y: Math.round(point.y) };
}
