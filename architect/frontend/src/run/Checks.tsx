import { CircleCheck, CircleX, Info } from "lucide-react";
import type { ReactNode } from "react";
import { ABSENT, formatCount, formatNumber, formatShare } from "./numbers";
import type { RunResult } from "./result";

type Label = (id: string) => string;

/** Beyond this the two sides of Little's law differ by more than a finite run explains. */
const LITTLE_CLOSE = 0.05;

/** The two checks that every run makes of itself, in plain words. */
export function Checks({ result, label }: { result: RunResult; label: Label }) {
  const { conservation, littles_law: little } = result;
  if (!conservation && !little) return null;
  return (
    <section className="result-section">
      <h3>Checks of this run</h3>
      {conservation && (
        <details className="check" open={!conservation.ok}>
          <summary>
            <Sign good={conservation.ok} />
            {conservation.ok
              ? "No message was lost by the simulator: at every node, what came in went out, waits or is accounted for."
              : "Messages are unaccounted for at some node. Please report this run: it is a fault of Headrace."}
          </summary>
          <ConservationTable nodes={conservation.nodes ?? {}} label={label} />
        </details>
      )}
      {little && Object.keys(little).length > 0 && (
        <details className="check">
          <summary>
            <LittleSummary little={little} />
          </summary>
          <p className="muted run-note">
            Little's law: the mean number in a node (L) equals the rate through it times the mean time spent
            in it (λ·W), whatever the distributions. In a run of finite length the two differ by what was
            under way at its ends.
          </p>
          <table className="result-table small-table">
            <thead>
              <tr>
                <th scope="col">Node</th>
                <th scope="col">L, measured</th>
                <th scope="col">λ·W, measured apart</th>
                <th scope="col">difference</th>
              </tr>
            </thead>
            <tbody>
              {Object.entries(little).map(([id, law]) => (
                <tr key={id}>
                  <th scope="row">{label(id)}</th>
                  <td>{formatNumber(law.L)}</td>
                  <td>{formatNumber(law.lambda_W)}</td>
                  <td
                    title={
                      saysSomething(law)
                        ? undefined
                        : "Nothing left this node, so no time spent in it is known"
                    }
                  >
                    {saysSomething(law) ? formatShare(law.relative_error) : ABSENT}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </details>
      )}
    </section>
  );
}

type Law = NonNullable<RunResult["littles_law"]>[string];

/** Times are measured on what leaves: a node that keeps everything (a dead-letter queue) has no W. */
function saysSomething(law: Law): boolean {
  return law.lambda_W !== null && law.lambda_W !== undefined && law.lambda_W > 0;
}

function LittleSummary({ little }: { little: NonNullable<RunResult["littles_law"]> }) {
  const errors = Object.values(little)
    .filter(saysSomething)
    .map((law) => Math.abs(law.relative_error ?? 0));
  const worst = Math.max(0, ...errors);
  const close = worst <= LITTLE_CLOSE;
  return (
    <>
      <Sign good={close ? true : null} />
      {close
        ? `Queue lengths and times agree with Little's law to ${formatShare(worst)}.`
        : `Queue lengths and times differ from Little's law by up to ${formatShare(worst)}: the run is too short for steady state, or the load grows without end.`}
    </>
  );
}

function ConservationTable({
  nodes,
  label,
}: {
  nodes: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  label: Label;
}) {
  const columns = [...new Set(Object.values(nodes).flatMap((counts) => Object.keys(counts)))].filter(
    (column) =>
      Object.values(nodes).some(
        (counts) => typeof counts[column] === "number" && (column === "accepted" || counts[column] !== 0),
      ),
  );
  return (
    <table className="result-table small-table">
      <thead>
        <tr>
          <th scope="col">Node</th>
          {columns.map((column) => (
            <th scope="col" key={column}>
              {column.replaceAll("_", " ")}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {Object.entries(nodes).map(([id, counts]) => (
          <tr key={id}>
            <th scope="row">{label(id)}</th>
            {columns.map((column) => (
              <td key={column}>{typeof counts[column] === "number" ? formatCount(counts[column]) : ""}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Good, bad, or worth knowing: a shape and a word, not a colour alone. */
function Sign({ good }: { good: boolean | null }): ReactNode {
  if (good === null) return <Info size={16} className="sign warn" aria-label="Note:" />;
  return good ? (
    <CircleCheck size={16} className="sign ok" aria-label="Passed:" />
  ) : (
    <CircleX size={16} className="sign bad" aria-label="Failed:" />
  );
}
