/**
 * One run's line to the server: a websocket for what is live, HTTP pages for what is missing, back-off when it breaks.
 *
 * The order and completeness of frames is decided in frames.ts; this file only talks. Everything outside (sockets,
 * pages, clock) comes in through `Outside`, so that a test can play the server.
 */
import { acceptFrames, type FrameState, isComplete, missingRange, resumeAfter, startFrames } from "./frames";
import { ENDED, type Frame, isFrame, type SocketMessage, type StatusMessage } from "./frameTypes";
import type { RunRecord } from "./runRecord";

/** Unacknowledged frames the server may have under way to us. */
export const WINDOW = 64;
const PAGE = 500;
const ACK_AFTER = 16;
const ACK_DELAY = 40;
const FIRST_WAIT = 500;
const LONGEST_WAIT = 10_000;
/** A line that held for so long was good: the next cut starts with the short wait again. */
const STEADY = 5_000;
/** How often a page of an ended run is asked for before the view goes on without it. */
const PAGE_TRIES = 3;

export type LineState =
  | { kind: "idle" }
  | { kind: "connecting" }
  | { kind: "live" }
  | { kind: "waiting"; until: number; attempt: number }
  | { kind: "closed" };

export interface SocketLike {
  send(text: string): void;
  close(): void;
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: (() => void) | null;
}

export interface Outside {
  openSocket(runId: string, after: number, window: number): SocketLike;
  fetchRun(runId: string): Promise<RunRecord>;
  fetchFrames(runId: string, after: number, limit: number): Promise<{ frames: Frame[]; last_seq: number }>;
  now(): number;
  /** milliseconds; returns the way to call it off */
  later(wait: number, what: () => void): () => void;
}

export interface Listener {
  /** frames in order, each once: for charts and lists */
  onFrames(frames: readonly Frame[]): void;
  /** the newest frame, for painting; may run ahead of onFrames while a hole is filled */
  onNewest(frame: Frame): void;
  onStatus(message: StatusMessage): void;
  onLine(line: LineState): void;
  onRun(run: RunRecord): void;
  onProblem(message: string): void;
  /** the run has ended and every frame of it was handed out */
  onEnd(): void;
}

export class RunConnection {
  private frames: FrameState = startFrames();
  private socket: SocketLike | null = null;
  private filling = false;
  private pageFailures = 0;
  private attempt = 0;
  private openedAt = 0;
  private acked = 0;
  private callOffs = new Set<() => void>();
  private ackPlanned: (() => void) | null = null;
  private retryPlanned: (() => void) | null = null;
  private over = false;
  private ended = false;

  constructor(
    private readonly run: RunRecord,
    private readonly listener: Listener,
    private readonly outside: Outside,
  ) {}

  /** Fetch what is there already and, if the run goes on, listen to the rest. */
  open(): void {
    this.ended = ENDED.has(this.run.status);
    this.expectUpTo(this.run.last_seq);
    if (!this.ended) this.connect();
    void this.fill();
  }

  /** Leave the run; nothing is heard afterwards. */
  close(): void {
    this.over = true;
    for (const callOff of this.callOffs) callOff();
    this.callOffs.clear();
    this.dropSocket();
    this.listener.onLine({ kind: "closed" });
  }

  /** Try now instead of at the end of the wait (a button, or the browser coming back on line). */
  retryNow(): void {
    if (!this.retryPlanned || this.over) return;
    this.retryPlanned();
    this.retryPlanned = null;
    void this.comeBack();
  }

  private expectUpTo(seq: number): void {
    if (seq > this.frames.highest) this.frames = { ...this.frames, highest: seq };
  }

  private plan(wait: number, what: () => void): () => void {
    const callOff = this.outside.later(wait, () => {
      this.callOffs.delete(callOff);
      what();
    });
    this.callOffs.add(callOff);
    return () => {
      callOff();
      this.callOffs.delete(callOff);
    };
  }

  private connect(): void {
    this.listener.onLine({ kind: "connecting" });
    const socket = this.outside.openSocket(this.run.id, resumeAfter(this.frames), WINDOW);
    this.socket = socket;
    this.acked = resumeAfter(this.frames);
    socket.onopen = () => {
      this.openedAt = this.outside.now();
      this.listener.onLine({ kind: "live" });
    };
    socket.onmessage = (event) => {
      if (this.socket === socket && typeof event.data === "string") this.hear(event.data);
    };
    socket.onclose = () => {
      if (this.socket === socket) this.lost();
    };
  }

