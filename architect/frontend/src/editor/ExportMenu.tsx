import { Download } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { sentence } from "../api/errors";
import { type ExportFormat, exportAddress, fetchExport, listExports, readLeftOut } from "../api/exports";
import { shownDocument } from "../document/store";
import { ReportDialog } from "../reports/ReportDialog";
import type { Subject } from "../reports/reportsApi";
import { useSession } from "../run/session";
import { shownTheme } from "../theme/theme";
import { useEditor, useEditorState } from "./EditorContext";
import { Floating } from "./popups/Floating";
import { moveInMenu } from "./popups/menuKeys";
import { saveFile } from "./saveFile";

const HEADINGS = {
  diagram: "Drawing",
  configuration: "For the brokers",
  design: "The design itself",
  data: "Data of this run",
} as const;
const ORDER = ["data", "diagram", "configuration", "design"] as const;

/** Close the menu and do it; what goes wrong is said after `failed`. */
type Save = (make: () => Promise<void>, failed?: string) => Promise<void>;

/** Take the design away as a file: a drawing (with the numbers of the run that is shown), settings, or the document. */
export function ExportMenu() {
  const button = useRef<HTMLButtonElement>(null);
  const [open, setOpen] = useState(false);
  const [report, setReport] = useState<Subject | null>(null);
  const box = button.current?.getBoundingClientRect();
  return (
    <>
      <button
        ref={button}
        type="button"
        className="button"
        aria-haspopup="dialog"
        aria-expanded={open}
        title="Take the design away as a file"
        onClick={() => setOpen((was) => !was)}
      >
        <Download size={15} aria-hidden="true" /> Export
      </button>
      {open && box && (
        <Floating
          at={{ x: box.right - 580, y: box.bottom + 6 }}
          label="Export"
          onClose={() => setOpen(false)}
          className="menu export-menu"
        >
          <Formats onDone={() => setOpen(false)} onReport={setReport} />
        </Floating>
      )}
      {report && <ReportDialog subject={report} what="this run" onClose={() => setReport(null)} />}
    </>
  );
}

function Formats({ onDone, onReport }: { onDone: () => void; onReport: (subject: Subject) => void }) {
  const { saver, view } = useEditor();
  const designId = useEditorState((state) => state.designId);
  const nodes = useEditorState((state) => shownDocument(state).nodes);
  const run = useSession((state) => (state.result ? state.run : null));
  const without = useSession((state) => state.resultProblem);
  const [formats, setFormats] = useState<readonly ExportFormat[] | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const list = useRef<HTMLDivElement>(null);

  useEffect(() => {
    const stop = new AbortController();
    listExports(stop.signal).then(
      (found) => setFormats(found),
      (error: unknown) => !stop.signal.aborted && setProblem(sentence(error)),
    );
    return () => stop.abort();
  }, []);
  useEffect(() => {
    if (formats) list.current?.querySelector<HTMLElement>("button")?.focus();
  }, [formats]);

  const save: Save = async (make, failed = "There is no file") => {
    onDone();
    try {
      await make();
    } catch (error) {
      view.getState().toast(`${failed}: ${sentence(error)}`, { tone: "warn" });
    }
  };
  const take = async (format: ExportFormat) => {
    if (!run) await saver.flush(); // what is drawn, not what was saved a second ago
    const source = run ? { of: "runs" as const, id: run.id } : { of: "designs" as const, id: designId };
    const made = await fetchExport(exportAddress(source, format.name, shownTheme()));
    saveFile(made.file, made.name);
    if (format.sort === "data") return;
    const { sentences } = await readLeftOut(designId, format.name, run !== null);
    if (sentences.length > 0) view.getState().toast(`${made.name} is saved. ${leftOut(sentences)}`);
  };

  if (problem) return <p className="export-note">The formats could not be read: {problem}</p>;
  if (!formats) return <p className="export-note">Reading the formats…</p>;
  return (
    <div ref={list} role="menu" aria-label="Formats" tabIndex={-1} onKeyDown={moveInMenu}>
      {without && <p className="export-note">{without}</p>}
      {run && (
        // biome-ignore lint/a11y/useSemanticElements: a fieldset is no part of a menu
        <div role="group" aria-label="For a review" className="export-group">
          <p className="filter-group" aria-hidden="true">
            For a review
          </p>
          <button
            type="button"
            role="menuitem"
            className="menu-item"
            onClick={() => {
              onDone();
              onReport(`/runs/${encodeURIComponent(run.id)}`);
            }}
          >
            <span>Report of this run …</span>
            <span className="muted export-suffix">.html .pdf</span>
          </button>
        </div>
      )}
      {ORDER.filter((sort) => run !== null || sort !== "data").map((sort) => (
        // biome-ignore lint/a11y/useSemanticElements: a fieldset is no part of a menu
        <div key={sort} role="group" aria-label={HEADINGS[sort]} className="export-group">
          <p className="filter-group" aria-hidden="true">
            {HEADINGS[sort]}
            {sort === "diagram" && run && ", with the numbers of this run"}
          </p>
          {formats
            .filter((format) => format.sort === sort)
            .map((format) => (
              <button
                key={format.name}
                type="button"
                role="menuitem"
                className="menu-item"
                disabled={!hasWords(format, nodes)}
                title={
                  hasWords(format, nodes)
                    ? `Leaves out: ${format.leaves_out}.`
                    : `The design has no ${format.needs.join(", no ")}.`
                }
                onClick={() => void save(() => take(format))}
              >
                <span>{format.title}</span>
                <span className="muted export-suffix">{format.suffix}</span>
              </button>
            ))}
        </div>
      ))}
    </div>
  );
}

/** What a file leaves out, as far as it can be read while a toast is there. */
function leftOut(sentences: readonly string[]): string {
  const shown = sentences.slice(0, 3).join("; ");
  const more = sentences.length - 3;
  return `Not in it: ${shown}${more > 0 ? `; and ${more} more (headrace export lists them)` : ""}.`;
}

const hasWords = (format: ExportFormat, nodes: readonly { readonly kind: string }[]) =>
  format.needs.length === 0 || nodes.some((node) => format.needs.includes(node.kind));
