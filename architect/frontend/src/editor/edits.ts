/** Edits as the user means them: allowed or refused with a sentence, one undo step each, said aloud. */

import { CARD, centredOn, freePlace, GRID, snapped } from "../canvas/geometry";
import { type Piece, pieceOf } from "../document/clipboard";
import {
  addEdge,
  addNode,
  type Command,
  insertIntoEdge,
  moveNodes,
  pasted,
  reconnect,
  remove,
  together,
} from "../document/commands";
import { freeEdgeId, freeId, freeLabel, idsOf, slug } from "../document/ids";
import { type Edit, mending } from "../document/mend";
import type { EditorStore } from "../document/store";
import {
  type DesignDocument,
  findEdge,
  findNode,
  nodeName,
  type Point,
  type Selection,
} from "../document/types";
import type { Catalogue } from "../schema/catalogue";
import type { ViewStore } from "./view";

export class Edits {
  constructor(
    private readonly store: EditorStore,
    private readonly view: ViewStore,
    private readonly catalogue: Catalogue,
  ) {}

  private get document(): DesignDocument {
    return this.store.getState().history.present;
  }

  /** Whether the design can be changed now; says why when it cannot. */
  private mayEdit(): boolean {
    if (this.store.getState().snapshot) {
      this.refuse("This is the design as a past run saw it. Go back to the design to change it.");
      return false;
    }
    if (this.view.getState().isNarrow) {
      this.refuse("In a window this narrow the drawing is for looking. Widen it to change the drawing.");
      return false;
    }
    return true;
  }

  refuse(reason: string): void {
    this.view.getState().toast(reason, { tone: "warn" });
  }

  private name(id: string): string {
    const node = findNode(this.document, id);
    return node ? nodeName(node) : id;
  }

  /** The id, label and command of a new node. */
  private fresh(kind: string): { id: string; label: string; node: ReturnType<Catalogue["newNode"]> } {
    const title = this.catalogue.title(kind);
    const label = freeLabel(title, new Set(this.document.nodes.map(nodeName)));
    const id = freeId(slug(kind.split(".").at(-1) ?? kind), idsOf(this.document));
    return { id, label, node: this.catalogue.newNode(kind, id, label) };
  }

  /** Add a node with its middle near a canvas point. `exact`: there, even over another card (dropped by hand). */
  add(
    kind: string,
    at: Point,
    options: { exact?: boolean; from?: { node: string; direction: "after" | "before" } } = {},
  ): string | null {
    if (!this.mayEdit()) return null;
    const { id, label, node } = this.fresh(kind);
    const places = Object.values(this.document.layout ?? {});
    const wanted = centredOn(at);
    const place = options.exact ? snapped(wanted) : freePlace(wanted, places);
    const commands: Command[] = [addNode(node, place)];
    if (options.from) {
      const [from, to] =
        options.from.direction === "after" ? [options.from.node, id] : [id, options.from.node];
      const [fromKind, toKind] =
        options.from.direction === "after"
          ? [findNode(this.document, from)?.kind ?? "", kind]
          : [kind, findNode(this.document, to)?.kind ?? ""];
      const role = this.catalogue.wiring(fromKind, toKind).roles[0];
      if (role) commands.push(addEdge({ id: freeEdgeId(idsOf(this.document)), from, to, role }));
    }
    const select = { nodes: [id], edges: [] };
    this.store.getState().apply(`Add ${label}`, together(...commands), { select });
    this.view.getState().set({ inspectorOpen: true });
    this.view.getState().announce(options.from ? `${label} added and connected.` : `${label} added.`);
    return id;
  }

  /** Put a new node into an edge, if the wiring lets it stand there. */
  addInto(kind: string, edgeId: string, at: Point): string | null {
    if (!this.mayEdit()) return null;
    const edge = findEdge(this.document, edgeId);
    const roles = edge ? this.catalogue.insertion(this.document, edge, kind) : null;
    if (!edge || !roles) {
      const id = this.add(kind, at, { exact: true });
      if (edge)
        this.refuse(
          `${this.catalogue.title(kind)} cannot stand between ${this.name(edge.from)} and ${this.name(edge.to)}: added without a connection.`,
        );
      return id;
    }
    const { id, label, node } = this.fresh(kind);
    const place = besideStart(centredOn(at), this.document.layout?.[edge.from]);
    this.store
      .getState()
      .apply(
        `Insert ${label}`,
        together(addNode(node, place), insertIntoEdge(edgeId, id, roles), makeRoom(edge.to, id, place)),
        {
          select: { nodes: [id], edges: [] },
        },
      );
    this.view
      .getState()
      .announce(`${label} inserted between ${this.name(edge.from)} and ${this.name(edge.to)}.`);
    return id;
  }

