import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { pageOf } from "../router";
import type { MetricWords } from "../run/metricWords";
import { metricWords } from "../run/metricWords";
import { lookOf } from "./CheapestView";
import { causesOf, costOf } from "./costs";
import { cumulative, latencyLimits, percentileLines } from "./curveLines";
import { draftOfAddress, kindText, takesNumber, targetsFor } from "./draft";
import { shader } from "./HeatMap";
import { niceTicks, spanOf } from "./plotTicks";
import { readOptions } from "./RunOptions";
import { type RangeTexts, readRange, startRange } from "./ranges";
import { largest } from "./resources";
import type { Settable } from "./settables";
import {
  estimateAt,
  figuresOf,
  figureUnit,
  inOrder,
  isSpacedByFactors,
  limitOf,
  pointVerdict,
} from "./sweepFigures";
import type {
  Alternative,
  Cheapest,
  CheapestPoint,
  Comparison,
  Difference,
  Sweep,
  SweepPoint,
} from "./types";
import {
  differenceMark,
  differenceText,
  moreRunsText,
  noteSummary,
  openText,
  overallText,
  plotExtent,
  statementWords,
  whyTroubled,
} from "./words";

const words = metricWords({});
const difference = (more: Partial<Difference>): Difference => ({
  mean: -1.8,
  relative: -0.64,
  interval: [-2, -1.6],
  level: 0.95,
  more_runs: null,
  verdict: "lower",
  statement: "",
  ...more,
});

describe("the ranges and ticks of a plot", () => {
  it("hold every value, and the ticks are few, round and inside", () => {
    const value = fc.double({ noNaN: true, min: -1e6, max: 1e6 });
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 9 }), (values) => {
        const span = spanOf(values);
        expect(span.low).toBeLessThanOrEqual(Math.min(...values));
        expect(span.high).toBeGreaterThanOrEqual(Math.max(...values));
        fc.pre(span.high - span.low > 1e-9);
        const ticks = niceTicks(span);
        expect(ticks.length).toBeGreaterThanOrEqual(2);
        expect(ticks.length).toBeLessThanOrEqual(9);
        // ticks have 15 digits
        const room =
          1e-6 * (span.high - span.low) + 1e-14 * Math.max(Math.abs(span.low), Math.abs(span.high));
        for (const tick of ticks) {
          expect(tick).toBeGreaterThanOrEqual(span.low - room);
          expect(tick).toBeLessThanOrEqual(span.high + room);
        }
      }),
    );
    expect(niceTicks(spanOf([0.011, 0.093]))).toEqual([0, 0.02, 0.04, 0.06, 0.08]);
  });
});

describe("a configuration in the picture of cost and latency", () => {
  const point = (verdict: "met" | "missed") => ({ verdict }) as CheapestPoint;
  const found = {
    points: [point("missed"), point("met"), point("met"), point("met")],
    cheapest: 1,
    front: [1, 3],
  };

  it("is the answer, on the front, beaten, or none", () => {
    const looks = found.points.map((_, i) => lookOf(found as unknown as Cheapest, i));
    expect(looks).toEqual(["missed", "chosen", "pale", "front"]);
  });
});

describe("what is said of a difference", () => {
  it.each([
    ["end_to_end_latency.p99", "lower", "ok"],
    ["end_to_end_latency.p99", "higher", "bad"],
    ["goodput", "higher", "ok"],
    ["delivered", "lower", "bad"],
    ["lost", "equal", ""],
    ["lost", "undecided", "warn"],
    ["lost", "not distinguishable", ""],
  ] as const)("%s %s is %s", (metric, verdict, tone) => {
    expect(differenceMark(metric, difference({ verdict })).tone).toBe(tone);
  });

  it("has its sign, unit and half the width of its interval", () => {
    expect(differenceText(difference({}), "s")).toBe("−1.80\u202fs ±\u202f200\u202fms");
    expect(differenceText(difference({ mean: 212, interval: null }), "messages")).toBe("+212");
    const same = difference({ mean: -1, relative: -0.25, interval: [-1, -1] });
    expect(differenceText(same, "s", "waiting_time.p50")).toBe("−1\u202fs ±\u202f35\u202fms (resolution)");
    expect(differenceText(same, "s", "waiting_time.mean")).toBe("−1\u202fs ±\u202f0");
    expect(differenceText(difference({ mean: 4e-16, relative: 2e-17 }), "s")).toBe("0 ±\u202f200\u202fms");
    expect(differenceText(difference({ mean: null, interval: null }), "s")).toBe("–");
  });

  it("is drawn on a scale that holds every interval", () => {
    const some = fc.tuple(
      fc.double({ noNaN: true, min: -1e6, max: 1e6 }),
      fc.double({ noNaN: true, min: 0, max: 1e6 }),
    );
    fc.assert(
      fc.property(fc.array(some, { minLength: 1 }), (pairs) => {
        const all = pairs.map(([mean, half]) => difference({ mean, interval: [mean - half, mean + half] }));
        const extent = plotExtent(all);
        for (const { interval } of all)
          for (const end of interval ?? []) expect(Math.abs(end)).toBeLessThanOrEqual(extent);
      }),
    );
  });
});

