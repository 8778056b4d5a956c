/** The calls about experiments. */
import { request } from "../api/http";
import type { DesignDocument, JsonObject } from "../document/types";
import type { ExperimentKind, ExperimentRecord, ExperimentResult, Note, SwapTarget } from "./types";

/** Where each kind of experiment stands in the API, and in the addresses of its pages. */
export const PLACES: Readonly<Record<ExperimentKind, string>> = {
  comparison: "comparisons",
  sweep: "sweeps",
  capacity: "capacities",
  cheapest: "cheapest",
  sensitivity: "sensitivities",
};
export const PAGES: Readonly<Record<ExperimentKind, string>> = {
  comparison: "compare",
  sweep: "sweep",
  capacity: "capacity",
  cheapest: "cheapest",
  sensitivity: "sensitivity",
};

const at = (kind: ExperimentKind, id: string) => `/${PLACES[kind]}/${encodeURIComponent(id)}`;

export const pageAddress = (kind: ExperimentKind, designId: string, id?: string) =>
  `/designs/${designId}/${PAGES[kind]}${id ? `/${id}` : ""}`;

export const startExperiment = (kind: ExperimentKind, body: JsonObject) =>
  request<ExperimentRecord>("POST", `/${PLACES[kind]}`, { body });

export const listExperiments = (kind: ExperimentKind, designId: string) =>
  request<ExperimentRecord[]>("GET", `/${PLACES[kind]}?design=${encodeURIComponent(designId)}`);

/** What has not ended, of every kind. */
export const listGoing = () => request<ExperimentRecord[]>("GET", "/experiments/going");

export const readExperiment = (kind: ExperimentKind, id: string, signal: AbortSignal) =>
  request<ExperimentRecord>("GET", at(kind, id), { signal });

export const readExperimentResult = (kind: ExperimentKind, id: string, signal: AbortSignal) =>
  request<ExperimentResult>("GET", `${at(kind, id)}/result`, { signal });

export const cancelExperiment = (kind: ExperimentKind, id: string) =>
  request<ExperimentRecord>("POST", `${at(kind, id)}/cancel`, { body: {} });

export const repeatExperiment = (kind: ExperimentKind, id: string) =>
  request<ExperimentRecord>("POST", `${at(kind, id)}/repeat`, { body: {} });

export const deleteExperiment = (kind: ExperimentKind, id: string) => request<void>("DELETE", at(kind, id));

/** A new design from an alternative of a comparison, or from values of the settings of a sweep or a capacity. */
export const makeVariant = (kind: ExperimentKind, id: string, what: JsonObject) =>
  request<{ design: string; name: string }>("POST", `${at(kind, id)}/design`, { body: what });

export const csvAddress = (kind: ExperimentKind, id: string) => `/api${at(kind, id)}/result.csv`;
export const jsonAddress = (kind: ExperimentKind, id: string) => `/api${at(kind, id)}/result`;

export interface AssumedNumber {
  readonly path: string;
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly why: string;
}

/** The numbers that a design assumes, with the ranges they would be varied over. */
export const listAssumed = (design: string, signal: AbortSignal) =>
  request<AssumedNumber[]>("POST", "/sensitivities/assumed", { body: { design }, signal });

/** Where its report stands in the API. */
export const reportSubject = (kind: ExperimentKind, id: string) => at(kind, id);

export const parquetAddress = (id: string) => `/api${at("sweep", id)}/result.parquet`;

export const swapTargets = () => request<SwapTarget[]>("GET", "/swaps");

/** The document with one broker swapped, and what was translated, assumed and lost. */
export const previewSwap = (
  document: DesignDocument,
  swap: { node: string; kind: string },
  signal: AbortSignal,
) =>
  request<{ document: DesignDocument; notes: Note[] }>("POST", "/swaps", {
    body: { document, ...swap },
    signal,
  });