  /** Lead an edge through a node that stood alone and was moved onto it. */
  insertExisting(nodeId: string, edgeId: string, place: Point): boolean {
    const node = findNode(this.document, nodeId);
    const edge = findEdge(this.document, edgeId);
    const isAlone = !this.document.edges.some((one) => one.from === nodeId || one.to === nodeId);
    const roles = node && edge && isAlone ? this.catalogue.insertion(this.document, edge, node.kind) : null;
    if (!roles) return false;
    const free = besideStart(place, this.document.layout?.[edge?.from ?? ""]);
    this.store
      .getState()
      .apply(
        `Insert ${this.name(nodeId)}`,
        together(
          moveNodes({ [nodeId]: free }),
          insertIntoEdge(edgeId, nodeId, roles),
          makeRoom(edge?.to ?? "", nodeId, free),
        ),
      );
    this.view.getState().announce(`${this.name(nodeId)} inserted into the connection.`);
    return true;
  }

  /** Connect two nodes, or say why not. With several roles the user chooses at `screen`. */
  connect(from: string, to: string, screen: Point): boolean {
    if (!this.mayEdit()) return false;
    const { roles, refusal } = this.catalogue.connection(this.document, from, to);
    if (roles[0] === undefined) {
      this.refuse(refusal ?? "These two cannot be connected.");
      return false;
    }
    if (roles.length > 1) {
      this.view.getState().open({ kind: "role", screen, from, to, roles });
      return true;
    }
    this.connectAs(from, to, roles[0]);
    return true;
  }

  connectAs(from: string, to: string, role: string): void {
    const id = freeEdgeId(idsOf(this.document));
    this.store
      .getState()
      .apply("Connect", addEdge({ id, from, to, role }), { select: { nodes: [], edges: [id] } });
    this.view
      .getState()
      .announce(`${this.name(from)} connected to ${this.name(to)}: ${this.catalogue.roleTitle(role)}.`);
  }

  /** Lead an edge to another end, or say why not. */
  reconnect(edgeId: string, from: string, to: string, screen: Point): void {
    if (!this.mayEdit()) return;
    const edge = findEdge(this.document, edgeId);
    if (!edge || (edge.from === from && edge.to === to)) return;
    const { roles, refusal } = this.catalogue.connection(this.document, from, to, edgeId);
    const own = this.catalogue.roleOf(this.document, edge);
    if (roles[0] === undefined) this.refuse(refusal ?? "These two cannot be connected.");
    else if (roles.length > 1 && !roles.includes(own)) {
      this.view.getState().open({ kind: "role", screen, from, to, roles, edge: edgeId });
    } else this.reconnectAs(edgeId, from, to, roles.includes(own) ? own : roles[0]);
  }

  reconnectAs(edgeId: string, from: string, to: string, role: string): void {
    this.store.getState().apply("Reconnect", reconnect(edgeId, { from, to, role }));
    this.view.getState().announce(`Connection now leads from ${this.name(from)} to ${this.name(to)}.`);
  }

  remove(selection: Selection): void {
    if (selection.nodes.length + selection.edges.length === 0 || !this.mayEdit()) return;
    const what = describe(selection, (id) => this.name(id));
    this.store.getState().apply(`Delete ${what}`, remove(selection));
    this.view.getState().toast(`Deleted ${what}.`, {
      action: { label: "Undo", run: () => this.undo() },
    });
  }

  /** Carry out the mend of a problem; `words` say what it does. False when it cannot be carried out now. */
  mend(edits: readonly Edit[], words: string): boolean {
    if (edits.length === 0 || !this.mayEdit()) return false;
    const taken = idsOf(this.document);
    const fresh = edits.flatMap((edit) =>
      edit.edit === "add-node" ? [edit.node.id] : edit.edit === "add-edge" ? [edit.edge.id] : [],
    );
    if (fresh.some((id) => taken.has(id))) {
      this.refuse("The drawing has changed since this was found. It is looked at anew with the next save.");
      return false;
    }
    const added = edits.flatMap((edit) => (edit.edit === "add-node" ? [edit.node.id] : []));
    const select = added.length > 0 ? { nodes: added, edges: [] } : undefined;
    this.store.getState().apply(`Mend: ${words}`, mending(edits, below), select ? { select } : {});
    this.view.getState().toast(`Mended: ${words}.`, {
      action: { label: "Undo", run: () => this.undo() },
    });
    return true;
  }

