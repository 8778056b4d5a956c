/** The calls about runs (contract S7) and the socket's address (S8). */
import { runDocument } from "../api/designs";
import { request } from "../api/http";
import type { JsonObject } from "../document/types";
import type { SocketLike } from "./connection";
import type { Frame } from "./frameTypes";
import type { RunResult } from "./result";
import type { RunRecord, Snapshot } from "./runRecord";

const at = (runId: string) => `/runs/${encodeURIComponent(runId)}`;

export interface StartRun {
  readonly design: string;
  readonly seed?: number;
  /** simulated seconds per second of ours; null: as fast as it goes */
  readonly speed?: number | null;
}

export type ControlAction = "pause" | "resume" | "step" | "speed" | "cancel";

export const startRun = (what: StartRun) => request<RunRecord>("POST", "/runs", { body: what });
/** Simulated seconds a run of this design takes; 600 where the document leaves it to the default. */
export async function fetchDuration(designId: string): Promise<number> {
  const design = await request<{ document?: Snapshot }>("GET", `/designs/${encodeURIComponent(designId)}`);
  return design.document?.simulation?.duration ?? 600;
}

export const fetchRun = (runId: string) => request<RunRecord>("GET", at(runId));
export const fetchResult = (runId: string) => request<RunResult>("GET", `${at(runId)}/result`);

/** The document the run ran on; it may come bare or wrapped. */
export async function fetchSnapshot(runId: string): Promise<Snapshot> {
  return (await runDocument(runId)) as unknown as Snapshot;
}

export const repeatRun = (runId: string) => request<RunRecord>("POST", `${at(runId)}/repeat`, { body: {} });
export const deleteRun = (runId: string) => request<void>("DELETE", at(runId), { keepalive: true });

export const fetchFrames = (runId: string, after: number, limit: number) =>
  request<{ frames: Frame[]; last_seq: number; done: boolean }>(
    "GET",
    `${at(runId)}/frames?after=${after}&limit=${limit}`,
  );

export const controlRun = (runId: string, action: ControlAction, speed?: number | null) =>
  request<RunRecord>("POST", `${at(runId)}/control`, {
    body: speed === undefined ? { action } : { action, speed },
  });

/** A fault or action now; the answer has the simulated time `at` at which it takes effect. */
export const injectFault = (runId: string, fault: JsonObject) =>
  request<JsonObject>("POST", `${at(runId)}/faults`, { body: fault });

export function listRuns(where: { design?: string; status?: string } = {}): Promise<RunRecord[]> {
  const query = new URLSearchParams(Object.entries(where).filter(([, value]) => value !== "")).toString();
  return request<RunRecord[]>("GET", `/runs${query && `?${query}`}`);
}

export function openRunSocket(runId: string, after: number, window_: number): SocketLike {
  const scheme = window.location.protocol === "https:" ? "wss" : "ws";
  const path = `/ws/runs/${encodeURIComponent(runId)}/?after=${after}&window=${window_}`;
  return new WebSocket(`${scheme}://${window.location.host}${path}`) as unknown as SocketLike;
}
