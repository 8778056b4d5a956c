import { useMemo } from "react";
import { valueTick } from "../charts/axes";
import { OverlayChart, type OverlayLine } from "../charts/OverlayChart";
import type { JsonObject } from "../document/types";
import type { MetricWords } from "../run/metricWords";
import {
  formatBesideLimit,
  formatHalfWidth,
  formatLimit,
  formatNumber,
  formatQuantity,
  formatSeconds,
} from "../run/numbers";
import { limitOf } from "../run/result";
import { OpenVariant, type Source } from "./OpenVariant";
import { type Settable, settingTitle } from "./settables";
import { isSpacedByFactors } from "./sweepFigures";
import type { Capacity } from "./types";
import { brokenText, judgedMark, limitWords, recoveryText, statementWords, unitOf } from "./words";

interface Props {
  readonly found: Capacity;
  readonly words: MetricWords;
  readonly label: (id: string) => string;
  /** the settings of the design, for their titles and units */
  readonly all: readonly Settable[];
  readonly source: Source;
}

/** The limit, how sure it is, what breaks beyond it, and every value that was looked at. */
export function CapacityView({ found, words, label, all, source }: Props) {
  const unit = all.find((one) => one.path === found.setting)?.unit ?? "1";
  const title = settingTitle(all, found.setting);
  const [met, missed] = found.bracket;
  const [surelyMet, surelyMissed] = found.sure_bracket;
  const value = (one: number | null | undefined) =>
    one === null || one === undefined ? "none" : formatNumber(one);
  const hasRecovery = found.looked_at.some((one) => one.recovery);
  const objectives = found.looked_at[0]?.objectives.map((one) => one.objective) ?? [];
  return (
    <>
      <section className="overall" aria-label="In short">
        {found.value !== null && (
          <p className="capacity-value">
            {formatQuantity(found.value, unit)} <span className="muted">{title}</span>{" "}
            <OpenVariant source={source} values={[found.value]} name={formatNumber(found.value)} />
          </p>
        )}
        <p className={found.value === null ? "overall-text" : ""}>
          {statementWords(found.statement, objectives, words, label)}
        </p>
        <dl className="capacity-facts">
          <div hidden={found.value === null}>
            <dt>Still meets, no longer meets</dt>
            <dd className="tabular">
              {value(met)} and {value(missed)}
            </dd>
          </div>
          <div>
            <dt>With 95 % confidence</dt>
            <dd className="tabular">{sureText(surelyMet, surelyMissed)}</dd>
          </div>
          <div>
            <dt>Runs of</dt>
            <dd>
              {formatSeconds(found.duration)}, seed {found.seed}, the same random numbers at every value
            </dd>
          </div>
        </dl>
        {found.first_to_break.length > 0 && (
          <>
            <h2>What breaks first</h2>
            <ol className="broken-list">
              {found.first_to_break.map((one) => (
                <li key={JSON.stringify(one)}>{brokenText(one, words, label)}</li>
              ))}
            </ol>
          </>
        )}
      </section>
      <section aria-labelledby="looked-title">
        <h2 id="looked-title">Values that were looked at</h2>
        <div className="experiment-charts">
          {objectives.map((objective, i) => (
            <ObjectiveChart
              key={JSON.stringify(objective)}
              {...{ found, objective, words, label, all }}
              position={i}
            />
          ))}
        </div>
        <div className="table-holder">
          <table className="result-table looked-at">
            <thead>
              <tr>
                <th scope="col">Value</th>
                <th scope="col">Verdict</th>
                <th scope="col">Replications</th>
                {hasRecovery && <th scope="col">Backlog after the fault</th>}
                {objectives.map((one) => (
                  <th scope="col" key={JSON.stringify(one)}>
                    {limitWords(one, words, label)}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {found.looked_at.map((one) => (
                <tr key={one.value}>
                  <th scope="row">{formatNumber(one.value)}</th>
                  <td>
                    <span className={`chip ${one.verdict === "met" ? "ok" : "bad"}`}>{one.verdict}</span>{" "}
                    {!one.sure && <span className="muted">by the estimate</span>}
                  </td>
                  <td>{one.replications}</td>
                  {hasRecovery && <td>{one.recovery && recoveryText(one.recovery)}</td>}
                  {one.objectives.map((judged) => {
                    const unit = unitOf(String(judged.objective["metric"] ?? ""), words);
                    return (
                      <td
                        key={JSON.stringify(judged.objective)}
                        className={`tone-${judgedMark(judged).tone}`}
                      >
                        {formatBesideLimit(judged.value, limitOf(judged.objective), unit)}{" "}
                        <span className="muted">
                          {judged.ci95 &&
                            formatHalfWidth(judged.ci95, unit, String(judged.objective["metric"]))}
                        </span>
                      </td>
                    );
                  })}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </section>
    </>
  );
}

/** "57.0 meets them, 58.2 does not": the ends about which there is no doubt. */
function sureText(met: number | null | undefined, missed: number | null | undefined): string {
  const parts = [
    typeof met === "number" && `${formatNumber(met)} meets them`,
    typeof missed === "number" && `${formatNumber(missed)} does not`,
  ].filter(Boolean);
  return parts.length > 0 ? parts.join(", ") : "nothing yet";
}

/** One objective over the values, with its limit. */
function ObjectiveChart({
  found,
  objective,
  position,
  words,
  label,
  all,
}: Omit<Props, "source"> & { readonly objective: JsonObject; readonly position: number }) {
  const unit = unitOf(String(objective["metric"] ?? ""), words);
  const limit = limitOf(objective);
  const title = limitWords(objective, words, label);
  const { lines, x, y, limits } = useMemo(() => {
    const points = found.looked_at.flatMap((one) => {
      const judged = one.objectives[position];
      return judged && judged.value !== null ? [{ at: one.value, ...judged }] : [];
    });
    const values = points.map((one) => one.value as number);
    const isWide =
      values.length > 2 && Math.min(...values) > 0 && Math.max(...values) / Math.min(...values) > 50;
    const line: OverlayLine = {
      name: "found, with its 95 % interval",
      token: "--series-1",
      dash: [],
      x: points.map((one) => one.at),
      y: values,
      band: points.map((one) => one.ci95),
      points: true,
    };
    return {
      lines: points.length > 0 ? [line] : [],
      x: {
        format: (value: number) => formatNumber(value),
        isLog: isSpacedByFactors(found.looked_at.map((one) => one.value)),
      },
      y: { format: (value: number) => valueTick(value, unit), isLog: isWide },
      limits: limit === null ? [] : [{ value: limit, label: formatLimit(limit, unit) }],
    };
  }, [found, position, unit, limit]);
  if (lines.length === 0 || (lines[0]?.x.length ?? 0) < 2) return null;
  return (
    <OverlayChart
      {...{ title, lines, x, y, limits }}
      about={`over ${settingTitle(all, found.setting)}`}
      words={`${title} over ${settingTitle(all, found.setting)}; the figures stand in the table below`}
    />
  );
}
