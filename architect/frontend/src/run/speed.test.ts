// @vitest-environment node
import { describe, expect, it } from "vitest";
import { positionOf, SLIDER_MAX, speedAt, speedFor } from "./speed";

describe("the speed slider", () => {
  it("runs from 1x over the decades to as fast as it goes", () => {
    expect(speedAt(0)).toBe(1);
    expect(speedAt(SLIDER_MAX - 1)).toBe(100_000);
    expect(speedAt(SLIDER_MAX)).toBeNull();
  });

  it.each([1, 600, 3600, 86_400, 1_209_600])(
    "shows a run of %s s within half a minute by itself",
    (duration) => {
      expect(duration / (speedFor(duration) ?? Infinity)).toBeLessThan(30);
    },
  );

  it("never goes back when pushed forward", () => {
    const speeds = Array.from({ length: SLIDER_MAX }, (_, position) => speedAt(position) ?? Infinity);
    expect(speeds).toEqual([...speeds].sort((a, b) => a - b));
  });

  it.each([1, 10, 60, 100, 3600, 100_000, null])(
    "shows %s where it sets it, to within one position",
    (speed) => {
      const back = speedAt(positionOf(speed));
      if (speed === null || back === null) expect(back).toBe(speed);
      else expect(Math.abs(Math.log10(back / speed))).toBeLessThan(0.06);
    },
  );
});
