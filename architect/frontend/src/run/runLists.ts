import { useCallback, useEffect, useState } from "react";
import { sentence } from "../api/errors";
import { deferDelete, useDeferred } from "../gallery/undo";
import { navigate } from "../router";
import { deleteRun, listRuns, repeatRun } from "./runApi";
import type { RunRecord } from "./runRecord";
import { isGoing } from "./session";

export interface RunList {
  /** null until the first answer */
  readonly runs: readonly RunRecord[] | null;
  readonly problem: string | null;
  reload(): void;
  repeat(run: RunRecord): void;
  remove(run: RunRecord): void;
}

const WHILE_GOING = 2_000;
const WHILE_QUIET = 15_000;

/** A list of runs that keeps itself fresh while the page is looked at, with the two things one can do to a run. */
export function useRunList(where: { design?: string; status?: string }): RunList {
  const [runs, setRuns] = useState<readonly RunRecord[] | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const hidden = useDeferred();
  const { design = "", status = "" } = where;

  const reload = useCallback(() => {
    listRuns({ design, status }).then(
      (fresh) => {
        setRuns(fresh);
        setProblem(null);
      },
      (failure: unknown) => setProblem(sentence(failure)),
    );
  }, [design, status]);

  const going = runs?.some((run) => isGoing(run.status)) ?? false;
  useEffect(() => {
    reload();
    const timer = window.setInterval(
      () => document.visibilityState === "visible" && reload(),
      going ? WHILE_GOING : WHILE_QUIET,
    );
    return () => window.clearInterval(timer);
  }, [reload, going]);

  return {
    runs: runs?.filter((run) => !hidden.has(run.id)) ?? null,
    problem,
    reload,
    repeat: (run) => {
      repeatRun(run.id).then(
        (fresh) => (fresh.design ? navigate(`/designs/${fresh.design}/runs/${fresh.id}`) : reload()),
        (failure: unknown) => setProblem(sentence(failure)),
      );
    },
    remove: (run) => {
      deferDelete({
        id: run.id,
        words: `Run of ${run.design_name} deleted`,
        act: () => deleteRun(run.id).then(reload, (failure: unknown) => setProblem(sentence(failure))),
      });
    },
  };
}
