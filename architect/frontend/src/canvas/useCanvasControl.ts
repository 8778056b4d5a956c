/** Registers what the rest of the page may ask of the canvas. */
import { useReactFlow, useStoreApi } from "@xyflow/react";
import { type RefObject, useEffect } from "react";
import { shownDocument } from "../document/store";
import { findEdge, type Point } from "../document/types";
import { useEditor } from "../editor/EditorContext";
import type { CardNode, WireEdge } from "./flowElements";
import { CARD, FAR, placeOfNode } from "./geometry";
import { wantsLessMotion } from "./layout/animate";

const QUICK = 220;

/** Room left free around what is fitted, so that the controls and the minimap cover no card. */
export function fitPadding(minimapOpen: boolean) {
  return { top: "32px", left: "56px", right: minimapOpen ? "230px" : "40px", bottom: "56px" } as const;
}

export function useCanvasControl(
  frame: RefObject<HTMLDivElement | null>,
  showPlaces: (places: Readonly<Record<string, Point>> | null) => void,
): void {
  const { store, view } = useEditor();
  const flow = useReactFlow<CardNode, WireEdge>();
  const inner = useStoreApi<CardNode, WireEdge>();

  useEffect(() => {
    const pointer = { x: 0, y: 0, over: false };
    const track = (event: PointerEvent) => {
      pointer.x = event.clientX;
      pointer.y = event.clientY;
      pointer.over = event.target instanceof Node && (frame.current?.contains(event.target) ?? false);
    };
    window.addEventListener("pointermove", track, { passive: true });
    const duration = () => (wantsLessMotion() ? 0 : QUICK);
    const box = () => frame.current?.getBoundingClientRect() ?? new DOMRect(0, 0, 800, 600);
    const nodesOf = (ids: readonly string[]) => {
      const document = shownDocument(store.getState());
      return ids.flatMap((id) => {
        const edge = findEdge(document, id);
        return edge ? [edge.from, edge.to] : [id];
      });
    };
    const isInSight = (id: string) => {
      const { x, y, zoom } = flow.getViewport();
      const at = placeOfNode(shownDocument(store.getState()), id);
      const [left, top] = [at.x * zoom + x, at.y * zoom + y];
      const { width, height } = box();
      return left >= 0 && top >= 0 && left + CARD.width * zoom <= width && top + CARD.height * zoom <= height;
    };

    view.getState().registerCanvas({
      toCanvas: (screen) => flow.screenToFlowPosition(screen, { snapToGrid: false }),
      toScreen: (at) => flow.flowToScreenPosition(at),
      centre() {
        const { left, top, width, height } = box();
        return flow.screenToFlowPosition({ x: left + width / 2, y: top + height / 2 }, { snapToGrid: false });
      },
      fit(ids) {
        const nodes = ids && ids.length > 0 ? nodesOf(ids).map((id) => ({ id })) : undefined;
        void flow.fitView({
          duration: duration(),
          maxZoom: 1,
          padding: fitPadding(view.getState().minimapOpen),
          ...(nodes ? { nodes } : {}),
        });
      },
      zoomTo: (zoom) => void flow.zoomTo(zoom, { duration: duration() }),
      reveal(ids) {
        const nodes = nodesOf(ids);
        if (nodes.every(isInSight) && flow.getZoom() >= FAR) return;
        void flow.fitView({
          nodes: nodes.map((id) => ({ id })),
          duration: duration(),
          maxZoom: Math.max(0.8, Math.min(1, flow.getZoom())),
          padding: fitPadding(view.getState().minimapOpen),
        });
      },
      focusNode(id) {
        frame.current?.querySelector<HTMLElement>(`.react-flow__node[data-id="${CSS.escape(id)}"]`)?.focus();
      },
      showPlaces,
      isPointerOver: () => pointer.over && !inner.getState().paneDragging,
      pointer: () => flow.screenToFlowPosition({ x: pointer.x, y: pointer.y }, { snapToGrid: false }),
    });
    return () => {
      window.removeEventListener("pointermove", track);
      view.getState().registerCanvas(null);
    };
  }, [store, view, flow, inner, frame, showPlaces]);
}
