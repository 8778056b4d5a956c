/** The five steps of the tour, and where on the page each is shown. */

export interface TourStepText {
  /** the part of the page it speaks of */
  readonly target: string;
  readonly title: string;
  readonly words: string;
}

export const STEPS: readonly TourStepText[] = [
  {
    target: ".palette",
    title: "Build",
    words:
      "Drag a kind onto the canvas, or choose it and press Enter. Pull a line from the right side of a node to the next one; what cannot be connected says why.",
  },
  {
    target: ".inspector",
    title: "Set",
    words:
      "Select a node for its settings: units as you type them, the default, the range, and where the default comes from.",
  },
  {
    target: ".run-buttons",
    title: "Run",
    words:
      "Run saves and starts; Space pauses and goes on. The slider beside it sets how many simulated seconds pass in one of yours.",
  },
  {
    target: ".editor-canvas",
    title: "Watch",
    words:
      "Edges grow with their rate and redden as the node they lead to fills up. Click a node while it runs for its own charts.",
  },
  {
    target: ".run-panel",
    title: "Decide",
    words:
      "Charts, results with intervals, events and earlier runs are in this drawer. Drag the slider back to see the canvas as it was.",
  },
];

const STORAGE_KEY = "headrace.tour";
const CARD_WIDTH = 300;
const CARD_HEIGHT = 190;
const GAP = 12;

export function isTourDone(): boolean {
  try {
    return window.localStorage.getItem(STORAGE_KEY) === "done";
  } catch {
    return true; // it could not be dismissed for ever, so it is not offered
  }
}

export function rememberTourDone(): void {
  try {
    window.localStorage.setItem(STORAGE_KEY, "done");
  } catch {
    // Without storage it is never offered, see above.
  }
}

export interface Place {
  readonly ring: { left: number; top: number; width: number; height: number };
  readonly card: { left: number; top: number };
}

/** Beside its part of the page, on whichever side there is room; null when that part is not shown. */
export function firstPlace(step: number): Place | null {
  const target = document.querySelector(STEPS[step]?.target ?? "");
  const box = target?.getBoundingClientRect();
  if (!box || box.width === 0) return null;
  return placeBeside(box, { width: window.innerWidth, height: window.innerHeight });
}

interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export function placeBeside(box: Box, view: { width: number; height: number }): Place {
  const right = box.left + box.width;
  const bottom = box.top + box.height;
  const clamp = (value: number, most: number) => Math.max(GAP, Math.min(value, most - GAP));
  const top = clamp(box.top, view.height - CARD_HEIGHT);
  const left = clamp(box.left, view.width - CARD_WIDTH);
  let card: Place["card"];
  if (right + GAP + CARD_WIDTH < view.width) card = { left: right + GAP, top };
  else if (box.left - GAP - CARD_WIDTH > 0) card = { left: box.left - GAP - CARD_WIDTH, top };
  else if (bottom + GAP + CARD_HEIGHT < view.height) card = { left, top: bottom + GAP };
  else card = { left, top: clamp(box.top - GAP - CARD_HEIGHT, view.height - CARD_HEIGHT) };
  return { ring: { left: box.left, top: box.top, width: box.width, height: box.height }, card };
}
