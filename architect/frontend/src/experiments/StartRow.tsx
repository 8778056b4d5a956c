import { Play } from "lucide-react";
import { asSentence } from "../document/problems";
import type { Refused } from "./useStart";

/** The button that starts an experiment, and what the server had against it. */
export function StartRow({
  title,
  isStarting,
  isReady,
  refused,
  onStart,
}: {
  readonly title: string;
  readonly isStarting: boolean;
  readonly isReady: boolean;
  readonly refused: readonly Refused[];
  readonly onStart: () => void;
}) {
  return (
    <div className="form-start">
      <button type="button" className="button primary" disabled={isStarting || !isReady} onClick={onStart}>
        <Play size={15} aria-hidden="true" /> {isStarting ? "Checking …" : title}
      </button>
      {refused.length > 0 && (
        <ul className="form-refusals" role="alert">
          {refused.map((one) => (
            <li key={one.path + one.message} className="field-error">
              {asSentence(one.message)} {one.hint && asSentence(one.hint)}{" "}
              {one.path && <code className="muted">{one.path}</code>}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
