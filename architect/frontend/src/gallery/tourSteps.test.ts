// @vitest-environment node
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { placeBeside, STEPS } from "./tourSteps";

describe("the tour", () => {
  it("has five steps at most", () => expect(STEPS.length).toBeLessThanOrEqual(5));

  it("keeps its card inside the window, wherever its target is", () => {
    const view = { width: 1280, height: 720 };
    const box = fc.record({
      left: fc.integer({ min: 0, max: 1200 }),
      top: fc.integer({ min: 0, max: 700 }),
      width: fc.integer({ min: 1, max: 1280 }),
      height: fc.integer({ min: 1, max: 720 }),
    });
    fc.assert(
      fc.property(box, (target) => {
        const { card } = placeBeside(target, view);
        expect(card.left).toBeGreaterThanOrEqual(0);
        expect(card.top).toBeGreaterThanOrEqual(0);
        expect(card.left + 300).toBeLessThanOrEqual(view.width);
        expect(card.top + 190).toBeLessThanOrEqual(view.height);
      }),
    );
  });
});
