import type { ReactNode } from "react";
import { WarmupChart } from "../charts/WarmupChart";
import { Checks } from "./Checks";
import type { MetricWords } from "./metricWords";
import { formatShare } from "./numbers";
import type { RunResult } from "./result";
import { Sign } from "./Sign";
import { TheoryTable } from "./TheoryTable";
import { growthWords, inLabels, intervalWords, methodWords, overallWords, smallestSample } from "./trust";
import "./trust.css";

interface Props {
  result: RunResult;
  words: MetricWords;
  label: (id: string) => string;
}

/** How far the figures of this run may be believed: method, warm-up, stability, precision, theory, checks. */
export function TrustPanel({ result, words, label }: Props) {
  const { statistics } = result;
  const theory = result.theory ?? [];
  const overall = overallWords(result, label);
  const warmup = statistics?.warmup;
  const curve = warmup?.curve;
  return (
    <section className="result-section trust" id="trust" aria-labelledby="trust-title">
      <h3 id="trust-title">How far to trust this</h3>
      <p className={`trust-overall ${overall.tone}`}>
        <Sign tone={overall.tone} />
        {overall.text}
      </p>
      {statistics && (
        <div className={`trust-body${curve ? " has-chart" : ""}`}>
          <dl className="trust-facts">
            <Fact name="Intervals">
              <p>{methodWords(statistics)}</p>
              {intervalWords(statistics) && <p className="muted">{intervalWords(statistics)}</p>}
              <p className="muted">{smallestSample(statistics, label, words.title)}</p>
            </Fact>
            <PrecisionFact {...{ result, label }} />
            {warmup && (
              <Fact name="Warm-up">
                <p>
                  {warmup.too_short && <Sign tone="warn" />}
                  {warmup.statement}
                </p>
              </Fact>
            )}
            <StabilityFact {...{ result, label }} />
          </dl>
          {curve && curve.t.length > 1 && (
            <WarmupChart
              curve={curve}
              cut={warmup?.cut ?? 0}
              duration={result.duration}
              replications={statistics.replications}
            />
          )}
        </div>
      )}
      {theory.length > 0 && <TheoryTable {...{ theory, words, label }} />}
      <Checks result={result} label={label} />
      <Notes {...{ result, label }} />
    </section>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function PrecisionFact({ result, label }: Pick<Props, "result" | "label">) {
  const precision = result.statistics?.precision;
  if (!precision) return null;
  const { target, achieved, reached, statement } = precision;
  return (
    <Fact name="Precision">
      <p className="trust-precision">
        <span className={`chip ${reached ? "ok" : "warn"}`}>{reached ? "Reached" : "Not reached"}</span>
        <span className="tabular">
          ±{formatShare(achieved)} of ±{formatShare(target)} wanted
        </span>
      </p>
      <p className="muted">{inLabels(statement, result, label)}</p>
    </Fact>
  );
}

function StabilityFact({ result, label }: Pick<Props, "result" | "label">) {
  const stability = result.statistics?.stability;
  if (!stability) return null;
  const nodes = Object.entries(stability.nodes);
  const growing = nodes.filter(([, node]) => node.verdict === "growing");
  const undecided = nodes.filter(([, node]) => node.verdict === "undecided");
  const calm = nodes.filter(([, node]) => node.verdict === "stable");
  return (
    <Fact name="Stability">
      {nodes.length === 0 && <p>Not judged: this load or these faults have no steady state to settle in.</p>}
      {growing.map(([id, node]) => (
        <p key={id}>
          <Sign tone="bad" />
          <strong>{label(id)}</strong> {growthWords(node.growth_rate)}: it gets more than it can pass on.
        </p>
      ))}
      {undecided.map(([id, node]) => (
        <p key={id}>
          <Sign tone="warn" />
          {inLabels(node.statement, result, label, id)}
        </p>
      ))}
      {calm.length > 0 && (
        <p>
          <Sign tone="ok" />
          No growth at {calm.map(([id]) => label(id)).join(", ")}.
        </p>
      )}
    </Fact>
  );
}

/** What the simulator has to say besides: warnings stand at the top of the results already. */
function Notes({ result, label }: Pick<Props, "result" | "label">) {
  const said = new Set(["precision-reached", "precision-missed"]);
  const notes = (result.statistics?.statements ?? []).filter(
    (one) => one.severity === "info" && !said.has(one.code),
  );
  if (notes.length === 0) return null;
  return (
    <ul className="trust-notes muted">
      {notes.map((one) => (
        <li key={one.text}>{inLabels(one.text, result, label, one.node)}</li>
      ))}
    </ul>
  );
}

/** Problems and warnings of the result, above all figures. */
export function TrustBanners({ result, label }: Pick<Props, "result" | "label">) {
  const loud = (result.statistics?.statements ?? []).filter((one) => one.severity !== "info");
  if (loud.length === 0) return null;
  return (
    <ul className="trust-banners">
      {loud.map((one) => {
        const tone = one.severity === "problem" ? "bad" : "warn";
        return (
          <li key={one.text} className={`banner ${tone}`}>
            <Sign tone={tone} />
            <span>{inLabels(one.text, result, label, one.node)}</span>
          </li>
        );
      })}
    </ul>
  );
}
