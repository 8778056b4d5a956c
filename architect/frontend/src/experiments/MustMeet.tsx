import type { JsonObject } from "../document/types";
import type { MetricWords } from "../run/metricWords";
import { limitWords } from "./words";

/** The objectives that a search looks for the limit of; without any there is none. */
export function MustMeet({
  objectives,
  words,
  label,
}: {
  readonly objectives: readonly JsonObject[];
  readonly words: MetricWords;
  readonly label: (id: string) => string;
}) {
  return (
    <fieldset className="form-block">
      <legend>Objectives that have to be met</legend>
      {objectives.length > 0 ? (
        <ul className="objective-list">
          {objectives.map((one) => (
            <li key={JSON.stringify(one)}>{limitWords(one, words, label)}</li>
          ))}
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
