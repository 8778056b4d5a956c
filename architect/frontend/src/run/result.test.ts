// @vitest-environment node
import { describe, expect, it } from "vitest";
import { asEstimate, metricRow, metricRows, objectiveWords } from "./result";

describe("a result's metrics", () => {
  it.each([
    [3, { mean: 3, ci95: null }],
    [
      { mean: 3, ci95: [2, 4] },
      { mean: 3, ci95: [2, 4] },
    ],
    [
      { mean: null, ci95: null },
      { mean: null, ci95: null },
    ],
    [{ mean: { mean: 3, ci95: null } }, null],
    ["3", null],
    [null, null],
  ])("%j is read as the estimate %j", (value, estimate) => expect(asEstimate(value)).toEqual(estimate));

  it("become a row with percentiles when they are times", () => {
    const row = metricRow("waiting_time", {
      mean: { mean: 0.5, ci95: [0.4, 0.6] },
      variance: 2,
      p50: { mean: 0.3, ci95: null },
      p99: 2.5,
    });
    expect(row).toEqual({
      metric: "waiting_time",
      mean: { mean: 0.5, ci95: [0.4, 0.6] },
      percentiles: { p50: 0.3, p99: 2.5 },
    });
  });

  it("become a row with the largest value when they are levels", () => {
    const row = metricRow("queue_length", { mean: 4, ci95: [3, 5], max: 17 });
    expect(row?.mean.mean).toBe(4);
    expect(row?.percentiles).toEqual({ max: 17 });
  });

  it("keep the interval of a plain rate", () => {
    expect(metricRow("throughput", { mean: 40, ci95: [39, 41] })?.mean).toEqual({ mean: 40, ci95: [39, 41] });
  });

  it("are left out when nothing was measured", () => {
    expect(
      metricRows({ a: null, b: { mean: null, ci95: null }, c: "text", d: 1 }).map((row) => row.metric),
    ).toEqual(["d"]);
  });

  it("are compared with objectives in words", () => {
    const words = objectiveWords(
      { metric: "end_to_end_latency.p99", from: "web", to: "billing", below: 2 },
      (metric) => metric.replaceAll("_", " "),
      (id) => id.toUpperCase(),
      (value) => `${value} s`,
    );
    expect(words).toBe("p99 end to end latency, WEB → BILLING, below 2 s");
  });
});
