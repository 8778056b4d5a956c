export interface RunBarProps {
  designId: string;
  /** Why a run cannot start ("No producer …"), a count of blocking problems, or false. */
  problemsBlockRun?: boolean | number | string | null;
  /** Called when a run comes on the canvas. */
  onRunShown?: (runId: string) => void;
  /** Saves what is unsaved and gives the version the run is to use. */
  flushSave: () => Promise<{ version: number }>;
  /** The run to open at once (page /designs/<id>/runs/<run>). */
  runId?: string | null;
}

export function RunBar(_props: RunBarProps) {
  return <div className="run-bar" role="toolbar" aria-label="Run" />;
}
