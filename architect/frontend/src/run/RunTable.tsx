import { RotateCcw, Trash2 } from "lucide-react";
import { headlineParts } from "./headline";
import { formatAgo, formatClock, formatSeconds, formatShare } from "./numbers";
import { type RunRecord, shortDigest } from "./runRecord";
import { isGoing } from "./session";
import { statusWords } from "./status";

export interface RunTableProps {
  runs: readonly RunRecord[];
  caption: string;
  showDesign?: boolean;
  shownId?: string | null;
  onRepeat: (run: RunRecord) => void;
  onDelete: (run: RunRecord) => void;
}

/** Runs as rows: what came out, what it was made from, and what can be done with it. */
export function RunTable({
  runs,
  caption,
  showDesign = false,
  shownId = null,
  onRepeat,
  onDelete,
}: RunTableProps) {
  return (
    <div className="table-holder">
      <table className="runs-table">
        <caption className="visually-hidden">{caption}</caption>
        <thead>
          <tr>
            <th scope="col">Status</th>
            {showDesign && <th scope="col">Design</th>}
            <th scope="col">What came out</th>
            <th scope="col">Simulated</th>
            <th scope="col">Seed</th>
            <th scope="col" title="Version of the design, and the first characters of the document's digest">
              Version
            </th>
            <th scope="col">Started</th>
            <th scope="col">
              <span className="visually-hidden">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {runs.map((run) => (
            <Row
              key={run.id}
              run={run}
              isShown={run.id === shownId}
              {...{ showDesign, onRepeat, onDelete }}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface RowProps extends Pick<RunTableProps, "showDesign" | "onRepeat" | "onDelete"> {
  run: RunRecord;
  isShown: boolean;
}

function Row({ run, isShown, showDesign, onRepeat, onDelete }: RowProps) {
  const { label: word, tone } = statusWords(run.status);
  const going = isGoing(run.status);
  const parts = headlineParts(run.headline);
  const name = `${run.design_name}, ${formatAgo(run.created_at)}`;
  const words =
    parts.length > 0 ? null : going ? `${formatShare(run.progress)} done` : (run.reason ?? "No figures");
  const outcome = (
    <>
      {parts.map((part) => (
        <span key={part.text} title={part.title} className={part.tone ? `tone-${part.tone}` : undefined}>
          {part.text}
        </span>
      ))}
      {words && <span className={parts.length > 0 ? "muted" : undefined}>{words}</span>}
    </>
  );
  return (
    <tr aria-current={isShown ? "true" : undefined}>
      <td>
        <span className={`chip ${tone}`}>{word}</span>
      </td>
      {showDesign && (
        <td className="runs-design">
          {run.design ? <a href={`/designs/${run.design}`}>{run.design_name}</a> : run.design_name}
        </td>
      )}
      <td className="runs-outcome">
        {run.design ? (
          <a href={`/designs/${run.design}/runs/${run.id}`} aria-label={`Open the run of ${name}`}>
            {outcome}
          </a>
        ) : (
          outcome
        )}
      </td>
      <td className="nowrap">
        {formatClock(going ? run.t : (run.t ?? run.duration))}
        {run.wall_seconds !== null && <span className="muted"> in {formatSeconds(run.wall_seconds)}</span>}
      </td>
      <td>{run.seed}</td>
      <td className="nowrap">
        {run.design_version ?? ""}{" "}
        <code className="muted" title={run.digest ?? undefined}>
          {shortDigest(run.digest)}
        </code>
      </td>
      <td className="nowrap muted" title={new Date(run.created_at).toLocaleString("en-GB")}>
        {formatAgo(run.created_at)}
      </td>
      <td className="runs-actions">
        <button
          type="button"
          className="icon-button"
          title="Run again: the same document and seed give identical numbers"
          aria-label={`Run again: ${name}`}
          onClick={() => onRepeat(run)}
        >
          <RotateCcw size={15} aria-hidden="true" />
        </button>
        <button
          type="button"
          className="icon-button"
          disabled={going}
          title={going ? "Stop it before you delete it" : "Delete this run and its frames"}
          aria-label={`Delete the run of ${name}`}
          onClick={() => onDelete(run)}
        >
          <Trash2 size={15} aria-hidden="true" />
        </button>
      </td>
    </tr>
  );
}
