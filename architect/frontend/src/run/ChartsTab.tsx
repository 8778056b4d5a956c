import { useMemo, useSyncExternalStore } from "react";
import { chartsFor, type Limits, type Selection } from "../charts/chartSet";
import { seriesStore } from "../charts/series";
import { TimeChart } from "../charts/TimeChart";
import { useMetricWords } from "./metricWords";
import { edgeLabel, labelOf, type Snapshot } from "./runRecord";
import { isGoing, showMoment, useSession } from "./session";
import { Term } from "./Term";

/** The charts of what is selected, or of the whole flow; one cursor runs through all of them. */
export function ChartsTab({ selection }: { selection: Selection }) {
  const { run, status, snapshot, result, events } = useSession();
  const words = useMetricWords();
  // which charts there are changes only when a column appears or first leaves zero: compared as text
  const shape = useSyncExternalStore(seriesStore.subscribe, shapeOfColumns);
  const wording = useMemo(
    () => ({
      node: (id: string) => labelOf(snapshot, id),
      edge: (id: string) => edgeLabel(snapshot, id),
      metric: words.title,
      unit: words.unit,
      definition: words.definition,
      badges: (id: string) => words.badges(snapshot?.nodes.find((node) => node.id === id)?.kind ?? ""),
    }),
    [snapshot, words],
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: `shape` stands for the store's columns
  const specs = useMemo(
    () => chartsFor(selection, seriesStore, wording, limitsOf(snapshot)),
    [selection, wording, snapshot, shape],
  );
  const marks = useMemo(() => events.filter((event) => event.kind !== "note"), [events]);
  const subject = subjectOf(selection, snapshot);
  const warmup = result?.warmup ?? statedWarmup(snapshot);
  if (!run) return <p className="run-empty">Charts appear with the first numbers of a run.</p>;
  if (specs.length === 0) {
    return (
      <p className="run-empty">
        {selection ? `Nothing has been measured at ${subject} yet.` : "Waiting for the first numbers."}
      </p>
    );
  }
  return (
    <>
      <p className="charts-subject">
        <strong>{subject}</strong>
        <span className="muted">
          {!selection && "Select a node or an edge for its own charts."}
          {warmup === null && isGoing(status) && " Warm-up is found at the end."}
        </span>
        <Term definition="Drag across a chart to zoom all of them, double-click to see the whole again. A click shows that moment on the canvas. The triangles on the time axis are faults and other events.">
          Reading the charts
        </Term>
      </p>
      <div className="charts-grid">
        {specs.map((spec) => (
          <TimeChart
            key={`${subject} ${spec.id}`}
            spec={spec}
            subject={subject}
            duration={run.duration}
            warmup={warmup}
            marks={marks}
            onMoment={(t) => void showMoment(t)}
          />
        ))}
      </div>
    </>
  );
}

function subjectOf(selection: Selection, snapshot: Snapshot | null): string {
  if (selection?.kind === "node") return labelOf(snapshot, selection.id);
  if (selection?.kind === "edge") return edgeLabel(snapshot, selection.id);
  return "Whole flow";
}

function statedWarmup(snapshot: Snapshot | null): number | null {
  const warmup = snapshot?.simulation?.warmup;
  return typeof warmup === "number" ? warmup : null;
}

let lastShape = { count: -1, at: 0, text: "" };

/** Names of the columns and which of them hold more than zeros; read at most once a second. */
function shapeOfColumns(): string {
  const keys = seriesStore.keys();
  const now = performance.now();
  if (keys.length === lastShape.count && now - lastShape.at < 1000) return lastShape.text;
  const lively = keys.filter((key) => seriesStore.peak(key) > 0).length;
  lastShape = { count: keys.length, at: now, text: `${keys.length} ${lively} ${ranking(keys)}` };
  return lastShape.text;
}

/** The nodes with the longest queues, coarsely: their order decides which lines the backlog chart has. */
function ranking(keys: readonly string[]): string {
  const queues = keys.filter((key) => key.startsWith("node ") && key.endsWith(" queue_length"));
  if (queues.length <= 6) return "";
  return queues
    .sort((a, b) => seriesStore.peak(b) - seriesStore.peak(a))
    .slice(0, 6)
    .sort()
    .join();
}

/** What the objectives ask: percentiles of the end-to-end latency of flows, and figures of nodes. */
function limitsOf(snapshot: Snapshot | null): Limits {
  const objectives = snapshot?.objectives ?? [];
  return {
    flows: objectives.flatMap(({ metric, from, to, below }) => {
      const part = /^end_to_end_latency\.(p50|p95|p99|mean)$/.exec(metric)?.[1];
      return part && from && to && below !== undefined ? [{ from, to, part, below }] : [];
    }),
    nodes: objectives.flatMap(({ metric, node, below, above, equals }) => {
      const [name = "", part = ""] = metric.split(".");
      const value = below ?? above ?? equals;
      return node && value !== undefined ? [{ node, metric: name, part, value }] : [];
    }),
  };
}