describe("what is said of all alternatives", () => {
  const found = (verdicts: Record<string, string>, status: Record<string, string> = {}) =>
    ({
      alternatives: Object.keys(verdicts).map((name) => ({ name, status: status[name] ?? "ok" })),
      objectives: [
        {
          objective: { metric: "lost" },
          judged: Object.fromEntries(Object.entries(verdicts).map(([name, verdict]) => [name, { verdict }])),
        },
      ],
    }) as unknown as Comparison;

  it.each([
    [found({ a: "met", b: "met" }), "Every alternative meets the objective."],
    [found({ a: "met", b: "missed" }), "a meets the objective."],
    [
      found({ a: "missed", b: "undecided" }),
      "None of the 2 alternatives is known to meet the objective. Open: b.",
    ],
    [found({ a: "met", b: "met" }, { b: "unstable" }), "a meets the objective."],
  ])("%#", (comparison, text) => {
    expect(overallText(comparison)).toBe(text);
  });

  it("calls what grows in an alternative as the drawing does", () => {
    const nodes = {
      q: { verdict: "growing", statement: "q has no steady state." },
      r: { verdict: "stable", statement: "The backlog of r shows no growth." },
    };
    const result = { statistics: { stability: { nodes } } };
    const one = { status: "unstable", statement: "q has no steady state.", result };
    const label = (id: string) => (id === "q" ? "Orders" : id);
    expect(whyTroubled(one as unknown as Alternative, label)).toBe("Orders has no steady state.");
    const failed = { status: "failed", statement: "It ended.", result: null };
    expect(whyTroubled(failed as unknown as Alternative, label)).toBe("It ended.");
  });

  it("names the losses of a swap first", () => {
    expect(
      noteSummary([
        { kind: "translated", text: "a" },
        { kind: "lost", text: "b" },
        { kind: "assumed", text: "c" },
        { kind: "lost", text: "d" },
      ]),
    ).toBe("2 without equivalent · 1 assumed · 1 translated");
  });

  it("says what breaks with the words of the page", () => {
    const objective = { metric: "end_to_end_latency.p99", from: "web", to: "orders", below: 1 };
    const said = statementWords(
      "First to break: end_to_end_latency.p99 of web → orders (busiest: orders at 98 %).",
      [objective, { metric: "queue_length.mean", node: "orders", below: 5 }],
      { title: () => "latency", unit: () => "s" } as unknown as MetricWords,
      (id) => ({ web: "Web shop", orders: "Orders" })[id] ?? id,
    );
    expect(said).toBe("First to break: p99 latency, Web shop → Orders (busiest: Orders at 98\u00a0%).");
    const growing = statementWords("the backlog of orders grows by 3", [], {} as MetricWords, () => "Orders");
    expect(growing).toBe("the backlog of Orders grows by 3");
  });

  it("says how many more runs an open objective wants", () => {
    expect(moreRunsText(1200)).toBe("about 1,200 more runs");
    expect(moreRunsText(1)).toBe("about 1 more run");
    expect(moreRunsText(null)).toBe("more runs would not tell");
    const open = { value: 1, ci95: null, verdict: "undecided" } as const;
    expect(openText({ ...open, reason: "the backlog grows: make a longer run" })).toBe(
      "The backlog grows: make a longer run.",
    );
    expect(openText({ ...open, reason: "the interval holds the limit", more_runs: 12 })).toBe(
      "about 12 more runs",
    );
    expect(openText(open)).toBe("more runs would not tell");
  });
});

describe("the curves", () => {
  const curves = {
    a: [
      [0, 0.2],
      [0.1, 0.5],
      [0.2, 0.9],
      [3, 1],
    ] as const,
    b: [],
  };
  it("leave out what a logarithmic axis has no place for, and alternatives without any", () => {
    expect(cumulative(curves, ["a", "b"]).map((line) => [line.name, line.x])).toEqual([["a", [0.1, 0.2, 3]]]);
  });
  it("show what the objectives ask of this very flow", () => {
    const objective = { metric: "end_to_end_latency.p99", from: "a", to: "b", below: 2 };
    const found = {
      objectives: [
        objective,
        { ...objective, to: "c" },
        { metric: "lost", from: "a", to: "b", equals: 0 },
      ].map((one) => ({ objective: one, judged: {} })),
    };
    expect(latencyLimits(found, "a", "b")).toEqual([{ part: "p99", value: 2 }]);
  });
  it("put p90 one step after p0 and leave out the longest of all", () => {
    const [line] = percentileLines(curves, ["a"]);
    expect(line?.y).toEqual([0.1, 0.2]);
    expect(line?.x[1]).toBeCloseTo(1);
  });
});

