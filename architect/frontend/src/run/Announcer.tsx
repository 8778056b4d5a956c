import { useEffect, useRef, useState } from "react";
import { useSession } from "./session";
import { type Announced, announce } from "./status";

/** Tells screen readers of start, quarters and end: at a calm rate, not with every frame. */
export function Announcer() {
  const memory = useRef<Announced>({ runId: null, status: null, quarter: 0 });
  const [said, setSaid] = useState("");
  const { run, status, progress } = useSession();
  useEffect(() => {
    const told = announce(memory.current, {
      runId: run?.id ?? null,
      status,
      progress,
      reason: run?.reason ?? null,
    });
    memory.current = told.memory;
    if (told.say) setSaid(told.say);
  }, [run, status, progress]);
  return (
    <div className="visually-hidden" role="status" aria-live="polite">
      {said}
    </div>
  );
}
