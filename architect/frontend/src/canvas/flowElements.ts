/** From the document to React Flow's nodes and edges; what did not change keeps its identity. */
import { type Edge, type Node, Position } from "@xyflow/react";
import type { ElementProblems } from "../document/problems";
import {
  type DesignDocument,
  type DesignEdge,
  type DesignNode,
  nodeName,
  type Point,
  type Selection,
} from "../document/types";
import type { Catalogue } from "../schema/catalogue";
import type { Category, KindInfo } from "../schema/types";
import { CARD, placeOfNode } from "./geometry";
import { graphOrder } from "./graphOrder";

export interface CardData extends Record<string, unknown> {
  readonly node: DesignNode;
  readonly kind: KindInfo | undefined;
  readonly category: Category;
  readonly errors: number;
  readonly warnings: number;
  readonly receives: boolean;
  readonly sends: boolean;
}

export interface WireData extends Record<string, unknown> {
  readonly edge: DesignEdge;
  readonly role: string;
  readonly label: string;
  /** who is connected, for reading aloud */
  readonly ends: string;
  readonly errors: number;
  readonly warnings: number;
}

export type CardNode = Node<CardData, "card">;
export type WireEdge = Edge<WireData, "wire">;

/** How a card looks while a connection is being drawn. */
export type Invitation = "source" | "welcome" | "refused";

export interface FlowInput {
  readonly document: DesignDocument;
  readonly catalogue: Catalogue;
  readonly selection: Selection;
  readonly problems: ReadonlyMap<string, ElementProblems>;
  /** places that differ from the document's for the moment (dragging, animation) */
  readonly places: Readonly<Record<string, Point>> | null;
  readonly invitations: ReadonlyMap<string, Invitation> | null;
}

export interface Flow {
  readonly nodes: CardNode[];
  readonly edges: WireEdge[];
}

const SIZE = { width: CARD.width, height: CARD.height };
const AT_LEFT = {
  type: "target",
  position: Position.Left,
  x: 0,
  y: CARD.height / 2,
  width: 1,
  height: 1,
} as const;
const AT_RIGHT = {
  type: "source",
  position: Position.Right,
  x: CARD.width,
  y: CARD.height / 2,
  width: 1,
  height: 1,
} as const;

/** Builds flows one after another, handing out the same objects for what is equal. */
export class FlowBuilder {
  private cards = new Map<string, CardNode>();
  private wires = new Map<string, WireEdge>();
  private last: { readonly input: FlowInput; readonly flow: Flow } | null = null;

  build(input: FlowInput): Flow {
    const flow =
      this.last && isMovedOnly(this.last.input, input)
        ? this.moved(this.last.flow, input)
        : this.whole(input);
    this.last = { input, flow };
    return flow;
  }

  /** While cards are dragged nothing else is looked at: with a thousand of them each look costs a picture. */
  private moved(flow: Flow, { document, places }: FlowInput): Flow {
    const nodes = flow.nodes.map((card) => {
      const position = places?.[card.id] ?? placeOfNode(document, card.id);
      if (card.position.x === position.x && card.position.y === position.y) return card;
      const fresh = { ...card, position };
      this.cards.set(card.id, fresh);
      return fresh;
    });
    return { nodes, edges: flow.edges };
  }

  private whole(input: FlowInput): Flow {
    const cards = new Map<string, CardNode>();
    const wires = new Map<string, WireEdge>();
    const selectedNodes = new Set(input.selection.nodes);
    const selectedEdges = new Set(input.selection.edges);
    const byId = new Map(input.document.nodes.map((node) => [node.id, node]));
    const name = (id: string) => {
      const node = byId.get(id);
      return node ? nodeName(node) : id;
    };
    for (const id of graphOrder(input.document)) {
      const node = byId.get(id);
      if (node) cards.set(id, this.card(node, input, selectedNodes.has(id)));
    }
    for (const edge of input.document.edges) {
      if (!byId.has(edge.from) || !byId.has(edge.to)) continue;
      const ends = `from ${name(edge.from)} to ${name(edge.to)}`;
      wires.set(edge.id, this.wire(edge, input, selectedEdges.has(edge.id), ends));
    }
    this.cards = cards;
    this.wires = wires;
    return { nodes: [...cards.values()], edges: [...wires.values()] };
  }

