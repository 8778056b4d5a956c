// @vitest-environment node
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { edgeWidth, loadStep, THICKEST, THINNEST } from "./edgeScale";

describe("an edge", () => {
  it("grows with its rate in half pixels, and never leaves its bounds", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1e6, noNaN: true }),
        fc.double({ min: 0, max: 1e6, noNaN: true }),
        (a, b) => {
          const [low, high] = [Math.min(a, b), Math.max(a, b)];
          const [thin, thick] = [edgeWidth(low, high), edgeWidth(high, high)];
          expect(thin).toBeLessThanOrEqual(thick);
          expect(thin).toBeGreaterThanOrEqual(THINNEST);
          expect(thick).toBeLessThanOrEqual(THICKEST);
          expect(thin * 2).toBe(Math.round(thin * 2));
        },
      ),
    );
  });

  it.each([
    [0, 0.99, "--load-0"],
    [5, 0.2, "--load-1"],
    [5, null, "--load-1"],
    [5, 0.8, "--load-2"],
    [5, 0.95, "--load-3"],
  ])("at %s msg/s into a node %s busy has the colour %s", (rate, utilization, token) =>
    expect(loadStep(rate, utilization).token).toBe(token),
  );
});
