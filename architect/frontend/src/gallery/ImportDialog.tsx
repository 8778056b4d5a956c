import { Copy } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { type Refused, refusalText } from "./fileImport";

/** What could not be read, where, and how to mend it. Nothing was created from these files. */
export function ImportDialog({ refused, onClose }: { refused: readonly Refused[]; onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  const copy = () => {
    void navigator.clipboard?.writeText(refusalText(refused)).then(() => setCopied(true));
  };
  return (
    <dialog ref={dialog} className="import-dialog" aria-labelledby="import-title" onClose={onClose}>
      <h2 id="import-title">
        {refused.length === 1 ? "This file is not a design yet" : "These files are not designs yet"}
      </h2>
      <p className="muted">Nothing was changed. Mend what is listed, then drop the file again.</p>
      {refused.map(({ fileName, detail, problems }) => (
        <section key={fileName}>
          <h3>{fileName}</h3>
          {problems.length === 0 && <p>{detail}</p>}
          {problems.length > 0 && (
            <ol className="import-problems">
              {problems.map((problem) => (
                <li key={`${problem.path} ${problem.code} ${problem.message}`}>
                  <code>{problem.path || "document"}</code>
                  <p>{problem.message}</p>
                  {problem.hint && <p className="muted">{problem.hint}</p>}
                </li>
              ))}
            </ol>
          )}
        </section>
      ))}
      <form method="dialog" className="dialog-actions">
        <button type="button" className="button" onClick={copy}>
          <Copy size={14} aria-hidden="true" /> {copied ? "Copied" : "Copy details"}
        </button>
        <button type="submit" className="button primary">
          Close
        </button>
      </form>
    </dialog>
  );
}