describe("the form", () => {
  it("takes the swap that was chosen in the inspector", () => {
    expect(draftOfAddress("?try=jobs%3Dkafka.topic%3A12")).toEqual({
      id: 0,
      type: "swap",
      node: "jobs",
      kind: "kafka.topic",
      variant: "12",
    });
    expect(draftOfAddress("")).toBeNull();
  });
  it("offers brokers to brokers, and to others what does the same", () => {
    const targets = [
      { kind: "kafka.topic", title: "", variants: [], of: [] },
      { kind: "saga", title: "", variants: [], of: ["saga-participant"] },
    ];
    const queue = { id: "jobs", kind: "aws.sqs" };
    const member = { id: "stock", kind: "saga-participant" };
    expect(targetsFor(queue, [queue], targets).map((one) => one.kind)).toEqual(["kafka.topic"]);
    expect(targetsFor(member, [queue], targets).map((one) => one.kind)).toEqual(["saga"]);
    expect(targetsFor({ id: "web", kind: "producer" }, [queue], targets)).toEqual([]);
  });
  it("knows which variants are written and which are chosen", () => {
    expect(takesNumber({ kind: "kafka.topic", title: "", variants: ["PARTITIONS"], of: [] })).toBe(true);
    expect(takesNumber({ kind: "aws.sqs", title: "", variants: ["standard", "fifo"], of: [] })).toBe(false);
    expect(takesNumber({ kind: "queue", title: "", variants: [], of: [] })).toBe(false);
    expect(kindText({ kind: "queue", variant: " " })).toBe("queue");
  });
  it("reads times with their unit and refuses what is no number", () => {
    expect(readOptions({ duration: "5 min", replications: "20", seed: "" })).toEqual({
      duration: 300,
      replications: 20,
    });
    expect(readOptions({ duration: "", replications: "many", seed: "" })).toBe(
      "Replications: write a whole number.",
    );
    expect(readOptions({ duration: "5 apples", replications: "", seed: "" })).toMatch(/^Duration: /);
  });
  it("has addresses of its own", () => {
    expect(pageOf("/designs/d/sweep")).toEqual({
      page: "experiment",
      kind: "sweep",
      designId: "d",
      experimentId: null,
    });
    expect(pageOf("/designs/d/compare/e")).toMatchObject({ kind: "comparison", experimentId: "e" });
    expect(pageOf("/designs/d/compare/e/f").page).toBe("missing");
    expect(pageOf("/designs/d/toString").page).toBe("missing");
  });
});

describe("a range", () => {
  const setting = (more: Partial<Settable>): Settable => ({
    path: "nodes.a.config.instances",
    place: "A",
    title: "Instances",
    unit: "1",
    kind: "integer",
    value: 4,
    choices: [],
    ...more,
  });
  const texts = (more: Partial<RangeTexts>): RangeTexts => ({ ...startRange(setting({})), ...more });

  it.each([
    [texts({ from: "1", to: "8", count: "8" }), {}, [1, 2, 3, 4, 5, 6, 7, 8]],
    [texts({ from: "1", to: "3", count: "8" }), {}, [1, 2, 3]],
    [texts({ from: "10", to: "40", count: "4.0" }), { kind: "number" }, [10, 20, 30, 40]],
    [texts({ from: "10", to: "11.2345", count: "4" }), { kind: "number" }, [10, 10.4, 10.8, 11.2345]],
    [texts({ spacing: "log", from: "1", to: "1000", count: "4" }), { kind: "number" }, [1, 10, 100, 1000]],
    [texts({ spacing: "list", list: "5, 7" }), {}, [5, 7]],
    [texts({ chosen: [0, 2] }), { kind: "choice", choices: ["a", "b", "c"] }, ["a", "c"]],
  ] as const)("%# gives its values", (given, more, values) => {
    expect(readRange(given, setting(more))).toEqual(values);
  });

  it.each([
    [texts({ from: "8", to: "1" }), "The lower end comes first."],
    [texts({ from: "1", to: "8", count: "1" }), "Take 2 to 1,000 values."],
    [texts({ spacing: "log", from: "0", to: "8" }), "A logarithmic range begins above 0."],
    [texts({ spacing: "list", list: "5" }), "The range is a single value: give two different ends."],
    [texts({ from: "x", to: "8" }), /^From: /],
  ])("%# is refused with a sentence", (given, sentence) => {
    expect(readRange(given, setting({}))).toEqual(
      typeof sentence === "string" ? sentence : expect.stringMatching(sentence),
    );
  });
});

