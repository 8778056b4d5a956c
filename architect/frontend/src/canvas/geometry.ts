/** Sizes and places on the canvas, in canvas units (pixels at 100 %). */
import type { DesignDocument, Point } from "../document/types";

/** Every card has the same size: numbers that change never move anything. */
export const CARD = { width: 200, height: 100 } as const;
/** Cards, gaps and handles all fall on this grid. */
export const GRID = 20;
/** Below this zoom numbers give way to one colour per node. */
export const FAR = 0.6;
/** Below this zoom a name is no longer read either (22 px × 0.2): many cards are then their colour alone. */
export const TINY = 0.22;
/** Up to this many cards keep one large number even when they are far away. */
export const FEW = 60;
/** From this many nodes on only what is in sight is in the page. */
export const MANY = 150;

export function snapped(point: Point): Point {
  return { x: Math.round(point.x / GRID) * GRID, y: Math.round(point.y / GRID) * GRID };
}

/** Where a card goes so that its middle is at a point. */
export function centredOn(point: Point): Point {
  return { x: point.x - CARD.width / 2, y: point.y - CARD.height / 2 };
}

export function placeOfNode(document: DesignDocument, id: string): Point {
  return document.layout?.[id] ?? { x: 0, y: 0 };
}

const overlaps = (a: Point, b: Point, gap: number) =>
  Math.abs(a.x - b.x) < CARD.width + gap && Math.abs(a.y - b.y) < CARD.height + gap;

/** The height at which an edge to a card further left goes past its ends: beside the card that it leaves. */
export function laneBack(sourceY: number, targetY: number): number {
  const reach = CARD.height / 2 + GRID;
  const side = sourceY <= targetY ? reach : -reach;
  const isFree = Math.abs(sourceY + side - targetY) >= reach - GRID / 2;
  return isFree ? sourceY + side : sourceY - side;
}

/** The nearest free place at or below and right of the wanted one, so that no new card hides another. */
export function freePlace(wanted: Point, taken: readonly Point[], gap = GRID): Point {
  const start = snapped(wanted);
  const free = (point: Point) => !taken.some((other) => overlaps(point, other, gap));
  const stepX = CARD.width + gap;
  const stepY = CARD.height + gap;
  for (let ring = 0; ring < 50; ring += 1) {
    const candidates: Point[] = [];
    for (let across = -ring; across <= ring; across += 1) {
      for (let down = -ring; down <= ring; down += 1) {
        if (Math.max(Math.abs(across), Math.abs(down)) !== ring) continue;
        candidates.push({ x: start.x + across * stepX, y: start.y + down * stepY });
      }
    }
    candidates.sort((a, b) => distance(a, start) - distance(b, start) || b.y - a.y || b.x - a.x);
    const found = candidates.find(free);
    if (found) return found;
  }
  return start;
}

function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

/** A line to draw while a dragged card stands in line with another. */
export interface Guide {
  readonly axis: "x" | "y";
  /** the x of a vertical line, or the y of a horizontal one */
  readonly at: number;
  readonly from: number;
  readonly to: number;
}

/** Pixels of the screen within which a dragged card jumps into line with another. */
export const REACH = 5;

/**
 * Where a dragged card stands: in line with the nearest other card within reach, else on the grid; each axis for
 * itself. All cards are of one size, so edges and centres come into line together.
 */
export function placeInLine(raw: Point, others: readonly Point[], reach: number, grid: boolean): Point {
  const axis = (name: "x" | "y") => {
    const wanted = raw[name];
    const lines = others.map((other) => other[name]).filter((at) => Math.abs(at - wanted) <= reach);
    const nearest = lines.sort((a, b) => Math.abs(a - wanted) - Math.abs(b - wanted))[0];
    return nearest ?? (grid ? Math.round(wanted / GRID) * GRID : wanted);
  };
  return { x: axis("x"), y: axis("y") };
}

/** All cards are of one size, so being in line means having the same x or y. */
export function guidesFor(moved: Point, others: readonly Point[], tolerance = 1): Guide[] {
  const guides: Guide[] = [];
  const column = others.filter((other) => Math.abs(other.x - moved.x) <= tolerance);
  const row = others.filter((other) => Math.abs(other.y - moved.y) <= tolerance);
  if (column.length > 0) {
    const ys = [moved, ...column].map((point) => point.y);
    const [from, to] = [Math.min(...ys) - GRID, Math.max(...ys) + CARD.height + GRID];
    guides.push({ axis: "x", at: moved.x + CARD.width / 2, from, to });
  }
  if (row.length > 0) {
    const xs = [moved, ...row].map((point) => point.x);
    const [from, to] = [Math.min(...xs) - GRID, Math.max(...xs) + CARD.width + GRID];
    guides.push({ axis: "y", at: moved.y + CARD.height / 2, from, to });
  }
  return guides;
}
