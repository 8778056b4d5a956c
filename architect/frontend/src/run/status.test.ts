// @vitest-environment node
import { describe, expect, it } from "vitest";
import type { RunStatus } from "./frameTypes";
import { type Announced, announce } from "./status";

function say(...steps: [RunStatus | null, number][]): string[] {
  let memory: Announced = { runId: null, status: null, quarter: 0 };
  const said: string[] = [];
  for (const [status, progress] of steps) {
    const told = announce(memory, { runId: "r1", status, progress });
    memory = told.memory;
    if (told.say) said.push(told.say);
  }
  return said;
}

describe("what is announced of a run", () => {
  it("is its start, its quarters and its end, each once", () => {
    const ramp = Array.from({ length: 1000 }, (_, i): [RunStatus, number] => ["running", i / 1000]);
    expect(say(["starting", 0], ...ramp, ["finished", 1])).toEqual([
      "Run started",
      "25 percent done",
      "50 percent done",
      "75 percent done",
      "Run finished",
    ]);
  });

  it("tells a pause from a start", () => {
    expect(say(["running", 0.1], ["paused", 0.1], ["running", 0.1])).toEqual([
      "Run started",
      "Run paused",
      "Run goes on",
    ]);
  });

  it("says nothing for a run opened after its end but that it is finished", () => {
    expect(say(["finished", 1])).toEqual(["Run finished"]);
  });
});
