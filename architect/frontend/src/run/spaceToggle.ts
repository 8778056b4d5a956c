import { useEffect, useRef } from "react";

/** Held longer than this, Space is the hand that pans the canvas and not a key press. */
const LONGEST_TAP = 350;
const TAKES_SPACE =
  'input, textarea, select, button, a, summary, dialog, [contenteditable="true"], [role="slider"], [role="tab"], [role="menu"], ' +
  '[role="menuitem"], [role="listbox"], [role="option"], [role="dialog"], .react-flow__node:focus-visible, .react-flow__edge:focus-visible';

/** Whether Space belongs to the element that has the focus. */
export function takesSpace(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest(TAKES_SPACE) !== null;
}

/** A tap on Space, outside fields and controls and without dragging meanwhile, calls `toggle`. */
export function useSpaceToggle(toggle: () => void): void {
  const latest = useRef(toggle);
  latest.current = toggle;
  useEffect(() => {
    let since: number | null = null;
    const down = (event: KeyboardEvent) => {
      if (event.key !== " ") return;
      if (event.repeat) return;
      const plain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.shiftKey;
      since = plain && !event.defaultPrevented && !takesSpace(event.target) ? event.timeStamp : null;
      if (since !== null) event.preventDefault(); // the page must not scroll
    };
    const up = (event: KeyboardEvent) => {
      if (event.key !== " " || since === null) return;
      const tapped = event.timeStamp - since < LONGEST_TAP;
      since = null;
      if (tapped) latest.current();
    };
    const pointer = () => {
      since = null;
    };
    window.addEventListener("keydown", down);
    window.addEventListener("keyup", up);
    window.addEventListener("pointerdown", pointer);
    return () => {
      window.removeEventListener("keydown", down);
      window.removeEventListener("keyup", up);
      window.removeEventListener("pointerdown", pointer);
    };
  }, []);
}
