import type { ReactNode } from "react";
import { ABSENT, formatCount, formatQuantity, formatSeconds, formatShare } from "../run/numbers";
import { AlternativeName } from "./AlternativeName";
import { type Found, largest, total } from "./resources";
import type { Alternative } from "./types";
import type { ViewProps } from "./viewProps";

interface Row {
  readonly title: string;
  readonly cell: (one: Alternative) => ReactNode;
}

/** What it takes to run each alternative. */
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
  return (
    <section aria-labelledby="resources-title">
      <h2 id="resources-title">Resources</h2>
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
          </tbody>
        </table>
      </div>
    </section>
  );
}

const sum = (a: number | null, b: number | null) => (a === null && b === null ? null : (a ?? 0) + (b ?? 0));
