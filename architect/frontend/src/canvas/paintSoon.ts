/**
 * Numbers that change sixty times a second cannot be read and cost a paint each time: cards and edges hand in what
 * they would write, and it is written together at a calm rate. The last word is always written.
 */

/** Milliseconds between two writings: calm, and calmer when much is on the page. */
const CALM = 90;
const CALMER = 700;
/** Elements from which on it is much: then each is small, and a colour that flickers says nothing. */
const MUCH = 120;

const waiting = new Map<object, () => void>();
let timer: ReturnType<typeof setTimeout> | null = null;
let lastPaint = Number.NEGATIVE_INFINITY;
let lastCount = 0;

function flush(): void {
  timer = null;
  lastPaint = performance.now();
  const now = [...waiting.values()];
  lastCount = now.length;
  waiting.clear();
  for (const paint of now) paint();
}

/** Run `paint` soon; of several from one `owner` only the newest. The first after a pause is written at once. */
export function paintSoon(owner: object, paint: () => void): void {
  waiting.set(owner, paint);
  if (timer !== null) return;
  const pause = lastCount > MUCH ? CALMER : CALM;
  const since = performance.now() - lastPaint;
  timer = setTimeout(flush, Math.min(pause, Math.max(0, pause - since)));
}

/** What `owner` handed in is not to be written any more. */
export function paintNever(owner: object): void {
  waiting.delete(owner);
}
