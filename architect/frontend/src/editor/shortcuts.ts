/** Keys to actions. Never while somebody types, and never when another part of the page has used the key. */

import { useEffect } from "react";
import { type KeybindingsMap, tinykeys } from "tinykeys";
import type { ActionTable } from "./actions";
import type { Editor } from "./EditorContext";

/** Whether an element takes what is typed. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target.closest("[contenteditable='true']")) return true;
  const field = target.closest("input, textarea, select");
  if (!field) return false;
  if (field instanceof HTMLInputElement)
    return !["checkbox", "radio", "button", "range"].includes(field.type);
  return true;
}

/** Whether a dialog or menu has the keyboard. */
function isInDialog(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("dialog[open], [data-popup]") !== null;
}

/** Keys that type a character: people who dictate may switch these off (WCAG 2.1.4). */
function isSingleKey(keys: string): boolean {
  return !keys.includes("$mod") && (keys.split(/\+(?=.)/).at(-1) ?? "").length === 1;
}

export function bindShortcuts(actions: ActionTable, window: Window, singleKeys: () => boolean): () => void {
  const bindings: KeybindingsMap = {};
  for (const action of actions.list) {
    if (action.native) continue;
    for (const keys of action.keys) {
      bindings[keys] = (event: KeyboardEvent) => {
        if (event.defaultPrevented) return;
        const saves = action.id === "save" || action.id === "commands";
        if (!saves && (isTyping(event.target) || isInDialog(event.target))) return;
        if (isSingleKey(keys) && !singleKeys()) return;
        event.preventDefault();
        if (action.enabled()) void action.run();
      };
    }
  }
  return tinykeys(window as Window & typeof globalThis, bindings);
}

/** The browser's own clipboard events: they need no permission and work across tabs. */
export function bindClipboard(actions: ActionTable, document: Document): () => void {
  const isOurs = (event: ClipboardEvent) =>
    !isTyping(event.target) && !isInDialog(event.target) && (document.getSelection()?.isCollapsed ?? true);
  const copy = (event: ClipboardEvent) => {
    if (!isOurs(event)) return;
    const text = actions.copyText(event.type === "cut");
    if (text === null) return;
    event.clipboardData?.setData("text/plain", text);
    event.preventDefault();
  };
  const paste = (event: ClipboardEvent) => {
    if (isTyping(event.target) || isInDialog(event.target)) return;
    if (actions.pasteText(event.clipboardData?.getData("text/plain") ?? "")) event.preventDefault();
  };
  document.addEventListener("copy", copy);
  document.addEventListener("cut", copy);
  document.addEventListener("paste", paste);
  return () => {
    document.removeEventListener("copy", copy);
    document.removeEventListener("cut", copy);
    document.removeEventListener("paste", paste);
  };
}

/** Esc outside fields and lists lets go of the selection first, then closes the inspector. */
export function useEscape({ store, view }: Editor): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== "Escape" || event.defaultPrevented) return;
      if (isTyping(event.target) || isInDialog(event.target)) return;
      const { selection, select } = store.getState();
      if (selection.nodes.length + selection.edges.length > 0) select({ nodes: [], edges: [] });
      else view.getState().set({ inspectorOpen: false });
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [store, view]);
}

/**
 * Tab over the bare canvas opens quick-add; once something on the page has the focus, Tab walks as everywhere,
 * so that the keyboard alone is never caught.
 */
export function useQuickAddOnTab({ view, actions }: Editor): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== "Tab" || event.shiftKey || event.ctrlKey || event.altKey || event.metaKey) return;
      const isFree = document.activeElement === null || document.activeElement === document.body;
      if (!isFree || event.defaultPrevented || !view.getState().canvas?.isPointerOver()) return;
      event.preventDefault();
      void actions.by.add.run();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [view, actions]);
}
