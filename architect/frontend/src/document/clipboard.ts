/** Copied parts travel as JSON text, so that they can be pasted into another tab, a file or a chat. */
import { isRecord } from "../api/errors";
import type { DesignDocument, DesignEdge, DesignNode, Point, Selection } from "./types";

export interface Piece {
  readonly nodes: readonly DesignNode[];
  readonly edges: readonly DesignEdge[];
  readonly layout: Readonly<Record<string, Point>>;
}

const FORMAT = "headrace-part/1";

/** The selected nodes and the edges between them. */
export function pieceOf(document: DesignDocument, selection: Selection): Piece {
  const chosen = new Set(selection.nodes);
  return {
    nodes: document.nodes.filter((node) => chosen.has(node.id)),
    edges: document.edges.filter((edge) => chosen.has(edge.from) && chosen.has(edge.to)),
    layout: Object.fromEntries(Object.entries(document.layout ?? {}).filter(([id]) => chosen.has(id))),
  };
}

export function toText(piece: Piece): string {
  return JSON.stringify({ format: FORMAT, ...piece }, null, 2);
}

/** Read a part, or a whole design written as JSON; null when the text is something else. */
export function fromText(text: string): Piece | null {
  const trimmed = text.trim();
  if (!trimmed.startsWith("{") || trimmed.length > 10_000_000) return null;
  let data: unknown;
  try {
    data = JSON.parse(trimmed);
  } catch {
    return null;
  }
  if (!isRecord(data) || typeof data["format"] !== "string" || !data["format"].startsWith("headrace"))
    return null;
  const nodes = listOf(data["nodes"], isNode);
  if (nodes.length === 0) return null;
  const layout = isRecord(data["layout"]) ? data["layout"] : {};
  return {
    nodes,
    edges: listOf(data["edges"], isEdge),
    layout: Object.fromEntries(
      Object.entries(layout).filter((entry): entry is [string, Point] => isPoint(entry[1])),
    ),
  };
}

function listOf<T>(value: unknown, is: (item: unknown) => item is T): T[] {
  return Array.isArray(value) ? value.filter(is) : [];
}

function isNode(value: unknown): value is DesignNode {
  return isRecord(value) && typeof value["id"] === "string" && typeof value["kind"] === "string";
}

function isEdge(value: unknown): value is DesignEdge {
  return (
    isRecord(value) &&
    typeof value["id"] === "string" &&
    typeof value["from"] === "string" &&
    typeof value["to"] === "string"
  );
}

function isPoint(value: unknown): value is Point {
  return isRecord(value) && Number.isFinite(value["x"]) && Number.isFinite(value["y"]);
}
