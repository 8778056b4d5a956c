import { useState } from "react";
import { PageHeader } from "../gallery/PageHeader";
import { UndoToasts } from "../gallery/UndoToasts";
import { RunTable } from "./RunTable";
import { useRunList } from "./runLists";
import { STATUS_WORDS } from "./status";
import "./run.css";
import "./tables.css";

const FILTERS = ["", "running", "paused", "finished", "cancelled", "failed"] as const;

/** All runs of all designs, newest first. */
export function RunsPage() {
  const [status, setStatus] = useState<(typeof FILTERS)[number]>("");
  const [text, setText] = useState("");
  const { runs, problem, repeat, remove } = useRunList({ status });
  const wanted = text.trim().toLowerCase();
  const shown = runs?.filter((run) => run.design_name.toLowerCase().includes(wanted)) ?? null;
  return (
    <div className="page">
      <PageHeader here="runs" />
      <main className="page-main" id="main">
        <div className="runs-head">
          <h1>Runs</h1>
          <label>
            <span className="visually-hidden">Only designs whose name contains</span>
            <input
              type="search"
              placeholder="Design name"
              value={text}
              onChange={(event) => setText(event.target.value)}
            />
          </label>
          <fieldset className="segments">
            <legend className="visually-hidden">Status</legend>
            {FILTERS.map((one) => (
              <label key={one} className={one === status ? "chosen" : ""}>
                <input
                  type="radio"
                  className="visually-hidden"
                  name="status"
                  checked={one === status}
                  onChange={() => setStatus(one)}
                />
                {one === "" ? "All" : STATUS_WORDS[one].label}
              </label>
            ))}
          </fieldset>
        </div>
        {problem && (
          <p className="banner bad" role="alert">
            {problem}
          </p>
        )}
        {!shown && !problem && <p className="run-empty">Reading the runs …</p>}
        {shown && shown.length > 0 && (
          <RunTable runs={shown} caption="All runs" showDesign onRepeat={repeat} onDelete={remove} />
        )}
        {shown?.length === 0 && (
          <p className="run-empty">
            {status === "" && wanted === "" ? (
              <>
                Nothing has run yet. <a href="/">Open a design</a> and press Run.
              </>
            ) : (
              "No run fits this choice."
            )}
          </p>
        )}
      </main>
      <UndoToasts />
    </div>
  );
}
