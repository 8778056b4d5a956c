import { useCallback, useEffect } from "react";
import { useStore } from "zustand";
import { Canvas } from "../canvas/Canvas";
import { shownDocument } from "../document/store";
import { Inspector } from "../inspector/Inspector";
import { RunBar } from "../run/RunBar";
import { RunPanel } from "../run/RunPanel";
import { ConflictDialog } from "./ConflictDialog";
import { useEditor, useEditorState } from "./EditorContext";
import { GraphTable } from "./GraphTable";
import { Header } from "./Header";
import { Palette } from "./Palette";
import { ProblemsButton, ProblemsPanel } from "./ProblemsPanel";
import { Popups } from "./popups/Popups";
import { RunNotice } from "./RunNotice";
import { bindClipboard, bindShortcuts, useEscape, useQuickAddOnTab } from "./shortcuts";
import { LiveRegion, Toasts } from "./Toasts";
import { useNarrow } from "./useNarrow";
import { useShownRun } from "./useShownRun";
import "./editor.css";

/** Header, run bar, palette, canvas, inspector, charts: the page of one design. */
export function Workbench({ runId }: { runId: string | null }) {
  const editor = useEditor();
  const { view, saver, actions } = editor;
  const designId = useEditorState((state) => state.designId);
  const selection = useEditorState((state) => state.selection);
  const problems = useEditorState((state) => state.problems);
  const title = useEditorState((state) => shownDocument(state).name);
  const inspectorOpen = useStore(view, (state) => state.inspectorOpen);
  const mode = useStore(view, (state) => state.mode);
  const showRun = useShownRun(runId);

  useEffect(() => bindShortcuts(actions, window, () => view.getState().singleKeys), [actions, view]);
  useEffect(() => bindClipboard(actions, document), [actions]);
  useQuickAddOnTab(editor);
  useEscape(editor);
  useNarrow();
  useEffect(() => {
    document.title = `${title} – Headrace`;
  }, [title]);
  useEffect(() => {
    const leaving = () => saver.leaving();
    const online = () => saver.online();
    window.addEventListener("pagehide", leaving);
    window.addEventListener("online", online);
    return () => {
      window.removeEventListener("pagehide", leaving);
      window.removeEventListener("online", online);
    };
  }, [saver]);
  const flushSave = useCallback(() => saver.flush(), [saver]);

  const errors = problems.filter((problem) => problem.severity === "error");
  const one = selection.nodes.length + selection.edges.length === 1;
  const chosen = one
    ? selection.nodes[0]
      ? ({ kind: "node", id: selection.nodes[0] } as const)
      : ({ kind: "edge", id: selection.edges[0] ?? "" } as const)
    : null;
  return (
    <div className={`editor${inspectorOpen ? " has-inspector" : ""}`}>
      <a className="skip-link" href="#canvas">
        To the canvas
      </a>
      <Header />
      <div className="editor-run">
        <RunBar
          designId={designId}
          problemsBlockRun={errors.length === 1 ? (errors[0]?.message ?? 1) : errors.length}
          onRunShown={showRun}
          flushSave={flushSave}
        />
      </div>
      <RunNotice />
      <div className="editor-main">
        <Palette />
        <main className="editor-centre" id="canvas" tabIndex={-1} aria-label="Canvas">
          <div className="editor-canvas">
            {mode === "canvas" ? <Canvas /> : <GraphTable />}
            <ProblemsButton />
            <Toasts />
          </div>
          <ProblemsPanel />
          <RunPanel selection={chosen} />
        </main>
        {inspectorOpen ? (
          <Inspector />
        ) : (
          <button
            type="button"
            className="inspector-tab"
            onClick={() => view.getState().set({ inspectorOpen: true })}
          >
            Inspector
          </button>
        )}
      </div>
      <Popups />
      <ConflictDialog />
      <LiveRegion />
    </div>
  );
}
