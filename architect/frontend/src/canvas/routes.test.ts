import { describe, expect, it } from "vitest";
import type { DesignDocument } from "../document/types";
import type { WireEdge } from "./flowElements";
import { MANY } from "./geometry";
import { isStanding, routesAsked } from "./routes";

const node = (id: string) => ({ id, kind: "service", config: {} });
const edge = (id: string, label: string) =>
  ({ id, source: "a", target: "b", data: { label } }) as unknown as WireEdge;
const design = (nodes: unknown[]) =>
  ({ nodes, edges: [], layout: { a: { x: 0, y: 40 }, b: { x: 260, y: 40 } } }) as unknown as DesignDocument;

describe("ways of wires", () => {
  it("are asked for with places and words; a plain wire keeps room for its rate", () => {
    const asked = JSON.parse(
      routesAsked(design([node("a"), node("b")]), [edge("x", "publish"), edge("y", "dead-letter after 3")]),
    );
    expect(asked.cards).toEqual([
      { id: "a", x: 0, y: 40 },
      { id: "b", x: 260, y: 40 },
    ]);
    expect(asked.wires.map((wire: { label: string }) => wire.label)).toEqual([
      "1,234/s",
      "dead-letter after 3",
    ]);
  });

  it("are not asked for where they would not be seen", () => {
    const many = Array.from({ length: MANY + 1 }, (_, index) => node(`n${index}`));
    expect(routesAsked(design(many), [edge("x", "publish")])).toBe("");
    expect(routesAsked(design([node("a")]), [])).toBe("");
  });

  it("hold as long as both cards stand where they stood", () => {
    const route = { source: { x: 0, y: 40 }, target: { x: 260, y: 40 } };
    const ends = { sourceX: 205, sourceY: 90, targetX: 255, targetY: 90 };
    expect(isStanding(route, ends)).toBe(true);
    expect(isStanding(route, { ...ends, targetX: 280 })).toBe(false);
    expect(isStanding(route, { ...ends, sourceY: 110 })).toBe(false);
  });
});
