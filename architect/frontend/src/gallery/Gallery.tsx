import { FileUp, SquarePlus } from "lucide-react";
import { useCallback, useEffect, useRef, useState } from "react";
import {
  createDesign,
  type DesignSummary,
  duplicateDesign,
  listDesigns,
  listTemplates,
  type NewDesign,
  type Template,
} from "../api/designs";
import { sentence } from "../api/errors";
import { request } from "../api/http";
import type { ImportedDesign } from "../api/imports";
import { navigate } from "../router";
import { DropZone } from "./DropZone";
import { areDesigns, importFiles, previewImport, type Refused } from "./fileImport";
import { ImportDialog } from "./ImportDialog";
import { ImportPreview } from "./ImportPreview";
import { PageHeader } from "./PageHeader";
import { RecentDesigns } from "./RecentDesigns";
import { TemplateCard } from "./TemplateCard";
import { UndoToasts } from "./UndoToasts";
import { deferDelete, useDeferred } from "./undo";
import "./gallery.css";

const BLANK: NewDesign = {
  document: { format: "headrace/1", name: "Untitled design", nodes: [], edges: [] },
};

const NOTHING =
  "Nothing in this folder is of a kind that can be read here: templates, definitions, drawings, traces, CSV.";

/** What went wrong, and how it is tried again. */
interface Failure {
  readonly words: string;
  readonly again: () => void;
}

/** The first page: examples that run on one click, a blank sheet, files, and what was made before. */
export function Gallery() {
  const [templates, setTemplates] = useState<readonly Template[] | null>(null);
  const [designs, setDesigns] = useState<readonly DesignSummary[] | null>(null);
  const [problem, setProblem] = useState<Failure | null>(null);
  const [refused, setRefused] = useState<readonly Refused[]>([]);
  const templatesTitle = useRef<HTMLHeadingElement>(null);
  const openFile = useRef<HTMLButtonElement>(null);
  const [preview, setPreview] = useState<ImportedDesign | null>(null);
  const [isBusy, setBusy] = useState(false);
  const [reading, setReading] = useState("");
  const fileInput = useRef<HTMLInputElement>(null);
  const hidden = useDeferred();

  const reload = useCallback(() => {
    setProblem(null);
    const fail = (failure: unknown) => setProblem({ words: sentence(failure), again: reload });
    listDesigns().then(setDesigns, fail);
    listTemplates().then(setTemplates, fail);
  }, []);
  useEffect(() => {
    document.title = "Headrace";
    reload();
    // an empty canvas sends people here for files
    if (window.location.hash === "#import") openFile.current?.focus();
  }, [reload]);
  const isThere = templates !== null;
  useEffect(() => {
    if (isThere && window.location.hash === "#templates") templatesTitle.current?.scrollIntoView();
  }, [isThere]);

  const attempt = async (what: () => Promise<void>) => {
    setBusy(true);
    setProblem(null);
    try {
      await what();
    } catch (failure) {
      setProblem({ words: sentence(failure), again: () => void attempt(what) });
    } finally {
      setBusy(false);
      setReading("");
    }
  };
  const create = (from: NewDesign, run = false) =>
    attempt(async () => {
      const design = await createDesign(from);
      navigate(`/designs/${design.id}${run ? "?run=1" : ""}`);
    });
  const takeFiles = (given: () => Promise<readonly File[]>) =>
    attempt(async () => {
      setReading("Reading the folder …");
      const files = await given();
      if (files.length === 0) throw new Error(NOTHING);
      setReading(files.length === 1 ? `Reading ${files[0]?.name} …` : `Reading ${files.length} files …`);
      if (!(await areDesigns(files))) {
        const made = await previewImport(files);
        if ("refused" in made) setRefused(made.refused);
        else setPreview(made.imported);
        return;
      }
      const { designs: made, refused: bad } = await importFiles(files);
      setRefused(bad);
      const only = made.length === 1 && bad.length === 0 ? made[0] : undefined;
      if (only) navigate(`/designs/${only.id}`);
      else reload();
    });
  const remove = (design: DesignSummary) => {
    deferDelete({
      id: design.id,
      words: `${design.name} deleted`,
      // keepalive: leaving the page must not call the deletion off half-way
      act: () =>
        request<void>("DELETE", `/designs/${encodeURIComponent(design.id)}`, { keepalive: true }).then(
          reload,
          (failure: unknown) => setProblem({ words: sentence(failure), again: () => remove(design) }),
        ),
    });
  };

  const shown = designs?.filter((design) => !hidden.has(design.id)) ?? [];
  return (
    <DropZone onFiles={(files) => void takeFiles(files)}>
      <div className="page">
        <PageHeader here="gallery" />
        <main className="page-main" id="main">
          <section className="hero">
            <h1>
              <span>Draw the event architecture.</span> <span>Run it before you build it.</span>{" "}
              <em>Decide with evidence.</em>
            </h1>
            <div className="hero-side">
              <p>
                Queues, topics, functions and their real settings, simulated message by message on this
                machine. Run an example, start blank, or drop files anywhere on this page: designs, or what
                your system has already (templates, definitions, drawings, traces).
              </p>
              <div className="hero-actions">
                <button type="button" className="button" disabled={isBusy} onClick={() => void create(BLANK)}>
                  <SquarePlus size={16} aria-hidden="true" /> Blank design
                </button>
                <button
                  ref={openFile}
                  type="button"
                  className="button"
                  disabled={isBusy}
                  onClick={() => fileInput.current?.click()}
                >
                  <FileUp size={16} aria-hidden="true" /> Open a file
                </button>
                <input
                  ref={fileInput}
                  type="file"
                  hidden
                  multiple
                  onChange={(event) => {
                    const chosen = [...(event.target.files ?? [])];
                    if (chosen.length > 0) void takeFiles(() => Promise.resolve(chosen));
                    event.target.value = "";
                  }}
                />
              </div>
              <p className="hero-status muted" role="status">
                {reading}
              </p>
            </div>
          </section>
          {problem && (
            <p className="banner bad" role="alert">
              {problem.words}
              <button type="button" className="button quiet small" onClick={problem.again}>
                Try again
              </button>
            </p>
          )}
          {shown.length > 0 && (
            <RecentDesigns
              designs={shown}
              onDuplicate={(design) => void attempt(() => duplicateDesign(design.id).then(reload))}
              onDelete={remove}
            />
          )}
          <section aria-labelledby="templates-title">
            <h2 id="templates-title" ref={templatesTitle}>
              {shown.length > 0 ? "Start from an example" : "Examples, ready to run"}
            </h2>
            <div className="template-grid" aria-busy={templates === null && problem === null}>
              {templates?.map((template) => (
                <TemplateCard
                  key={template.name}
                  template={template}
                  isBusy={isBusy}
                  onOpen={(run) => void create({ template: template.name }, run)}
                />
              ))}
              {templates === null &&
                problem === null &&
                [1, 2, 3].map((n) => <div key={n} className="template-card waiting" />)}
            </div>
            {templates?.length === 0 && (
              <p className="run-empty">No examples are installed. Start blank, or drop a file.</p>
            )}
          </section>
        </main>
        <UndoToasts />
        {preview && (
          <ImportPreview
            imported={preview}
            onClose={() => setPreview(null)}
            onCreate={() => void create({ document: preview.document })}
          />
        )}
        {refused.length > 0 && <ImportDialog refused={refused} onClose={() => setRefused([])} />}
      </div>
    </DropZone>
  );
}
