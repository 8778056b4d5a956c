import { Command, Keyboard, LayoutGrid, Redo2, Table2, Undo2, Workflow } from "lucide-react";
import { useStore } from "zustand";
import { setName } from "../document/commands";
import { shownDocument } from "../document/store";
import { ExperimentPill } from "../experiments/ExperimentPill";
import { pageAddress } from "../experiments/experimentsApi";
import { Logo } from "../gallery/Logo";
import { navigate } from "../router";
import { RunPill } from "../run/RunPill";
import { ThemeSwitch } from "../theme/ThemeSwitch";
import type { ActionId } from "./actions";
import { useEditor, useEditorState } from "./EditorContext";
import { ExportMenu } from "./ExportMenu";
import { keyText } from "./keyText";
import { SaveStatus } from "./SaveStatus";

/** Name of the design, how saving stands, and the actions used most. */
export function Header() {
  const { store, view } = useEditor();
  const name = useEditorState((state) => shownDocument(state).name);
  const isLocked = useEditorState((state) => state.snapshot !== null);
  const canUndo = useEditorState((state) => state.history.past.at(-1)?.label ?? null);
  const canRedo = useEditorState((state) => state.history.future[0]?.label ?? null);
  const mode = useStore(view, (state) => state.mode);
  const { apply, endGesture } = store.getState();
  return (
    <header className="editor-header">
      <a className="wordmark" href="/" aria-label="Headrace: all designs" title="All designs">
        <Logo size={22} />
        <span>Headrace</span>
      </a>
      <input
        className="design-name"
        aria-label="Name of the design"
        value={name}
        readOnly={isLocked}
        size={Math.max(8, Math.min(34, name.length + 1))}
        onChange={(event) => apply("Rename the design", setName(event.target.value), { gesture: "name" })}
        onBlur={() => {
          if (name.trim() === "") apply("Rename the design", setName("Untitled design"), { gesture: "name" });
          endGesture();
        }}
        onKeyDown={(event) => event.key === "Enter" && event.currentTarget.blur()}
      />
      <SaveStatus />
      <div className="header-tools" role="toolbar" aria-label="Edit">
        <Tool
          id="undo"
          icon={<Undo2 size={17} />}
          disabled={canUndo === null || isLocked}
          hint={canUndo ? `Undo: ${canUndo}` : "Undo"}
        />
        <Tool
          id="redo"
          icon={<Redo2 size={17} />}
          disabled={canRedo === null || isLocked}
          hint={canRedo ? `Redo: ${canRedo}` : "Redo"}
        />
        <Tool id="tidy" icon={<LayoutGrid size={17} />} disabled={isLocked} />
        <Tool
          id="table"
          icon={mode === "canvas" ? <Table2 size={17} /> : <Workflow size={17} />}
          hint={mode === "canvas" ? "Show as a table" : "Show as a drawing"}
        />
        <Tool id="commands" icon={<Command size={17} />} hint="Find an action or a node" />
        <Tool id="shortcuts" icon={<Keyboard size={17} />} />
      </div>
      <div className="header-end">
        <RunPill />
        <ExperimentPill />
        <ExportMenu />
        <CompareLink />
        <a className="header-link" href="/runs">
          Runs
        </a>
        <ThemeSwitch />
      </div>
    </header>
  );
}

/** To the experiments with this design, once what was drawn is saved. */
function CompareLink() {
  const { saver } = useEditor();
  const designId = useEditorState((state) => state.designId);
  const address = pageAddress("comparison", designId);
  return (
    <a
      className="header-link"
      href={address}
      title="Compare, sweep, find the limit"
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
        event.preventDefault();
        void saver.flush().then(() => navigate(address));
      }}
    >
      Compare
    </a>
  );
}

function Tool({
  id,
  icon,
  disabled = false,
  hint,
}: {
  id: ActionId;
  icon: React.ReactNode;
  disabled?: boolean;
  hint?: string;
}) {
  const { actions } = useEditor();
  const action = actions.by[id];
  const words = hint ?? action.label;
  return (
    <button
      type="button"
      className="icon-button"
      disabled={disabled}
      aria-label={words}
      title={`${words} (${keyText(action.keys[0] ?? "")})`}
      onClick={() => void action.run()}
    >
      {icon}
    </button>
  );
}
