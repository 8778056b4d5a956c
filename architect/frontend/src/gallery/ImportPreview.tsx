import { useEffect, useRef } from "react";
import type { ImportedDesign, ImportNote } from "../api/imports";

const MOST_SHOWN = 200;
/** What the report calls the format of a file of which nothing was read. */
const NOT_READ = "not recognised";
const MOST_NAMED = 8;

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
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    dialog.current?.showModal();
    heading.current?.focus(); // what was read comes before the first list of it
  }, []);
  const { document, report } = imported;
  const unread = report.files.filter((file) => file.format === NOT_READ);
  const used = report.files.filter((file) => file.format !== NOT_READ);
  const lists: readonly (readonly [string, string, readonly ImportNote[]])[] = [
    ["Assumed", "No file says it. Begin by measuring these.", report.assumed],
    ["Not understood", "Left out of the design.", report.not_understood],
    ["Without an equivalent", "Read, but a design has no place for it.", report.not_modelled],
    ["Read", "", report.read],
  ];
  return (
    <dialog ref={dialog} className="import-dialog" aria-labelledby="preview-title" onClose={onClose}>
      <h2 id="preview-title" ref={heading} tabIndex={-1}>
        {document.name}
      </h2>
      <p className="muted">
        {document.nodes.length} nodes and {document.edges.length} connections. Nothing is saved yet.
      </p>
      <ul className="import-files">
        {used.map((file) => (
          <li key={file.name}>
            <code>{file.name}</code> {file.format}
          </li>
        ))}
        {unread.length > 0 && (
          <li className="import-unread">
            Not read, see below:{" "}
            {unread
              .slice(0, MOST_NAMED)
              .map((file) => file.name)
              .join(", ")}
            {unread.length > MOST_NAMED && ` and ${unread.length - MOST_NAMED} more`}
          </li>
        )}
      </ul>
      {lists.map(
        ([title, words, notes]) =>
          notes.length > 0 && (
            <details key={title} open={title !== "Read" && notes.length <= 20}>
              <summary>
                {title} ({notes.length})
              </summary>
              {words && <p className="muted">{words}</p>}
              {byFile(notes.slice(0, MOST_SHOWN)).map(([file, ofFile]) => (
                <section key={file}>
                  {report.files.length > 1 && <h3>{file}</h3>}
                  <ul
                    className={
                      title === "Not understood" ? "import-problems" : "import-problems import-notes"
                    }
                  >
                    {ofFile.map((note) => (
                      <li key={`${note.path} ${note.message}`}>
                        <p>{note.message}</p>
                        <code>{placeOf(note, report.files.length === 1)}</code>
                      </li>
                    ))}
                  </ul>
                </section>
              ))}
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

function placeOf({ file, line, path }: ImportNote, isAlone: boolean): string {
  return [isAlone ? file : "", line === null ? "" : `line ${line}`, path].filter(Boolean).join(", ");
}

/** Notes file by file, in the order of the report. */
function byFile(notes: readonly ImportNote[]): readonly (readonly [string, readonly ImportNote[]])[] {
  const found = new Map<string, ImportNote[]>();
  for (const note of notes) {
    const ofFile = found.get(note.file);
    if (ofFile) ofFile.push(note);
    else found.set(note.file, [note]);
  }
  return [...found];
}
