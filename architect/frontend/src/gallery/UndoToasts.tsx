import { undoDelete, usePendingDeletes } from "./undo";
import "./page.css";

/** What was just deleted, with the way back. */
export function UndoToasts() {
  const pending = usePendingDeletes();
  return (
    <div className="toasts" role="status">
      {pending.map(({ id, words }) => (
        <div className="toast" key={id}>
          <span>{words}</span>
          <button type="button" className="button quiet" onClick={() => undoDelete(id)}>
            Undo
          </button>
        </div>
      ))}
    </div>
  );
}
