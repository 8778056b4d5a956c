// @vitest-environment node
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Frame } from "../run/frameTypes";
import { createSeriesStore, edgeKey, flowKey, grouped, nodeKey } from "./series";

const frame = (seq: number, nodes: Frame["nodes"], rest: Partial<Frame> = {}): Frame => ({
  seq,
  t: seq,
  nodes,
  edges: {},
  ...rest,
});

describe("the columns behind the charts", () => {
  it("keep one point per frame while there is room, with null where nothing was measured", () => {
    const store = createSeriesStore();
    store.append([
      frame(1, { orders: { queue_length: 3, waiting_time: null } }, { edges: { e1: { rate: 10 } } }),
      frame(2, { orders: { queue_length: 5, waiting_time: { p50: 1, p95: 2, p99: 3, mean: 1.5 } } }),
    ]);
    expect(store.times()).toEqual([1, 2]);
    expect(store.column(nodeKey("orders", "queue_length"))).toEqual([3, 5]);
    expect(store.column(nodeKey("orders", "waiting_time", "p99"))).toEqual([null, 3]);
    expect(store.column(edgeKey("e1", "rate"))).toEqual([10, null]);
    expect(store.column("node nobody x")).toEqual([null, null]);
    expect(store.peakAt(nodeKey("orders", "queue_length"))).toBe(2);
    expect(store.peakAt("node nobody x")).toBeNull();
  });

  it("turn the delivered count of a flow into a rate", () => {
    const store = createSeriesStore();
    const flow = (delivered: number) => ({ flows: [{ from: "web", to: "billing", delivered }] });
    store.append([frame(2, {}, flow(100)), frame(4, {}, flow(160))]);
    expect(store.column(flowKey("web", "billing", "delivered_rate"))).toEqual([50, 30]);
  });

  it("merge by metric: rates keep the mean, levels the largest, counts the last", () => {
    const store = createSeriesStore(4);
    for (let seq = 1; seq <= 8; seq += 1) {
      store.append([frame(seq, { n: { throughput: seq, queue_length: 10 - seq, redelivered: seq } })]);
    }
    expect(store.framesPerPoint()).toBe(2);
    expect(store.times()).toEqual([2, 4, 6, 8]);
    expect(store.column(nodeKey("n", "throughput"))).toEqual([1.5, 3.5, 5.5, 7.5]);
    expect(store.column(nodeKey("n", "queue_length"))).toEqual([9, 7, 5, 3]);
    expect(store.column(nodeKey("n", "redelivered"))).toEqual([2, 4, 6, 8]);
  });

  it("stay within their limit, in order, and never lose the peak", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 1, maxLength: 200 }), (levels) => {
        const store = createSeriesStore(16);
        store.append(levels.map((level, i) => frame(i + 1, { n: { queue_length: level } })));
        const column = store.column(nodeKey("n", "queue_length"));
        expect(store.pointCount()).toBeLessThanOrEqual(16);
        expect(Math.max(...column.map((value) => value ?? 0))).toBe(Math.max(...levels));
        expect(store.times()).toEqual([...store.times()].sort((a, b) => a - b));
        expect(store.lastTime()).toBe(levels.length);
      }),
    );
  });

  it("are drawn in groups that follow the same rules", () => {
    const column = [1, 3, null, null, 8, 2, 5];
    expect(grouped(column, 1, "max")).toEqual(column);
    expect(grouped(column, 2, "max")).toEqual([3, null, 8, 5]);
    expect(grouped(column, 2, "mean")).toEqual([2, null, 5, 5]);
    expect(grouped(column, 4, "last")).toEqual([3, 5]);
  });

  it("find the frame of a moment", () => {
    const store = createSeriesStore();
    expect(store.seqAt(3)).toBeNull();
    store.append([frame(1, {}), frame(2, {}), frame(3, {})]);
    expect([0, 1, 2.5, 99].map((t) => store.seqAt(t))).toEqual([1, 1, 2, 3]);
  });

  it("grow beyond the first thousand points", () => {
    const store = createSeriesStore();
    store.append(Array.from({ length: 3000 }, (_, i) => frame(i + 1, { n: { in_flight: i } })));
    expect(store.column(nodeKey("n", "in_flight"))[2999]).toBe(2999);
  });
});
