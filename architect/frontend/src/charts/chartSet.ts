/** Which charts a node, an edge or the whole flow gets, from the columns that hold numbers. Pure: no drawing here. */
import {
  type ChartLine,
  type ChartSpec,
  type Columns,
  capital,
  MOST_LINES,
  spread,
  styled,
  TIMES,
  TROUBLE,
  type Wording,
} from "./chartSpec";
import { goalCharts, type NodeGoal, ownCharts } from "./ownCharts";
import { edgeKey, flowKey, mergingOf, nodeKey } from "./series";

export type Selection = { kind: "node" | "edge"; id: string } | null;

function nodeLines(columns: Columns, id: string, metrics: readonly string[], words: Wording): ChartLine[] {
  return metrics
    .filter((metric) => columns.has(nodeKey(id, metric)))
    .map((metric, i) => ({ key: nodeKey(id, metric), label: words.metric(metric), ...styled(i) }));
}

const HELP = {
  rate: "Messages per second in each interval.",
  level: "Messages at the end of each interval.",
  times: "Percentiles over the messages of each interval.",
  byteRates: "Bytes per second in each interval.",
  bytes: "Bytes at the end of each interval.",
  utilization: "Busy share of the servers in each interval.",
  trouble: "Messages since the start of the run.",
} as const;

/** The charts of one node: what its kind is judged by, what every node has, and the rest of what it measures. */
export function nodeCharts(columns: Columns, id: string, words: Wording): ChartSpec[] {
  const { leading, others } = ownCharts(columns, id, words);
  return [...leading, ...commonCharts(columns, id, words), ...others];
}

function commonCharts(columns: Columns, id: string, words: Wording): ChartSpec[] {
  const charts: ChartSpec[] = [];
  const add = (spec: ChartSpec) => {
    const lines = spec.lines.filter((line) => columns.has(line.key));
    if (lines.length > 0) charts.push({ ...spec, lines });
  };
  add({
    id: "rates",
    title: "Rates",
    unit: "msg/s",
    help: HELP.rate,
    lines: nodeLines(columns, id, ["arrival_rate", "throughput", "goodput"], words),
  });
  add({
    id: "levels",
    title: "Backlog",
    unit: "messages",
    help: HELP.level,
    lines: nodeLines(columns, id, ["queue_length", "in_flight", "backlog", "consumer_lag"], words).filter(
      // a backlog that is always the queue length would only hide its line
      (line) =>
        line.key !== nodeKey(id, "backlog") ||
        columns.peak(line.key) !== columns.peak(nodeKey(id, "queue_length")),
    ),
  });
  for (const metric of TIMES) {
    const isKnown = columns.has(nodeKey(id, metric, "p50"));
    const isRepeat = metric === "service_time" && columns.has(nodeKey(id, "sojourn_time", "p50"));
    if (!isKnown || isRepeat) continue;
    add({
      id: metric,
      title: capital(words.metric(metric)),
      unit: "s",
      help: HELP.times,
      canBeLog: true,
      lines: spread((part) => nodeKey(id, metric, part)),
    });
  }
  add({
    id: "utilization",
    title: "Utilization",
    unit: "share",
    help: HELP.utilization,
    lines: [{ key: nodeKey(id, "utilization"), label: "busy", token: "--series-1", fill: true }],
  });
  add({
    id: "byte-rates",
    title: "Bytes per second",
    unit: "bytes/s",
    help: HELP.byteRates,
    lines: nodeLines(columns, id, ["bytes_in_rate", "bytes_out_rate"], words),
  });
  add({
    id: "bytes",
    title: "Bytes",
    unit: "bytes",
    help: HELP.bytes,
    lines: nodeLines(columns, id, ["message_bytes_ready", "message_bytes_unacknowledged"], words),
  });
  const seen = TROUBLE.filter(
    (metric) => columns.has(nodeKey(id, metric)) && columns.peak(nodeKey(id, metric)) > 0,
  );
  add({
    id: "trouble",
    title: "Redelivered, lost, out of order",
    unit: "messages",
    help: HELP.trouble,
    lines: nodeLines(columns, id, seen, words).slice(0, MOST_LINES),
  });
  return charts;
}

/** The charts of one edge. */
export function edgeCharts(columns: Columns, id: string): ChartSpec[] {
  const charts: ChartSpec[] = [];
  if (columns.has(edgeKey(id, "rate"))) {
    const lines: ChartLine[] = [{ key: edgeKey(id, "rate"), label: "rate", token: "--series-1", fill: true }];
    charts.push({ id: "rate", title: "Rate", unit: "msg/s", help: HELP.rate, lines });
  }
  if (columns.has(edgeKey(id, "in_transit")) && columns.peak(edgeKey(id, "in_transit")) > 0) {
    const lines: ChartLine[] = [{ key: edgeKey(id, "in_transit"), label: "in transit", token: "--series-1" }];
    charts.push({ id: "transit", title: "In transit", unit: "messages", help: HELP.level, lines });
  }
  return charts;
}

