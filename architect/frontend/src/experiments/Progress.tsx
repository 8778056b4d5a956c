import { Download, FileText, RotateCcw, Square } from "lucide-react";
import { useState } from "react";
import { sentence } from "../api/errors";
import { fetchExport } from "../api/exports";
import { saveFile } from "../editor/saveFile";
import { ReportDialog } from "../reports/ReportDialog";
import { navigate } from "../router";
import { formatAgo, formatSeconds } from "../run/numbers";
import { isGoing } from "../run/session";
import { statusWords } from "../run/status";
import {
  csvAddress,
  jsonAddress,
  pageAddress,
  parquetAddress,
  repeatExperiment,
  reportSubject,
} from "./experimentsApi";
import type { ExperimentRecord } from "./types";

/** How an experiment stands, what of it can be taken away, and the way to end or repeat it. */
export function Progress({
  record,
  hasResult,
  onCancel,
}: {
  readonly record: ExperimentRecord;
  readonly hasResult: boolean;
  readonly onCancel: () => Promise<void>;
}) {
  const { label, tone } = statusWords(record.status);
  const going = isGoing(record.status);
  const [isStopping, setStopping] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const [isReporting, setReporting] = useState(false);
  const repeat = async () => {
    try {
      const next = await repeatExperiment(record.kind, record.id);
      navigate(pageAddress(record.kind, record.design, next.id));
    } catch (error) {
      setProblem(sentence(error));
    }
  };
  const take = async (address: string) => {
    setProblem(null);
    try {
      const made = await fetchExport(address);
      saveFile(made.file, made.name);
    } catch (error) {
      setProblem(sentence(error));
    }
  };
  const stop = async () => {
    setStopping(true);
    await onCancel();
    setStopping(false);
  };
  return (
    <section className="experiment-progress" aria-label="How it stands">
      <div className="experiment-progress-row">
        <span className={`chip ${tone}`} role="status">
          {label}
        </span>
        {going ? (
          <>
            <progress className="run-meter" max={1} value={record.progress} aria-label="Progress" />
            <span className="tabular">{record.progress_text || "Starting …"}</span>
            {hasResult && <span className="muted">What is below is known so far.</span>}
            <button type="button" className="button" disabled={isStopping} onClick={() => void stop()}>
              <Square size={14} aria-hidden="true" /> Stop
            </button>
          </>
        ) : (
          <>
            <span className="muted">
              version {record.design_version}, {formatAgo(record.ended_at)}
              {record.wall_seconds !== null && <>, took {formatSeconds(record.wall_seconds)}</>}
            </span>
            <span className="experiment-actions">
              {hasResult && (
                <>
                  <a className="button small" href={csvAddress(record.kind, record.id)} download>
                    <Download size={14} aria-hidden="true" /> CSV
                  </a>
                  <a
                    className="button small"
                    href={jsonAddress(record.kind, record.id)}
                    download={`${record.kind}.json`}
                  >
                    <Download size={14} aria-hidden="true" /> JSON
                  </a>
                  {record.kind === "sweep" && (
                    <button
                      type="button"
                      className="button small"
                      onClick={() => void take(parquetAddress(record.id))}
                    >
                      <Download size={14} aria-hidden="true" /> Parquet
                    </button>
                  )}
                  <button
                    type="button"
                    className="button small"
                    title="Its title and notes, as a page or to print, and links to read it"
                    aria-haspopup="dialog"
                    onClick={() => setReporting(true)}
                  >
                    <FileText size={14} aria-hidden="true" /> Report …
                  </button>
                </>
              )}
              <button
                type="button"
                className="button small"
                title="The same designs and seed give identical numbers"
                onClick={() => void repeat()}
              >
                <RotateCcw size={14} aria-hidden="true" /> Run again
              </button>
            </span>
          </>
        )}
      </div>
      {isReporting && (
        <ReportDialog
          subject={reportSubject(record.kind, record.id)}
          what={`this ${record.kind}`}
          onClose={() => setReporting(false)}
        />
      )}
      {record.reason && <p className={`banner ${tone}`}>{record.reason}</p>}
      {problem && (
        <p className="banner bad" role="alert">
          {problem}
        </p>
      )}
    </section>
  );
}
