import { CircleAlert, Unplug } from "lucide-react";
import { useEffect, useState } from "react";
import { dismissProblem, retryLine, useSession } from "./session";
import { keptWords } from "./status";

/** One line under the run bar: the connection is down, something went wrong, or the run ended early. */
export function LineBanner() {
  const { line, problem, run } = useSession();
  if (line.kind === "waiting") return <Reconnecting until={line.until} />;
  if (problem) {
    return (
      <div className="banner bad" role="alert">
        <CircleAlert size={16} aria-hidden="true" />
        <span>{problem}</span>
        <button type="button" className="button quiet small" onClick={dismissProblem}>
          Dismiss
        </button>
      </div>
    );
  }
  const kept = run ? keptWords(run) : null;
  if (!kept || !run) return null;
  return (
    <div className={`banner ${run.status === "cancelled" ? "warn" : "bad"}`}>
      <CircleAlert size={16} aria-hidden="true" />
      <span>{kept}</span>
    </div>
  );
}

function Reconnecting({ until }: { until: number }) {
  const [now, setNow] = useState(() => performance.now());
  useEffect(() => {
    const timer = window.setInterval(() => setNow(performance.now()), 500);
    const online = () => retryLine();
    window.addEventListener("online", online);
    return () => {
      window.clearInterval(timer);
      window.removeEventListener("online", online);
    };
  }, []);
  const seconds = Math.max(0, Math.ceil((until - now) / 1000));
  return (
    <div className="banner warn" role="status">
      <Unplug size={16} aria-hidden="true" />
      <span>
        Reconnecting. The run goes on without this page, which then catches up without a gap.{" "}
        <span aria-hidden="true">{seconds > 0 ? `Next try in ${seconds} s.` : "Trying now."}</span>
      </span>
      <button type="button" className="button quiet small" onClick={retryLine}>
        Try now
      </button>
    </div>
  );
}
