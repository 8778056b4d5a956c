import { PencilRuler } from "lucide-react";
import { useState } from "react";
import { sentence } from "../api/errors";
import type { Json, JsonObject } from "../document/types";
import { navigate } from "../router";
import { makeVariant } from "./experimentsApi";
import type { ExperimentKind } from "./types";

/** Which experiment a variant comes from; null while it has no record to make one from. */
export interface Source {
  readonly kind: ExperimentKind;
  readonly id: string;
}

/** Saves what was found as a new design and opens it: an alternative, a point of a sweep, a limit. */
export function OpenVariant({
  source,
  alternative,
  values,
  name,
}: {
  readonly source: Source;
  readonly alternative?: string;
  readonly values?: readonly Json[];
  /** for those who hear it */
  readonly name: string;
}) {
  const [problem, setProblem] = useState<string | null>(null);
  const open = async () => {
    const what: JsonObject = values ? { values } : { alternative };
    try {
      const made = await makeVariant(source.kind, source.id, what);
      navigate(`/designs/${made.design}`);
    } catch (error) {
      setProblem(sentence(error));
    }
  };
  return (
    <>
      <button
        type="button"
        className="button small open-variant"
        title="Save it as a new design and open it"
        aria-label={`Open ${name} as a design`}
        onClick={() => void open()}
      >
        <PencilRuler size={13} aria-hidden="true" /> Open as a design
      </button>
      {problem && (
        <span className="field-error" role="alert">
          {problem}
        </span>
      )}
    </>
  );
}
