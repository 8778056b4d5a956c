import { Activity } from "lucide-react";
import { useEffect, useState } from "react";
import { formatShare } from "./numbers";
import { listRuns } from "./runApi";
import type { RunRecord } from "./runRecord";

import { isGoing, useSession } from "./session";
import "../gallery/page.css";

const EVERY = 3_000;

/** On every page: what is running now or stands paused, and the way to it. Nothing when nothing does. */
export function RunPill() {
  const [running, setRunning] = useState<readonly RunRecord[]>([]);
  useEffect(() => {
    let left = false;
    const look = () => {
      if (document.visibilityState !== "visible") return;
      Promise.all([listRuns({ status: "running" }), listRuns({ status: "paused" })]).then(
        (lists) => !left && setRunning(lists.flat()),
        () => !left && setRunning([]), // the pages themselves say that the server does not answer
      );
    };
    look();
    const timer = window.setInterval(look, EVERY);
    return () => {
      left = true;
      window.clearInterval(timer);
    };
  }, []);
  const shownId = useSession((state) => state.run?.id ?? null);
  const shownProgress = useSession((state) => Math.floor(state.progress * 100) / 100);
  const shownEnded = useSession((state) => state.run !== null && !isGoing(state.status));
  const going = running.filter((run) => run.id !== shownId || !shownEnded);
  const first = going[0];
  if (!first) return null;
  // the record is written now and then; the run on this page is known to the frame
  const progress = first.id === shownId ? shownProgress : Math.floor((first.progress ?? 0) * 100) / 100;
  const many = going.length > 1;
  const href = many || !first.design ? "/runs" : `/designs/${first.design}/runs/${first.id}`;
  return (
    <a
      className="run-pill"
      href={href}
      title={many ? "See all runs" : `${first.design_name} is ${first.status}`}
    >
      <Activity size={14} aria-hidden="true" />
      <span className="run-pill-name">{many ? `${going.length} runs going` : first.design_name}</span>
      {!many && (first.status === "paused" ? "paused" : formatShare(progress))}
    </a>
  );
}
