// @vitest-environment node
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HEIGHT, layered, picture, WIDTH } from "./thumbnail";

const node = (id: string) => ({ id, kind: "queue" });

describe("the small picture of a design", () => {
  it("puts nodes without a layout in columns along the flow", () => {
    const points = layered({
      nodes: ["web", "orders", "billing", "dlq"].map(node),
      edges: [
        { from: "web", to: "orders" },
        { from: "orders", to: "billing" },
        { from: "orders", to: "dlq" },
      ],
    });
    expect(["web", "orders", "billing", "dlq"].map((id) => points[id]?.x)).toEqual([0, 220, 440, 440]);
  });

  it("stays inside its frame for any drawing, cycles and dangling edges included", () => {
    const ids = fc.constantFrom("a", "b", "c", "d", "e", "f");
    fc.assert(
      fc.property(
        fc.uniqueArray(ids, { minLength: 1 }),
        fc.array(fc.record({ from: ids, to: ids }), { maxLength: 20 }),
        fc.option(
          fc.dictionary(
            ids,
            fc.record({ x: fc.integer({ min: -5000, max: 5000 }), y: fc.integer({ min: -5000, max: 5000 }) }),
          ),
        ),
        (names, edges, layout) => {
          const made = picture({ nodes: names.map(node), edges, layout: layout ?? undefined });
          for (const box of made.boxes) {
            expect(box.x - made.boxWidth / 2).toBeGreaterThanOrEqual(0);
            expect(box.x + made.boxWidth / 2).toBeLessThanOrEqual(WIDTH);
            expect(box.y - made.boxHeight / 2).toBeGreaterThanOrEqual(0);
            expect(box.y + made.boxHeight / 2).toBeLessThanOrEqual(HEIGHT);
          }
          for (const curve of made.curves) expect(curve.path).not.toContain("NaN");
        },
      ),
    );
  });

  it("draws nothing for an empty design", () => {
    expect(picture({ nodes: [], edges: [] })).toMatchObject({ boxes: [], curves: [] });
  });
});
