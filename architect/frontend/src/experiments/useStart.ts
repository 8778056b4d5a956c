/** Starting an experiment: while it is being asked for, and what the server refuses. */
import { useState } from "react";
import { ApiError, sentence } from "../api/errors";
import type { JsonObject } from "../document/types";
import { navigate } from "../router";
import { pageAddress, startExperiment } from "./experimentsApi";
import type { ExperimentKind } from "./types";

export interface Refused {
  readonly message: string;
  readonly hint: string;
  /** field of the request: alternatives[1].swap */
  readonly path: string;
}

export function useStart(kind: ExperimentKind, designId: string) {
  const [isStarting, setStarting] = useState(false);
  const [refused, setRefused] = useState<readonly Refused[]>([]);
  const start = async (body: JsonObject | string) => {
    if (typeof body === "string") {
      setRefused([{ message: body, hint: "", path: "" }]);
      return;
    }
    setStarting(true);
    setRefused([]);
    try {
      const record = await startExperiment(kind, { design: designId, ...body });
      navigate(pageAddress(kind, designId, record.id));
    } catch (error) {
      const errors = error instanceof ApiError ? error.errors : [];
      setRefused(errors.length > 0 ? errors : [{ message: sentence(error), hint: "", path: "" }]);
    } finally {
      setStarting(false);
    }
  };
  return { isStarting, refused, start };
}
