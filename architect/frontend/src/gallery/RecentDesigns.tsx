import { Copy, Trash2 } from "lucide-react";
import { useState } from "react";
import type { DesignSummary } from "../api/designs";
import { headlineParts } from "../run/headline";
import { formatAgo } from "../run/numbers";
import type { RunRecord } from "../run/runRecord";
import { isGoing } from "../run/session";
import { statusWords } from "../run/status";

const FIRST = 6;

export interface RecentDesignsProps {
  designs: readonly DesignSummary[];
  onDuplicate: (design: DesignSummary) => void;
  onDelete: (design: DesignSummary) => void;
}

/** Designs, the latest edited first: name, when, and what the last run said. */
export function RecentDesigns({ designs, onDuplicate, onDelete }: RecentDesignsProps) {
  const [showAll, setShowAll] = useState(false);
  const latest = [...designs].sort((a, b) => b.updated_at.localeCompare(a.updated_at));
  const shown = showAll ? latest : latest.slice(0, FIRST);
  return (
    <section aria-labelledby="recent-title">
      <h2 id="recent-title">Your designs</h2>
      <ul className="recent-list">
        {shown.map((design) => (
          <li key={design.id} className="recent-design">
            <div className="recent-words">
              <a href={`/designs/${design.id}`}>{design.name}</a>
              <p className="muted">
                {design.nodes === 1 ? "1 node" : `${design.nodes} nodes`} · edited{" "}
                {formatAgo(design.updated_at)}
              </p>
              <LastRun run={design.last_run as unknown as RunRecord | null} />
            </div>
            <div className="recent-actions">
              <button
                type="button"
                className="icon-button"
                title="Duplicate"
                aria-label={`Duplicate ${design.name}`}
                onClick={() => onDuplicate(design)}
              >
                <Copy size={15} aria-hidden="true" />
              </button>
              <button
                type="button"
                className="icon-button"
                title="Delete"
                aria-label={`Delete ${design.name}`}
                onClick={() => onDelete(design)}
              >
                <Trash2 size={15} aria-hidden="true" />
              </button>
            </div>
          </li>
        ))}
      </ul>
      {latest.length > FIRST && (
        <button
          type="button"
          className="button quiet"
          aria-expanded={showAll}
          onClick={() => setShowAll(!showAll)}
        >
          {showAll ? "Show the latest only" : `Show all ${latest.length}`}
        </button>
      )}
    </section>
  );
}

function LastRun({ run }: { run: RunRecord | null }) {
  if (!run) return <p className="recent-run muted">Not run yet</p>;
  const { label, tone } = statusWords(run.status);
  const parts = headlineParts(run.headline);
  return (
    <p className="recent-run">
      {(isGoing(run.status) || parts.length === 0) && <span className={`chip ${tone}`}>{label}</span>}
      {parts.slice(0, 2).map((part) => (
        <span key={part.text} title={part.title} className={part.tone ? `tone-${part.tone}` : undefined}>
          {part.text}
        </span>
      ))}
    </p>
  );
}
