import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { metricStore } from "../run/metrics";
import { barShare, bindCard, liveRows, loadLevel, sparkPath } from "./liveCard";
import { bindEdge, edgeWidth } from "./liveEdge";

const frame = (seq: number, utilization: number, rate = 10) => ({
  seq,
  t: seq,
  nodes: { n: { utilization, throughput: rate, service_time: { p50: 0.1, p95: 0.25, p99: 0.3, mean: 0.1 } } },
  edges: { e: { rate } },
});

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  metricStore.reset();
  vi.useRealTimers();
});

function card() {
  const rows = liveRows(["utilization", "throughput", "service_time"], {});
  const parts = {
    root: document.createElement("div"),
    values: rows.map(() => document.createElement("dd")),
    bar: document.createElement("span"),
    spark: document.createElementNS("http://www.w3.org/2000/svg", "path"),
    fault: document.createElement("span"),
  };
  return { rows, parts, texts: () => parts.values.map((value) => value.textContent) };
}

describe("a card during a run", () => {
  it("shows its metrics with units, and nothing of them when the run is left", () => {
    const { rows, parts, texts } = card();
    const stop = bindCard("n", rows, parts, false);
    metricStore.apply(frame(1, 0.975));
    vi.advanceTimersByTime(300);
    expect(texts()).toEqual(["97.5\u202f%", "10\u202fmsg/s", "250\u202fms"]);
    expect(parts.root.dataset).toMatchObject({ load: "3", live: "yes" });
    metricStore.reset();
    expect(parts.root.dataset["live"]).toBeUndefined();
    stop();
  });

  it("writes at a calm rate, and the last word always", () => {
    const { rows, parts, texts } = card();
    const stop = bindCard("n", rows, parts, false);
    let writes = 0;
    const watched = new MutationObserver((records) => {
      writes += records.length;
    });
    watched.observe(parts.values[1] as HTMLElement, { childList: true });
    for (let seq = 1; seq <= 60; seq += 1) {
      metricStore.apply(frame(seq, 0.5, seq));
      vi.advanceTimersByTime(16);
    }
    vi.advanceTimersByTime(300);
    writes += watched.takeRecords().length;
    expect(writes).toBeLessThan(15);
    expect(texts()[1]).toBe("60\u202fmsg/s");
    stop();
  });

  it("far away keeps only its colour", () => {
    const { rows, parts, texts } = card();
    const stop = bindCard("n", rows, parts, true);
    metricStore.apply(frame(1, 0.5));
    vi.advanceTimersByTime(300);
    expect(texts()).toEqual(["", "", ""]);
    expect(parts.root.dataset["load"]).toBe("1");
    stop();
    expect(parts.root.dataset["load"]).toBeUndefined();
  });
});

describe("an edge during a run", () => {
  it("is as wide as its rate and as warm as where it leads", () => {
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    const label = document.createElementNS("http://www.w3.org/2000/svg", "text");
    const stop = bindEdge("e", "n", "publish", { path, label, resting: "" });
    metricStore.apply(frame(1, 0.9, 1000));
    vi.advanceTimersByTime(300);
    expect(path.style.strokeWidth).toBe("6.5px");
    expect(path.dataset["load"]).toBe("2");
    expect(label.textContent).toBe("1k/s");
    stop();
    expect(path.style.strokeWidth).toBe("");
  });

  it("grows with the logarithm, in steps of half a pixel, within limits", () => {
    expect(edgeWidth(null)).toBe(1.5);
    expect(edgeWidth(0)).toBe(1.5);
    expect(edgeWidth(100) * 2).toBe(Math.round(edgeWidth(100) * 2));
    expect(edgeWidth(1e9)).toBe(8);
  });
});

describe("levels", () => {
  it("go from idle to the limit", () => {
    expect([null, 0, 0.5, 0.8, 0.96].map((share) => loadLevel(share))).toEqual([0, 0, 1, 2, 3]);
    expect(barShare({ queue_length: 0 })).toEqual({ share: 0, level: 0 });
    expect(barShare({ queue_length: 99_999 }).share).toBeCloseTo(1, 3);
  });

  it("a line needs two points", () => {
    expect(sparkPath([1])).toBe("");
    expect(sparkPath([0, 1])).toMatch(/^M0 34L/);
  });
});