  private dropSocket(): void {
    const socket = this.socket;
    this.socket = null;
    if (!socket) return;
    socket.onopen = null;
    socket.onmessage = null;
    socket.onclose = null;
    socket.close();
  }

  private hear(text: string): void {
    let message: SocketMessage;
    try {
      message = JSON.parse(text) as SocketMessage;
    } catch {
      this.listener.onProblem(
        "The server sent something unreadable; the view asks again for what is missing.",
      );
      return;
    }
    if (isFrame(message)) {
      this.take([message]);
      this.planAck();
      if (missingRange(this.frames)) void this.fill();
    } else if (message.type === "status") {
      this.listener.onStatus(message);
      if (ENDED.has(message.status)) void this.checkEnd();
    } else if (message.type === "error") {
      this.listener.onProblem(message.message);
    }
  }

  private take(frames: readonly Frame[]): void {
    const before = this.frames.newest;
    const { state, inOrder } = acceptFrames(this.frames, frames);
    this.frames = state;
    if (inOrder.length > 0) this.listener.onFrames(inOrder);
    if (state.newest && state.newest !== before) this.listener.onNewest(state.newest);
    if (isComplete(state)) this.finish();
  }

  private planAck(): void {
    if (this.frames.highest - this.acked >= ACK_AFTER) {
      this.ackPlanned?.();
      this.ackPlanned = null;
      this.sendAck();
    } else if (!this.ackPlanned) {
      this.ackPlanned = this.plan(ACK_DELAY, () => {
        this.ackPlanned = null;
        this.sendAck();
      });
    }
  }

  private sendAck(): void {
    this.acked = this.frames.highest;
    this.socket?.send(JSON.stringify({ type: "ack", seq: this.acked }));
  }

  /** Fetch page after page until no hole is left; one loop at a time. */
  private async fill(): Promise<void> {
    if (this.filling) return;
    this.filling = true;
    try {
      for (let hole = missingRange(this.frames); hole && !this.over; hole = missingRange(this.frames)) {
        const limit = Math.min(PAGE, hole[1] - hole[0] + 1);
        const page = await this.outside.fetchFrames(this.run.id, hole[0] - 1, limit);
        if (this.over) return;
        if (page.frames.length === 0)
          throw new Error(`Frames ${hole[0]} to ${hole[1]} are not stored any more.`);
        this.pageFailures = 0;
        this.take(page.frames);
      }
      if (this.ended) this.finish();
    } catch (failure) {
      if (this.over) return;
      this.pageFailures += 1;
      this.listener.onProblem(failure instanceof Error ? failure.message : String(failure));
      if (this.ended && this.pageFailures >= PAGE_TRIES) this.finish();
      else this.plan(2_000, () => void this.fill());
    } finally {
      this.filling = false;
    }
  }

  private lost(): void {
    this.socket = null;
    if (this.over || this.ended) return;
    if (this.openedAt > 0 && this.outside.now() - this.openedAt > STEADY) this.attempt = 0;
    this.openedAt = 0;
    this.wait();
  }

  private wait(): void {
    this.attempt += 1;
    const wait = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** (this.attempt - 1));
    this.listener.onLine({ kind: "waiting", until: this.outside.now() + wait, attempt: this.attempt });
    this.retryPlanned = this.plan(wait, () => {
      this.retryPlanned = null;
      void this.comeBack();
    });
  }

  /** After a wait: ask over HTTP how the run stands; it may have ended while we were away. */
  private async comeBack(): Promise<void> {
    try {
      const run = await this.outside.fetchRun(this.run.id);
      if (this.over) return;
      this.listener.onRun(run);
      this.expectUpTo(run.last_seq);
      this.ended = ENDED.has(run.status);
      if (!this.ended) this.connect();
      await this.fill();
    } catch {
      if (!this.over) this.wait(); // the banner shows the wait; the cause is the same cut
    }
  }

  /** The socket says the run has ended: make sure of the last frames, whether or not they came. */
  private async checkEnd(): Promise<void> {
    if (this.ended) return;
    this.ended = true;
    try {
      const run = await this.outside.fetchRun(this.run.id);
      if (this.over) return;
      this.listener.onRun(run);
      this.expectUpTo(run.last_seq);
      await this.fill();
    } catch {
      this.ended = false;
      if (!this.over && !this.socket) this.wait();
    }
  }

  private finish(): void {
    if (this.over) return;
    this.over = true;
    this.ended = true;
    for (const callOff of this.callOffs) callOff();
    this.callOffs.clear();
    this.sendAck();
    this.dropSocket();
    this.listener.onLine({ kind: "closed" });
    this.listener.onEnd();
  }
}
