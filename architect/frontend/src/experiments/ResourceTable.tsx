import type { ReactNode } from "react";
import { ABSENT, formatCount, formatQuantity, formatSeconds, formatShare, GAP } from "../run/numbers";
import { AlternativeName } from "./AlternativeName";
import { type CostFigures, costOf, type Found, largest, total } from "./resources";
import type { Alternative } from "./types";
import type { ViewProps } from "./viewProps";

interface Row {
  readonly title: string;
  readonly cell: (one: Alternative) => ReactNode;
}

/** What it takes to run each alternative, and what it costs where there are prices. */
export function ResourceTable({ found, label }: ViewProps) {
  const placed = (at: Found | null, text: (value: number) => string): ReactNode =>
    at === null ? (
      ABSENT
    ) : (
      <>
        {text(at.value)} <span className="muted">{label(at.node)}</span>
      </>
    );
  const rows: Row[] = [
    { title: "Busiest node", cell: (one) => placed(largest(one, "utilization"), formatShare) },
    {
      title: "Longest queue",
      cell: (one) => placed(largest(one, "queue_length", "max"), (value) => formatCount(Math.round(value))),
    },
    {
      title: "Oldest message",
      cell: (one) => placed(largest(one, "oldest_message_age", "max"), formatSeconds),
    },
    { title: "Redelivered", cell: (one) => formatQuantity(total(one, "redelivered"), "1") },
    {
      title: "Expired or dropped",
      cell: (one) => formatQuantity(sum(total(one, "expired"), total(one, "dropped")), "1"),
    },
  ];
  const costs = found.alternatives.map(costOf);
  const dated = costs.find((cost) => cost !== null)?.dated;
  const unpriced = found.alternatives.filter((_, i) => costs[i] === null).map((one) => one.name);
  return (
    <section aria-labelledby="resources-title">
      <h2 id="resources-title">Resources and cost</h2>
      <div className="table-holder">
        <table className="result-table">
          <thead>
            <tr>
              <th scope="col">Mean of all replications</th>
              {found.alternatives.map((one, i) => (
                <th scope="col" key={one.name}>
                  <AlternativeName name={one.name} position={i} />
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.title}>
                <th scope="row">{row.title}</th>
                {found.alternatives.map((one) => (
                  <td key={one.name}>{row.cell(one)}</td>
                ))}
              </tr>
            ))}
            {dated !== undefined && (
              <>
                <CostRow title="Cost per month" costs={costs} names={found} pick={(cost) => cost.perMonth} />
                <CostRow
                  title="Cost per million messages"
                  costs={costs}
                  names={found}
                  pick={(cost) => cost.perMillion}
                />
              </>
            )}
          </tbody>
        </table>
      </div>
      <p className="muted run-note">
        {dated === undefined
          ? "There are no prices for these nodes: nothing is said about cost."
          : `Prices of ${dated}.${unpriced.length > 0 ? ` No prices for ${unpriced.join(", ")}.` : ""}`}
      </p>
    </section>
  );
}

function CostRow({
  title,
  costs,
  names,
  pick,
}: {
  title: string;
  costs: readonly (CostFigures | null)[];
  names: ViewProps["found"];
  pick: (cost: CostFigures) => number | null;
}) {
  return (
    <tr>
      <th scope="row">{title}</th>
      {names.alternatives.map((one, i) => {
        const cost = costs[i];
        const value = cost ? pick(cost) : null;
        return (
          <td key={one.name}>
            {cost && value !== null ? (
              `${value.toLocaleString("en-US", { maximumFractionDigits: value < 10 ? 3 : 0 })}${GAP}${cost.currency}`
            ) : (
              <span className="muted">no price</span>
            )}
          </td>
        );
      })}
    </tr>
  );
}

const sum = (a: number | null, b: number | null) => (a === null && b === null ? null : (a ?? 0) + (b ?? 0));
