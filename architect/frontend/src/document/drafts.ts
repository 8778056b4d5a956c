/** Unsaved work kept in this browser, for when the server cannot be reached or refuses it. */
import type { DesignDocument } from "./types";

export interface Draft {
  /** the saved version it was drawn on */
  readonly version: number;
  readonly document: DesignDocument;
  /** ISO time */
  readonly at: string;
}

const key = (designId: string) => `headrace.draft.${designId}`;

/** Returns false when the browser would not keep it (storage full or closed). */
export function keepDraft(designId: string, draft: Draft): boolean {
  try {
    window.localStorage.setItem(key(designId), JSON.stringify(draft));
    return true;
  } catch {
    return false;
  }
}

export function readDraft(designId: string): Draft | null {
  try {
    const text = window.localStorage.getItem(key(designId));
    const draft = text === null ? null : (JSON.parse(text) as Draft);
    return draft && Array.isArray(draft.document?.nodes) ? draft : null;
  } catch {
    return null; // no storage, or something else under our key: there is no draft we could offer
  }
}

export function dropDraft(designId: string): void {
  try {
    window.localStorage.removeItem(key(designId));
  } catch {
    // Without storage there was no draft either.
  }
}
