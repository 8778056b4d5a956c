/** The calls about reports: the same for a run and for an experiment, under the address of either. */
import { request } from "../api/http";

/** Where the run or the experiment stands in the API, such as /runs/ID or /sweeps/ID. */
export type Subject = string;

export interface ReportWords {
  readonly title: string;
  readonly authors: string;
  readonly notes: string;
}

export type ReportForm = "html" | "pdf";

/** An address at which anybody may read a report, until it is revoked. */
export interface ShareLink {
  readonly id: string;
  readonly created_at: string;
  /** told once, when the link is made */
  readonly path: string | null;
}

export const reportAddress = (subject: Subject, form: ReportForm) => `/api${subject}/report.${form}`;

export const readWords = (subject: Subject, signal: AbortSignal) =>
  request<ReportWords>("GET", `${subject}/words`, { signal });

export const writeWords = (subject: Subject, words: ReportWords) =>
  request<ReportWords>("PUT", `${subject}/words`, { body: words });

export const makeLink = (subject: Subject) => request<ShareLink>("POST", `${subject}/links`, { body: {} });

export const listLinks = (subject: Subject, signal: AbortSignal) =>
  request<ShareLink[]>("GET", `${subject}/links`, { signal });

export const revokeLink = (subject: Subject, id: string) =>
  request<undefined>("DELETE", `${subject}/links/${encodeURIComponent(id)}`);
