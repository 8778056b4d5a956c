/**
 * A quick layered layout without any library: for designs that come without places (imports, written by hand).
 * "Tidy up" uses ELK, which crosses fewer edges but must be loaded first.
 */
import type { DesignDocument, Point } from "../../document/types";
import { CARD } from "../geometry";
import { layersOf } from "../graphOrder";

export const GAP = { across: 120, down: 40 } as const;
const SWEEPS = 4;

type Graph = Pick<DesignDocument, "nodes" | "edges">;

export function layeredLayout(document: Graph): Record<string, Point> {
  const layerOf = layersOf(document);
  const layers: string[][] = [];
  for (const node of document.nodes) {
    const at = layerOf.get(node.id) ?? 0;
    layers[at] ??= [];
    layers[at].push(node.id);
  }
  const neighbours = new Map<string, string[]>();
  for (const edge of document.edges) {
    neighbours.set(edge.from, [...(neighbours.get(edge.from) ?? []), edge.to]);
    neighbours.set(edge.to, [...(neighbours.get(edge.to) ?? []), edge.from]);
  }
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) orderByNeighbours(layers, neighbours);
  const places: Record<string, Point> = {};
  layers.forEach((ids, layer) => {
    const height = ids.length * CARD.height + (ids.length - 1) * GAP.down;
    ids.forEach((id, row) => {
      places[id] = {
        x: layer * (CARD.width + GAP.across),
        y: Math.round((row * (CARD.height + GAP.down) - height / 2) / 10) * 10,
      };
    });
  });
  return places;
}

/** The barycentre rule: each node near the middle of those it is connected to. */
function orderByNeighbours(layers: string[][], neighbours: ReadonlyMap<string, readonly string[]>): void {
  const row = new Map<string, number>();
  for (const ids of layers) for (const [at, id] of (ids ?? []).entries()) row.set(id, at - ids.length / 2);
  for (const ids of layers) {
    if (!ids) continue;
    const middle = (id: string) => {
      const rows = (neighbours.get(id) ?? []).map((other) => row.get(other) ?? 0);
      return rows.length === 0 ? (row.get(id) ?? 0) : rows.reduce((sum, one) => sum + one, 0) / rows.length;
    };
    const order = new Map(ids.map((id, at) => [id, { middle: middle(id), at }]));
    ids.sort((a, b) => {
      const [one, two] = [order.get(a), order.get(b)];
      return (one?.middle ?? 0) - (two?.middle ?? 0) || (one?.at ?? 0) - (two?.at ?? 0);
    });
    for (const [at, id] of ids.entries()) row.set(id, at - ids.length / 2);
  }
}

/** The document with a place for every node; one that has places for all is returned as it is. */
export function withPlaces(document: DesignDocument): DesignDocument {
  const missing = document.nodes.filter((node) => document.layout?.[node.id] === undefined);
  if (missing.length === 0) return document;
  const computed = layeredLayout(document);
  if (missing.length === document.nodes.length) return { ...document, layout: computed };
  // some are placed by hand: the others go below them, in their computed order
  const bottom = Math.max(0, ...Object.values(document.layout ?? {}).map((point) => point.y + CARD.height));
  const top = Math.min(...missing.map((node) => computed[node.id]?.y ?? 0));
  const layout: Record<string, Point> = { ...document.layout };
  for (const node of missing) {
    const point = computed[node.id] ?? { x: 0, y: 0 };
    layout[node.id] = { x: point.x, y: point.y - top + bottom + GAP.down };
  }
  return { ...document, layout };
}
