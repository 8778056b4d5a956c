/** Keys to actions. Never while somebody types, and never when another part of the page has used the key. */
import { type KeybindingsMap, tinykeys } from "tinykeys";
import type { ActionTable } from "./actions";

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

/** Keys that would also scroll, click or type where the focus is. */
const WITHIN = new Set(["Delete", "Backspace"]);

export function bindShortcuts(actions: ActionTable, window: Window): () => void {
  const bindings: KeybindingsMap = {};
  for (const action of actions.list) {
    if (action.native) continue;
    for (const keys of action.keys) {
      bindings[keys] = (event: KeyboardEvent) => {
        if (event.defaultPrevented) return;
        const saves = action.id === "save" || action.id === "commands";
        if (!saves && (isTyping(event.target) || isInDialog(event.target))) return;
        if (WITHIN.has(keys) && event.target instanceof HTMLButtonElement) return;
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
