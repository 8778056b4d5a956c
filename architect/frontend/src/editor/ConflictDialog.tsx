import { useEffect, useRef, useState } from "react";
import { createDesign, type SavedDesign } from "../api/designs";
import { sentence } from "../api/errors";
import { navigate } from "../router";
import { useEditor, useEditorState } from "./EditorContext";

/** Somebody else saved in between: nothing is lost before the user has chosen. */
export function ConflictDialog() {
  const save = useEditorState((state) => state.save);
  return save.kind === "conflict" ? <Choice current={save.current} /> : null;
}

const when = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

function Choice({ current }: { current: SavedDesign }) {
  const { store, saver, view } = useEditor();
  const dialog = useRef<HTMLDialogElement>(null);
  const [problem, setProblem] = useState<string | null>(null);
  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);

  const mine = () => {
    store.getState().rebase(current.version);
    store.getState().setSave({ kind: "waiting" });
    saver.markUnsaved();
  };
  const theirs = () => {
    store.getState().adopt(current, { keepHistory: true });
    saver.markSaved();
    view.getState().toast("The other version is shown. Undo brings yours back.");
  };
  const copy = async () => {
    try {
      const document = store.getState().history.present;
      const made = await createDesign({ document: { ...document, name: `${document.name} (copy)` } });
      saver.markSaved();
      navigate(`/designs/${made.id}`);
    } catch (error) {
      setProblem(sentence(error));
    }
  };
  return (
    <dialog
      ref={dialog}
      className="dialog is-narrow"
      aria-labelledby="conflict-title"
      onCancel={(event) => event.preventDefault()}
    >
      <h2 id="conflict-title">This design was changed elsewhere</h2>
      <p>
        Another window saved version {current.version} on {when.format(new Date(current.updated_at))}. Your
        changes are kept in this browser until you choose.
      </p>
      {problem && (
        <p className="field-error" role="alert">
          {problem}
        </p>
      )}
      <div className="dialog-actions">
        <button type="button" className="button primary" onClick={mine}>
          Keep mine
        </button>
        <button type="button" className="button" onClick={theirs}>
          Take theirs
        </button>
        <button type="button" className="button" onClick={() => void copy()}>
          Save mine as a copy
        </button>
      </div>
    </dialog>
  );
}
