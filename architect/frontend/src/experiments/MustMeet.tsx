import type { JsonObject } from "../document/types";
import type { MetricWords } from "../run/metricWords";
import { limitWords } from "./words";

/** The objectives that a search looks for the limit of; without any there is none. */
export function MustMeet({
  objectives,
  words,
  label,
  also = null,
}: {
  readonly objectives: readonly JsonObject[];
  readonly words: MetricWords;
  readonly label: (id: string) => string;
  /** what has to hold besides, and is enough without any objective */
  readonly also?: string | null;
}) {
  return (
    <fieldset className="form-block">
      <legend>Objectives that have to be met</legend>
      {objectives.length > 0 || also !== null ? (
        <ul className="objective-list">
          {objectives.map((one) => (
            <li key={JSON.stringify(one)}>{limitWords(one, words, label)}</li>
          ))}
          {also !== null && <li>{also}</li>}
        </ul>
      ) : (
        <p className="banner warn">
          The design has no objectives: there is no limit to look for. Add some in the editor, under
          Simulation.
        </p>
      )}
    </fieldset>
  );
}
