/** Registers what the rest of the page may ask of the canvas. */
import { useReactFlow, useStoreApi } from "@xyflow/react";
import { type RefObject, useCallback, useEffect, useRef } from "react";
import { shownDocument } from "../document/store";
import { findEdge, type Point } from "../document/types";
import { useEditor } from "../editor/EditorContext";
import type { CardNode, WireEdge } from "./flowElements";
import { CARD, FAR, placeOfNode } from "./geometry";
import { wantsLessMotion } from "./layout/animate";

const QUICK = 220;

/** Room left free around what is fitted, so that the controls and the minimap cover no card. */
export function fitPadding(minimapOpen: boolean) {
  // above the cards there is room for the button of the problems
  return { top: "54px", left: "36px", right: minimapOpen ? "230px" : "36px", bottom: "56px" } as const;
}

export function useCanvasControl(
  frame: RefObject<HTMLDivElement | null>,
  showPlaces: (places: Readonly<Record<string, Point>> | null) => void,
): (event: unknown) => void {
  const { store, view } = useEditor();
  const flow = useReactFlow<CardNode, WireEdge>();
  const inner = useStoreApi<CardNode, WireEdge>();
  // everything is in sight because nobody has moved the view since it was fitted: then it stays in sight
  const isFitted = useRef(true);

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
        isFitted.current = nodes === undefined;
        void flow.fitView({
          duration: duration(),
          maxZoom: 1,
          padding: fitPadding(view.getState().minimapOpen),
          ...(nodes ? { nodes } : {}),
        });
      },
      goTo(at) {
        isFitted.current = false;
        void flow.setCenter(at.x, at.y, { zoom: flow.getZoom(), duration: duration() });
      },
      zoomTo(zoom) {
        isFitted.current = false;
        void flow.zoomTo(zoom, { duration: duration() });
      },
      reveal(ids) {
        const nodes = nodesOf(ids);
        if (nodes.every(isInSight) && flow.getZoom() >= FAR) return;
        isFitted.current = false;
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
    const resized = new ResizeObserver(() => {
      if (!isFitted.current) return;
      // React Flow measures itself in an observer of its own: fit after it has
      requestAnimationFrame(() => {
        if (isFitted.current)
          void flow.fitView({ maxZoom: 1, padding: fitPadding(view.getState().minimapOpen) });
      });
    });
    if (frame.current) resized.observe(frame.current);
    return () => {
      resized.disconnect();
      window.removeEventListener("pointermove", track);
      view.getState().registerCanvas(null);
    };
  }, [store, view, flow, inner, frame, showPlaces]);

  return useCallback((event: unknown) => {
    if (event) isFitted.current = false; // moved by hand: movements of our own carry no event
  }, []);
}
