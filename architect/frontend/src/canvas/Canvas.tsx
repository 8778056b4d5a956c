import {
  Background,
  BackgroundVariant,
  ConnectionLineType,
  MarkerType,
  MiniMap,
  type NodeTypes,
  ReactFlow,
  ReactFlowProvider,
  SelectionMode,
  useStore as useFlowStore,
  useStoreApi as useFlowStoreApi,
  ViewportPortal,
} from "@xyflow/react";
import "@xyflow/react/dist/style.css";
import { type KeyboardEvent, type MouseEvent, useEffect, useMemo, useRef, useState } from "react";
import { useStore } from "zustand";
import { problemsByElement } from "../document/problems";
import { shownDocument } from "../document/store";
import { useEditor, useEditorState } from "../editor/EditorContext";
import { CanvasControls } from "./CanvasControls";
import { DetailContext, detailAt, detailClass } from "./detail";
import { EmptyCanvas } from "./EmptyCanvas";
import { type CardNode, FlowBuilder, type WireEdge } from "./flowElements";
import { GRID, type Guide, MANY, snapped } from "./geometry";
import { NodeCard } from "./NodeCard";
import { RoutesContext, useRoutes } from "./routes";
import { fitPadding, useCanvasControl } from "./useCanvasControl";
import { pointOf, useConnecting } from "./useConnecting";
import { edgeUnder, markEdge, useDropping } from "./useDropping";
import { type Snapping, useNodeChanges } from "./useNodeChanges";
import { WireLine } from "./WireLine";
import "./canvas.css";
import "./card.css";
import "./cardFar.css";

// outside the component: a new object each time would make React Flow mount every node anew
const nodeTypes: NodeTypes = { card: NodeCard };
const edgeTypes = { wire: WireLine };
const defaultEdgeOptions = {
  markerEnd: {
    type: MarkerType.ArrowClosed,
    width: 22,
    height: 22,
    markerUnits: "userSpaceOnUse",
    color: "var(--edge)",
  },
};
const snapGrid: [number, number] = [GRID, GRID];
const panWith = [0, 1];
const addWith = ["Shift", "Control", "Meta"];
const ariaLabels = {
  "node.a11yDescription.default":
    "Press Enter to select, arrow keys to move, C to connect, Delete to remove, Escape to let go.",
  "edge.a11yDescription.default":
    "Press Enter to select the connection, Delete to remove it, Escape to let go.",
  "minimap.ariaLabel": "Minimap",
};

export function Canvas() {
  return (
    <ReactFlowProvider>
      <Board />
    </ReactFlowProvider>
  );
}

