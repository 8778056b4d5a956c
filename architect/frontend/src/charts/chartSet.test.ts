// @vitest-environment node
import { describe, expect, it } from "vitest";
import { chartsFor, mergingWords } from "./chartSet";
import type { Columns, Wording } from "./chartSpec";
import { flowKey, nodeKey } from "./series";

const words: Wording = {
  node: (id) => id.toUpperCase(),
  edge: (id) => id,
  metric: (name) => name.replaceAll("_", " "),
  unit: (name) => UNITS[name] ?? "s",
  definition: () => "",
  badges: (id) => (id === "view" ? ["staleness", "read_your_writes"] : []),
};
const UNITS: Record<string, string> = {
  read_your_writes: "share",
  unread: "events",
  rebuilds: "events",
  lost_events: "events",
};

function columns(peaks: Record<string, number>): Columns {
  return { has: (key) => key in peaks, keys: () => Object.keys(peaks), peak: (key) => peaks[key] ?? 0 };
}

const titles = (specs: readonly { title: string }[]) => specs.map((spec) => spec.title);

describe("the charts of a selection", () => {
  it("are those a node has numbers for, and no empty ones", () => {
    const held = columns({
      [nodeKey("q", "arrival_rate")]: 5,
      [nodeKey("q", "queue_length")]: 9,
      [nodeKey("q", "waiting_time", "p50")]: 1,
      [nodeKey("q", "waiting_time", "p99")]: 2,
      [nodeKey("q", "redelivered")]: 0,
    });
    const charts = chartsFor({ kind: "node", id: "q" }, held, words);
    expect(titles(charts)).toEqual(["Rates", "Backlog", "Waiting time"]);
    expect(charts[2]?.lines.map((line) => line.label)).toEqual(["p50", "p99"]);
  });

  it("leave out a backlog that is the queue length again", () => {
    const held = columns({ [nodeKey("q", "queue_length")]: 9, [nodeKey("q", "backlog")]: 9 });
    expect(chartsFor({ kind: "node", id: "q" }, held, words)[0]?.lines).toHaveLength(1);
  });

  it("show trouble only when there was some", () => {
    const held = columns({ [nodeKey("q", "redelivered")]: 3, [nodeKey("q", "expired")]: 0 });
    const charts = chartsFor({ kind: "node", id: "q" }, held, words);
    expect(charts.flatMap((chart) => chart.lines.map((line) => line.label))).toEqual(["redelivered"]);
  });

  it("show the percentiles of a single flow, and one p99 line each when there are several", () => {
    const one = {
      [flowKey("a", "b", "end_to_end_latency", "p50")]: 1,
      [flowKey("a", "b", "end_to_end_latency", "p99")]: 2,
    };
    expect(chartsFor(null, columns(one), words)[0]?.lines.map((line) => line.label)).toEqual(["p50", "p99"]);
    const two = { ...one, [flowKey("a", "c", "end_to_end_latency", "p99")]: 2 };
    const chart = chartsFor(null, columns(two), words)[0];
    expect(chart?.title).toBe("End-to-end p99");
    expect(chart?.lines.map((line) => line.label)).toEqual(["to B", "to C"]);
  });

  it("put the worst six queues into the whole flow's backlog", () => {
    const peaks = Object.fromEntries(
      Array.from({ length: 9 }, (_, i) => [nodeKey(`q${i}`, "queue_length"), i]),
    );
    const backlog = chartsFor(null, columns(peaks), words).find((chart) => chart.id === "backlog");
    expect(backlog?.lines.map((line) => line.label)).toEqual(["Q8", "Q7", "Q6", "Q5", "Q4", "Q3"]);
  });

  it("draw an objective where its flow is shown", () => {
    const held = columns({ [flowKey("a", "b", "end_to_end_latency", "p99")]: 2 });
    const flows = [
      { from: "a", to: "b", part: "p99", below: 2 },
      { from: "a", to: "z", part: "p99", below: 9 },
    ];
    expect(chartsFor(null, held, words, { flows, nodes: [] })[0]?.limits).toEqual([
      { value: 2, label: "p99 objective" },
    ]);
  });

  it("never tell two lines apart by colour alone", () => {
    const peaks = Object.fromEntries(
      Array.from({ length: 6 }, (_, i) => [nodeKey(`q${i}`, "queue_length"), i]),
    );
    const lines = chartsFor(null, columns(peaks), words)[0]?.lines ?? [];
    expect(new Set(lines.map((line) => String(line.dash))).size).toBe(lines.length);
  });

  it("say what a point is once points were merged", () => {
    const line = { key: nodeKey("q", "queue_length"), label: "", token: "--series-1" as const };
    expect(mergingWords(1, [line])).toBe("");
    expect(mergingWords(4, [line])).toBe("max of 4 frames");
  });

  it("begin with what the kind is judged by, and end with the rest of what only it measures", () => {
    const held = columns({
      [nodeKey("view", "throughput")]: 5,
      [nodeKey("view", "unread")]: 7,
      [nodeKey("view", "rebuilds")]: 0,
      [nodeKey("view", "read_your_writes")]: 0,
      [nodeKey("view", "staleness", "p50")]: 1,
      [nodeKey("view", "staleness", "p99")]: 2,
      [nodeKey("view", "rebuild_time", "p99")]: 0,
    });
    const charts = chartsFor({ kind: "node", id: "view" }, held, words);
    expect(charts.map((chart) => [chart.title, chart.unit])).toEqual([
      ["Staleness", "s"],
      ["Read your writes", "share"],
      ["Rates", "msg/s"],
      ["Unread", "events"],
    ]);
  });

  it("of the whole show what an objective asks of a node, with its limit, before backlogs", () => {
    const held = columns({
      [nodeKey("view", "staleness", "p50")]: 1,
      [nodeKey("view", "staleness", "p99")]: 9,
      [nodeKey("view", "lost_events")]: 0,
      [nodeKey("q", "queue_length")]: 4,
    });
    const nodes = [
      { node: "view", metric: "staleness", part: "p99", value: 5 },
      { node: "view", metric: "lost_events", part: "", value: 0 },
    ];
    const [first, second, ...others] = chartsFor(null, held, words, { flows: [], nodes });
    expect(first?.title).toBe("Staleness p99");
    expect(first?.limits).toEqual([{ value: 5, label: "objective" }]);
    expect(first?.lines.map((line) => line.label)).toEqual(["VIEW"]);
    expect(second?.title).toBe("Backlog");
    expect(others).toEqual([]);
  });

  it("of the whole put a backlog of nothing last", () => {
    const held = columns({ [nodeKey("q", "queue_length")]: 0, [nodeKey("q", "utilization")]: 0.2 });
    expect(titles(chartsFor(null, held, words))).toEqual(["Utilization", "Backlog"]);
  });
});
