import { FileText, Link2, X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { sentence } from "../api/errors";
import { fetchExport } from "../api/exports";
import { saveFile } from "../editor/saveFile";
import { formatAgo } from "../run/numbers";
import {
  listLinks,
  makeLink,
  type ReportForm,
  type ReportWords,
  readWords,
  reportAddress,
  revokeLink,
  type ShareLink,
  type Subject,
  writeWords,
} from "./reportsApi";
import "./reports.css";

const FIELDS = [
  { name: "title", label: "Title", most: 200, hint: "Left empty: the name of the design." },
  { name: "authors", label: "Authors", most: 500, hint: "" },
  {
    name: "notes",
    label: "Notes",
    most: 5000,
    hint: "Before everything else: the question, what was decided.",
  },
] as const;

/** The report of a run or an experiment: its words, its files, and the links to read it. */
export function ReportDialog({
  subject,
  what,
  onClose,
}: {
  readonly subject: Subject;
  /** what it is the report of: "this run" */
  readonly what: string;
  readonly onClose: () => void;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [words, setWords] = useState<ReportWords | null>(null);
  const [kept, setKept] = useState<ReportWords | null>(null);
  const [links, setLinks] = useState<readonly ShareLink[]>([]);
  const [fresh, setFresh] = useState<string | null>(null);
  const [said, setSaid] = useState("");
  const [problem, setProblem] = useState<string | null>(null);

  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);
  useEffect(() => {
    const stop = new AbortController();
    Promise.all([readWords(subject, stop.signal), listLinks(subject, stop.signal)]).then(
      ([found, made]) => {
        setWords(found);
        setKept(found);
        setLinks(made);
      },
      (error: unknown) => !stop.signal.aborted && setProblem(sentence(error)),
    );
    return () => stop.abort();
  }, [subject]);

  const isChanged = words !== null && kept !== null && FIELDS.some(({ name }) => words[name] !== kept[name]);
  /** Do it, with the words saved before: a file or a page that lacks what was just typed would puzzle. */
  const attempt = async (make: () => Promise<string>) => {
    setProblem(null);
    try {
      if (words && isChanged) setKept(await writeWords(subject, words));
      setSaid(await make());
    } catch (error) {
      setProblem(sentence(error));
    }
  };
  const save = () => attempt(() => Promise.resolve("Saved. Every report and link shows it."));
  const take = (form: ReportForm) =>
    attempt(async () => {
      const made = await fetchExport(reportAddress(subject, form));
      saveFile(made.file, made.name);
      return `${made.name} is on its way.`;
    });
  const share = () =>
    attempt(async () => {
      const made = await makeLink(subject);
      const address = new URL(made.path ?? "", window.location.origin).href;
      setLinks((before) => [made, ...before]);
      setFresh(address);
      const isCopied = await navigator.clipboard?.writeText(address).then(
        () => true,
        () => false,
      );
      return isCopied ? "The link is copied." : "Copy the link now: it is shown this once.";
    });
  const revoke = (id: string) =>
    attempt(async () => {
      await revokeLink(subject, id);
      setLinks((before) => before.filter((link) => link.id !== id));
      setFresh(null);
      return "Nobody can read the report by that link any more.";
    });

  return (
    <dialog ref={dialog} className="report-dialog" aria-labelledby="report-heading" onClose={onClose}>
      <header>
        <h2 id="report-heading">Report of {what}</h2>
        <button type="button" className="icon-button" aria-label="Close" onClick={onClose}>
          <X size={16} aria-hidden="true" />
        </button>
      </header>
      {!words && !problem && <p className="muted">Reading its words …</p>}
      {words && (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            void save();
          }}
        >
          {FIELDS.map(({ name, label, most, hint }) => {
            const field = {
              id: `report-${name}`,
              className: "field-input",
              value: words[name],
              maxLength: most,
              "aria-describedby": hint ? `report-${name}-hint` : undefined,
              onChange: (event: { target: { value: string } }) =>
                setWords({ ...words, [name]: event.target.value }),
            };
            return (
              <div key={name} className="report-field">
                <label htmlFor={field.id}>{label}</label>
                {name === "notes" ? (
                  <textarea rows={4} {...field} />
                ) : (
                  <input type="text" autoFocus={name === "title"} {...field} />
                )}
                {hint && (
                  <p className="muted" id={`report-${name}-hint`}>
                    {hint}
                  </p>
                )}
              </div>
            );
          })}
          <div className="dialog-actions">
            <button type="submit" className="button primary" disabled={!isChanged}>
              Save
            </button>
            {(["html", "pdf"] as const).map((form) => (
              <button key={form} type="button" className="button" onClick={() => void take(form)}>
                <FileText size={14} aria-hidden="true" />
                {form === "html" ? "Page (.html)" : "To print (.pdf)"}
              </button>
            ))}
          </div>
          <h3>Links to read it</h3>
          <p className="muted">
            Whoever has a link can read this report, and nothing else, until you revoke it. Its address is
            shown once and kept nowhere.
          </p>
          {fresh && (
            <input
              className="field-input report-address"
              aria-label="Address of the new link"
              readOnly
              value={fresh}
              onFocus={(event) => event.target.select()}
            />
          )}
          <ul className="report-links">
            {links.map((link) => (
              <li key={link.id}>
                <span>Made {formatAgo(link.created_at)}</span>
                <button type="button" className="button small" onClick={() => void revoke(link.id)}>
                  Revoke
                </button>
              </li>
            ))}
          </ul>
          <button type="button" className="button" onClick={() => void share()}>
            <Link2 size={14} aria-hidden="true" /> New link
          </button>
        </form>
      )}
      <p role="status" className="report-said muted">
        {said}
      </p>
      {problem && (
        <p className="banner bad" role="alert">
          {problem}
        </p>
      )}
    </dialog>
  );
}
