import type { ReactNode } from "react";
import { ABSENT, formatHalfWidth, formatQuantity } from "../run/numbers";
import type { Estimate } from "../run/result";
import { AlternativeName } from "./AlternativeName";
import { type CostFigures, causesOf, costOf } from "./costs";
import { DifferenceTable } from "./DifferenceTable";
import type { ViewProps } from "./viewProps";

/** What the alternatives cost, by cause, the paired difference of a month, and plainly what has no price. */
export function CostSection({ found, words }: Omit<ViewProps, "source">) {
  const costs = found.alternatives.map(costOf);
  const priced = costs.find((cost) => cost !== null);
  const missing = found.alternatives.filter((_, i) => costs[i] === null).map((one) => one.name);
  const unpriced = [...new Set(costs.flatMap((cost) => cost?.unpriced ?? []))];
  return (
    <section aria-labelledby="cost-title">
      <h2 id="cost-title">Cost</h2>
      {priced ? (
        <>
          <div className="table-holder">
            <table className="result-table">
              <thead>
                <tr>
                  <th scope="col">Prices of {priced.dated}</th>
                  {found.alternatives.map((one, i) => (
                    <th scope="col" key={one.name}>
                      <AlternativeName name={one.name} position={i} />
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                <Row title="Per month" costs={costs} cell={(cost) => money(cost.perMonth, cost.currency)} />
                {causesOf(costs).map((cause) => (
                  <Row
                    key={cause}
                    title={<span className="cost-cause muted">{cause}</span>}
                    costs={costs}
                    cell={(cost) => (
                      <span className="muted">{amount(cost.causes[cause], cost.currency)}</span>
                    )}
                  />
                ))}
                <Row
                  title="Per million messages"
                  costs={costs}
                  cell={(cost) => money(cost.perMillion, cost.currency)}
                />
              </tbody>
            </table>
          </div>
          {found.cost && found.baseline !== null && (
            <div className="cost-difference">
              <DifferenceTable
                rows={[found.cost]}
                caption="Paired difference of the cost per month"
                currency={priced.currency}
                {...{ found, words }}
              />
            </div>
          )}
          {[...unpriced, ...missing.map((name) => `no prices for ${name}`)].map((text) => (
            <p key={text} className="muted run-note">
              Not in it: {text}.
            </p>
          ))}
        </>
      ) : (
        <p className="muted">There are no prices for these nodes: nothing is said about cost.</p>
      )}
    </section>
  );
}

function Row({
  title,
  costs,
  cell,
}: {
  title: ReactNode;
  costs: readonly (CostFigures | null)[];
  cell: (cost: CostFigures) => ReactNode;
}) {
  return (
    <tr>
      <th scope="row">{title}</th>
      {costs.map((cost, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the columns are the alternatives, in their order
        <td key={i}>{cost ? cell(cost) : <span className="muted">no price</span>}</td>
      ))}
    </tr>
  );
}

function money(estimate: Estimate | null, currency: string): ReactNode {
  if (!estimate) return <span className="muted">no price</span>;
  return (
    <>
      {formatQuantity(estimate.mean, currency)}{" "}
      <span className="muted">{estimate.ci95 && formatHalfWidth(estimate.ci95, currency)}</span>
    </>
  );
}

/** No cause is an en dash, less than half a cent is said as such. */
function amount(value: number | undefined, currency: string): string {
  if (value === undefined || value === 0) return ABSENT;
  return value < 0.005 ? `below ${formatQuantity(0.01, currency)}` : formatQuantity(value, currency);
}
