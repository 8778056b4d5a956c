import { describe, expect, it } from "vitest";
import { shapeOf } from "./distributions";
import { incompleteGamma, lnGamma, normalCdf, normalQuantile } from "./special";

describe("special functions", () => {
  it("agree with tables", () => {
    expect(Math.exp(lnGamma(5))).toBeCloseTo(24, 9);
    expect(Math.exp(lnGamma(0.5))).toBeCloseTo(Math.sqrt(Math.PI), 9);
    expect(incompleteGamma(1, 2)).toBeCloseTo(1 - Math.exp(-2), 12);
    expect(incompleteGamma(2, 20)).toBeCloseTo(1 - 21 * Math.exp(-20), 12);
    expect(normalCdf(1.96)).toBeCloseTo(0.9750021, 6);
    expect(normalQuantile(0.99)).toBeCloseTo(2.3263479, 6);
  });
});

// mean, variance, p99 by the closed forms
const CASES: [string, object, number, number | null, number][] = [
  ["constant", { value: 3 }, 3, 0, 3],
  ["exponential", { mean: 2 }, 2, 4, 2 * Math.log(100)],
  ["erlang", { mean: 2, k: 1 }, 2, 4, 2 * Math.log(100)],
  ["gamma", { mean: 4, shape: 0.5 }, 4, 32, 4 * 6.634896601],
  ["uniform", { low: 1, high: 3 }, 2, 1 / 3, 2.98],
  ["triangular", { low: 0, mode: 0, high: 1 }, 1 / 3, 1 / 18, 0.9],
  ["lognormal", { mean: 1, scv: 1 }, 1, 1, Math.exp(-Math.log(2) / 2 + 2.3263479 * Math.sqrt(Math.log(2)))],
  ["lognormal", { p50: 1, p99: 5 }, Math.exp((Math.log(5) / 2.3263479) ** 2 / 2), null, 5],
  ["weibull", { mean: 2, shape: 1 }, 2, 4, 2 * Math.log(100)],
  ["pareto", { minimum: 1, shape: 3 }, 1.5, 0.75, 100 ** (1 / 3)],
  ["hyperexponential", { mean: 2, scv: 1 }, 2, 4, 2 * Math.log(100)],
  ["geometric", { mean: 4 }, 4, 12, 17],
  ["empirical", { values: [1, 2, 3], weights: [1, 1, 2] }, 2.25, 0.6875, 3],
  ["normal", { mean: 10, stddev: 1 }, 10, 1, 12.3263479],
];

describe("shapeOf", () => {
  it.each(CASES)("%s %j has its textbook figures", (distribution, parameters, mean, variance, p99) => {
    const shape = shapeOf({ distribution, ...parameters } as never);
    expect(shape?.mean).toBeCloseTo(mean, 5);
    if (variance !== null) expect(shape?.variance).toBeCloseTo(variance, 5);
    expect(shape?.p99).toBeCloseTo(p99, 4);
    expect(shape?.points.length).toBeGreaterThan(0);
  });

  it("the normal cut at zero keeps its mass at zero", () => {
    const shape = shapeOf({ distribution: "normal", mean: 0, stddev: 1 });
    expect(shape?.mean).toBeCloseTo(1 / Math.sqrt(2 * Math.PI), 6);
    expect(shape?.variance).toBeCloseTo(0.5 - 1 / (2 * Math.PI), 6);
  });

  it("a half-typed distribution has no picture instead of a wrong one", () => {
    expect(shapeOf({ distribution: "exponential" })).toBeNull();
    expect(shapeOf({ distribution: "unheard-of", mean: 1 })).toBeNull();
    expect(shapeOf("text")).toBeNull();
  });
});
