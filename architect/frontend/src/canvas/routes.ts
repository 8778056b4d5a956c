/**
 * Ways of the wires around the cards. The server plans them as it does for exported drawings, so that both look the same;
 * until an answer is there, while cards are dragged and with many cards wires are plain curves.
 */
import { createContext, useContext, useEffect, useMemo, useState } from "react";
import { request } from "../api/http";
import type { DesignDocument, Point } from "../document/types";
import type { WireEdge } from "./flowElements";
import { CARD, MANY, placeOfNode } from "./geometry";

export interface Route {
  readonly path: string;
  /** the middle of its words; null without any */
  readonly label: readonly [number, number] | null;
  /** where its two cards stood when it was planned */
  readonly source: Point;
  readonly target: Point;
}
export type Routes = ReadonlyMap<string, Route>;

interface Asked {
  readonly cards: readonly { readonly id: string; readonly x: number; readonly y: number }[];
  readonly wires: readonly {
    readonly id: string;
    readonly source: string;
    readonly target: string;
    readonly label: string;
  }[];
}
interface Answer {
  readonly wires: readonly Pick<Route & { id: string }, "id" | "path" | "label">[];
}

const NONE: Routes = new Map();
/** Room that a rate needs, which a plain wire says during a run. */
const RATE = "1,234/s";
/** Pixels of a handle, and the little that measuring it is off. */
const HANDLE = 14;
/** Milliseconds of rest before the server is asked. */
const REST = 120;

export const RoutesContext = createContext<Routes>(NONE);

/** What the server is asked for; "" where wires are curves anyway. */
export function routesAsked(document: DesignDocument, edges: readonly WireEdge[]): string {
  if (document.nodes.length > MANY || edges.length === 0) return "";
  const asked: Asked = {
    cards: document.nodes.map(({ id }) => {
      const { x, y } = placeOfNode(document, id);
      return { id, x, y };
    }),
    wires: edges.map(({ id, source, target, data }) => {
      const label = data?.label ?? "";
      const isPlain = label === "publish" || label === "consume" || label === "invoke";
      return { id, source, target, label: isPlain ? RATE : label };
    }),
  };
  return JSON.stringify(asked);
}

export function useRoutes(
  document: DesignDocument,
  edges: readonly WireEdge[],
  places: Readonly<Record<string, Point>> | null,
): Routes {
  const [routes, setRoutes] = useState(NONE);
  const isResting = places === null;
  const asked = useMemo(
    () => (isResting ? routesAsked(document, edges) : null),
    [document, edges, isResting],
  );
  useEffect(() => {
    if (asked === null) return undefined;
    if (asked === "") {
      setRoutes(NONE);
      return undefined;
    }
    const leaving = new AbortController();
    const timer = window.setTimeout(() => {
      const body = JSON.parse(asked) as Asked;
      request<Answer>("POST", "/routes", { body, signal: leaving.signal }).then(
        (answer) => setRoutes(routesOf(body, answer)),
        () => undefined, // offline: wires stay curves, and saving says what is the matter
      );
    }, REST);
    return () => {
      window.clearTimeout(timer);
      leaving.abort();
    };
  }, [asked]);
  return routes;
}

function routesOf(asked: Asked, answer: Answer): Routes {
  const places = new Map(asked.cards.map((card) => [card.id, card]));
  const ends = new Map(asked.wires.map((wire) => [wire.id, wire]));
  return new Map(
    answer.wires.flatMap(({ id, path, label }) => {
      const source = places.get(ends.get(id)?.source ?? "");
      const target = places.get(ends.get(id)?.target ?? "");
      return source && target ? [[id, { path, label, source, target }] as const] : [];
    }),
  );
}

/** The way of a wire, if its cards still stand where they were when it was planned. */
export function useRoute(
  id: string,
  ends: { sourceX: number; sourceY: number; targetX: number; targetY: number },
): Route | null {
  const route = useContext(RoutesContext).get(id);
  return route && isStanding(route, ends) ? route : null;
}

/** Handles stand in the middle of a card's sides; wires begin and end at their outer edge, half a handle further. */
export function isStanding(
  { source, target }: Pick<Route, "source" | "target">,
  ends: { sourceX: number; sourceY: number; targetX: number; targetY: number },
): boolean {
  const near = (a: number, b: number) => Math.abs(a - b) <= HANDLE / 2;
  return (
    near(ends.sourceX, source.x + CARD.width) &&
    near(ends.sourceY, source.y + CARD.height / 2) &&
    near(ends.targetX, target.x) &&
    near(ends.targetY, target.y + CARD.height / 2)
  );
}
