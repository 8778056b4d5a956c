// @vitest-environment node
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { acceptFrames, type FrameState, isComplete, missingRange, resumeAfter, startFrames } from "./frames";
import type { Frame } from "./frameTypes";

const frame = (seq: number, last = Infinity): Frame => ({
  seq,
  t: seq,
  nodes: {},
  edges: {},
  done: seq === last,
});
const numbers = (frames: readonly Frame[]) => frames.map((one) => one.seq);

/** A server with N frames and a bad line to it. Each step says what the line does next. */
type Step =
  | { do: "deliver"; count: number }
  | { do: "skip"; count: number }
  | { do: "cut" }
  | { do: "page"; limit: number; lost: boolean }
  | { do: "repeat"; seq: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant("deliver" as const), count: fc.integer({ min: 1, max: 7 }) }),
  fc.record({ do: fc.constant("skip" as const), count: fc.integer({ min: 1, max: 9 }) }),
  fc.record({ do: fc.constant("cut" as const) }),
  fc.record({ do: fc.constant("page" as const), limit: fc.integer({ min: 1, max: 6 }), lost: fc.boolean() }),
  fc.record({ do: fc.constant("repeat" as const), seq: fc.integer({ min: 1, max: 60 }) }),
);

function play(total: number, steps: readonly Step[]): { state: FrameState; seen: number[] } {
  let state = startFrames();
  let cursor = 0; // the last seq this socket has sent
  const seen: number[] = [];
  const take = (frames: readonly Frame[]) => {
    const accepted = acceptFrames(state, frames);
    state = accepted.state;
    seen.push(...numbers(accepted.inOrder));
  };
  const fetchPage = (limit: number) => {
    const hole = missingRange(state);
    if (!hole) return;
    const page: Frame[] = [];
    for (let seq = hole[0]; seq <= total && page.length < limit; seq += 1) page.push(frame(seq, total));
    take(page);
  };
  const run = (one: Step) => {
    if (one.do === "deliver")
      for (let i = 0; i < one.count && cursor < total; i += 1) take([frame(++cursor, total)]);
    if (one.do === "skip") {
      cursor = Math.min(total, cursor + one.count);
      if (cursor > 0) take([{ ...frame(cursor, total), skipped: [1, cursor - 1] }]);
    }
    if (one.do === "cut") cursor = resumeAfter(state);
    if (one.do === "page" && !one.lost) fetchPage(one.limit);
    if (one.do === "repeat" && one.seq <= Math.max(cursor, state.handedOut)) take([frame(one.seq, total)]);
  };
  steps.forEach(run);
  run({ do: "cut" });
  run({ do: "deliver", count: total });
  for (let i = 0; i <= total && missingRange(state); i += 1) fetchPage(3);
  return { state, seen };
}

describe("frames", () => {
  it("come out as 1..N, each once, whatever the line does", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.array(step, { maxLength: 60 }), (total, steps) => {
        const { state, seen } = play(total, steps);
        expect(seen).toEqual(Array.from({ length: total }, (_, i) => i + 1));
        expect(isComplete(state)).toBe(true);
        expect(state.waiting.size).toBe(0);
      }),
      { numRuns: 300 },
    );
  });

  it("are never handed out before the one ahead of them", () => {
    const early = acceptFrames(startFrames(), [frame(3), frame(2)]);
    expect(early.inOrder).toEqual([]);
    expect(missingRange(early.state)).toEqual([1, 1]);
    expect(numbers(acceptFrames(early.state, [frame(1)]).inOrder)).toEqual([1, 2, 3]);
  });

  it("paint the newest even while a hole is open", () => {
    const { state } = acceptFrames(startFrames(), [frame(1), frame(9)]);
    expect(state.newest?.seq).toBe(9);
    expect(missingRange(state)).toEqual([2, 8]);
    expect(resumeAfter(state)).toBe(9);
  });

  it("start after what is known already", () => {
    const { inOrder } = acceptFrames(startFrames(40), [frame(40), frame(41)]);
    expect(numbers(inOrder)).toEqual([41]);
  });

  it("leave the state they were given untouched", () => {
    const before = acceptFrames(startFrames(), [frame(1), frame(3)]).state;
    acceptFrames(before, [frame(2), frame(5)]);
    expect([...before.waiting.keys()]).toEqual([3]);
    expect(before.handedOut).toBe(1);
  });
});
