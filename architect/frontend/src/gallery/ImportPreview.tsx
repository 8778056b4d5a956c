import { useEffect, useRef } from "react";
import type { ImportedDesign, ImportNote } from "../api/imports";

const MOST_SHOWN = 200;

/** What an import made of the files, before anything is saved. */
export function ImportPreview({
  imported,
  onCreate,
  onClose,
}: {
  imported: ImportedDesign;
  onCreate: () => void;
  onClose: () => void;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  const { document, report } = imported;
  const lists: readonly (readonly [string, string, readonly ImportNote[]])[] = [
    ["Assumed", "No file says it. Begin by measuring these.", report.assumed],
    ["Not understood", "Left out of the design.", report.not_understood],
    ["Without an equivalent", "Read, but a design has no place for it.", report.not_modelled],
    ["Read", "", report.read],
  ];
  return (
    <dialog ref={dialog} className="import-dialog" aria-labelledby="preview-title" onClose={onClose}>
      <h2 id="preview-title">{document.name}</h2>
      <p className="muted">
        {document.nodes.length} nodes and {document.edges.length} connections from{" "}
        {report.files.map((file) => `${file.name} (${file.format})`).join(", ")}. Nothing is saved yet.
      </p>
      {lists.map(
        ([title, words, notes]) =>
          notes.length > 0 && (
            <details key={title} open={title !== "Read" && notes.length <= 20}>
              <summary>
                {title} ({notes.length})
              </summary>
              {words && <p className="muted">{words}</p>}
              <ul className={title === "Not understood" ? "import-problems" : "import-problems import-notes"}>
                {notes.slice(0, MOST_SHOWN).map((note) => (
                  <li key={`${note.file} ${note.path} ${note.message}`}>
                    <code>{placeOf(note)}</code>
                    <p>{note.message}</p>
                  </li>
                ))}
              </ul>
              {notes.length > MOST_SHOWN && (
                <p className="muted">
                  And {notes.length - MOST_SHOWN} more: headrace import lists all of them.
                </p>
              )}
            </details>
          ),
      )}
      <form method="dialog" className="dialog-actions">
        <button type="submit" className="button">
          Cancel
        </button>
        <button type="button" className="button primary" onClick={onCreate}>
          Create design
        </button>
      </form>
    </dialog>
  );
}

function placeOf({ file, line, path }: ImportNote): string {
  return [file, line === null ? "" : `line ${line}`, path].filter(Boolean).join(", ");
}
