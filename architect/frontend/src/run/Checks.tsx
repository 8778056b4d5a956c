import { ABSENT, formatCount, formatNumber, formatShare } from "./numbers";
import type { RunResult } from "./result";
import { Sign } from "./Sign";

type Label = (id: string) => string;

/** Beyond this the two sides of Little's law differ by more than a finite run explains. */
const LITTLE_CLOSE = 0.05;

/** The two checks that every run makes of itself, in plain words. */
export function Checks({ result, label }: { result: RunResult; label: Label }) {
  const { conservation, littles_law: little } = result;
  if (!conservation && !little) return null;
  return (
    <div>
      <h4>Checks of this run</h4>
      {conservation && (
        <details className="check" open={!conservation.ok}>
          <summary>
            <Sign tone={conservation.ok ? "ok" : "bad"} />
            {conservation.ok
              ? "No message was lost by the simulator: at every node, what came in went out, waits or is accounted for."
              : "Messages are unaccounted for at some node. Please report this run: it is a fault of Headrace."}
          </summary>
          <ConservationTable nodes={conservation.nodes ?? {}} isWhole={conservation.ok} label={label} />
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
                <th scope="col">verdict</th>
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
                  <td className="nowrap">
                    <LittleVerdict law={law} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </details>
      )}
    </div>
  );
}

type Law = NonNullable<RunResult["littles_law"]>[string];

/** Times are measured on what leaves: a node that keeps everything (a dead-letter queue) has no W. */
function saysSomething(law: Law): boolean {
  return law.lambda_W !== null && law.lambda_W !== undefined && law.lambda_W > 0;
}

function LittleVerdict({ law }: { law: Law }) {
  if (!saysSomething(law)) return <>not compared</>;
  const close = Math.abs(law.relative_error ?? 0) <= LITTLE_CLOSE;
  return (
    <>
      <Sign tone={close ? "ok" : "warn"} />
      {close ? "holds" : "differs"}
    </>
  );
}

/** What came in is somewhere; counts that are no whereabouts (copies made) come with a verdict of the simulator's own. */
function isBalanced(counts: Readonly<Record<string, unknown>>): boolean {
  const { accepted, ...rest } = counts;
  const whereabouts = Object.values(rest).filter((value) => typeof value === "number");
  return accepted === whereabouts.reduce((sum, value) => sum + value, 0);
}

function LittleSummary({ little }: { little: NonNullable<RunResult["littles_law"]> }) {
  const errors = Object.values(little)
    .filter(saysSomething)
    .map((law) => Math.abs(law.relative_error ?? 0));
  const worst = Math.max(0, ...errors);
  const close = worst <= LITTLE_CLOSE;
  return (
    <>
      <Sign tone={close ? "ok" : "info"} />
      {close
        ? `Queue lengths and times agree with Little's law to ${formatShare(worst)}.`
        : `Queue lengths and times differ from Little's law by up to ${formatShare(worst)}: the run is too short for steady state, or the load grows without end.`}
    </>
  );
}

function ConservationTable({
  nodes,
  isWhole,
  label,
}: {
  nodes: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  isWhole: boolean;
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
          <th scope="col">balance</th>
        </tr>
      </thead>
      <tbody>
        {Object.entries(nodes).map(([id, counts]) => (
          <tr key={id}>
            <th scope="row">{label(id)}</th>
            {columns.map((column) => (
              <td key={column}>{typeof counts[column] === "number" ? formatCount(counts[column]) : ""}</td>
            ))}
            <td className="nowrap">
              <Sign tone={isWhole || isBalanced(counts) ? "ok" : "bad"} />
              {isWhole || isBalanced(counts) ? "balanced" : "does not balance"}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
