import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatSetting, parseQuantity, rangeError } from "./quantities";

describe("parseQuantity", () => {
  it.each([
    ["5 ms", "s", 0.005],
    ["5ms", "ms", 5],
    ["1.5 min", "s", 90],
    ["2 h", "ms", 7_200_000],
    ["0.5", "s", 0.5],
    ["1,5 s", "s", 1.5],
    ["14 d", "s", 1_209_600],
    ["250 µs", "s", 0.00025],
    ["2k/s", "msg/s", 2000],
    ["2k", "msg/s", 2000],
    ["1.2k msg/s", "msg/s", 1200],
    ["90/min", "msg/s", 1.5],
    ["3", "1/s", 3],
    ["64 KiB", "bytes", 65536],
    ["1 MB", "bytes", 1_000_000],
    ["256kb", "bytes", 256_000],
    ["2048", "bytes", 2048],
    ["1,000", "1", 1000],
    ["1 000 000", "1", 1_000_000],
    ["10k", "1", 10_000],
    ["3M", "1", 3_000_000],
    ["5 %", "1", 0.05],
    ["1e-3", "s", 0.001],
    ["-4", "1", -4],
  ])("reads %s in %s as %d", (text, unit, value) => {
    expect(parseQuantity(text, unit)).toEqual({ value });
  });

  it.each([
    ["", "s"],
    ["soon", "s"],
    ["5 KiB", "s"],
    ["5 ms", "bytes"],
    ["5 k", "s"],
    ["1.2.3", "1"],
    ["Infinity", "1"],
    ["NaN", "1"],
  ])("refuses %s in %s with a sentence", (text, unit) => {
    expect(parseQuantity(text, unit)).toHaveProperty("error");
  });
});

describe("formatSetting", () => {
  it.each([
    [0.0064, "s", "6.4 ms"],
    [30, "s", "30 s"],
    [600, "s", "10 min"],
    [90, "s", "1.5 min"],
    [43200, "s", "12 h"],
    [345600, "s", "4 d"],
    [0, "s", "0 s"],
    [604800000, "ms", "7 d"],
    [65536, "bytes", "64 KiB"],
    [1000, "bytes", "1000 B"],
    [1000, "msg/s", "1000 msg/s"],
    [0.05, "1", "0.05"],
    [1500000, "1", "1.5M"],
    [1, "instances", "1 instance"],
    [1, "deliveries", "1 delivery"],
    [2, "partitions", "2 partitions"],
    [1, "msg/s", "1 msg/s"],
  ])("writes %d %s as %s", (value, unit, text) => {
    expect(formatSetting(value, unit)).toBe(text);
  });

  it("writes a probability in percent", () => {
    expect(formatSetting(0.015, "1", "probability")).toBe("1.5 %");
    expect(formatSetting(0.05, "", "precision")).toBe("±5 %");
    expect(parseQuantity("±5 %", "")).toEqual({ value: 0.05 });
  });

  it("loses nothing: what is shown reads back as the same value", () => {
    const values = fc.oneof(
      fc.integer({ min: 0, max: 2_000_000_000 }),
      fc.double({ min: 1e-9, max: 1e9, noNaN: true }),
    );
    const units = fc.constantFrom("s", "ms", "bytes", "msg/s", "1", "1/s", "partitions", "deliveries");
    fc.assert(
      fc.property(values, units, (value, unit) => {
        const back = parseQuantity(formatSetting(value, unit), unit);
        expect("value" in back ? back.value : Number.NaN).toBeCloseTo(
          value,
          9 - Math.log10(Math.max(1, value)),
        );
      }),
    );
  });
});

describe("rangeError", () => {
  it("names the limit in the field's unit", () => {
    expect(rangeError(50000, { maximum: 43200 }, "s", false)).toBe("At most 12 h.");
    expect(rangeError(0, { exclusiveMinimum: 0 }, "s", false)).toBe("Must be above 0 s.");
    expect(rangeError(1.5, {}, "1", true)).toBe("Write a whole number.");
    expect(rangeError(30, { minimum: 0, maximum: 43200 }, "s", true)).toBeNull();
  });
});
