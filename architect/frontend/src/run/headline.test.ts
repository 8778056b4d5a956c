// @vitest-environment node
import { describe, expect, it } from "vitest";
import { headlineParts, headlineText } from "./headline";

const full = {
  end_to_end_latency_p99: { from: "web", to: "billing", seconds: 1.24 },
  bottleneck: { node: "billing", utilization: 0.83 },
  messages: 1000,
  delivered: 990,
  dead_lettered: 4,
  objectives: { met: 1, missed: 1, undecided: 0 },
  labels: { billing: "Billing desk" },
};

describe("a run's headline", () => {
  it("says first what was missed, then latency, bottleneck and losses", () => {
    expect(headlineParts(full).map((part) => part.text.replaceAll("\u202f", " "))).toEqual([
      "1 of 2 objectives missed",
      "p99 1.24 s",
      "Billing desk 83 % busy",
      "4 dead-lettered",
    ]);
  });

  it("is empty for a run without figures, and text says why", () => {
    expect(headlineParts(null)).toEqual([]);
    expect(headlineParts({ objectives: null, dead_lettered: 0 })).toEqual([]);
    expect(headlineText({ headline: null, status: "failed", reason: "Out of memory" })).toBe("Out of memory");
  });
});
