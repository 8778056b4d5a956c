/** "Tidy up": ELK's layered layout, computed in a worker from our own origin, loaded at its first use. */
import type { ElkNode } from "elkjs/lib/elk-api";
import type { DesignDocument, Point } from "../../document/types";
import { CARD, snapped } from "../geometry";

type Engine = { layout(graph: ElkNode): Promise<ElkNode> };

let engine: Promise<Engine> | null = null;

function loadEngine(): Promise<Engine> {
  engine ??= Promise.all([import("elkjs/lib/elk-api.js"), import("elkjs/lib/elk-worker.min.js?url")])
    .then(([api, worker]) => {
      const Elk = api.default;
      // the page's policy allows workers from 'self' only: a plain file, no blob
      return new Elk({
        workerFactory: () => new Worker(worker.default),
        algorithms: ["layered"],
      }) as unknown as Engine;
    })
    .catch((error: unknown) => {
      engine = null;
      throw error;
    });
  return engine;
}

const OPTIONS: Record<string, string> = {
  "elk.algorithm": "layered",
  "elk.direction": "RIGHT",
  "elk.spacing.nodeNode": "40",
  "elk.layered.spacing.nodeNodeBetweenLayers": "100",
  "elk.layered.spacing.edgeNodeBetweenLayers": "30",
  "elk.layered.considerModelOrder.strategy": "NODES_AND_EDGES",
  "elk.layered.nodePlacement.strategy": "NETWORK_SIMPLEX",
  "elk.layered.nodePlacement.favorStraightEdges": "true",
  "elk.separateConnectedComponents": "true",
  "elk.spacing.componentComponent": "60",
};

/** What ELK is asked: the nodes (all, or only the chosen ones) and the edges between them. */
export function elkGraph(document: DesignDocument, only: ReadonlySet<string> | null): ElkNode {
  const chosen = document.nodes.filter((node) => only === null || only.has(node.id));
  const ids = new Set(chosen.map((node) => node.id));
  return {
    id: "root",
    layoutOptions: OPTIONS,
    children: chosen.map((node) => ({ id: node.id, width: CARD.width, height: CARD.height })),
    edges: document.edges
      .filter((edge) => ids.has(edge.from) && ids.has(edge.to))
      .map((edge) => ({ id: edge.id, sources: [edge.from], targets: [edge.to] })),
  };
}

/** New places, moved so that the middle of the tidied part stays where it was. */
export function placedAround(laidOut: ElkNode, document: DesignDocument): Record<string, Point> {
  const children = laidOut.children ?? [];
  const before = children.map((child) => document.layout?.[child.id] ?? { x: 0, y: 0 });
  const after = children.map((child) => ({ x: child.x ?? 0, y: child.y ?? 0 }));
  const shift = snapped({
    x: middle(before, "x") - middle(after, "x"),
    y: middle(before, "y") - middle(after, "y"),
  });
  const places: Record<string, Point> = {};
  children.forEach((child, index) => {
    const at = after[index] ?? { x: 0, y: 0 };
    places[child.id] = { x: Math.round(at.x + shift.x), y: Math.round(at.y + shift.y) };
  });
  return places;
}

function middle(points: readonly Point[], axis: "x" | "y"): number {
  if (points.length === 0) return 0;
  const values = points.map((point) => point[axis]);
  return (Math.min(...values) + Math.max(...values)) / 2;
}

export async function tidyLayout(
  document: DesignDocument,
  only: ReadonlySet<string> | null,
): Promise<Record<string, Point>> {
  const elk = await loadEngine();
  return placedAround(await elk.layout(elkGraph(document, only)), document);
}
