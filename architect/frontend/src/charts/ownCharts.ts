/** Charts of what only some kinds measure (staleness, half-done sagas, tokens), and of what objectives ask for. */
import { isShare } from "../run/shares";
import {
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
import { mergingOf, nodeKey } from "./series";

/** What an objective asks of a node: `part` is "" for a plain number, else a percentile or the mean. */
export interface NodeGoal {
  readonly node: string;
  readonly metric: string;
  readonly part: string;
  readonly value: number;
}

/** Metrics that every node may have: they have charts of their own. */
const COMMON: ReadonlySet<string> = new Set([
  "arrival_rate",
  "throughput",
  "goodput",
  "queue_length",
  "in_flight",
  "in_system",
  "backlog",
  "consumer_lag",
  "utilization",
  "bytes_in_rate",
  "bytes_out_rate",
  "message_bytes_ready",
  "message_bytes_unacknowledged",
  ...TIMES,
  ...TROUBLE,
]);

const PARTS = /^(.+?)(?: (p50|p95|p99|mean))?$/;
const HELP = "Numbers at the end of each interval; what is counted, since the start of the run.";

/** Counted since the start of the run, and not the number of a moment. */
const isCount = (metric: string) => mergingOf(metric) === "last";

interface Own {
  readonly metric: string;
  readonly isSpread: boolean;
}

function ownMetrics(columns: Columns, id: string): Own[] {
  const prefix = `node ${id} `;
  const found = new Map<string, Own>();
  for (const key of columns.keys()) {
    if (!key.startsWith(prefix)) continue;
    const [, metric = "", part] = PARTS.exec(key.slice(prefix.length)) ?? [];
    if (!COMMON.has(metric)) found.set(metric, { metric, isSpread: part !== undefined });
  }
  // what stayed at zero has nothing to show, but a share of 0 % says something
  return [...found.values()].filter(({ metric, isSpread }) =>
    isSpread
      ? columns.peak(nodeKey(id, metric, "p99")) > 0
      : isShare(metric) || columns.peak(nodeKey(id, metric)) > 0,
  );
}

/** A kind's own charts: those of what it is judged by, to stand first, and the rest. */
export function ownCharts(
  columns: Columns,
  id: string,
  words: Wording,
): { leading: ChartSpec[]; others: ChartSpec[] } {
  const badges = words.badges(id);
  const own = ownMetrics(columns, id);
  const rank = ({ metric }: Own) => (badges.includes(metric) ? badges.indexOf(metric) : badges.length);
  own.sort((a, b) => rank(a) - rank(b));
  const groups = new Map<string, Own[]>();
  for (const one of own) {
    // times each have their percentiles; numbers of one unit share a chart, but not those of a moment with counts
    const name = one.isSpread ? one.metric : `unit ${words.unit(one.metric)} ${isCount(one.metric)}`;
    groups.set(name, [...(groups.get(name) ?? []), one]);
  }
  const leading: ChartSpec[] = [];
  const others: ChartSpec[] = [];
  for (const group of groups.values()) {
    const first = group[0];
    if (!first) continue;
    const chart = first.isSpread ? spreadChart(columns, id, first, words) : plainChart(id, group, words);
    (badges.includes(first.metric) ? leading : others).push(chart);
  }
  return { leading, others };
}

function spreadChart(columns: Columns, id: string, { metric }: Own, words: Wording): ChartSpec {
  const unit = words.unit(metric);
  return {
    id: metric,
    title: capital(words.metric(metric)),
    unit,
    help: words.definition(metric) || "Percentiles of each interval.",
    canBeLog: unit === "s",
    lines: spread((part) => nodeKey(id, metric, part)).filter((line) => columns.has(line.key)),
  };
}

function plainChart(id: string, group: readonly Own[], words: Wording): ChartSpec {
  const [first] = group;
  const metric = first?.metric ?? "";
  const unit = words.unit(metric);
  const isAlone = group.length === 1;
  const together = (GROUPS[unit] ?? capital(unit)) + (isCount(metric) ? " so far" : "");
  return {
    id: `own ${unit} ${metric}`,
    title: isAlone ? capital(words.metric(metric)) : together,
    unit,
    help: (isAlone && words.definition(metric)) || HELP,
    lines: group.slice(0, MOST_LINES).map((one, i) => ({
      key: nodeKey(id, one.metric),
      label: words.metric(one.metric),
      ...styled(i),
    })),
  };
}

const GROUPS: Readonly<Record<string, string>> = { share: "Shares", "1": "Counts", s: "Times" };

/** What the objectives ask of nodes, each with its limit; the nodes of one metric together. */
export function goalCharts(columns: Columns, words: Wording, goals: readonly NodeGoal[]): ChartSpec[] {
  const charts = new Map<string, ChartSpec>();
  for (const { node, metric, part, value } of goals) {
    const isSpread = columns.has(nodeKey(node, metric, "p50"));
    const key = isSpread ? nodeKey(node, metric, part) : nodeKey(node, metric);
    // utilization and backlog are in the charts of the whole already; what stays at zero has nothing to show
    if (metric === "utilization" || metric === "queue_length" || columns.peak(key) === 0) continue;
    const name = `${metric} ${isSpread ? part : ""}`;
    const made = charts.get(name);
    const lines = made?.lines ?? [];
    if (lines.length >= MOST_LINES) continue;
    const limit = { value, label: "objective" };
    const known = made?.limits ?? [];
    charts.set(name, {
      id: `goal ${name}`,
      title: capital(words.metric(metric)) + (isSpread ? ` ${part}` : ""),
      unit: words.unit(metric),
      help: words.definition(metric),
      canBeLog: words.unit(metric) === "s",
      lines: [...lines, { key, label: words.node(node), ...styled(lines.length) }],
      limits: known.some((one) => one.value === value) ? known : [...known, limit],
    });
  }
  return [...charts.values()];
}
