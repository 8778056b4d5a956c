/** Dropping from the palette: anywhere, or onto an edge to stand inside it. */
import { useReactFlow } from "@xyflow/react";
import { type DragEvent, useCallback, useRef } from "react";
import type { Point } from "../document/types";
import { useEditor } from "../editor/EditorContext";
import type { CardNode, WireEdge } from "./flowElements";

export const KIND_TYPE = "application/x-headrace-kind";

/** The edge whose line lies under a window point. */
export function edgeUnder(point: Point): string | null {
  for (const element of document.elementsFromPoint(point.x, point.y)) {
    if (element.closest(".react-flow__node")?.matches(":not(.dragging)")) return null;
    const id = element.closest<SVGElement>(".react-flow__edge")?.dataset["id"];
    if (id) return id;
  }
  return null;
}

let marked: Element | null = null;

/** Show that a card let go now would stand inside this edge; null: inside none. */
export function markEdge(id: string | null): void {
  if (marked === null && id === null) return; // at every move of every drag: nothing is searched
  marked?.classList.remove("is-drop-target");
  marked = id === null ? null : document.querySelector(`.react-flow__edge[data-id="${CSS.escape(id)}"]`);
  marked?.classList.add("is-drop-target");
}

export function useDropping() {
  const { actions, store, view } = useEditor();
  const flow = useReactFlow<CardNode, WireEdge>();
  const target = useRef<string | null>(null);

  const onDragOver = useCallback(
    (event: DragEvent) => {
      if (!event.dataTransfer.types.includes(KIND_TYPE)) return;
      if (store.getState().snapshot || view.getState().isNarrow) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = "copy";
      target.current = edgeUnder({ x: event.clientX, y: event.clientY });
      markEdge(target.current);
    },
    [store, view],
  );
  const onDragLeave = useCallback(() => {
    target.current = null;
    markEdge(null);
  }, []);
  const onDrop = useCallback(
    (event: DragEvent) => {
      const kind = event.dataTransfer.getData(KIND_TYPE);
      if (kind === "") return;
      event.preventDefault();
      const screen = { x: event.clientX, y: event.clientY };
      const edge = edgeUnder(screen);
      const at = flow.screenToFlowPosition(screen, { snapToGrid: false });
      markEdge(null);
      if (edge) actions.edits.addInto(kind, edge, at);
      else actions.edits.add(kind, at, { exact: true });
    },
    [actions, flow],
  );
  return { onDragOver, onDragLeave, onDrop };
}
