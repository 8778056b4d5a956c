import { Eye } from "lucide-react";
import { navigate } from "../router";
import { leaveRun } from "../run/session";
import { useEditor, useEditorState } from "./EditorContext";

/** Says that the canvas shows the past, and leads back. */
export function RunNotice() {
  const { store } = useEditor();
  const snapshot = useEditorState((state) => state.snapshot);
  const designId = useEditorState((state) => state.designId);
  if (!snapshot) return null;
  const back = () => {
    leaveRun();
    store.getState().showSnapshot(null);
    navigate(`/designs/${designId}`);
  };
  return (
    <div className="banner run-notice">
      <Eye size={15} aria-hidden="true" />
      <span>The design as this run saw it. It has been changed since, so nothing can be edited here.</span>
      <button type="button" className="button small" onClick={back}>
        Back to the design
      </button>
    </div>
  );
}
