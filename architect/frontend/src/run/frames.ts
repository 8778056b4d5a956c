/**
 * Frames in, frames out in order: 1, 2, 3 … N, each once, whatever the connection does.
 *
 * Frames reach us over a socket that may break and start again, that may leave out frames when we are slow (it then
 * says which), and over HTTP for what is missing. This file is a pure state machine so that a property test can try
 * every order of cuts, repeats and holes; connection.ts does the talking.
 */
import type { Frame } from "./frameTypes";

export interface FrameState {
  /** every frame up to and with this one has been handed out */
  readonly handedOut: number;
  /** the highest seq seen in any way */
  readonly highest: number;
  /** frames that came too early: they wait for the hole before them to be filled */
  readonly waiting: ReadonlyMap<number, Frame>;
  /** the newest frame seen, for painting */
  readonly newest: Frame | null;
  /** the seq of the last frame of the run, once it is known */
  readonly end: number | null;
}

export interface Accepted {
  readonly state: FrameState;
  /** frames that may now be appended, in order, none of them handed out before */
  readonly inOrder: readonly Frame[];
}

export type SeqRange = readonly [first: number, last: number];

/** Start after a seq that is already known (0: from the beginning). */
export function startFrames(after = 0): FrameState {
  return { handedOut: after, highest: after, waiting: new Map(), newest: null, end: null };
}

/** Take frames from the socket or from a page of /frames, in any order, repeats allowed. */
export function acceptFrames(state: FrameState, frames: readonly Frame[]): Accepted {
  let { handedOut, highest, newest, end } = state;
  let waiting: Map<number, Frame> | null = null;
  const inOrder: Frame[] = [];
  const held = () => waiting ?? state.waiting;
  for (const frame of frames) {
    if (frame.seq <= handedOut || held().has(frame.seq)) continue;
    highest = Math.max(highest, frame.seq);
    if (newest === null || frame.seq > newest.seq) newest = frame;
    if (frame.done === true) end = frame.seq;
    if (frame.seq !== handedOut + 1) {
      waiting ??= new Map(state.waiting);
      waiting.set(frame.seq, frame);
      continue;
    }
    inOrder.push(frame);
    handedOut = frame.seq;
    for (let next = held().get(handedOut + 1); next !== undefined; next = held().get(handedOut + 1)) {
      waiting ??= new Map(state.waiting);
      waiting.delete(next.seq);
      inOrder.push(next);
      handedOut = next.seq;
    }
  }
  return { state: { handedOut, highest, waiting: waiting ?? state.waiting, newest, end }, inOrder };
}

/** The first hole: frames that exist (something later was seen) and are not here. Null when there is none. */
export function missingRange(state: FrameState): SeqRange | null {
  if (state.highest <= state.handedOut) return null;
  let last = state.handedOut + 1;
  while (last < state.highest && !state.waiting.has(last + 1)) last += 1;
  return [state.handedOut + 1, last];
}

/** What to ask the socket for after a cut: holes are fetched over HTTP, so it goes on after the newest. */
export function resumeAfter(state: FrameState): number {
  return state.highest;
}

/** Every frame up to the last one has been handed out. */
export function isComplete(state: FrameState): boolean {
  return state.end !== null && state.handedOut >= state.end;
}
