import type { MetricWords } from "../run/metricWords";
import { formatQuantity } from "../run/numbers";
import { AlternativeName } from "./AlternativeName";
import { IntervalPlot } from "./IntervalPlot";
import type { Comparison, MeasureRow } from "./types";
import {
  differenceMark,
  differenceText,
  measureTitle,
  moreRunsText,
  plotExtent,
  relativeText,
  unitOf,
} from "./words";

const COST_TITLES: Readonly<Record<string, string>> = { "cost.per_month": "cost per month" };

/** Rows of measures with the paired differences from the base: value, interval over a line at zero, verdict. */
export function DifferenceTable({
  found,
  rows,
  words,
  caption,
  currency,
}: {
  found: Comparison;
  rows: readonly MeasureRow[];
  words: MetricWords;
  caption: string;
  /** of rows of money */
  currency?: string;
}) {
  const base = found.baseline ?? "";
  const others = found.alternatives.filter((one) => one.name !== base);
  return (
    <div className="table-holder">
      <table className="result-table difference-table">
        <caption className="visually-hidden">{caption}</caption>
        <thead>
          <tr>
            <th scope="col">Measure</th>
            <th scope="col">{base}</th>
            <th scope="col">Alternative</th>
            <th scope="col">Its value</th>
            <th scope="col">Difference</th>
            <th scope="col" className="difference-plot">
              <span className="muted">less</span> 0 <span className="muted">more</span>
            </th>
            <th scope="col">Verdict</th>
          </tr>
        </thead>
        {rows.map((row) => {
          const unit = currency ?? unitOf(row.metric, words);
          const extent = plotExtent(Object.values(row.differences));
          return (
            <tbody key={row.metric}>
              {others.map((one, i) => {
                const difference = row.differences[one.name];
                const mark = difference && differenceMark(row.metric, difference);
                return (
                  <tr key={one.name}>
                    {i === 0 && (
                      <>
                        <th
                          scope="rowgroup"
                          rowSpan={others.length}
                          title={words.definition(row.metric.split(".")[0] ?? "")}
                        >
                          {COST_TITLES[row.metric] ?? measureTitle(row.metric, words)}
                        </th>
                        <td rowSpan={others.length}>
                          {formatQuantity(row.values[base]?.mean ?? null, unit)}
                        </td>
                      </>
                    )}
                    <td className="difference-name">
                      <AlternativeName name={one.name} position={found.alternatives.indexOf(one)} />
                    </td>
                    <td>{formatQuantity(row.values[one.name]?.mean ?? null, unit)}</td>
                    <td>
                      {difference && differenceText(difference, unit, row.metric)}{" "}
                      <span className="muted">{difference && relativeText(difference)}</span>
                    </td>
                    <td className="difference-plot">
                      {difference && (
                        <IntervalPlot
                          found={difference}
                          extent={extent}
                          unit={unit}
                          tone={mark?.tone ?? ""}
                        />
                      )}
                    </td>
                    <td className="difference-verdict">
                      {mark && (
                        <span className={`chip ${mark.tone}`} title={difference?.statement}>
                          {mark.word}
                        </span>
                      )}
                      {difference?.verdict === "not distinguishable" && (
                        <span className="verdict-more muted">{moreRunsText(difference.more_runs)}</span>
                      )}
                    </td>
                  </tr>
                );
              })}
            </tbody>
          );
        })}
      </table>
    </div>
  );
}
