import type { MetricWords } from "./metricWords";
import { formatHalfWidth, formatQuantity, formatShare } from "./numbers";
import { Sign } from "./Sign";
import { formulaText, parameterWords, type Theory, type TheoryMetric } from "./trust";

interface Props {
  theory: readonly Theory[];
  words: MetricWords;
  label: (id: string) => string;
}

const VERDICTS = {
  agrees: { tone: "ok", words: "agrees" },
  differs: { tone: "bad", words: "differs" },
  undecided: { tone: "info", words: "cannot be told" },
} as const;

/** Parts of the design that are a queue of the textbooks: its formula beside the simulation. */
export function TheoryTable({ theory, words, label }: Props) {
  return (
    <div className="trust-theory">
      <h4>Beside queueing theory</h4>
      {theory.map((one) => (
        <details key={`${one.model} ${one.nodes.join(" ")}`} className="check" open>
          <summary>
            <Sign tone={toneOf(one)} />
            <strong>{one.nodes.map(label).join(", ")}</strong> is {article(one.model)} {one.model} queue.{" "}
            <span className="chip">{one.exact ? "Exact formula" : "Approximation"}</span>
          </summary>
          <p className="run-note">
            {one.formula && <code>{formulaText(one.formula)}</code>}
            <span className="muted">
              {[parameterWords(one.parameters), one.source].filter(Boolean).map((text) => ` ${text}.`)}
            </span>
          </p>
          <table className="result-table small-table">
            <thead>
              <tr>
                <th scope="col">Node and metric</th>
                <th scope="col">theory</th>
                <th scope="col">simulated</th>
                <th scope="col">95 %</th>
                <th scope="col">difference</th>
                <th scope="col">verdict</th>
              </tr>
            </thead>
            <tbody>
              {one.metrics.map((row) => (
                <Row key={`${row.node} ${row.metric}`} {...{ row, words, label }} exact={one.exact} />
              ))}
            </tbody>
          </table>
        </details>
      ))}
    </div>
  );
}

interface RowProps extends Pick<Props, "words" | "label"> {
  row: TheoryMetric;
  exact: boolean;
}

function Row({ row, exact, words, label }: RowProps) {
  const [metric = "", part = ""] = row.metric.split(".");
  const unit = part === "variance" ? `${words.unit(metric)}²` : words.unit(metric);
  const { tone, words: verdict } = VERDICTS[row.verdict] ?? VERDICTS.undecided;
  return (
    <tr>
      <th scope="row">
        {label(row.node)}: {part === "" || part === "mean" ? "mean " : `${part} `}
        {words.title(metric)}
      </th>
      <td>{formatQuantity(row.theory, unit)}</td>
      <td>{formatQuantity(row.simulated.mean, unit)}</td>
      <td className="muted">{formatHalfWidth(row.simulated.ci95, unit)}</td>
      <td>{formatShare(row.relative_difference)}</td>
      <td className="nowrap">
        {/* an approximation may differ without anybody being wrong */}
        <Sign tone={tone === "bad" && !exact ? "warn" : tone} />
        {verdict}
      </td>
    </tr>
  );
}

function toneOf({ exact, metrics }: Theory): "ok" | "bad" | "warn" | "info" {
  if (metrics.some((row) => row.verdict === "differs")) return exact ? "bad" : "warn";
  return metrics.some((row) => row.verdict === "agrees") ? "ok" : "info";
}

/** "an M/M/1", "a Jackson" */
function article(model: string): string {
  return /^[AEFHILMNORSX](?=[/]|[A-Z]|$)|^[aeiouAEIO]/.test(model) ? "an" : "a";
}
