/** What React Flow reports while nodes are dragged, moved by keys or selected, brought into the document. */
import type { EdgeChange, NodeChange } from "@xyflow/react";
import { type RefObject, useCallback, useRef, useState } from "react";
import { type EditorStore, shownDocument } from "../document/store";
import type { Point, Selection } from "../document/types";
import { useEditor } from "../editor/EditorContext";
import type { CardNode, WireEdge } from "./flowElements";
import { type Guide, guidesFor, placeInLine, placeOfNode, REACH } from "./geometry";

/** Arrow keys pressed within this time are one undo step. */
const KEY_GESTURE_MS = 1200;

/** How a card that is dragged alone finds its place. */
export interface Snapping {
  /** one card alone is being dragged: it is brought into line here, not by React Flow */
  isLone: boolean;
  isFree: boolean;
  grid: boolean;
  zoom: number;
}

export function useNodeChanges(snapping: RefObject<Snapping>) {
  const { store, view, actions } = useEditor();
  const [places, setPlaces] = useState<Readonly<Record<string, Point>> | null>(null);
  const [guides, setGuides] = useState<readonly Guide[]>([]);
  const moving = useRef<Record<string, Point>>({});
  const keys = useRef({ at: 0, number: 0 });

  const commit = useCallback(
    (moved: Record<string, Point>, byKey: boolean) => {
      const document = shownDocument(store.getState());
      const real = Object.entries(moved).filter(([id, point]) => {
        const at = placeOfNode(document, id);
        return Math.round(at.x) !== Math.round(point.x) || Math.round(at.y) !== Math.round(point.y);
      });
      if (real.length === 0) return;
      const now = Date.now();
      if (!byKey || now - keys.current.at > KEY_GESTURE_MS) keys.current.number += 1;
      keys.current.at = now;
      actions.edits.move(Object.fromEntries(real), byKey ? `keys-${keys.current.number}` : undefined);
    },
    [actions, store],
  );

  const onNodesChange = useCallback(
    (changes: NodeChange<CardNode>[]) => {
      if (store.getState().snapshot === null && !view.getState().isNarrow) {
        const dragged: Record<string, Point> = {};
        const settled: Record<string, Point> = {};
        for (const change of changes) {
          if (change.type !== "position" || !change.position) continue;
          const document = shownDocument(store.getState());
          const point = inLine(change.id, change.position, document, snapping.current);
          (change.dragging ? dragged : settled)[change.id] = point;
        }
        if (Object.keys(dragged).length > 0) {
          moving.current = { ...moving.current, ...dragged };
          setPlaces(moving.current);
          setGuides(snapping.current.isFree ? [] : guidesWhile(dragged, shownDocument(store.getState())));
        }
        if (Object.keys(settled).length > 0) {
          const byKey = Object.keys(moving.current).length === 0;
          moving.current = {};
          setPlaces(null);
          setGuides([]);
          commit(settled, byKey);
        }
      }
      changeSelection(store, changes, "nodes");
    },
    [store, view, commit, snapping],
  );

  const onEdgesChange = useCallback(
    (changes: EdgeChange<WireEdge>[]) => changeSelection(store, changes, "edges"),
    [store],
  );

  return { places, setPlaces, guides, onNodesChange, onEdgesChange };
}

function inLine(
  id: string,
  raw: Point,
  document: ReturnType<typeof shownDocument>,
  { isLone, isFree, grid, zoom }: Snapping,
): Point {
  if (!isLone || isFree) return raw;
  return placeInLine(raw, othersThan(id, document), REACH / zoom, grid);
}

function othersThan(id: string, document: ReturnType<typeof shownDocument>): Point[] {
  return document.nodes.filter((node) => node.id !== id).map((node) => placeOfNode(document, node.id));
}

function guidesWhile(
  dragged: Readonly<Record<string, Point>>,
  document: ReturnType<typeof shownDocument>,
): Guide[] {
  const ids = Object.keys(dragged);
  const [id] = ids;
  if (ids.length !== 1 || id === undefined) return [];
  return guidesFor(dragged[id] ?? { x: 0, y: 0 }, othersThan(id, document));
}

type Change = NodeChange<CardNode> | EdgeChange<WireEdge>;

function changeSelection(store: EditorStore, changes: readonly Change[], list: keyof Selection): void {
  const { selection } = store.getState();
  const chosen = new Set(selection[list]);
  let isChanged = false;
  for (const change of changes) {
    if (change.type !== "select" || change.selected === chosen.has(change.id)) continue;
    isChanged = true;
    if (change.selected) chosen.add(change.id);
    else chosen.delete(change.id);
  }
  if (isChanged) store.getState().select({ ...selection, [list]: [...chosen] });
}
