import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { carryOutAll, deferDelete, UNDO_TIME, undoDelete } from "./undo";

describe("deleting with a way back", () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => {
    carryOutAll();
    vi.useRealTimers();
  });

  it("asks the server only when the toast has gone", () => {
    const act = vi.fn(async () => {});
    deferDelete({ id: "a", words: "A deleted", act });
    vi.advanceTimersByTime(UNDO_TIME - 1);
    expect(act).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(act).toHaveBeenCalledOnce();
  });

  it("never asks when it was taken back", () => {
    const act = vi.fn(async () => {});
    deferDelete({ id: "b", words: "B deleted", act });
    undoDelete("b");
    vi.advanceTimersByTime(UNDO_TIME * 2);
    expect(act).not.toHaveBeenCalled();
  });

  it("is carried out once when the page is left", () => {
    const act = vi.fn(async () => {});
    deferDelete({ id: "c", words: "C deleted", act });
    deferDelete({ id: "c", words: "C deleted", act });
    carryOutAll();
    vi.advanceTimersByTime(UNDO_TIME * 2);
    expect(act).toHaveBeenCalledOnce();
  });
});