describe("a sweep", () => {
  const point = (value: number, mean: number, more: Partial<SweepPoint> = {}): SweepPoint => ({
    values: [value],
    flows: [{ from: "a", to: "b", "end_to_end_latency.p95": { mean, ci95: null } }],
    nodes: { q: { utilization: { mean: 0.5, ci95: null } } },
    objectives: [
      {
        objective: { metric: "end_to_end_latency.p95", from: "a", to: "b", below: 2 },
        value: 1,
        ci95: null,
        verdict: "met",
      },
    ],
    stability: "stable",
    stopped: null,
    ...more,
  });
  const found = {
    varied: [{ path: "p", values: [1, 2, 4] }],
    points: [point(4, 3), point(1, 1)],
  } as unknown as Sweep;

  it("lists every measure at its place and finds its limit", () => {
    const figures = figuresOf(found);
    expect(figures.map((one) => one.key)).toEqual(["a b end_to_end_latency.p95", "q utilization"]);
    expect(figures[0] && limitOf(found, figures[0])).toBe(2);
    expect(figures[1] && limitOf(found, figures[1])).toBeNull();
    expect(figures[0] && estimateAt(point(1, 7), figures[0])?.mean).toBe(7);
  });
  it("has the cost of a point where there are prices", () => {
    const priced = { ...found, points: [point(1, 1, { cost: { per_month: { mean: 63, ci95: null } } })] };
    const cost = figuresOf(priced).at(-1);
    expect(cost?.key).toBe("cost per_month");
    expect(cost && estimateAt(priced.points[0] as SweepPoint, cost)?.mean).toBe(63);
    expect(cost && figureUnit(cost, words)).toBe("USD");
    expect(cost && limitOf(priced, cost)).toBeNull();
  });
  it("stands in the order of the range, whatever came first", () => {
    expect(inOrder(found).map((one) => one.values[0])).toEqual([1, 4]);
  });
  it("calls a point by the worst that is true of it", () => {
    expect(pointVerdict(point(1, 1))).toBe("met");
    expect(pointVerdict(point(1, 1, { stability: "growing" }))).toBe("unstable");
    expect(pointVerdict(point(1, 1, { stopped: "too long" }))).toBe("ended early");
    expect(pointVerdict(point(1, 1, { objectives: [] }))).toBe("");
  });
  it("gets a logarithmic axis where values grow by factors", () => {
    expect(isSpacedByFactors([1, 10, 100, 1000])).toBe(true);
    expect(isSpacedByFactors([10, 20, 30, 40])).toBe(false);
    expect(isSpacedByFactors(["a", "b", "c", "d"])).toBe(false);
  });
  it("shades the largest most, and nothing where there is nothing", () => {
    const shade = shader([1, 2, 3]);
    expect(shade(null)).toBe("transparent");
    expect(shade(1)).toContain(" 0%");
    expect(shade(3)).toContain(" 46%");
  });
});

describe("resources", () => {
  const alternative = (result: unknown) => ({ name: "a", result }) as unknown as Alternative;
  it("name the node with the largest value", () => {
    const nodes = {
      a: { utilization: { mean: 0.3, ci95: null }, queue_length: { max: { mean: 5 } } },
      b: { utilization: { mean: 0.9, ci95: null } },
    };
    expect(largest(alternative({ nodes }), "utilization")).toEqual({ node: "b", value: 0.9 });
    expect(largest(alternative({ nodes }), "queue_length", "max")).toEqual({ node: "a", value: 5 });
    expect(largest(alternative({ nodes }), "nothing")).toBeNull();
    expect(largest(alternative(null), "utilization")).toBeNull();
  });
  it("have a cost where there are prices, by cause, and say what is not in it", () => {
    const cost = {
      currency: "USD",
      per_month: { mean: 63, ci95: null, by_cause: { retries: 3, requests: 60 } },
      per_million_messages: { mean: 1.2, ci95: null },
      prices_dated: "2026-11",
      unpriced: [{ nodes: ["a"], statement: "no price for a" }],
    };
    const found = costOf(alternative({ cost }));
    expect(found).toMatchObject({ currency: "USD", dated: "2026-11", unpriced: ["no price for a"] });
    expect(found?.perMonth?.mean).toBe(63);
    expect(causesOf([found, null])).toEqual(["requests", "retries"]);
    expect(
      costOf(alternative({ cost: { ...cost, per_month: null, per_million_messages: null } })),
    ).toBeNull();
    expect(costOf(alternative({ cost: null }))).toBeNull();
    expect(costOf(alternative({}))).toBeNull();
  });
});

it("measures are named with their part", async () => {
  const { measureTitle } = await import("./words");
  expect(measureTitle("end_to_end_latency.p99", words)).toBe("p99 end to end latency");
  expect(measureTitle("end_to_end_latency.max", words)).toBe("longest end to end latency");
  expect(measureTitle("lost", words)).toBe("lost");
});
