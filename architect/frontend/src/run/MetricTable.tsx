import type { ReactNode } from "react";
import type { MetricWords } from "./metricWords";
import { formatClock, formatHalfWidth, formatInterval, formatQuantity } from "./numbers";
import { type MetricRow, metricRows, PERCENTILES, type Percentile } from "./result";
import { Term } from "./Term";

const PERCENTILE_WORDS: Record<Percentile, string> = {
  p50: "p50",
  p90: "p90",
  p95: "p95",
  p99: "p99",
  p999: "p99.9",
  max: "largest",
};

/** Where the moment of the largest value says something: a pool is full at many moments. */
const LENGTHS = new Set(["queue_length", "backlog", "in_system"]);

export interface MetricGroup {
  readonly id: string;
  readonly title: ReactNode;
  readonly metrics: Readonly<Record<string, unknown>>;
  /** its backlog grows without end: said in place of what would be means */
  readonly growth?: string | null;
}

/** One table for all: a heading row per node or flow, a row per metric, every number with its unit. */
export function MetricTable({
  groups,
  words,
  caption,
  replications,
}: {
  groups: readonly MetricGroup[];
  words: MetricWords;
  caption: string;
  replications: number;
}) {
  const shown = groups.map((group) => ({ ...group, ...sorted(metricRows(group.metrics), words) }));
  const columns = PERCENTILES.filter((name) =>
    shown.some(({ rows }) => rows.some((row) => row.percentiles[name] != null)),
  );
  return (
    <div className="table-holder">
      <table className="result-table">
        <caption className="visually-hidden">{caption}</caption>
        <thead>
          <tr>
            <th scope="col">Metric</th>
            <th scope="col">mean</th>
            <th scope="col" title="Half the width of the 95 % confidence interval of the mean">
              95 %
            </th>
            {columns.map((name) => (
              <th scope="col" key={name}>
                {name === "max" && replications > 1 ? (
                  <Term
                    definition={`The largest value of each of the ${replications} replications, averaged over them. Percentiles are of all their samples together, so that a high one can lie above this mean.`}
                  >
                    mean of the largest
                  </Term>
                ) : (
                  PERCENTILE_WORDS[name]
                )}
              </th>
            ))}
          </tr>
        </thead>
        {shown.map(({ id, title, rows, quiet, growth }) => (
          <tbody key={id}>
            <tr className="result-group">
              <th scope="rowgroup" colSpan={3 + columns.length}>
                {title}
                {growth && " "}
                {growth && <span className="chip bad">{growth}</span>}
              </th>
            </tr>
            {rows.map((row) => (
              <Row key={row.metric} {...{ row, columns, words, replications }} />
            ))}
            {quiet.length > 0 && (
              <tr>
                <td colSpan={3 + columns.length} className="muted result-quiet">
                  None {listed(quiet.map(words.title))}
                </td>
              </tr>
            )}
          </tbody>
        ))}
      </table>
    </div>
  );
}

function Row({
  row,
  columns,
  words,
  replications,
}: {
  row: MetricRow;
  columns: readonly Percentile[];
  words: MetricWords;
  replications: number;
}) {
  const unit = words.unit(row.metric);
  const { mean, ci95 } = row.mean;
  if (row.mean.steady_state === false)
    return (
      <tr>
        <th scope="row">
          <Term definition={words.definition(row.metric)}>{words.title(row.metric)}</Term>
        </th>
        <td className="no-steady-state" colSpan={2 + columns.length}>
          No steady state: it grows with the length of the run
          {row.percentiles.max != null &&
            (replications > 1
              ? `; at most ${formatQuantity(row.percentiles.max, unit)} on average over the replications`
              : `; at most ${formatQuantity(row.percentiles.max, unit)} in this one`)}
        </td>
      </tr>
    );
  return (
    <tr>
      <th scope="row">
        <Term definition={words.definition(row.metric)}>{words.title(row.metric)}</Term>
      </th>
      <td>{formatQuantity(mean, unit)}</td>
      <td
        className="muted"
        title={ci95 ? formatInterval(ci95, unit) : "One run without enough data for an interval"}
      >
        {formatHalfWidth(ci95, unit)}
      </td>
      {columns.map((name) => (
        <td key={name}>
          {row.percentiles[name] === undefined ? "" : formatQuantity(row.percentiles[name], unit)}
          {name === "max" && row.maxAt != null && LENGTHS.has(row.metric) && row.percentiles.max !== 0 && (
            <span className="muted max-at"> at {formatClock(row.maxAt)}</span>
          )}
        </td>
      ))}
    </tr>
  );
}

/** Counts that stayed at zero are told in one line: seven rows of 0 hide the rows that matter. */
function sorted(all: readonly MetricRow[], words: MetricWords): { rows: MetricRow[]; quiet: string[] } {
  const isQuiet = (row: MetricRow) =>
    row.mean.mean === 0 &&
    ["messages", "deliveries"].includes(words.unit(row.metric)) &&
    Object.keys(row.percentiles).length === 0;
  return { rows: all.filter((row) => !isQuiet(row)), quiet: all.filter(isQuiet).map((row) => row.metric) };
}

function listed(items: readonly string[]): string {
  return items.length < 2 ? (items[0] ?? "") : `${items.slice(0, -1).join(", ")} or ${items.at(-1)}`;
}
