/**
 * Deleting with a way back: what is deleted vanishes from the lists at once and from the server when the toast goes.
 * Leaving the page carries out what is pending (the request is kept alive by the browser).
 */
import { useSyncExternalStore } from "react";

export const UNDO_TIME = 8_000;

export interface Deferred {
  readonly id: string;
  /** "Checkout deleted" */
  readonly words: string;
  readonly act: () => Promise<unknown>;
}

let pending: readonly (Deferred & { timer: number })[] = [];
let hidden: ReadonlySet<string> = new Set();
const listeners = new Set<() => void>();

function changed(next: typeof pending, nextHidden: ReadonlySet<string>): void {
  pending = next;
  hidden = nextHidden;
  for (const listener of listeners) listener();
}

function carryOut(id: string): void {
  const found = pending.find((one) => one.id === id);
  if (!found) return;
  window.clearTimeout(found.timer);
  changed(
    pending.filter((one) => one.id !== id),
    hidden,
  );
  // it stays hidden until the server has answered; a refusal brings it back
  void found.act().finally(() => changed(pending, without(hidden, id)));
}

function without(set: ReadonlySet<string>, id: string): ReadonlySet<string> {
  return new Set([...set].filter((one) => one !== id));
}

/** Delete in a while, unless the user takes it back. */
export function deferDelete(deferred: Deferred): void {
  if (pending.some((one) => one.id === deferred.id)) return;
  const timer = window.setTimeout(() => carryOut(deferred.id), UNDO_TIME);
  changed([...pending, { ...deferred, timer }], new Set([...hidden, deferred.id]));
}

/** Take the deletion back. */
export function undoDelete(id: string): void {
  const found = pending.find((one) => one.id === id);
  if (!found) return;
  window.clearTimeout(found.timer);
  changed(
    pending.filter((one) => one.id !== id),
    without(hidden, id),
  );
}

/** Do now what waits; called when the page is left. */
export function carryOutAll(): void {
  for (const { id } of pending) carryOut(id);
}

function subscribe(listener: () => void): () => void {
  if (listeners.size === 0) window.addEventListener("pagehide", carryOutAll);
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) window.removeEventListener("pagehide", carryOutAll);
  };
}

/** The ids that lists must not show. */
export function useDeferred(): ReadonlySet<string> {
  return useSyncExternalStore(subscribe, () => hidden);
}

/** What the toasts offer to take back. */
export function usePendingDeletes(): readonly Deferred[] {
  return useSyncExternalStore(subscribe, () => pending);
}