function Board() {
  const { store, view, catalogue, actions } = useEditor();
  const document = useEditorState(shownDocument);
  const selection = useEditorState((state) => state.selection);
  const problems = useEditorState((state) => state.problems);
  const isPast = useEditorState((state) => state.snapshot !== null);
  const isNarrow = useStore(view, (state) => state.isNarrow);
  const isLocked = isPast || isNarrow;
  const minimapOpen = useStore(view, (state) => state.minimapOpen);
  const snapToGrid = useStore(view, (state) => state.snapToGrid);
  const nodeCount = document.nodes.length;
  const detail = useFlowStore((state) => detailAt(state.transform[2], nodeCount));
  const frame = useRef<HTMLDivElement>(null);
  const [builder] = useState(() => new FlowBuilder());
  const altHeld = useAltKey();

  const flowStore = useFlowStoreApi();
  const [isLone, setLone] = useState(false);
  const snapping = useRef<Snapping>({ isLone: false, isFree: false, grid: true, zoom: 1 });
  snapping.current = {
    isLone,
    isFree: altHeld,
    grid: snapToGrid,
    zoom: flowStore.getState().transform[2],
  };
  const { places, setPlaces, guides, onNodesChange, onEdgesChange } = useNodeChanges(snapping);
  const connecting = useConnecting();
  const dropping = useDropping();
  const onMove = useCanvasControl(frame, setPlaces);

  const byElement = useMemo(() => problemsByElement(problems, document), [problems, document]);
  const flow = useMemo(
    () =>
      builder.build({
        document,
        catalogue,
        selection,
        problems: byElement,
        places,
        invitations: connecting.invitations,
      }),
    [builder, document, catalogue, selection, byElement, places, connecting.invitations],
  );

  const routes = useRoutes(document, flow.edges, places);

  const openQuickAdd = (event: MouseEvent) => {
    if (isLocked) return;
    if (!(event.target instanceof Element) || !event.target.closest(".react-flow__pane")) return;
    const screen = pointOf(event);
    const at = view.getState().canvas?.toCanvas(screen) ?? screen;
    view.getState().open({ kind: "quick-add", screen, at });
  };
  const openMenu =
    (on: "node" | "edge" | "canvas") =>
    (event: MouseEvent | globalThis.MouseEvent, element?: { id: string }) => {
      event.preventDefault();
      const { selection: chosen, select } = store.getState();
      if (on === "node" && element && !chosen.nodes.includes(element.id))
        select({ nodes: [element.id], edges: [] });
      if (on === "edge" && element && !chosen.edges.includes(element.id))
        select({ nodes: [], edges: [element.id] });
      const screen = { x: event.clientX, y: event.clientY };
      const at = view.getState().canvas?.toCanvas(screen) ?? screen;
      view.getState().open({ kind: "menu", screen, on, at });
    };
  /**
   * Enter on a focused card selects it (React Flow does that); on the selected one it goes on to its settings. Heard
   * on the way down: on the way up the card is selected already.
   */
  const openSettings = (event: KeyboardEvent) => {
    const card =
      event.target instanceof HTMLElement && event.target.matches(".react-flow__node") ? event.target : null;
    if (event.key !== "Enter" || !card) return;
    const isChosen = store.getState().selection.nodes.includes(card.dataset["id"] ?? "");
    view.getState().set({ inspectorOpen: true });
    if (isChosen)
      window.setTimeout(
        () => window.document.querySelector<HTMLElement>(".inspector .field-input")?.focus(),
        30,
      );
  };
  const showInspector = () => view.getState().set({ inspectorOpen: true });

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the pane inside is reached by keys (A adds, Tab walks the nodes)
    <div
      className={`canvas${detailClass(detail)}${isLocked ? " is-locked" : ""}`}
      ref={frame}
      onDoubleClick={openQuickAdd}
      onKeyDownCapture={openSettings}
      onDragLeave={dropping.onDragLeave}
    >
      <DetailContext value={detail}>
        <RoutesContext value={routes}>
          <ReactFlow<CardNode, WireEdge>
            nodes={flow.nodes}
            edges={flow.edges}
            nodeTypes={nodeTypes}
            edgeTypes={edgeTypes}
            defaultEdgeOptions={defaultEdgeOptions}
            onNodesChange={onNodesChange}
            onEdgesChange={onEdgesChange}
            onNodeClick={showInspector}
            onEdgeClick={showInspector}
            onNodeDragStart={(_event, _node, nodes) => setLone(nodes.length === 1)}
            onNodeDrag={(_event, node) => markEdge(edgeForLoneNode(node, flow.edges, _event))}
            onNodeDragStop={(event, node) => {
              const edge = edgeForLoneNode(node, flow.edges, event);
              markEdge(null);
              setLone(false);
              if (edge) actions.edits.insertExisting(node.id, edge, snapped(node.position));
            }}
            onMove={onMove}
            onNodeContextMenu={openMenu("node")}
            onEdgeContextMenu={openMenu("edge")}
            onPaneContextMenu={openMenu("canvas")}
            onSelectionContextMenu={openMenu("node") as (event: MouseEvent) => void}
            isValidConnection={connecting.isValid}
            onConnectStart={connecting.onStart}
            onConnectEnd={connecting.onEnd}
            onReconnectStart={(_event, edge) => connecting.onReconnectStart(edge)}
            onReconnectEnd={(event, edge, _type, state) => connecting.onReconnectEnd(event, edge, state)}
            onReconnect={noReconnect}
            onDragOver={dropping.onDragOver}
            onDrop={dropping.onDrop}
            nodesDraggable={!isLocked}
            nodesConnectable={!isLocked}
            edgesReconnectable={!isLocked}
            edgesFocusable={false}
            deleteKeyCode={null}
            multiSelectionKeyCode={addWith}
            selectionMode={SelectionMode.Partial}
            panOnDrag={panWith}
            panOnScroll
            zoomOnDoubleClick={false}
            snapToGrid={snapToGrid && !altHeld && !isLone}
            snapGrid={snapGrid}
            connectionLineType={ConnectionLineType.Bezier}
            connectionRadius={28}
            reconnectRadius={14}
            connectionDragThreshold={3}
            minZoom={0.08}
            maxZoom={2}
            fitView
            fitViewOptions={{ maxZoom: 1, padding: fitPadding(minimapOpen) }}
            onlyRenderVisibleElements={flow.nodes.length > MANY}
            elevateNodesOnSelect
            ariaLabelConfig={ariaLabels}
            proOptions={{ hideAttribution: false }}
            attributionPosition="bottom-left"
          >
            <Background variant={BackgroundVariant.Dots} gap={GRID} size={1.4} color="var(--dots)" />
            <Guides guides={guides} />
            {minimapOpen && (
              <MiniMap<CardNode>
                pannable
                zoomable
                onClick={(_event, at) => view.getState().canvas?.goTo(at)}
                nodeColor={minimapColour}
                nodeStrokeWidth={0}
                nodeBorderRadius={12}
                maskColor="var(--minimap-mask)"
              />
            )}
          </ReactFlow>
        </RoutesContext>
      </DetailContext>
      <CanvasControls />
      {isNarrow && <p className="view-only">View only in a narrow window; settings can be changed.</p>}
      {document.nodes.length === 0 && !isLocked && <EmptyCanvas />}
    </div>
  );
}

