import { RunTable } from "./RunTable";
import { useRunList } from "./runLists";
import { useSession } from "./session";

/** The history of this design. */
export function RunsTab({ designId }: { designId: string }) {
  const { run } = useSession();
  const { runs, problem, repeat, remove } = useRunList({ design: designId });
  if (problem && !runs) return <p className="run-empty">{problem}</p>;
  if (!runs) return <p className="run-empty">Reading the runs …</p>;
  if (runs.length === 0)
    return (
      <p className="run-empty">
        This design has not run yet. Each run is kept here with its document, seed and frames.
      </p>
    );
  return (
    <>
      {problem && <p className="banner bad">{problem}</p>}
      <RunTable
        runs={runs}
        caption="Runs of this design"
        shownId={run?.id ?? null}
        onRepeat={repeat}
        onDelete={remove}
      />
    </>
  );
}