  private card(node: DesignNode, input: FlowInput, selected: boolean): CardNode {
    const { catalogue } = input;
    const kind = catalogue.kind(node.kind);
    const category = catalogue.category(node.kind);
    const found = input.problems.get(node.id);
    const position = input.places?.[node.id] ?? placeOfNode(input.document, node.id);
    const data: CardData = {
      node,
      kind,
      category,
      errors: found?.errors ?? 0,
      warnings: found?.warnings ?? 0,
      receives: catalogue.receives(category),
      sends: catalogue.sends(category),
    };
    const old = this.cards.get(node.id);
    const sameData = old && shallowEqual(old.data, data);
    const invitation = input.invitations?.get(node.id);
    const className = invitation ? `is-${invitation}` : "";
    if (
      sameData &&
      old.selected === selected &&
      old.className === className &&
      old.position.x === position.x &&
      old.position.y === position.y
    ) {
      return old;
    }
    return {
      id: node.id,
      type: "card",
      position,
      selected,
      className,
      data: sameData ? old.data : data,
      ...SIZE,
      measured: SIZE,
      handles: [...(data.receives ? [AT_LEFT] : []), ...(data.sends ? [AT_RIGHT] : [])],
      ariaLabel: cardLabel(data),
    };
  }

  private wire(edge: DesignEdge, input: FlowInput, selected: boolean, ends: string): WireEdge {
    const role = input.catalogue.roleOf(input.document, edge);
    const found = input.problems.get(edge.id);
    const data: WireData = {
      edge,
      role,
      label: wireLabel(edge, role),
      ends,
      errors: found?.errors ?? 0,
      warnings: found?.warnings ?? 0,
    };
    const old = this.wires.get(edge.id);
    const sameData = old?.data && shallowEqual(old.data, data);
    if (sameData && old.selected === selected && old.source === edge.from && old.target === edge.to)
      return old;
    return {
      id: edge.id,
      type: "wire",
      source: edge.from,
      target: edge.to,
      selected,
      data: sameData && old.data ? old.data : data,
      ariaLabel: `${input.catalogue.roleTitle(role)} ${ends}`,
      interactionWidth: 20,
    };
  }
}

function isMovedOnly(before: FlowInput, now: FlowInput): boolean {
  return (
    before.document === now.document &&
    before.catalogue === now.catalogue &&
    before.selection === now.selection &&
    before.problems === now.problems &&
    before.invitations === now.invitations
  );
}

/** The role, with what decides how much takes this way. */
export function wireLabel(edge: DesignEdge, role: string): string {
  const probability = edge.config?.["probability"];
  const choice = edge.config?.["choice"];
  const receives = edge.config?.["maxReceiveCount"];
  if (typeof probability === "number") return `${role} ${Number((probability * 100).toPrecision(4))} %`;
  if (typeof choice === "number") return `${role} · weight ${choice}`;
  if (typeof receives === "number") return `${role} after ${receives}`;
  return role;
}

function cardLabel(data: CardData): string {
  const faults = data.errors > 0 ? `, ${data.errors} ${data.errors === 1 ? "problem" : "problems"}` : "";
  const warnings =
    data.warnings > 0 ? `, ${data.warnings} ${data.warnings === 1 ? "warning" : "warnings"}` : "";
  return `${nodeName(data.node)}, ${data.kind?.title ?? data.node.kind}${faults}${warnings}`;
}

function shallowEqual(a: Record<string, unknown>, b: Record<string, unknown>): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.is(a[key], b[key]));
}
