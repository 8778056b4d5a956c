import { formatBesideLimit, formatHalfWidth, formatSeconds } from "../run/numbers";
import { limitOf } from "../run/result";
import { Sign } from "../run/Sign";
import { AlternativeName } from "./AlternativeName";
import { CostSection } from "./CostSection";
import { Curves } from "./Curves";
import { DifferenceTable } from "./DifferenceTable";
import { Losses, MappingTable } from "./Notes";
import { OpenVariant } from "./OpenVariant";
import { ResourceTable } from "./ResourceTable";
import type { ViewProps } from "./viewProps";
import {
  intervalWords,
  judgedMark,
  limitWords,
  noteSummary,
  openText,
  overallText,
  unitOf,
  whyTroubled,
  worstFirst,
} from "./words";

const GUARANTEES = new Set(["duplicates", "out_of_order", "lost", "dead_lettered"]);

/** A comparison as far as it is known: verdicts, differences, guarantees, curves, resources, mappings. */
export function ComparisonView({
  found,
  words,
  label,
  source,
  isGoing,
}: ViewProps & { readonly isGoing: boolean }) {
  return (
    <>
      <Overall {...{ found, label, isGoing }} />
      <Verdicts {...{ found, words, label, source }} />
      <Differences {...{ found, words, label, source }} />
      <section aria-labelledby="curves-title">
        <h2 id="curves-title">Curves</h2>
        <Curves found={found} label={label} />
      </section>
      <ResourceTable {...{ found, words, label, source }} />
      <CostSection found={found} words={words} label={label} />
      <Mappings found={found} />
    </>
  );
}

function Overall({ found, label, isGoing }: Pick<ViewProps, "found" | "label"> & { isGoing: boolean }) {
  const troubled = found.alternatives.filter((one) => one.status !== "ok");
  const verdict = overallText(found);
  return (
    <section className="overall" aria-label="In short">
      {verdict && (
        <p className="overall-text">
          {isGoing && <span className="muted">So far: </span>}
          {verdict}
        </p>
      )}
      {found.best && <p>{found.best.statement}</p>}
      <p className="muted">
        {found.replications} replications of {formatSeconds(found.duration)} each
        {found.warmup > 0 && <>, the first {formatSeconds(found.warmup)} left out</>}; seed {found.seed}.{" "}
        {found.paired
          ? "Same arrivals and same random numbers for all alternatives: every difference is taken pair by pair."
          : "Every alternative has random numbers of its own."}
      </p>
      {troubled.map((one) => (
        <p key={one.name} className="banner bad">
          <Sign tone="bad" />
          <span>
            <strong>{one.name}</strong>{" "}
            {one.status === "unstable"
              ? "has no steady state and is left out of the ranking."
              : "ended early."}{" "}
            {whyTroubled(one, label)}
          </span>
        </p>
      ))}
      {found.remarks.map((text) => (
        <p key={text} className="banner warn">
          <Sign tone="warn" />
          <span>{text}</span>
        </p>
      ))}
      {found.stopped && (
        <p className="banner">
          <Sign tone="info" />
          <span>Not everything is decided: {found.stopped}.</span>
        </p>
      )}
    </section>
  );
}

/** Objectives × alternatives, with what every swap lost in the same columns. */
function Verdicts({ found, words, label, source }: ViewProps) {
  const names = found.alternatives.map((one) => one.name);
  const swapped = found.alternatives.some((one) => one.mapping.length > 0);
  return (
    <section aria-labelledby="verdicts-title">
      <h2 id="verdicts-title">Objectives</h2>
      <div className="table-holder">
        <table className="result-table verdict-table">
          <thead>
            <tr>
              <th scope="col">Objective</th>
              {names.map((name, i) => (
                <th scope="col" key={name}>
                  <AlternativeName name={name} position={i} />
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {worstFirst(found.objectives).map((row) => {
              const unit = unitOf(String(row.objective["metric"] ?? ""), words);
              return (
                <tr key={JSON.stringify(row.objective)}>
                  <th scope="row">{limitWords(row.objective, words, label)}</th>
                  {names.map((name) => {
                    const judged = row.judged[name];
                    const mark = judgedMark(judged);
                    return (
                      <td key={name}>
                        <span className={`chip ${mark.tone}`}>{mark.word}</span>
                        {judged && judged.value !== null && (
                          <span className="verdict-value" title={intervalWords(judged.ci95, unit)}>
                            {formatBesideLimit(judged.value, limitOf(row.objective), unit)}{" "}
                            <span className="muted">
                              {judged.ci95 &&
                                formatHalfWidth(judged.ci95, unit, String(row.objective["metric"]))}
                            </span>
                          </span>
                        )}
                        {judged?.verdict === "undecided" && (
                          <span className="verdict-more muted">{openText(judged)}</span>
                        )}
                      </td>
                    );
                  })}
                </tr>
              );
            })}
            {swapped && (
              <tr className="verdict-losses">
                <th scope="row">Without equivalent there</th>
                {found.alternatives.map((one) => (
                  <td key={one.name}>
                    {one.mapping.length > 0 ? (
                      <Losses notes={one.mapping} />
                    ) : (
                      <span className="muted">as drawn</span>
                    )}
                  </td>
                ))}
              </tr>
            )}
            <tr className="verdict-keep">
              <th scope="row">Go on with it</th>
              {found.alternatives.map((one, i) => (
                <td key={one.name}>
                  {i > 0 && <OpenVariant source={source} alternative={one.name} name={one.name} />}
                </td>
              ))}
            </tr>
          </tbody>
        </table>
      </div>
      {found.objectives.length === 0 && (
        <p className="muted">
          This design has no objectives to judge; add some under Simulation in the editor.
        </p>
      )}
    </section>
  );
}

/** Every measure with its difference from the base, interval and verdict; the guarantees stand apart. */
function Differences({ found, words, label }: ViewProps) {
  return found.flows.map((flow) => {
    const guarantees = flow.measures.filter((row) => GUARANTEES.has(row.metric));
    const others = flow.measures.filter((row) => !GUARANTEES.has(row.metric));
    const way = `${label(flow.from)} → ${label(flow.to)}`;
    return (
      <div key={`${flow.from} ${flow.to}`} className="experiment-flow">
        <section>
          <h2>Differences, {way}</h2>
          <DifferenceTable found={found} rows={others} words={words} caption={`Differences, ${way}`} />
        </section>
        <section>
          <h2>Guarantees measured, {way}</h2>
          <DifferenceTable
            found={found}
            rows={guarantees}
            words={words}
            caption={`Guarantees measured, ${way}`}
          />
        </section>
      </div>
    );
  });
}

function Mappings({ found }: Pick<ViewProps, "found">) {
  const swapped = found.alternatives.filter((one) => one.mapping.length > 0);
  if (swapped.length === 0) return null;
  return (
    <section aria-labelledby="mappings-title">
      <h2 id="mappings-title">What the swaps translated, assumed and lost</h2>
      {swapped.map((one) => (
        <details key={one.name} className="check" open={swapped.length < 3}>
          <summary>
            <AlternativeName name={one.name} position={found.alternatives.indexOf(one)} />{" "}
            <span className="muted">{noteSummary(one.mapping)}</span>
          </summary>
          <MappingTable notes={one.mapping} caption={`Mapping of ${one.name}`} />
        </details>
      ))}
    </section>
  );
}
