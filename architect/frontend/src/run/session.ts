/**
 * The run on this page: which one it is, how it stands, and the way its frames go to canvas, charts and lists.
 *
 * React reads the slow things from here (status, time ten times a second, events); numbers on the canvas go through
 * metricStore and charts through seriesStore, so that no frame re-renders a component.
 */
import { create } from "zustand";
import { ApiError, sentence } from "../api/errors";
import { seriesStore } from "../charts/series";
import type { JsonObject } from "../document/types";
import { type LineState, type Outside, RunConnection } from "./connection";
import { ENDED, type Frame, type RunEvent, type RunStatus } from "./frameTypes";
import { metricStore } from "./metrics";
import type { RunResult } from "./result";
import {
  type ControlAction,
  controlRun,
  fetchFrames,
  fetchResult,
  fetchRun,
  fetchSnapshot,
  injectFault,
  openRunSocket,
  startRun,
} from "./runApi";
import type { RunRecord, Snapshot } from "./runRecord";
import { noResultWords } from "./status";

/** The event list keeps the latest; the whole log is in the stored frames. */
export const MOST_EVENTS = 5_000;
/** How often time and progress are told to React. */
const TELL_EVERY = 100;
const SPEED_REST = 150;

export interface SessionState {
  readonly run: RunRecord | null;
  readonly status: RunStatus | null;
  readonly line: LineState;
  /** simulated seconds of the newest frame */
  readonly t: number;
  /** seconds of wall time of the newest frame */
  readonly wall: number;
  readonly progress: number;
  /** as the run goes now: simulated seconds per second; null: as fast as it goes */
  readonly speed: number | null;
  /** seconds of ours until the end, measured over the last seconds; null when it cannot be said */
  readonly eta: number | null;
  /** the moment the canvas shows, when it is not the newest */
  readonly shownT: number | null;
  readonly events: readonly RunEvent[];
  readonly eventsLeftOut: number;
  readonly snapshot: Snapshot | null;
  readonly result: RunResult | null;
  readonly resultProblem: string | null;
  readonly problem: string | null;
  /** a start is under way */
  readonly starting: boolean;
}

const EMPTY: SessionState = {
  run: null,
  status: null,
  line: { kind: "idle" },
  t: 0,
  wall: 0,
  progress: 0,
  speed: null,
  eta: null,
  shownT: null,
  events: [],
  eventsLeftOut: 0,
  snapshot: null,
  result: null,
  resultProblem: null,
  problem: null,
  starting: false,
};

export const useSession = create<SessionState>(() => EMPTY);
const set = useSession.setState;
const get = useSession.getState;

const outside: Outside = {
  openSocket: openRunSocket,
  fetchRun,
  fetchFrames,
  now: () => performance.now(),
  later: (wait, what) => {
    const timer = window.setTimeout(what, wait);
    return () => window.clearTimeout(timer);
  },
};

let connection: RunConnection | null = null;
let newest: Frame | null = null;
let paintPlanned = 0;
/** counts what was asked to be shown, so that a slow answer cannot push aside a later wish */
let asked = 0;
let tellPlanned = 0;
let speedPlanned = 0;
let samples: { at: number; progress: number }[] = [];
const momentCache = new Map<number, Frame>();

export const isGoing = (status: RunStatus | null) => status !== null && !ENDED.has(status);

/** Paint the newest frame at the next animation frame; many frames in between cost nothing. */
function planPaint(): void {
  if (paintPlanned !== 0 || get().shownT !== null) return;
  paintPlanned = window.requestAnimationFrame(() => {
    paintPlanned = 0;
    if (newest && get().shownT === null) metricStore.apply(newest);
  });
}

function planTell(): void {
  if (tellPlanned !== 0) return;
  tellPlanned = window.setTimeout(() => {
    tellPlanned = 0;
    tell();
  }, TELL_EVERY);
}

function tell(): void {
  if (!newest) return;
  const progress = Math.max(newest.progress ?? 0, get().progress);
  set({ t: newest.t, wall: newest.wall ?? get().wall, progress, eta: timeLeft(progress) });
}

/** Seconds to the end at the pace of the last five; null while that pace is not known. */
function timeLeft(progress: number): number | null {
  const now = performance.now();
  samples = [...samples.filter((one) => now - one.at < 5_000), { at: now, progress }];
  const first = samples[0];
  const gained = first ? progress - first.progress : 0;
  if (!first || now - first.at < 400 || gained <= 0 || get().status !== "running") return null;
  return ((1 - progress) * (now - first.at)) / gained / 1000;
}

function takeFrames(frames: readonly Frame[]): void {
  seriesStore.append(frames);
  const fresh: RunEvent[] = [];
  for (const frame of frames) {
    metricStore.remember(frame);
    if (frame.events) fresh.push(...frame.events);
  }
  if (fresh.length > 0) {
    const all = [...get().events, ...fresh];
    const cut = Math.max(0, all.length - MOST_EVENTS);
    set({ events: cut > 0 ? all.slice(cut) : all, eventsLeftOut: get().eventsLeftOut + cut });
  }
  const last = frames.at(-1);
  if (last?.done === true) set({ status: last.status ?? "finished" });
}

function stopHere(): void {
  connection?.close();
  connection = null;
  newest = null;
  window.cancelAnimationFrame(paintPlanned);
  window.clearTimeout(tellPlanned);
  window.clearTimeout(speedPlanned);
  paintPlanned = 0;
  tellPlanned = 0;
  samples = [];
  momentCache.clear();
}

/** Leave the run: canvas and charts are empty again. The run itself goes on where it runs. */
export function leaveRun(): void {
  asked += 1;
  stopHere();
  metricStore.reset();
  seriesStore.reset();
  set(EMPTY);
}

