import { useEffect, useId, useState } from "react";
import { kindText, takesNumber } from "./draft";
import { swapTargets } from "./experimentsApi";
import type { SwapTarget } from "./types";

let asked: Promise<SwapTarget[]> | null = null;

/** What brokers may become; asked once, and again after a failure. */
export function useSwapTargets(): readonly SwapTarget[] {
  const [targets, setTargets] = useState<readonly SwapTarget[]>([]);
  useEffect(() => {
    let left = false;
    asked ??= swapTargets();
    asked.then(
      (found) => !left && setTargets(found),
      () => {
        asked = null; // the picker stays empty; whatever is asked next says that the server does not answer
      },
    );
    return () => {
      left = true;
    };
  }, []);
  return targets;
}

/** A kind, and its variant: one of a few, or the number of partitions. */
export function KindPicker({
  title,
  targets,
  kind,
  variant,
  onChange,
}: {
  readonly title: string;
  readonly targets: readonly SwapTarget[];
  readonly kind: string;
  readonly variant: string;
  readonly onChange: (kind: string, variant: string) => void;
}) {
  const id = useId();
  const target = targets.find((one) => one.kind === kind);
  const isCount = takesNumber(target);
  return (
    <>
      <div className="form-field">
        <label htmlFor={id}>{title}</label>
        <select
          id={id}
          value={isCount ? kind : kindText({ kind, variant })}
          onChange={(event) => {
            const [name = "", chosen = ""] = event.target.value.split(":");
            onChange(name, chosen);
          }}
        >
          <option value="">Choose a kind …</option>
          {targets.map((one) =>
            one.variants.length > 1 ? (
              one.variants.map((each) => (
                <option key={each} value={`${one.kind}:${each}`}>
                  {one.title}, {each}
                </option>
              ))
            ) : (
              <option key={one.kind} value={one.kind}>
                {one.title}
              </option>
            ),
          )}
        </select>
      </div>
      {isCount && (
        <div className="form-field form-narrow">
          <label htmlFor={`${id}-count`}>Partitions</label>
          <input
            id={`${id}-count`}
            type="text"
            inputMode="numeric"
            value={variant}
            placeholder="as assumed"
            autoComplete="off"
            onChange={(event) => onChange(kind, event.target.value.replace(/\D/g, "").slice(0, 6))}
          />
        </div>
      )}
    </>
  );
}
