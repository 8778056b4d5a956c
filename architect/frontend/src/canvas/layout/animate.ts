/** Moving nodes smoothly from where they are to where they go. */
import type { Point } from "../../document/types";

export const MOVE_MS = 320;

type Places = Readonly<Record<string, Point>>;

/** Places part of the way: `share` 0 is the start, 1 the end. */
export function between(from: Places, to: Places, share: number): Record<string, Point> {
  const eased = share < 0.5 ? 4 * share ** 3 : 1 - (-2 * share + 2) ** 3 / 2;
  return Object.fromEntries(
    Object.entries(to).map(([id, end]) => {
      const start = from[id] ?? end;
      return [id, { x: start.x + (end.x - start.x) * eased, y: start.y + (end.y - start.y) * eased }];
    }),
  );
}

export function wantsLessMotion(): boolean {
  return (
    typeof window.matchMedia === "function" && window.matchMedia("(prefers-reduced-motion: reduce)").matches
  );
}

/** Shows every step; resolves when all has arrived. With reduced motion asked for, at once. */
export function animatePlaces(
  from: Places,
  to: Places,
  show: (places: Record<string, Point>) => void,
): Promise<void> {
  if (wantsLessMotion()) return Promise.resolve();
  return new Promise((resolve) => {
    const start = performance.now();
    const step = (now: number) => {
      const share = Math.min(1, (now - start) / MOVE_MS);
      show(between(from, to, share));
      if (share < 1) requestAnimationFrame(step);
      else resolve();
    };
    requestAnimationFrame(step);
  });
}