/** React Flow shows the grips of an edge's ends only when this is given; the work is done in onReconnectEnd. */
const noReconnect = () => undefined;

/** The edge a node without connections is held over. */
function edgeForLoneNode(
  node: CardNode,
  edges: readonly WireEdge[],
  event: globalThis.MouseEvent | TouchEvent | MouseEvent,
): string | null {
  if (edges.some((edge) => edge.source === node.id || edge.target === node.id)) return null;
  return edgeUnder(pointOf(event as globalThis.MouseEvent));
}

function minimapColour(node: CardNode): string {
  return `var(--kind-${node.data.category})`;
}

function Guides({ guides }: { guides: readonly Guide[] }) {
  if (guides.length === 0) return null;
  return (
    <ViewportPortal>
      {guides.map((guide) => (
        <div
          key={guide.axis}
          className="guide"
          style={
            guide.axis === "x"
              ? { left: guide.at, top: guide.from, width: 1, height: guide.to - guide.from }
              : { top: guide.at, left: guide.from, height: 1, width: guide.to - guide.from }
          }
        />
      ))}
    </ViewportPortal>
  );
}

function useAltKey(): boolean {
  const [held, setHeld] = useState(false);
  useEffect(() => {
    const listen = (event: globalThis.KeyboardEvent) => setHeld(event.altKey);
    const release = () => setHeld(false);
    window.addEventListener("keydown", listen);
    window.addEventListener("keyup", listen);
    window.addEventListener("blur", release);
    return () => {
      window.removeEventListener("keydown", listen);
      window.removeEventListener("keyup", listen);
      window.removeEventListener("blur", release);
    };
  }, []);
  return held;
}
