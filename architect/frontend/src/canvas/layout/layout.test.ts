import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { DesignDocument } from "../../document/types";
import { CARD, freePlace, guidesFor, laneBack, placeInLine } from "../geometry";
import { graphOrder, layersOf } from "../graphOrder";
import { between } from "./animate";
import { elkGraph, placedAround } from "./elk";
import { layeredLayout, withPlaces } from "./layered";

function graph(ids: readonly string[], edges: readonly (readonly [string, string])[]): DesignDocument {
  return {
    format: "headrace/1",
    name: "",
    nodes: ids.map((id) => ({ id, kind: "queue" })),
    edges: edges.map(([from, to], index) => ({ id: `e${index}`, from, to })),
  };
}

const chain = graph(
  ["c", "b", "a"],
  [
    ["a", "b"],
    ["b", "c"],
  ],
);

describe("graphOrder", () => {
  it("follows the messages, whatever the order of the document", () => {
    expect(graphOrder(chain)).toEqual(["a", "b", "c"]);
  });

  it("has every node once, cycles and loops included", () => {
    const id = fc.integer({ min: 0, max: 7 }).map((number) => `n${number}`);
    fc.assert(
      fc.property(fc.array(fc.tuple(id, id), { maxLength: 24 }), (edges) => {
        const ids = Array.from({ length: 8 }, (_, number) => `n${number}`);
        expect([...graphOrder(graph(ids, edges))].sort()).toEqual(ids);
        expect(layersOf(graph(ids, edges)).size).toBe(8);
      }),
    );
  });
});

describe("layeredLayout", () => {
  it("leads from left to right and lays no card over another", () => {
    const places = layeredLayout(
      graph(
        ["a", "b", "c", "d"],
        [
          ["a", "b"],
          ["a", "c"],
          ["b", "d"],
          ["c", "d"],
        ],
      ),
    );
    expect(places["a"]?.x).toBeLessThan(places["b"]?.x ?? 0);
    expect(places["b"]?.x).toBe(places["c"]?.x);
    expect(Math.abs((places["b"]?.y ?? 0) - (places["c"]?.y ?? 0))).toBeGreaterThanOrEqual(CARD.height);
  });

  it("leaves what was placed by hand where it is", () => {
    const placed = { ...chain, layout: { a: { x: 5, y: 7 }, b: { x: 300, y: 7 } } };
    const next = withPlaces(placed);
    expect(next.layout?.["a"]).toEqual({ x: 5, y: 7 });
    expect(next.layout?.["c"]?.y).toBeGreaterThan(7 + CARD.height);
    expect(withPlaces(next)).toBe(next);
  });
});

describe("tidy up", () => {
  it("asks only for the selection and keeps its middle", () => {
    const document = {
      ...chain,
      layout: { a: { x: 1000, y: 1000 }, b: { x: 1400, y: 1000 }, c: { x: 0, y: 0 } },
    };
    const asked = elkGraph(document, new Set(["a", "b"]));
    expect(asked.children?.map((child) => child.id)).toEqual(["b", "a"]);
    expect(asked.edges).toHaveLength(1);
    const places = placedAround(
      {
        id: "root",
        children: [
          { id: "a", x: 0, y: 0 },
          { id: "b", x: 300, y: 0 },
        ],
      },
      document,
    );
    expect(places).toEqual({ a: { x: 1060, y: 1000 }, b: { x: 1360, y: 1000 } });
  });

  it("moves from the old places to the new ones", () => {
    const [from, to] = [{ a: { x: 0, y: 0 } }, { a: { x: 100, y: 50 } }];
    expect(between(from, to, 0)).toEqual(from);
    expect(between(from, to, 1)).toEqual(to);
    expect(between(from, to, 0.5)).toEqual({ a: { x: 50, y: 25 } });
  });
});

describe("places", () => {
  it("a new card never hides one that is there", () => {
    const place = fc.record({
      x: fc.integer({ min: -400, max: 400 }),
      y: fc.integer({ min: -400, max: 400 }),
    });
    fc.assert(
      fc.property(place, fc.array(place, { maxLength: 15 }), (wanted, taken) => {
        const free = freePlace(wanted, taken);
        for (const other of taken) {
          expect(Math.abs(free.x - other.x) >= CARD.width || Math.abs(free.y - other.y) >= CARD.height).toBe(
            true,
          );
        }
      }),
    );
  });

  it("guides show where cards stand in line", () => {
    expect(guidesFor({ x: 100, y: 40 }, [{ x: 100, y: 400 }])).toEqual([
      { axis: "x", at: 200, from: 20, to: 520 },
    ]);
    expect(guidesFor({ x: 100, y: 40 }, [{ x: 130, y: 70 }])).toEqual([]);
  });
});

describe("a card that is dragged", () => {
  const others = [
    { x: 107, y: 33 },
    { x: 400, y: 300 },
  ];

  it.each([
    ["comes into line with a card that stands off the grid", { x: 104, y: 181 }, true, { x: 107, y: 180 }],
    ["goes to the grid where no card is near", { x: 171, y: 92 }, true, { x: 180, y: 100 }],
    ["stands anywhere without a grid, but in line when near", { x: 171, y: 296 }, false, { x: 171, y: 300 }],
  ])("%s", (_words, raw, grid, expected) => {
    expect(placeInLine(raw, others, 5, grid)).toEqual(expected);
  });
});

describe("an edge back", () => {
  it("goes past both of its cards, on the side of where it leads if there is room", () => {
    expect(laneBack(0, 300)).toBe(70);
    expect(laneBack(300, 0)).toBe(230);
    expect(laneBack(0, 80)).toBe(-70);
    fc.assert(
      fc.property(fc.integer({ min: -400, max: 400 }), fc.integer({ min: -400, max: 400 }), (from, to) => {
        const lane = laneBack(from, to);
        expect(Math.abs(lane - from)).toBeGreaterThan(CARD.height / 2);
        expect(Math.abs(lane - to)).toBeGreaterThan(CARD.height / 2);
      }),
    );
  });
});
