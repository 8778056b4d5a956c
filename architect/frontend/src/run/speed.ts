/** The speed slider: logarithmic from 1× to 100,000×, and one last position for "as fast as it goes". */

export const SLIDER_MAX = 100;
const DECADES = 5;
const STORAGE_KEY = "headrace.speed:";
/** A run nobody set a speed for is watched in about this many seconds. */
const WATCH_TIME = 12;

/** Position 0..100 to simulated seconds per second, in two digits; null at the end. */
export function speedAt(position: number): number | null {
  if (position >= SLIDER_MAX) return null;
  const speed = 10 ** ((Math.max(0, position) / (SLIDER_MAX - 1)) * DECADES);
  const step = 10 ** Math.max(0, Math.floor(Math.log10(speed)) - 1);
  return Math.round(speed / step) * step;
}

/** The position that shows a speed. */
export function positionOf(speed: number | null): number {
  if (speed === null) return SLIDER_MAX;
  const position = (Math.log10(Math.max(1, speed)) / DECADES) * (SLIDER_MAX - 1);
  return Math.min(SLIDER_MAX - 1, Math.round(position));
}

/** The speed that shows a run of this many simulated seconds in about a quarter of a minute. */
export function speedFor(duration: number): number | null {
  return speedAt(Math.min(SLIDER_MAX - 1, positionOf(duration / WATCH_TIME)));
}

/** The speed chosen for this design in this browser; undefined when none was. */
export function storedSpeed(designId: string): number | null | undefined {
  try {
    const stored = window.localStorage.getItem(STORAGE_KEY + designId);
    if (stored === "max") return null;
    const speed = Number(stored);
    return stored !== null && Number.isFinite(speed) && speed >= 1 ? speed : undefined;
  } catch {
    return undefined; // storage is refused: the speed follows the duration
  }
}

export function storeSpeed(designId: string, speed: number | null): void {
  try {
    window.localStorage.setItem(STORAGE_KEY + designId, speed === null ? "max" : String(speed));
  } catch {
    // The choice holds until the page is left.
  }
}
