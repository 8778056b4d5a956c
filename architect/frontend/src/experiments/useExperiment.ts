/** An experiment as it goes: its record every half second, its result whenever that has changed. */
import { useCallback, useEffect, useState } from "react";
import { ApiError, sentence } from "../api/errors";
import { isGoing } from "../run/session";
import { cancelExperiment, readExperiment, readExperimentResult } from "./experimentsApi";
import type { ExperimentKind, ExperimentRecord, ExperimentResult } from "./types";

const EVERY = 500; // milliseconds

export interface Followed {
  readonly record: ExperimentRecord | null;
  readonly result: ExperimentResult | null;
  readonly problem: string | null;
  readonly cancel: () => Promise<void>;
}

export function useExperiment(kind: ExperimentKind, id: string): Followed {
  const [record, setRecord] = useState<ExperimentRecord | null>(null);
  const [result, setResult] = useState<ExperimentResult | null>(null);
  const [problem, setProblem] = useState<string | null>(null);

  useEffect(() => {
    const abort = new AbortController();
    let timer = 0;
    let known = -1;
    setRecord(null);
    setResult(null);
    setProblem(null);

    const look = async (): Promise<void> => {
      let next: ExperimentRecord | null = null;
      try {
        next = await readExperiment(kind, id, abort.signal);
        const version = next.partials + (isGoing(next.status) ? 0 : 1e9);
        if (version !== known && next.partials > 0) {
          const found = await resultOrNone(kind, id, abort.signal);
          if (abort.signal.aborted) return;
          setResult(found);
        }
        known = version;
        setRecord(next);
        setProblem(null);
      } catch (error) {
        if (abort.signal.aborted) return;
        setProblem(sentence(error));
        if (error instanceof ApiError && !error.isOffline) return; // it will not come back by waiting
      }
      if (!abort.signal.aborted && (next === null || isGoing(next.status)))
        timer = window.setTimeout(() => void look(), EVERY);
    };
    void look();
    return () => {
      abort.abort();
      window.clearTimeout(timer);
    };
  }, [kind, id]);

  const cancel = useCallback(async () => {
    try {
      setRecord(await cancelExperiment(kind, id)); // the next look brings what is kept of it
    } catch (error) {
      setProblem(sentence(error));
    }
  }, [kind, id]);

  return { record, result, problem, cancel };
}

/** What is known, null where the experiment ended before anything was. */
async function resultOrNone(
  kind: ExperimentKind,
  id: string,
  signal: AbortSignal,
): Promise<ExperimentResult | null> {
  try {
    return await readExperimentResult(kind, id, signal);
  } catch (error) {
    if (error instanceof ApiError && error.status === 409) return null;
    throw error;
  }
}