  undo(): void {
    const label = this.store.getState().undo();
    this.view.getState().announce(label ? `Undone: ${label}.` : "Nothing to undo.");
  }

  redo(): void {
    const label = this.store.getState().redo();
    this.view.getState().announce(label ? `Redone: ${label}.` : "Nothing to redo.");
  }

  move(places: Readonly<Record<string, Point>>, gesture?: string): void {
    const count = Object.keys(places).length;
    const label = count === 1 ? `Move ${this.name(Object.keys(places)[0] ?? "")}` : `Move ${count} nodes`;
    this.store.getState().apply(label, moveNodes(places), gesture ? { gesture } : {});
  }

  /** Paste a part; `at` is where its middle goes, or it lands a little below what it came from. */
  paste(piece: Piece, at: Point | null, label = "Paste"): void {
    if (!this.mayEdit()) return;
    const places = Object.values(piece.layout);
    const offset = at && places.length > 0 ? offsetTo(places, at) : { x: GRID * 2, y: GRID * 2 };
    let selection: Selection = { nodes: [], edges: [] };
    this.store.getState().apply(label, (document) => {
      const next = pasted(document, piece, offset);
      selection = next.selection;
      return next.document;
    });
    this.store.getState().select({ nodes: selection.nodes, edges: [] });
    this.view.getState().announce(`${selection.nodes.length} nodes added.`);
  }

  duplicate(selection: Selection): void {
    const piece = pieceOf(this.document, selection);
    if (piece.nodes.length > 0) this.paste(piece, null, "Duplicate");
  }
}

function describe(selection: Selection, name: (id: string) => string): string {
  const [first] = selection.nodes;
  const nodes = selection.nodes.length === 1 && first ? name(first) : `${selection.nodes.length} nodes`;
  const edges = selection.edges.length === 1 ? "1 connection" : `${selection.edges.length} connections`;
  if (selection.nodes.length === 0) return edges;
  return selection.edges.length === 0 ? nodes : `${nodes} and ${edges}`;
}

function offsetTo(places: readonly Point[], at: Point): Point {
  const left = Math.min(...places.map((point) => point.x));
  const right = Math.max(...places.map((point) => point.x + CARD.width));
  const top = Math.min(...places.map((point) => point.y));
  const bottom = Math.max(...places.map((point) => point.y + CARD.height));
  return snapped({ x: at.x - (left + right) / 2, y: at.y - (top + bottom) / 2 });
}

/** Where a card goes that is put into an edge: not over the card the edge comes from, and level with it when near. */
function besideStart(wanted: Point, start: Point | undefined): Point {
  const place = snapped(wanted);
  if (!start || Math.abs(place.y - start.y) >= CARD.height + GRID) return place;
  return { x: Math.max(place.x, start.x + CARD.width + GRID * 3), y: start.y };
}

/** A place below and to the right of a node where nothing stands yet, so that the edge can be seen. */
function below(document: DesignDocument, near: string): Point {
  const at = document.layout?.[near] ?? { x: 0, y: 0 };
  return freePlace(
    { x: at.x + CARD.width + GRID * 6, y: at.y + CARD.height + GRID * 4 },
    Object.values(document.layout ?? {}),
  );
}

/** Push what stands under a newly inserted card, and all beyond it, to the right. */
function makeRoom(next: string, own: string, place: Point): Command {
  return (document) => {
    const at = document.layout?.[next];
    if (!at || at.x < place.x - CARD.width || Math.abs(at.y - place.y) > CARD.height) return document;
    const missing = Math.ceil((place.x + CARD.width + GRID * 3 - at.x) / GRID) * GRID;
    if (missing <= 0) return document;
    const moved = Object.entries(document.layout ?? {})
      .filter(([id, point]) => id !== own && point.x >= at.x)
      .map(([id, point]) => [id, { x: point.x + missing, y: point.y }] as const);
    return moveNodes(Object.fromEntries(moved))(document);
  };
}
