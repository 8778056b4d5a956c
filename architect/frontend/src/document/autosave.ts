/** Saves within a second of rest, one request at a time; what cannot be saved is kept in the browser. */
import type { SavedDesign } from "../api/designs";
import { ApiError, isRecord, sentence, toProblem } from "../api/errors";
import { dropDraft, keepDraft } from "./drafts";
import { isSame } from "./same";
import { completed, type EditorStore } from "./store";
import type { DesignDocument } from "./types";

/** Milliseconds without a change before saving. */
export const REST = 700;
const FIRST_RETRY = 2000;
const LAST_RETRY = 30000;

export type Save = (
  id: string,
  version: number,
  document: DesignDocument,
  options?: { keepalive?: boolean },
) => Promise<SavedDesign>;

export class Autosaver {
  private savedDocument: DesignDocument;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private running: Promise<void> | null = null;
  private retry = FIRST_RETRY;
  private readonly stop: () => void;

  constructor(
    private readonly store: EditorStore,
    private readonly save: Save,
  ) {
    this.savedDocument = store.getState().history.present;
    this.stop = store.subscribe((state, before) => {
      if (state.history.present !== before.history.present) this.changed();
    });
  }

  /** Whether something is not on the server yet. */
  get isDirty(): boolean {
    return this.store.getState().history.present !== this.savedDocument;
  }

  /** The present document is what the server has (after adopting another version). */
  markSaved(): void {
    this.savedDocument = this.store.getState().history.present;
    this.cancelTimer();
    dropDraft(this.store.getState().designId);
  }

  /** Save the present document even though the browser believes it is saved (a restored draft, "keep mine"). */
  markUnsaved(): void {
    this.savedDocument = { format: "", name: "", nodes: [], edges: [] };
    this.changed();
  }

  private changed(): void {
    const { save, setSave } = this.store.getState();
    if (save.kind === "conflict") {
      this.keep();
      return;
    }
    if (save.kind !== "saving") setSave({ kind: "waiting" });
    this.retry = FIRST_RETRY;
    this.schedule(REST);
  }

  private schedule(delay: number): void {
    this.cancelTimer();
    this.timer = setTimeout(() => {
      this.timer = null;
      void this.run();
    }, delay);
  }

  private cancelTimer(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }

  private run(): Promise<void> {
    this.running ??= this.attempt().finally(() => {
      this.running = null;
    });
    return this.running;
  }

  private async attempt(): Promise<void> {
    const { designId, version, history, setSave } = this.store.getState();
    if (this.store.getState().save.kind === "conflict") return;
    const document = history.present;
    if (document === this.savedDocument) {
      setSave({ kind: "saved", at: new Date() });
      return;
    }
    setSave({ kind: "saving" });
    try {
      const saved = await this.save(designId, version, document);
      this.savedDocument = document;
      this.retry = FIRST_RETRY;
      this.store.getState().saved(saved);
      if (this.isDirty) {
        setSave({ kind: "waiting" });
        this.schedule(REST);
      } else dropDraft(designId);
    } catch (error) {
      this.failed(error);
    }
  }

  private failed(error: unknown): void {
    const { setSave, setProblems, designId } = this.store.getState();
    const refusal = error instanceof ApiError ? error : new ApiError(0, sentence(error));
    if (refusal.status === 409) {
      const current = isRecord(refusal.body) ? refusal.body["current"] : null;
      if (isRecord(current)) {
        const theirs = current as unknown as SavedDesign;
        const mine = this.store.getState().history.present;
        if (theirs.document && isSame(completed(theirs.document), completed(mine))) {
          // our own save of a moment ago, whose answer was lost
          this.savedDocument = mine;
          this.store.getState().saved(theirs);
          dropDraft(designId);
          return;
        }
        this.keep();
        setSave({
          kind: "conflict",
          current: { ...theirs, problems: (theirs.problems ?? []).map(toProblem) },
        });
        return;
      }
    }
    const kept = this.keep();
    if (refusal.isOffline || refusal.status === 429) {
      setSave({ kind: "offline", kept });
      this.schedule(this.retry);
      this.retry = Math.min(LAST_RETRY, this.retry * 2);
      return;
    }
    if (refusal.errors.length > 0) setProblems(refusal.errors);
    const message =
      refusal.status === 404 ? `The design ${designId} is no longer on the server.` : refusal.message;
    setSave({ kind: "refused", kept, message });
  }

  private keep(): boolean {
    const { designId, version, history } = this.store.getState();
    return keepDraft(designId, { version, document: history.present, at: new Date().toISOString() });
  }

  /** Save now what is unsaved. Resolves with the version that holds the present document; rejects when it cannot. */
  async flush(): Promise<{ version: number }> {
    this.cancelTimer();
    if (this.running) await this.running;
    if (this.isDirty) {
      this.cancelTimer();
      await this.run();
    }
    const { save, version } = this.store.getState();
    if (!this.isDirty) return { version };
    switch (save.kind) {
      case "conflict":
        throw new Error("The design was changed in another window: choose first which version to keep.");
      case "refused":
        throw new Error(save.message);
      default:
        throw new Error("The design could not be saved: the server does not answer.");
    }
  }

  /** The page is being left: hand the browser a last save, and keep a draft in case it does not get through. */
  leaving(): void {
    if (!this.isDirty) return;
    this.keep();
    const { designId, version, history, save } = this.store.getState();
    if (save.kind === "conflict" || this.running) return;
    this.cancelTimer();
    this.save(designId, version, history.present, { keepalive: true }).then(
      () => dropDraft(designId),
      () => undefined, // the draft is kept and offered when the design is opened again
    );
  }

  /** The network is back: do not wait for the next retry. */
  online(): void {
    if (this.store.getState().save.kind === "offline") this.schedule(0);
  }

  dispose(): void {
    this.stop();
    this.cancelTimer();
  }
}
