import { Trash2 } from "lucide-react";
import { useEffect, useState } from "react";
import { sentence } from "../api/errors";
import { formatAgo } from "../run/numbers";
import { isGoing } from "../run/session";
import { statusWords } from "../run/status";
import { deleteExperiment, listExperiments, pageAddress } from "./experimentsApi";
import type { ExperimentKind, ExperimentRecord } from "./types";

/** The experiments of a kind that were made with this design, newest first. */
export function Earlier({ kind, designId }: { kind: ExperimentKind; designId: string }) {
  const [all, setAll] = useState<readonly ExperimentRecord[]>([]);
  const [problem, setProblem] = useState<string | null>(null);
  useEffect(() => {
    let left = false;
    listExperiments(kind, designId).then(
      (found) => !left && setAll(found),
      (error: unknown) => !left && setProblem(sentence(error)),
    );
    return () => {
      left = true;
    };
  }, [kind, designId]);
  const remove = async (one: ExperimentRecord) => {
    try {
      await deleteExperiment(kind, one.id);
      setAll((before) => before.filter((other) => other.id !== one.id));
    } catch (error) {
      setProblem(sentence(error));
    }
  };
  if (all.length === 0 && !problem) return null;
  return (
    <section aria-labelledby="earlier-title">
      <h2 id="earlier-title">Earlier</h2>
      {problem && (
        <p className="banner bad" role="alert">
          {problem}
        </p>
      )}
      <div className="table-holder">
        <table className="runs-table">
          <thead>
            <tr>
              <th scope="col">Status</th>
              <th scope="col">What came out</th>
              <th scope="col">Version</th>
              <th scope="col">Started</th>
              <th scope="col">
                <span className="visually-hidden">Actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {all.map((one) => {
              const { label, tone } = statusWords(one.status);
              const when = formatAgo(one.created_at);
              return (
                <tr key={one.id}>
                  <td>
                    <span className={`chip ${tone}`}>{label}</span>
                  </td>
                  <td className="runs-outcome">
                    <a href={pageAddress(kind, designId, one.id)}>
                      {one.headline || one.reason || "No figures yet"}
                    </a>
                  </td>
                  <td>{one.design_version}</td>
                  <td className="nowrap muted">{when}</td>
                  <td className="runs-actions">
                    <button
                      type="button"
                      className="icon-button"
                      disabled={isGoing(one.status)}
                      aria-label={`Delete the one of ${when}`}
                      onClick={() => void remove(one)}
                    >
                      <Trash2 size={15} aria-hidden="true" />
                    </button>
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </section>
  );
}
