// @vitest-environment node
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  formatAgo,
  formatBesideLimit,
  formatBytes,
  formatClock,
  formatCount,
  formatHalfWidth,
  formatLimit,
  formatNumber,
  formatQuantity,
  formatRate,
  formatSeconds,
  formatShare,
  formatSpeed,
} from "./numbers";

const plain = (text: string) => text.replaceAll("\u202f", " ");

describe("numbers", () => {
  it.each([
    [0, "0"],
    [12, "12"],
    [999, "999"],
    [999.7, "1.00k"],
    [1000, "1k"],
    [1001, "1.00k"],
    [1240, "1.24k"],
    [12_400, "12.4k"],
    [124_000, "124k"],
    [1_240_000, "1.24M"],
    [9.996, "10.0"],
    [0.5, "0.500"],
    [0.0123, "0.0123"],
    [-1240, "−1.24k"],
    [0.00001, "1.0e−5"],
    [null, "–"],
    [Number.NaN, "–"],
    [Infinity, "∞"],
  ])("%s is written %s", (value, text) => expect(formatNumber(value)).toBe(text));

  it.each([
    [0, "0 s"],
    [0.000_000_5, "500 ns"],
    [0.00083, "830 µs"],
    [0.083, "83 ms"],
    [0.9999, "1.00 s"],
    [1.24, "1.24 s"],
    [59.99, "60.0 s"],
    [63.42, "63.4 s"],
    [99.99, "1 min 40 s"],
    [120, "2 min"],
    [250, "4 min 10 s"],
    [3599.7, "1 h"],
    [7500, "2 h 5 min"],
    [86_400, "1 d"],
    [273_600, "3 d 4 h"],
    [-2, "−2 s"],
    [null, "–"],
  ])("%s seconds are written %s", (value, text) => expect(plain(formatSeconds(value))).toBe(text));

  it.each([
    [0, "0 %"],
    [0.83, "83 %"],
    [0.975, "97.5 %"],
    [0.9997, "99.970 %"],
    [1, "100 %"],
    [1.2, "120 %"],
  ])("the share %s is written %s", (value, text) => expect(plain(formatShare(value))).toBe(text));

  it("gives rates, counts and bytes their units", () => {
    expect(plain(formatRate(1240))).toBe("1.24k msg/s");
    expect(formatCount(12_345)).toBe("12,345");
    expect(formatCount(1_234_567)).toBe("1.23M");
    expect(plain(formatBytes(65_536))).toBe("64 KiB");
    expect(plain(formatBytes(1023))).toBe("1023 B");
    expect(plain(formatQuantity(2_097_152, "bytes/s"))).toBe("2 MiB/s");
    expect(plain(formatQuantity(3, "USD"))).toBe("3 USD");
    expect(plain(formatQuantity(1, "runs"))).toBe("1 run");
    expect(plain(formatQuantity(2, "runs"))).toBe("2 runs");
  });

  it.each([
    [1, "1×"],
    [59.3, "59×"],
    [1900, "1.9k×"],
    [100_000, "100k×"],
    [null, "max"],
  ])("writes the speed %s as %s", (speed, text) => expect(formatSpeed(speed)).toBe(text));

  it("never makes up an interval", () => {
    expect(formatHalfWidth(null, "s")).toBe("–");
    expect(plain(formatHalfWidth([0.9, 1.1], "s"))).toBe("± 100 ms");
    expect(plain(formatHalfWidth([30.4, 30.4 + 7e-15], "s"))).toBe("± 0");
  });

  it.each([
    ["waiting_time.p99", [30.4, 30.4 + 7e-15], "± 0.5 % (resolution)"],
    ["p50", [1.995, 2.005], "± 0.5 % (resolution)"],
    ["p50", [1.98, 2.02], "± 20 ms"],
    ["p50", [0, 0], "± 0"],
    ["waiting_time.mean", [30.4, 30.4], "± 0"],
  ] as const)("knows a percentile (%s) no better than its histogram does", (metric, interval, text) => {
    expect(plain(formatHalfWidth(interval, "s", metric))).toBe(text);
  });

  it("keeps a running clock's width", () => {
    expect(formatClock(250)).toBe("0:04:10");
    expect(plain(formatClock(183_600))).toBe("2 d 03:00:00");
  });

  it("never writes a span with sixty of the smaller unit", () => {
    fc.assert(
      fc.property(fc.double({ min: 1, max: 1e6, noNaN: true }), (seconds) => {
        expect(plain(formatSeconds(seconds))).not.toMatch(/(min 60 s|(^| )60 min|(^| )24 h)\b/);
      }),
    );
  });

  it("stays within seven characters for any size a node can show", () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-99, max: 9.99e14, noNaN: true }), (value) => {
        expect(formatNumber(value).length).toBeLessThanOrEqual(7);
      }),
    );
  });

  it("says when in the words of a person", () => {
    const now = new Date(2026, 10, 23, 15, 0, 0);
    const ago = (minutes: number) => new Date(now.getTime() - minutes * 60_000).toISOString();
    expect(formatAgo(ago(0), now)).toBe("just now");
    expect(formatAgo(ago(5), now)).toBe("5 min ago");
    expect(formatAgo(ago(180), now)).toBe("3 h ago");
    expect(formatAgo(ago(60 * 24), now)).toBe("yesterday 15:00");
    expect(formatAgo(null, now)).toBe("–");
  });
});

describe("limits of objectives", () => {
  it.each([
    [0.1002, "s", "100.2 ms"],
    [100, "s", "100 s"],
    [90, "s", "1.5 min"],
    [3661, "s", "3661 s"],
    [1 / 3, "s", "333.333333333 ms"],
    [2.5e-7, "s", "250 ns"],
    [0, "s", "0 s"],
    [0.85751, "share", "85.751 %"],
    [1234.5, "msg/s", "1,234.5 msg/s"],
    [1536, "bytes", "1.5 KiB"],
    [1_234_567, "1", "1,234,567"],
  ])("have all their digits: %d %s", (limit, unit, text) => {
    expect(plain(formatLimit(limit, unit))).toBe(text);
  });

  it.each([
    [0.1004, 0.1002, "100.4 ms"],
    [0.09996, 0.1002, "99.96 ms"],
    [0.1012, 0.1002, "101 ms"],
    [0.1002, null, "100 ms"],
  ])("tell what was found from themselves: %d beside %d", (value, limit, text) => {
    expect(plain(formatBesideLimit(value, limit, "s"))).toBe(text);
  });
});
