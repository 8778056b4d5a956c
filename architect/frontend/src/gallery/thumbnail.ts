/** Where the boxes and lines of a small picture of a design go. Pure geometry; Thumbnail.tsx draws it. */

export interface Drawn {
  readonly nodes: readonly { readonly id: string; readonly kind: string }[];
  readonly edges: readonly {
    readonly from: string;
    readonly to: string;
    readonly role?: string | undefined;
  }[];
  readonly layout?: Readonly<Record<string, { readonly x: number; readonly y: number }>> | undefined;
}

export interface Box {
  readonly id: string;
  readonly kind: string;
  /** the centre */
  readonly x: number;
  readonly y: number;
}

export interface Curve {
  readonly path: string;
  readonly isSide: boolean;
}

export interface Picture {
  readonly boxes: readonly Box[];
  readonly curves: readonly Curve[];
  readonly boxWidth: number;
  readonly boxHeight: number;
}

export const WIDTH = 320;
export const HEIGHT = 150;
const MARGIN = 16;
/** Beyond this a picture is a grey mass: only the first nodes are drawn. */
const MOST_NODES = 80;

type Point = { x: number; y: number };

/** Columns by the longest way from a source, for designs without a layout. Cycles end where they close. */
export function layered({ nodes, edges }: Drawn): Record<string, Point> {
  const depth = new Map(nodes.map(({ id }) => [id, 0]));
  for (let round = 0; round < nodes.length; round += 1) {
    let isSettled = true;
    for (const { from, to } of edges) {
      const wanted = (depth.get(from) ?? 0) + 1;
      if (depth.has(from) && wanted > (depth.get(to) ?? Infinity) && wanted < nodes.length) {
        depth.set(to, wanted);
        isSettled = false;
      }
    }
    if (isSettled) break;
  }
  const columns = new Map<number, string[]>();
  for (const { id } of nodes) {
    const column = depth.get(id) ?? 0;
    columns.set(column, [...(columns.get(column) ?? []), id]);
  }
  const points: Record<string, Point> = {};
  for (const [column, ids] of columns) {
    ids.forEach((id, row) => {
      points[id] = { x: column * 220, y: (row - (ids.length - 1) / 2) * 110 };
    });
  }
  return points;
}

/** Fit the drawing into the picture, keeping its proportions within reason. */
export function picture(drawn: Drawn): Picture {
  const nodes = drawn.nodes.slice(0, MOST_NODES);
  const hasLayout = nodes.length > 0 && nodes.every(({ id }) => drawn.layout?.[id]);
  const points: Record<string, Point> = hasLayout ? { ...drawn.layout } : layered({ ...drawn, nodes });
  const at = (id: string) => points[id] ?? { x: 0, y: 0 };
  const xs = nodes.map(({ id }) => at(id).x);
  const ys = nodes.map(({ id }) => at(id).y);
  const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const columns = new Set(xs.map((x) => Math.round(x / 60))).size;
  const rows = new Set(ys.map((y) => Math.round(y / 40))).size;
  const boxWidth = Math.max(10, Math.min(54, (WIDTH - 2 * MARGIN) / Math.max(1, columns) / 1.6));
  const boxHeight = Math.max(7, Math.min(24, (HEIGHT - 2 * MARGIN) / Math.max(1, rows) / 1.35));
  const innerWidth = WIDTH - 2 * MARGIN - boxWidth;
  const innerHeight = HEIGHT - 2 * MARGIN - boxHeight;
  const scaleX = right > left ? Math.min(innerWidth / (right - left), 0.6) : 0;
  const scaleY = bottom > top ? Math.min(innerHeight / (bottom - top), 0.6) : 0;
  const place = ({ x, y }: Point): Point => ({
    x: round(WIDTH / 2 + (x - (left + right) / 2) * scaleX),
    y: round(HEIGHT / 2 + (y - (top + bottom) / 2) * scaleY),
  });
  const boxes = nodes.map(({ id, kind }) => ({ id, kind, ...place(at(id)) }));
  const byId = new Map(boxes.map((box) => [box.id, box]));
  const curves = drawn.edges.flatMap(({ from, to, role }) => {
    const [a, b] = [byId.get(from), byId.get(to)];
    return a && b ? [{ path: curve(a, b, boxWidth, boxHeight), isSide: role === "dead-letter" }] : [];
  });
  return { boxes, curves, boxWidth, boxHeight };
}

function curve(a: Point, b: Point, boxWidth: number, boxHeight: number): string {
  if (b.x - a.x >= boxWidth) {
    const [x1, x2] = [a.x + boxWidth / 2, b.x - boxWidth / 2];
    const bend = round((x2 - x1) / 2);
    return `M${round(x1)} ${a.y}C${round(x1 + bend)} ${a.y} ${round(x2 - bend)} ${b.y} ${round(x2)} ${b.y}`;
  }
  const down = b.y >= a.y ? 1 : -1;
  const [y1, y2] = [round(a.y + (down * boxHeight) / 2), round(b.y - (down * boxHeight) / 2)];
  return `M${a.x} ${y1}C${a.x} ${round((y1 + y2) / 2)} ${b.x} ${round((y1 + y2) / 2)} ${b.x} ${y2}`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

export type ThumbnailCategory = "producer" | "queue" | "topic" | "consumer" | "service" | "join";

/** The category by the kind's name, for the moment before the schema is there. */
export function guessedCategory(kind: string): ThumbnailCategory {
  if (kind === "producer" || kind === "join") return kind;
  if (/sns|eventbridge|topic|exchange/.test(kind)) return "topic";
  if (/sqs|queue|event-store|outbox|stream/.test(kind)) return "queue";
  return /consumer|lambda|projection/.test(kind) ? "consumer" : "service";
}
