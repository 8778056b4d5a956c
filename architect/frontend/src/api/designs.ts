/** Designs, templates and their checking (contract S7). */
import type { DesignDocument, JsonObject } from "../document/types";
import { isRecord, type Problem, toProblem } from "./errors";
import { request } from "./http";

export interface Template {
  /** slug */
  readonly name: string;
  readonly title: string;
  readonly summary: string;
  /** what you will see */
  readonly see: string;
  readonly document: DesignDocument;
}

export interface DesignSummary {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly version: number;
  readonly updated_at: string;
  readonly created_at: string;
  readonly last_run: Readonly<Record<string, unknown>> | null;
  /** how many */
  readonly nodes: number;
}

/** A design as it stands on the server. */
export interface SavedDesign {
  readonly id: string;
  readonly name: string;
  readonly version: number;
  readonly updated_at: string;
  readonly document: DesignDocument;
  readonly problems: readonly Problem[];
}

export interface Revision {
  readonly version: number;
  readonly saved_at: string;
  readonly name: string;
}

export interface Verdict {
  readonly valid: boolean;
  readonly problems: readonly Problem[];
  readonly document: DesignDocument | null;
}

export type NewDesign = { document: DesignDocument } | { template: string } | { text: string };

const at = (id: string) => `/designs/${encodeURIComponent(id)}`;

function withProblems(design: SavedDesign): SavedDesign {
  return { ...design, problems: (design.problems ?? []).map(toProblem) };
}

export interface TrialRow {
  /** id of an edge, or the name of an inner part of the node */
  readonly edge: string;
  readonly is_match: boolean;
  readonly reason: string;
}

/** What a node would do with a message, without a run. */
export const tryMessage = (document: DesignDocument, node: string, sample: JsonObject, signal: AbortSignal) =>
  request<{ rows: TrialRow[] }>("POST", "/try", { body: { document, node, sample }, signal });

export const listTemplates = () => request<Template[]>("GET", "/templates");
/** A small design in which the damage happens that a rule warns of, and what a run of it showed. */
export interface CounterExample {
  readonly code: string;
  readonly title: string;
  readonly document: DesignDocument;
  readonly steps: readonly string[];
  readonly damage: string;
  readonly cured: string;
}

export const counterExample = (code: string) =>
  request<CounterExample>("GET", `/counter-examples/${encodeURIComponent(code)}`);
export const listDesigns = () => request<DesignSummary[]>("GET", "/designs");

export async function createDesign(given: NewDesign): Promise<SavedDesign> {
  return withProblems(await request<SavedDesign>("POST", "/designs", { body: given }));
}

export async function readDesign(id: string, signal?: AbortSignal): Promise<SavedDesign> {
  return withProblems(await request<SavedDesign>("GET", at(id), signal ? { signal } : {}));
}

/** Save over version `version`; an ApiError with status 409 means that somebody else saved in between. */
export async function updateDesign(
  id: string,
  version: number,
  document: DesignDocument,
  options: { keepalive?: boolean } = {},
): Promise<SavedDesign> {
  return withProblems(await request<SavedDesign>("PUT", at(id), { body: { version, document }, ...options }));
}

export const deleteDesign = (id: string) => request<void>("DELETE", at(id));

export async function duplicateDesign(id: string): Promise<SavedDesign> {
  return withProblems(await request<SavedDesign>("POST", `${at(id)}/duplicate`, { body: {} }));
}

export const designHistory = (id: string) => request<Revision[]>("GET", `${at(id)}/history`);

export async function designRevision(id: string, version: number): Promise<DesignDocument> {
  const answer = await request<unknown>("GET", `${at(id)}/history/${version}`);
  const inner = isRecord(answer) && isRecord(answer["document"]) ? answer["document"] : answer;
  return inner as DesignDocument;
}

export async function validateDesign(
  given: { document: DesignDocument } | { text: string },
  signal?: AbortSignal,
): Promise<Verdict> {
  const verdict = await request<Verdict>("POST", "/validate", { body: given, ...(signal ? { signal } : {}) });
  return { ...verdict, problems: verdict.problems.map(toProblem) };
}

/** An arrivals setting made from an uploaded load file. */
export async function arrivalsFromCsv(csv: string): Promise<JsonObject> {
  const answer = await request<{ arrivals: JsonObject }>("POST", "/arrivals", {
    text: { content: csv, type: "text/csv" },
  });
  return answer.arrivals;
}

/** The document a run ran on. */
export async function runDocument(runId: string): Promise<DesignDocument> {
  const answer = await request<unknown>("GET", `/runs/${encodeURIComponent(runId)}/document`);
  const inner = isRecord(answer) && isRecord(answer["document"]) ? answer["document"] : answer;
  return inner as DesignDocument;
}
