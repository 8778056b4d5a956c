/** The state of one editor: the document with its undo steps, what is selected, what is wrong, how saving stands. */
import { createStore, type StoreApi } from "zustand/vanilla";
import type { SavedDesign } from "../api/designs";
import type { Problem } from "../api/errors";
import type { Command } from "./commands";
import { endGesture, type History, newHistory, record, redo, undo } from "./history";
import { type DesignDocument, NOTHING, type Selection } from "./types";

export type SaveState =
  | { readonly kind: "saved"; readonly at: Date }
  | { readonly kind: "waiting" }
  | { readonly kind: "saving" }
  /** the server cannot be reached; `kept`: the browser holds the draft */
  | { readonly kind: "offline"; readonly kept: boolean }
  /** the server refuses the design as it is */
  | { readonly kind: "refused"; readonly kept: boolean; readonly message: string }
  | { readonly kind: "conflict"; readonly current: SavedDesign };

export interface ApplyOptions {
  /** changes with the same gesture are one undo step */
  readonly gesture?: string;
  readonly select?: Selection;
}

export interface EditorState {
  readonly designId: string;
  /** of the last successful save */
  readonly version: number;
  readonly history: History<DesignDocument>;
  readonly selection: Selection;
  readonly problems: readonly Problem[];
  readonly save: SaveState;
  /** the document of a past run shown instead of the design; nothing can be changed then */
  readonly snapshot: { readonly runId: string; readonly document: DesignDocument } | null;

  apply(label: string, command: Command, options?: ApplyOptions): void;
  endGesture(): void;
  undo(): string | null;
  redo(): string | null;
  select(selection: Selection): void;
  setProblems(problems: readonly Problem[]): void;
  setSave(save: SaveState): void;
  saved(design: SavedDesign): void;
  /** Start over from another saved state (conflict solved, version restored). */
  adopt(design: SavedDesign, options?: { keepHistory?: boolean }): void;
  rebase(version: number): void;
  showSnapshot(snapshot: { runId: string; document: DesignDocument } | null): void;
}

export type EditorStore = StoreApi<EditorState>;

/** Fill the lists that a sparse document may leave out. */
export function completed(document: DesignDocument): DesignDocument {
  return { ...document, nodes: document.nodes ?? [], edges: document.edges ?? [] };
}

/** What is selected and still there. */
function stillThere(selection: Selection, document: DesignDocument): Selection {
  const nodes = new Set(document.nodes.map((node) => node.id));
  const edges = new Set(document.edges.map((edge) => edge.id));
  const kept = {
    nodes: selection.nodes.filter((id) => nodes.has(id)),
    edges: selection.edges.filter((id) => edges.has(id)),
  };
  const same = kept.nodes.length === selection.nodes.length && kept.edges.length === selection.edges.length;
  return same ? selection : kept;
}

export function createEditorStore(design: SavedDesign): EditorStore {
  return createStore<EditorState>()((set, get) => ({
    designId: design.id,
    version: design.version,
    history: newHistory(completed(design.document)),
    selection: NOTHING,
    problems: design.problems,
    save: { kind: "saved", at: new Date(design.updated_at) },
    snapshot: null,

    apply(label, command, options = {}) {
      const state = get();
      if (state.snapshot) return;
      const next = command(state.history.present);
      set({
        history: record(state.history, next, label, options.gesture ?? null),
        selection: stillThere(options.select ?? state.selection, next),
      });
    },
    endGesture: () => set((state) => ({ history: endGesture(state.history) })),
    undo() {
      const state = get();
      const step = state.history.past.at(-1);
      if (!step || state.snapshot) return null;
      const history = undo(state.history);
      set({ history, selection: stillThere(state.selection, history.present) });
      return step.label;
    },
    redo() {
      const state = get();
      const step = state.history.future[0];
      if (!step || state.snapshot) return null;
      const history = redo(state.history);
      set({ history, selection: stillThere(state.selection, history.present) });
      return step.label;
    },
    select(selection) {
      const { selection: old } = get();
      const same = sameIds(old.nodes, selection.nodes) && sameIds(old.edges, selection.edges);
      if (!same) set((state) => ({ selection, history: endGesture(state.history) }));
    },
    setProblems: (problems) => set({ problems }),
    setSave: (save) => set({ save }),
    saved(saved) {
      set({
        version: saved.version,
        problems: saved.problems,
        save: { kind: "saved", at: new Date(saved.updated_at) },
      });
    },
    adopt(other, options = {}) {
      const present = completed(other.document);
      const history = options.keepHistory
        ? record(get().history, present, "Take the other version")
        : newHistory(present);
      set({
        version: other.version,
        history,
        problems: other.problems,
        selection: stillThere(get().selection, present),
        save: { kind: "saved", at: new Date(other.updated_at) },
      });
    },
    rebase: (version) => set({ version }),
    showSnapshot(snapshot) {
      const shown = snapshot ? { ...snapshot, document: completed(snapshot.document) } : null;
      const { selection, history } = get();
      set({ snapshot: shown, selection: stillThere(selection, shown?.document ?? history.present) });
    },
  }));
}

function sameIds(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((id, index) => id === b[index]);
}

/** What the canvas shows: a past run's document, or the design. */
export function shownDocument(state: EditorState): DesignDocument {
  return state.snapshot?.document ?? state.history.present;
}
