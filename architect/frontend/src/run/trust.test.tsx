import { cleanup, render, screen, within } from "@testing-library/react";
import { afterEach, describe, expect, it, vi } from "vitest";
import { metricWords } from "./metricWords";
import type { RunResult } from "./result";
import { TrustBanners, TrustPanel } from "./TrustPanel";
import { inLabels, methodWords, overallWords, type Statistics } from "./trust";

vi.mock("../charts/WarmupChart", () => ({
  WarmupChart: ({ cut }: { cut: number }) => <p>chart until {cut}</p>,
}));

const statistics: Statistics = {
  method: "replications",
  confidence: 0.95,
  replications: 10,
  batches: null,
  effective_sample_size: { "q.waiting_time": 143.4, "p → c.end_to_end_latency": 900 },
  warmup: {
    rule: "welch",
    cut: 6,
    share: 0.1,
    too_short: false,
    curve: { t: [0.5, 1.5, 2.5], in_system: [1, 2, 3] },
    statement: "The first 6 s (10 %) are left out.",
  },
  precision: null,
  stability: {
    verdict: "stable",
    nodes: { q: { verdict: "stable", growth_rate: { mean: 0, ci95: [-0.1, 0.1] }, statement: "" } },
  },
  statements: [{ severity: "info", code: "none-seen", text: "p → c: 0 of 10 messages lost.", node: "c" }],
};

const result = (more: Partial<RunResult> = {}): RunResult => ({
  seed: 1,
  replications: 10,
  duration: 60,
  warmup: 6,
  nodes: {},
  flows: [{ from: "p", to: "c" }],
  conservation: { ok: true, nodes: { q: { accepted: 5, delivered: 4, waiting: 1 } } },
  littles_law: { q: { L: 4, lambda_W: 4.01, relative_error: 0.0025 } },
  statistics,
  ...more,
});

const label = (id: string) => ({ q: "Orders", p: "Shop", c: "Billing" })[id] ?? id;
const words = metricWords({});
const show = (shown: RunResult) =>
  render(
    <>
      <TrustBanners result={shown} label={label} />
      <TrustPanel result={shown} words={words} label={label} />
    </>,
  ).container;

describe("how far to trust a result", () => {
  afterEach(cleanup);

  it("says of replications how the intervals came about, and calls nodes by their labels", () => {
    const text = show(result()).textContent ?? "";
    expect(text).toContain("10 independent replications");
    expect(text).toContain("waiting time of Orders, rests on as much as 143 independent");
    expect(text).toContain("chart until 6");
    expect(text).toContain("No growth at Orders");
    expect(text).toContain("Shop → Billing: 0 of 10 messages lost.");
    expect(text).toContain("balanced");
    expect(text).toContain("holds");
    expect(text).toContain("Nothing speaks against these figures");
  });

  it("cannot be overlooked where a backlog grows", () => {
    const growing = result({
      statistics: {
        ...statistics,
        stability: {
          verdict: "growing",
          nodes: {
            q: { verdict: "growing", growth_rate: { mean: 18.2, ci95: [16.3, 20.1] }, statement: "" },
          },
        },
        statements: [{ severity: "problem", code: "growing", text: "q has no steady state.", node: "q" }],
      },
    });
    const text = show(growing).textContent?.replaceAll("\u202f", " ") ?? "";
    expect(text).toContain("Orders has no steady state.");
    expect(text).toContain("Do not rely on the times and lengths of Orders");
    expect(text).toContain("grows by 18.2 msg/s (95 % interval 16.3 msg/s to 20.1 msg/s)");
  });

  it("says of a load that ends what grows while it lasts", () => {
    const statements = [
      { severity: "warning", code: "growing-under-load", text: "q gets more than is served.", node: "q" },
    ] as const;
    const text = show(result({ statistics: { ...statistics, statements } })).textContent ?? "";
    expect(text).toContain("The times and lengths of Orders depend on how long the load lasts");
    expect(text).toContain("Orders gets more than is served.");
  });

  it("shows the precision achieved against the one wanted, in amber when it was missed", () => {
    const precision = {
      target: 0.02,
      achieved: 0.05,
      metric: "end_to_end_latency.mean of p → c",
      reached: false,
      statement: "The budget ended first.",
    };
    show(result({ statistics: { ...statistics, precision } }));
    expect(screen.getByText("Not reached").className).toContain("warn");
  });

  it("sets theory beside the simulation, with formula, source and verdict in words", () => {
    show(
      result({
        theory: [
          {
            nodes: ["q", "c"],
            model: "M/M/1",
            formula: "Wq = ρ/(μ − λ)",
            source: "Kleinrock 1975",
            parameters: { λ: 80 },
            exact: true,
            metrics: [
              {
                node: "q",
                metric: "waiting_time.mean",
                theory: 0.04,
                simulated: { mean: 0.041, ci95: [0.039, 0.043] },
                relative_difference: 0.025,
                verdict: "agrees",
              },
              {
                node: "q",
                metric: "waiting_time.variance",
                theory: 0.0096,
                simulated: { mean: 0.0101, ci95: null },
                relative_difference: 0.05,
                verdict: "undecided",
              },
            ],
          },
        ],
      }),
    );
    expect(screen.getByText("Exact formula")).toBeDefined();
    const row = screen.getByText(/Orders: mean waiting time/).closest("tr") as HTMLElement;
    expect(within(row).getByText("agrees")).toBeDefined();
    expect(screen.getByText("Wq = ρ/(μ − λ)")).toBeDefined();
    const variance = screen.getByText(/Orders: variance waiting time/).closest("tr") as HTMLElement;
    expect(variance.textContent?.replaceAll("\u202f", " ")).toContain("0.00960 s²");
  });

  it("still shows results that were made before these figures were", () => {
    const { statistics: _, ...old } = result();
    expect(show(old).textContent).toContain("made before Headrace judged its own figures");
    expect(overallWords({ ...old, conservation: { ok: false } }, label).tone).toBe("bad");
  });

  it.each([
    ["batch-means", 30, "30 batches"],
    ["none", null, "gives no intervals"],
  ] as const)("has a sentence for the method %s", (method, batches, expected) => {
    expect(methodWords({ ...statistics, method, batches, replications: 1 })).toContain(expected);
  });

  it("exchanges ids only where they stand for a node", () => {
    expect(inLabels("p → c: all p stay", result(), label)).toBe("Shop → Billing: all p stay");
    expect(inLabels("The backlog of q shows no growth.", result(), label, "q")).toBe(
      "The backlog of Orders shows no growth.",
    );
  });
});
