import type { Selection } from "../charts/chartSet";
import { MetricTable } from "./MetricTable";
import { type MetricWords, useMetricWords } from "./metricWords";
import {
  formatBesideLimit,
  formatCount,
  formatHalfWidth,
  formatLimit,
  formatQuantity,
  formatSeconds,
} from "./numbers";
import { limitOf, objectiveWords, type RunResult, tellingEdges } from "./result";
import { edgeLabel, labelOf, shortDigest } from "./runRecord";
import { isGoing, useSession } from "./session";
import { TrustBanners, TrustPanel } from "./TrustPanel";
import { growthWords } from "./trust";

const VERDICTS: Record<string, { tone: string; label: string }> = {
  met: { tone: "ok", label: "Met" },
  missed: { tone: "bad", label: "Missed" },
  undecided: { tone: "warn", label: "Undecided" },
};

/** What came out: objectives, flows, nodes, and the checks of the run; the selected node alone when one is selected. */
export function ResultsTab({ selection }: { selection: Selection }) {
  const { run, status, result, resultProblem, snapshot } = useSession();
  const words = useMetricWords();
  const label = (id: string) => labelOf(snapshot, id);
  if (!run)
    return (
      <p className="run-empty">
        The results of a run stand here: means with intervals, percentiles, objectives.
      </p>
    );
  if (isGoing(status))
    return (
      <p className="run-empty">
        The run goes on. Results with intervals come with its end; the charts show what is known so far.
      </p>
    );
  if (resultProblem) return <p className="run-empty">{resultProblem}</p>;
  if (!result) return <p className="run-empty">Reading the results …</p>;

  const onlyNode = selection?.kind === "node" ? selection.id : null;
  const nodes = Object.entries(result.nodes ?? {}).filter(([id]) => !onlyNode || id === onlyNode);
  const onlyEdge = selection?.kind === "edge" ? selection.id : null;
  const connections = onlyNode ? [] : tellingEdges(result.edges, onlyEdge);
  const flows = (result.flows ?? []).filter(
    (flow) => !onlyNode || flow["from"] === onlyNode || flow["to"] === onlyNode,
  );
  const name = (id: unknown) => label(String(id));
  const growth = (id: string) => {
    const node = result.statistics?.stability?.nodes[id];
    return node?.verdict === "growing" ? growthWords(node.growth_rate) : null;
  };
  return (
    <div className="results">
      <TrustBanners {...{ result, label }} />
      <RunFacts result={result} />
      {selection && (
        <p className="charts-subject">
          <strong>{onlyNode ? label(onlyNode) : edgeLabel(snapshot, selection.id)}</strong>
          <span className="muted">Let go of the selection (Esc) for the whole.</span>
        </p>
      )}
      {!onlyNode && <Objectives result={result} words={words} label={label} />}
      {flows.length > 0 && (
        <section className="result-section">
          <h3>Flows</h3>
          <MetricTable
            caption="Flows"
            words={words}
            replications={result.replications}
            groups={flows.map((flow) => ({
              id: `${flow["from"]}>${flow["to"]}`,
              title: `${name(flow["from"])} → ${name(flow["to"])}`,
              metrics: flow,
            }))}
          />
        </section>
      )}
      {nodes.length > 0 && (
        <section className="result-section">
          <h3>{onlyNode ? "Node" : "Nodes"}</h3>
          <MetricTable
            caption="Nodes"
            words={words}
            replications={result.replications}
            groups={nodes.map(([id, metrics]) => ({ id, title: label(id), metrics, growth: growth(id) }))}
          />
        </section>
      )}
      {connections.length > 0 && (
        <section className="result-section">
          <h3>{onlyEdge ? "Connection" : "Connections"}</h3>
          <MetricTable
            caption="Connections"
            words={words}
            replications={result.replications}
            groups={connections.map(([id, metrics]) => ({ id, title: edgeLabel(snapshot, id), metrics }))}
          />
        </section>
      )}
      {!onlyNode && <Cost result={result} />}
      <TrustPanel {...{ result, words, label }} />
    </div>
  );
}

function RunFacts({ result }: { result: RunResult }) {
  const { run } = useSession();
  return (
    <p className="run-facts-line muted">
      {result.stopped && (
        <strong className="chip warn">Stopped early: these are the results up to then</strong>
      )}{" "}
      {formatSeconds(result.duration)} simulated
      {result.warmup !== null &&
        result.warmup > 0 &&
        `, the first ${formatSeconds(result.warmup)} left out as warm-up`}
      {result.messages !== undefined && `, ${formatCount(result.messages)} messages`},{" "}
      {result.replications === 1 ? "one run" : `${result.replications} runs`} with seed {result.seed},
      document{" "}
      <code title={run?.digest ?? undefined}>{shortDigest(run?.digest ?? result.design?.digest)}</code>
      {run?.design_version != null && ` (version ${run.design_version})`}
      {run?.versions && (
        <span
          title={Object.entries(run.versions)
            .map((pair) => pair.join(" "))
            .join(", ")}
        >
          , Headrace {run.versions["headrace"] ?? ""}
        </span>
      )}
      .
      <a className="trust-jump" href="#trust">
        How far to trust this
      </a>
    </p>
  );
}

function Objectives({
  result,
  words,
  label,
}: {
  result: RunResult;
  words: MetricWords;
  label: (id: string) => string;
}) {
  const objectives = result.objectives ?? [];
  if (objectives.length === 0) return null;
  return (
    <section className="result-section">
      <h3>Objectives</h3>
      <ul className="objectives">
        {objectives.map(({ objective, value, ci95, verdict, reason }) => {
          const { tone, label: word } = VERDICTS[verdict] ?? { tone: "", label: verdict };
          const unit = words.unit(String(objective["metric"] ?? "").split(".")[0] ?? "");
          const sentence = objectiveWords(objective, words.title, label, (limit, metric) =>
            formatLimit(limit, words.unit(metric)),
          );
          return (
            <li key={JSON.stringify(objective)}>
              <span className={`chip ${tone}`}>{word}</span>
              <span>{sentence}</span>
              <strong className="tabular">{formatBesideLimit(value, limitOf(objective), unit)}</strong>
              {ci95 && (
                <span className="muted tabular">
                  {formatHalfWidth(ci95, unit, String(objective["metric"] ?? ""))}
                </span>
              )}
              {reason && <span className="reason muted">{reason}</span>}
            </li>
          );
        })}
      </ul>
    </section>
  );
}

function Cost({ result }: { result: RunResult }) {
  const { cost } = result;
  if (!cost) return null;
  const currency = typeof cost["currency"] === "string" ? cost["currency"] : "";
  const amount = (value: unknown): string | null => {
    const mean = typeof value === "number" ? value : (value as { mean?: unknown } | null)?.mean;
    return typeof mean === "number" ? formatQuantity(mean, currency) : null;
  };
  const perMonth = amount(cost["per_month"]);
  const perMillion = amount(cost["per_million_messages"]);
  if (!perMonth && !perMillion) return null;
  return (
    <section className="result-section">
      <h3>Cost</h3>
      <p>
        {[
          perMonth && `${perMonth} per month at this load`,
          perMillion && `${perMillion} per million messages`,
        ]
          .filter(Boolean)
          .join(", ")}
        {typeof cost["prices_dated"] === "string" && (
          <span className="muted"> (prices of {cost["prices_dated"]})</span>
        )}
      </p>
    </section>
  );
}
