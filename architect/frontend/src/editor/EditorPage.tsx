import { useEffect, useState } from "react";
import { readDesign, type SavedDesign, updateDesign } from "../api/designs";
import { ApiError, sentence } from "../api/errors";
import { withPlaces } from "../canvas/layout/layered";
import { Autosaver } from "../document/autosave";
import { dropDraft, readDraft } from "../document/drafts";
import { isSame } from "../document/same";
import { completed, createEditorStore } from "../document/store";
import { PageHeader } from "../gallery/PageHeader";
import type { Catalogue } from "../schema/catalogue";
import { loadCatalogue } from "../schema/load";
import { createActions } from "./actions";
import { type Editor, EditorProvider } from "./EditorContext";
import { createViewStore } from "./view";
import { Workbench } from "./Workbench";

/** Everything the editor of one design is made of. */
export function createEditor(design: SavedDesign, catalogue: Catalogue): Editor {
  const placed = { ...design, document: withPlaces(completed(design.document)) };
  const store = createEditorStore(placed);
  const view = createViewStore(placed.document.nodes.length);
  const saver = new Autosaver(store, updateDesign);
  const actions = createActions({ store, view, catalogue, save: () => saver.flush() });
  restoreDraft({ store, view, saver, catalogue, actions });
  return { store, view, saver, catalogue, actions };
}

/** Work that did not reach the server the last time comes back, on top of what the server has. */
function restoreDraft({ store, view, saver }: Editor): void {
  const state = store.getState();
  const draft = readDraft(state.designId);
  if (!draft) return;
  if (isSame(completed(draft.document), completed(state.history.present))) {
    dropDraft(state.designId); // the last save of the page that was left did get through
    return;
  }
  state.apply("Restore unsaved changes", () => withPlaces(completed(draft.document)));
  if (draft.version === state.version) {
    view.getState().toast("Unsaved changes from this browser were restored.");
    return;
  }
  // the server has moved on meanwhile: saving over the old version asks the user which to keep
  store.getState().rebase(draft.version);
  saver.markUnsaved();
}

type Loaded = { readonly editor: Editor } | { readonly problem: string; readonly isMissing: boolean } | null;

export function EditorPage({ designId, runId }: { designId: string; runId: string | null }) {
  const [loaded, setLoaded] = useState<Loaded>(null);
  const [attempt, setAttempt] = useState(0);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt is a reason to load again
  useEffect(() => {
    const abort = new AbortController();
    let editor: Editor | null = null;
    setLoaded(null);
    Promise.all([loadCatalogue(), readDesign(designId, abort.signal)]).then(
      ([catalogue, design]) => {
        if (abort.signal.aborted) return;
        editor = createEditor(design, catalogue);
        setLoaded({ editor });
      },
      (error: unknown) => {
        if (abort.signal.aborted) return;
        setLoaded({ problem: sentence(error), isMissing: error instanceof ApiError && error.status === 404 });
      },
    );
    return () => {
      abort.abort();
      editor?.saver.leaving();
      editor?.saver.dispose();
    };
  }, [designId, attempt]);

  if (loaded === null) return <p className="app-loading">Opening the design …</p>;
  if ("editor" in loaded) {
    return (
      <EditorProvider editor={loaded.editor}>
        <Workbench runId={runId} />
      </EditorProvider>
    );
  }
  return (
    <>
      <PageHeader here={null} />
      <main className="app-missing" id="main">
        <h1>{loaded.isMissing ? "This design does not exist" : "The design could not be opened"}</h1>
        <p>{loaded.isMissing ? "It may have been deleted." : loaded.problem}</p>
        <p>
          {!loaded.isMissing && (
            <button type="button" className="button" onClick={() => setAttempt(attempt + 1)}>
              Try again
            </button>
          )}{" "}
          <a className="button" href="/">
            All designs
          </a>
        </p>
      </main>
    </>
  );
}
