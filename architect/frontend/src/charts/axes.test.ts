// @vitest-environment node
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { logTicks, timeEnd, timeTick, valueRange, valueSteps, valueTick } from "./axes";

describe("the time axis", () => {
  it("holds every moment and never outgrows the run", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1e6, noNaN: true }),
        fc.double({ min: 1, max: 1e6, noNaN: true }),
        (t, duration) => {
          const end = timeEnd(Math.min(t, duration), duration);
          expect(end).toBeGreaterThanOrEqual(Math.min(t, duration));
          expect(end).toBeLessThanOrEqual(duration * 1.0001);
        },
      ),
    );
  });

  it("changes its end rarely while a run grows", () => {
    const ends = new Set(Array.from({ length: 1000 }, (_, i) => timeEnd(i, 1000)));
    expect(ends.size).toBeLessThan(22);
  });

  it.each([
    [0, 10, "0"],
    [45, 15, "45\u202fs"],
    [150, 30, "2:30"],
    [4500, 900, "1:15:00"],
    [259_200, 86_400, "3\u202fd"],
  ])("writes %s s as %s", (seconds, step, text) => expect(timeTick(seconds, step)).toBe(text));
});

describe("the value axis", () => {
  it("starts at zero, and shows the whole of a share", () => {
    expect(valueRange(3, 10, "s", false)).toEqual([0, 10.8]);
    expect(valueRange(0.1, 0.2, "share", false)).toEqual([0, 1]);
    expect(valueRange(null, null, "msg/s", false)).toEqual([0, 1]);
  });

  it("spans whole decades when logarithmic", () => {
    expect(valueRange(0.02, 3, "s", true)).toEqual([0.01, 10]);
  });

  it.each([
    [2.5, "s", "2.5\u202fs"],
    [0.5, "messages", "0.5"],
    [1000, "msg/s", "1k"],
    [1500, "msg/s", "1.5k"],
    [0.25, "share", "25\u202f%"],
    [10, "s", "10\u202fs"],
    [400, "requests", "400"],
  ])("writes %s %s as %s", (value, unit, text) => expect(valueTick(value, unit)).toBe(text));

  it("counts long times in minutes and hours", () => {
    expect(valueSteps("s")).toContain(1800);
    expect(valueSteps("s")).not.toContain(50_000);
    expect(valueSteps("messages")).toBeUndefined();
  });
});

describe("ticks of a logarithmic axis", () => {
  it.each([
    [0.01, 1, [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1]],
    [0.009, 9, [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5]],
    [2.9e-8, 0.06, [1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2]],
    [0, 1, []],
  ])("%d to %d", (low, high, ticks) => {
    expect(logTicks(low, high)).toEqual(ticks);
  });
  it("are never many, however far the ends are apart", () => {
    for (const low of [1e-300, 1e-12, 3e-8, 0.5]) expect(logTicks(low, 1e9).length).toBeLessThan(40);
  });
});
