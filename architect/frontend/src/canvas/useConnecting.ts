/** Drawing a connection by hand: who lights up, what is refused, and what an empty place offers. */
import {
  type Connection,
  type FinalConnectionState,
  type OnConnectStartParams,
  useReactFlow,
} from "@xyflow/react";
import { useCallback, useMemo, useRef, useState } from "react";
import { shownDocument } from "../document/store";
import type { Point } from "../document/types";
import { useEditor } from "../editor/EditorContext";
import type { CardNode, Invitation, WireEdge } from "./flowElements";
import { CARD } from "./geometry";

export function pointOf(event: MouseEvent | TouchEvent | React.MouseEvent): Point {
  if ("changedTouches" in event) {
    const touch = event.changedTouches[0];
    return { x: touch?.clientX ?? 0, y: touch?.clientY ?? 0 };
  }
  return { x: event.clientX, y: event.clientY };
}

/** The node whose card lies under a window point. */
function nodeUnder(point: Point): string | null {
  for (const element of document.elementsFromPoint(point.x, point.y)) {
    const id = element.closest<HTMLElement>(".react-flow__node")?.dataset["id"];
    if (id) return id;
  }
  return null;
}

export interface Connecting {
  readonly invitations: ReadonlyMap<string, Invitation> | null;
  readonly isValid: (connection: Connection | WireEdge) => boolean;
  readonly onStart: (event: MouseEvent | TouchEvent, params: OnConnectStartParams) => void;
  readonly onEnd: (event: MouseEvent | TouchEvent, state: FinalConnectionState) => void;
  readonly onReconnectStart: (edge: WireEdge) => void;
  readonly onReconnectEnd: (
    event: MouseEvent | TouchEvent,
    edge: WireEdge,
    state: FinalConnectionState,
  ) => void;
}

export function useConnecting(): Connecting {
  const { store, catalogue, actions, view } = useEditor();
  const flow = useReactFlow<CardNode, WireEdge>();
  const [invitations, setInvitations] = useState<ReadonlyMap<string, Invitation> | null>(null);
  const reconnecting = useRef<string | null>(null);

  const rule = useCallback(
    (from: string, to: string) =>
      catalogue.connection(shownDocument(store.getState()), from, to, reconnecting.current ?? undefined),
    [catalogue, store],
  );

  const invite = useCallback(
    (nodeId: string, isSource: boolean) => {
      const map = new Map<string, Invitation>();
      for (const node of shownDocument(store.getState()).nodes) {
        if (node.id === nodeId) map.set(node.id, "source");
        else {
          const { roles } = isSource ? rule(nodeId, node.id) : rule(node.id, nodeId);
          map.set(node.id, roles.length > 0 ? "welcome" : "refused");
        }
      }
      setInvitations(map);
    },
    [rule, store],
  );

  return useMemo<Connecting>(
    () => ({
      invitations,
      isValid: (connection) => rule(connection.source, connection.target).roles.length > 0,
      onStart(_event, params) {
        if (params.nodeId && reconnecting.current === null)
          invite(params.nodeId, params.handleType === "source");
      },
      onEnd(event, state) {
        if (reconnecting.current !== null) return;
        setInvitations(null);
        const start = state.fromNode?.id;
        if (!start) return;
        const screen = pointOf(event);
        const isSource = state.fromHandle?.type === "source";
        const other = state.toNode?.id ?? nodeUnder(screen);
        if (other === start) return;
        if (other) {
          const [from, to] = isSource ? [start, other] : [other, start];
          actions.edits.connect(from, to, screen);
          return;
        }
        if (store.getState().snapshot || view.getState().isNarrow) return;
        // the new card's handle comes where the line was let go
        const end = flow.screenToFlowPosition(screen, { snapToGrid: false });
        const at = { x: end.x + (isSource ? CARD.width : -CARD.width) / 2, y: end.y };
        view.getState().open({
          kind: "quick-add",
          screen,
          at,
          from: { node: start, direction: isSource ? "after" : "before" },
        });
      },
      onReconnectStart(edge) {
        reconnecting.current = edge.id;
      },
      onReconnectEnd(event, edge, state) {
        reconnecting.current = null;
        setInvitations(null);
        const screen = pointOf(event);
        const held = state.fromNode?.id;
        const other = state.toNode?.id ?? nodeUnder(screen);
        if (!held || !other) return; // dropped on nothing: the edge stays as it was
        const [from, to] = held === edge.source ? [edge.source, other] : [other, edge.target];
        actions.edits.reconnect(edge.id, from, to, screen);
      },
    }),
    [invitations, invite, rule, actions, flow, store, view],
  );
}
