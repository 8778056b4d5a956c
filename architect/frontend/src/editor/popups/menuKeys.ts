import type { KeyboardEvent } from "react";

/** Arrows, Home and End in a menu (WAI-ARIA, menu pattern): the focus goes to the item they name, round at the ends. */
export function moveInMenu(event: KeyboardEvent<HTMLElement>): void {
  const items = [...event.currentTarget.querySelectorAll<HTMLElement>("button:not(:disabled)")];
  const at = items.indexOf(document.activeElement as HTMLElement);
  const next = { ArrowDown: at + 1, ArrowUp: at - 1 + items.length, Home: 0, End: items.length - 1 }[
    event.key
  ];
  if (next === undefined || items.length === 0) return;
  event.preventDefault();
  items[next % items.length]?.focus();
}