/** Show a run, going on or ended; frames already stored are fetched first. */
export function showRun(run: RunRecord): void {
  stopHere();
  metricStore.reset();
  seriesStore.reset();
  set({ ...EMPTY, run, status: run.status, speed: run.speed, t: run.t ?? 0, progress: run.progress ?? 0 });
  const isShown = () => get().run?.id === run.id;
  connection = new RunConnection(
    run,
    {
      onFrames: takeFrames,
      onNewest: (frame) => {
        newest = frame;
        if (get().status === "queued" || get().status === "starting") set({ status: "running" });
        planPaint();
        planTell();
      },
      onStatus: (message) => {
        if (message.status !== "running") samples = [];
        const speed = message.speed === undefined ? get().speed : message.speed;
        // frames are of the first replication only: the others show in the status
        const progress = Math.max(get().progress, message.progress ?? 0);
        set({ status: message.status, speed, progress, eta: timeLeft(progress) ?? get().eta });
        if (message.status !== "running") set({ eta: null });
      },
      onLine: (line) => set({ line }),
      onRun: (fresh) => set({ run: fresh, status: fresh.status }),
      onProblem: (problem) => set({ problem }),
      onEnd: () => {
        window.clearTimeout(tellPlanned);
        tellPlanned = 0;
        tell();
        set({ eta: null, problem: null });
        void readEnd(run.id);
      },
    },
    outside,
  );
  connection.open();
  fetchSnapshot(run.id)
    .then((snapshot) => isShown() && set({ snapshot }))
    .catch((failure: unknown) => isShown() && set({ problem: sentence(failure) }));
}

/** Record and result as they stand at the end. Every status may have a result: what was kept is shown. */
async function readEnd(runId: string): Promise<void> {
  try {
    const run = await fetchRun(runId);
    if (get().run?.id === runId) {
      const progress = run.status === "finished" ? 1 : get().progress;
      set({ run, status: run.status, progress, wall: run.wall_seconds ?? get().wall });
    }
    const result = await fetchResult(runId);
    if (get().run?.id === runId) set({ result });
  } catch (failure) {
    const { run } = get();
    if (run?.id !== runId) return;
    const isWithout = failure instanceof ApiError && failure.status === 409;
    set({ resultProblem: isWithout ? noResultWords(run) : sentence(failure) });
  }
}

/** Show a run by its id. Resolves to null when it is not there (`problem` says why) or another was asked for since. */
export async function showRunById(runId: string): Promise<RunRecord | null> {
  asked += 1;
  const mine = asked;
  try {
    const run = await fetchRun(runId);
    if (mine !== asked) return null;
    showRun(run);
    return run;
  } catch (failure) {
    if (mine === asked) set({ problem: sentence(failure) });
    return null;
  }
}

/** Save, start at the speed that `speed` gives once it is saved, show. Resolves to null when it did not start; the reason stands in `problem`. */
export async function beginRun(
  designId: string,
  speed: () => Promise<number | null>,
  flushSave: () => Promise<unknown>,
): Promise<RunRecord | null> {
  if (get().starting) return null;
  set({ starting: true, problem: null });
  try {
    await flushSave();
    const run = await startRun({ design: designId, speed: await speed() });
    showRun(run);
    return run;
  } catch (failure) {
    set({ problem: sentence(failure) });
    return null;
  } finally {
    set({ starting: false });
  }
}

/** Pause, resume, step, change of speed, stop. */
export async function control(action: ControlAction, speed?: number | null): Promise<void> {
  const { run } = get();
  if (!run) return;
  try {
    const fresh = await controlRun(run.id, action, speed);
    if (get().run?.id !== run.id) return;
    samples = [];
    if (fresh && typeof fresh.status === "string")
      set({ run: fresh, status: ENDED.has(get().status ?? "queued") ? get().status : fresh.status });
  } catch (failure) {
    set({ problem: sentence(failure) });
  }
}

/** Let a fault happen now in the run that is shown; rejects with the server's reason when it cannot. */
export async function injectNow(fault: JsonObject): Promise<JsonObject> {
  const { run } = get();
  if (!run) throw new Error("No run is going.");
  const taken = await injectFault(run.id, fault);
  // the run's own document has the fault from now on
  const snapshot = await fetchSnapshot(run.id);
  if (get().run?.id === run.id) set({ snapshot });
  return taken;
}

/** A hand on the slider passes many speeds; the server hears of the one it rests on. */
export function changeRunSpeed(speed: number | null): void {
  set({ speed });
  window.clearTimeout(speedPlanned);
  speedPlanned = window.setTimeout(() => void control("speed", speed), SPEED_REST);
}

/** Show the canvas as it was at a simulated time. */
export async function showMoment(t: number): Promise<void> {
  const { run } = get();
  const seq = seriesStore.seqAt(t);
  if (!run || seq === null) return;
  set({ shownT: t });
  try {
    const frame = momentCache.get(seq) ?? (await fetchFrames(run.id, seq - 1, 1)).frames[0];
    if (!frame) return;
    if (momentCache.size > 400) momentCache.clear();
    momentCache.set(seq, frame);
    const { shownT, run: shown } = get();
    if (shown?.id === run.id && shownT !== null && seriesStore.seqAt(shownT) === seq)
      metricStore.apply(frame);
  } catch (failure) {
    set({ problem: sentence(failure) });
  }
}

/** Back to the newest frame. */
export function showNewest(): void {
  set({ shownT: null });
  planPaint();
}

export const retryLine = () => connection?.retryNow();
export const dismissProblem = () => set({ problem: null });
