import { Scale } from "lucide-react";
import { useEffect, useState } from "react";
import { formatShare } from "../run/numbers";
import { listGoing, pageAddress } from "./experimentsApi";
import type { ExperimentRecord } from "./types";
import "../gallery/page.css";

const EVERY = 3_000;

/** On every page: the experiment that goes on, and the way to it. Nothing when none does. */
export function ExperimentPill() {
  const [going, setGoing] = useState<readonly ExperimentRecord[]>([]);
  useEffect(() => {
    let left = false;
    const look = () => {
      if (document.visibilityState !== "visible") return;
      listGoing().then(
        (found) => !left && setGoing(found),
        () => !left && setGoing([]), // the pages themselves say that the server does not answer
      );
    };
    look();
    const timer = window.setInterval(look, EVERY);
    return () => {
      left = true;
      window.clearInterval(timer);
    };
  }, []);
  const first = going.find((one) => one.status === "running") ?? going[0];
  if (!first) return null;
  const others = going.length > 1 ? ` and ${going.length - 1} more` : "";
  return (
    <a
      className="run-pill"
      href={pageAddress(first.kind, first.design, first.id)}
      title={`The ${first.kind} of ${first.design_name} is ${first.status}: ${first.progress_text}`}
    >
      <Scale size={14} aria-hidden="true" />
      <span className="run-pill-name">
        {first.kind} of {first.design_name}
        {others}
      </span>
      {first.status === "running" ? formatShare(Math.floor(first.progress * 100) / 100) : first.status}
    </a>
  );
}