interface FlowName {
  readonly from: string;
  readonly to: string;
}

/** The flows that have columns, in the order they first appeared. */
export function flowsOf(columns: Columns): FlowName[] {
  const names = new Map<string, FlowName>();
  for (const key of columns.keys()) {
    const match = /^flow ([^ >]+)>([^ ]+) /.exec(key);
    if (match?.[1] && match[2]) names.set(`${match[1]}>${match[2]}`, { from: match[1], to: match[2] });
  }
  return [...names.values()];
}

function nodesByPeak(columns: Columns, metric: string): string[] {
  const suffix = ` ${metric}`;
  return columns
    .keys()
    .filter((key) => key.startsWith("node ") && key.endsWith(suffix))
    .map((key) => key.slice("node ".length, -suffix.length))
    .sort((a, b) => columns.peak(nodeKey(b, metric)) - columns.peak(nodeKey(a, metric)))
    .filter((id, i) => i === 0 || columns.peak(nodeKey(id, metric)) > 0)
    .slice(0, MOST_LINES);
}

/** What the objectives of the design ask of its flows and nodes. */
export interface Limits {
  readonly flows: readonly FlowLimit[];
  readonly nodes: readonly NodeGoal[];
}

const NO_LIMITS: Limits = { flows: [], nodes: [] };

export interface FlowLimit extends FlowName {
  readonly part: string;
  readonly below: number;
}

/** The charts of the whole: what the flows deliver and how fast, where messages wait, who is busy. */
export function flowCharts(columns: Columns, words: Wording, limits: Limits = NO_LIMITS): ChartSpec[] {
  const charts: ChartSpec[] = [];
  const all = flowsOf(columns);
  const flows = all.slice(0, MOST_LINES);
  const isOneSource = new Set(flows.map((flow) => flow.from)).size === 1;
  const name = ({ from, to }: FlowName) =>
    isOneSource ? `to ${words.node(to)}` : `${words.node(from)} → ${words.node(to)}`;
  const add = (spec: ChartSpec) => {
    const lines = spec.lines.filter((line) => columns.has(line.key));
    if (lines.length > 0) charts.push({ ...spec, lines });
  };
  const only = flows.length === 1 ? flows[0] : undefined;
  add({
    id: "latency",
    title: only ? "End-to-end latency" : "End-to-end p99",
    unit: "s",
    help: HELP.times,
    canBeLog: true,
    limits: limits.flows
      .filter((limit) => flows.some((flow) => flow.from === limit.from && flow.to === limit.to))
      .filter((limit) => only !== undefined || limit.part === "p99")
      .map((limit) => ({
        value: limit.below,
        label: only ? `${limit.part} objective` : `objective, ${words.node(limit.to)}`,
      })),
    lines: only
      ? spread((part) => flowKey(only.from, only.to, "end_to_end_latency", part))
      : flows.map((flow, i) => ({
          key: flowKey(flow.from, flow.to, "end_to_end_latency", "p99"),
          label: name(flow),
          ...styled(i),
        })),
  });
  charts.push(...goalCharts(columns, words, limits.nodes));
  const queues = nodesByPeak(columns, "queue_length");
  const backlog: ChartSpec = {
    id: "backlog",
    title: "Backlog",
    unit: "messages",
    help: HELP.level,
    lines: queues.map((id, i) => ({
      key: nodeKey(id, "queue_length"),
      label: words.node(id),
      ...styled(i),
    })),
  };
  // a line at zero is no news: it stands behind the others
  const isWaiting = queues.some((id) => columns.peak(nodeKey(id, "queue_length")) > 0);
  if (isWaiting) add(backlog);
  add({
    id: "delivered",
    title: "Delivered",
    unit: "msg/s",
    help: HELP.rate,
    lines: flows.map((flow, i) => ({
      key: flowKey(flow.from, flow.to, "delivered_rate"),
      label: name(flow),
      ...styled(i),
    })),
  });
  add({
    id: "utilization",
    title: "Utilization",
    unit: "share",
    help: HELP.utilization,
    lines: nodesByPeak(columns, "utilization").map((id, i) => ({
      key: nodeKey(id, "utilization"),
      label: words.node(id),
      ...styled(i),
    })),
  });
  if (!isWaiting) add(backlog);
  return charts;
}

/** The charts of what is selected; the whole flow when nothing is. */
export function chartsFor(
  selection: Selection,
  columns: Columns,
  words: Wording,
  limits: Limits = NO_LIMITS,
): ChartSpec[] {
  if (selection?.kind === "node") return nodeCharts(columns, selection.id, words);
  if (selection?.kind === "edge") return edgeCharts(columns, selection.id);
  return flowCharts(columns, words, limits);
}

/** What a point stands for once points were merged: "max of 8 frames". */
export function mergingWords(framesPerPoint: number, lines: readonly ChartLine[]): string {
  if (framesPerPoint <= 1) return "";
  const metric = lines[0]?.key.split(" ").at(-1) ?? "";
  return `${mergingOf(metric)} of ${framesPerPoint} frames`;
}
