import { useStore as useFlowStore } from "@xyflow/react";
import { Map as MapIcon, Maximize, Minus, Plus } from "lucide-react";
import { useStore } from "zustand";
import { useEditor, useEditorState } from "../editor/EditorContext";
import { keyText } from "../editor/keyText";

/** Zoom, fit and minimap, at the canvas's lower left. */
export function CanvasControls() {
  const { view, actions } = useEditor();
  const zoom = useFlowStore((state) => Math.round(state.transform[2] * 100));
  const minimapOpen = useStore(view, (state) => state.minimapOpen);
  const chosen = useEditorState((state) => state.selection.nodes.length);
  const hint = (id: "zoom-in" | "zoom-out" | "fit" | "minimap" | "zoom-100") =>
    `${actions.by[id].label} (${keyText(actions.by[id].keys[0] ?? "")})`;
  return (
    <div className="canvas-controls" role="toolbar" aria-label="View">
      <button
        type="button"
        className="icon-button"
        title={hint("zoom-out")}
        aria-label="Zoom out"
        onClick={() => actions.by["zoom-out"].run()}
      >
        <Minus size={16} aria-hidden="true" />
      </button>
      <button
        type="button"
        className="icon-button zoom-level tabular"
        title={hint("zoom-100")}
        aria-label={`Zoom ${zoom} %, set to 100 %`}
        onClick={() => actions.by["zoom-100"].run()}
      >
        {zoom} %
      </button>
      <button
        type="button"
        className="icon-button"
        title={hint("zoom-in")}
        aria-label="Zoom in"
        onClick={() => actions.by["zoom-in"].run()}
      >
        <Plus size={16} aria-hidden="true" />
      </button>
      <button
        type="button"
        className="icon-button"
        title={hint("fit")}
        aria-label="Fit everything"
        onClick={() => actions.by.fit.run()}
      >
        <Maximize size={16} aria-hidden="true" />
      </button>
      <button
        type="button"
        className="icon-button"
        title={hint("minimap")}
        aria-label="Minimap"
        aria-pressed={minimapOpen}
        onClick={() => actions.by.minimap.run()}
      >
        <MapIcon size={16} aria-hidden="true" />
      </button>
      {chosen > 1 && <span className="chip info">{chosen} selected</span>}
    </div>
  );
}
