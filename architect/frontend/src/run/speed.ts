/** The speed slider: logarithmic from 1× to 100,000×, and one last position for "as fast as it goes". */

export const SLIDER_MAX = 100;
const DECADES = 5;
const STORAGE_KEY = "headrace.speed";
/** One simulated minute per second: a ten-minute run is watched in ten seconds. */
export const DEFAULT_SPEED = 60;

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

/** The speed chosen last in this browser. */
export function storedSpeed(): number | null {
  try {
    const stored = window.localStorage.getItem(STORAGE_KEY);
    if (stored === "max") return null;
    const speed = Number(stored);
    return stored !== null && Number.isFinite(speed) && speed >= 1 ? speed : DEFAULT_SPEED;
  } catch {
    return DEFAULT_SPEED; // storage is refused: the default serves
  }
}

export function storeSpeed(speed: number | null): void {
  try {
    window.localStorage.setItem(STORAGE_KEY, speed === null ? "max" : String(speed));
  } catch {
    // The choice holds until the page is left.
  }
}
