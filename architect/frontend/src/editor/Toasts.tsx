import { X } from "lucide-react";
import { useEffect } from "react";
import { useStore } from "zustand";
import { useEditor } from "./EditorContext";
import type { Toast } from "./view";

/** Long enough to read and to reach "Undo"; nothing is lost when it goes (Ctrl+Z does the same). */
const SHOWN_MS = 7000;

export function Toasts() {
  const { view } = useEditor();
  const toasts = useStore(view, (state) => state.toasts);
  return (
    <div className="notices">
      {toasts.map((toast) => (
        <One key={toast.id} toast={toast} onDismiss={() => view.getState().dismiss(toast.id)} />
      ))}
    </div>
  );
}

function One({ toast, onDismiss }: { toast: Toast; onDismiss: () => void }) {
  const { view } = useEditor();
  useEffect(() => {
    const timer = window.setTimeout(() => view.getState().dismiss(toast.id), SHOWN_MS);
    return () => window.clearTimeout(timer);
  }, [toast.id, view]);
  return (
    <div className={`notice ${toast.tone}`}>
      <span>{toast.text}</span>
      {toast.action && (
        <button
          type="button"
          className="link-button"
          onClick={() => {
            toast.action?.run();
            onDismiss();
          }}
        >
          {toast.action.label}
        </button>
      )}
      <button type="button" className="field-tool" aria-label="Dismiss" onClick={onDismiss}>
        <X size={14} aria-hidden="true" />
      </button>
    </div>
  );
}

/** Says to screen readers what the eye sees happen. Two regions take turns, so that equal sentences are read again. */
export function LiveRegion() {
  const { view } = useEditor();
  const said = useStore(view, (state) => state.said);
  const isEven = said.count % 2 === 0;
  return (
    <div className="visually-hidden">
      <div aria-live="polite">{isEven ? said.text : ""}</div>
      <div aria-live="polite">{isEven ? "" : said.text}</div>
    </div>
  );
}
