import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { SavedDesign } from "../api/designs";
import { ApiError } from "../api/errors";
import { Autosaver, REST, type Save } from "./autosave";
import { setName } from "./commands";
import { readDraft } from "./drafts";
import { createEditorStore } from "./store";

const design = (version: number, name = "First"): SavedDesign => ({
  id: "d1",
  name,
  version,
  updated_at: "2026-01-01T12:04:00Z",
  document: { format: "headrace/1", name, nodes: [], edges: [] },
  problems: [],
});

function editor(save: Save) {
  const store = createEditorStore(design(1));
  return { store, saver: new Autosaver(store, save) };
}

beforeEach(() => {
  vi.useFakeTimers();
  window.localStorage.clear();
});

afterEach(() => {
  vi.useRealTimers();
});

describe("Autosaver", () => {
  it("saves once, within a second of rest, with the version it was drawn on", async () => {
    const save = vi.fn<Save>(async (_id, version, document) => ({ ...design(version + 1), document }));
    const { store } = editor(save);
    store.getState().apply("Name", setName("A"), { gesture: "name" });
    await vi.advanceTimersByTimeAsync(REST - 100);
    store.getState().apply("Name", setName("Ab"), { gesture: "name" });
    await vi.advanceTimersByTimeAsync(REST - 100);
    expect(save).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(200);
    expect(save).toHaveBeenCalledTimes(1);
    expect(save.mock.calls[0]?.[1]).toBe(1);
    expect(save.mock.calls[0]?.[2].name).toBe("Ab");
    expect(store.getState().version).toBe(2);
    expect(store.getState().save.kind).toBe("saved");
    expect(REST).toBeLessThan(1000);
  });

  it("keeps the work in the browser when the server does not answer, and saves when it does again", async () => {
    let up = false;
    const save = vi.fn<Save>(async (_id, version, document) => {
      if (!up) throw ApiError.offline();
      return { ...design(version + 1), document };
    });
    const { store, saver } = editor(save);
    store.getState().apply("Name", setName("Kept"));
    await vi.advanceTimersByTimeAsync(REST + 10);
    expect(store.getState().save).toEqual({ kind: "offline", kept: true });
    expect(readDraft("d1")?.document.name).toBe("Kept");
    up = true;
    saver.online();
    await vi.advanceTimersByTimeAsync(10);
    expect(store.getState().save.kind).toBe("saved");
    expect(readDraft("d1")).toBeNull();
  });

  it("loses nothing in a conflict: the later writer is asked, and saving waits for the answer", async () => {
    const theirs = design(5, "Theirs");
    const save = vi.fn<Save>(async () => {
      throw new ApiError(409, "Changed elsewhere.", [], { errors: [], current: theirs });
    });
    const { store, saver } = editor(save);
    store.getState().apply("Name", setName("Mine"));
    await vi.advanceTimersByTimeAsync(REST + 10);
    expect(store.getState().save).toMatchObject({
      kind: "conflict",
      current: { version: 5, name: "Theirs" },
    });
    store.getState().apply("Name", setName("Mine too"));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(save).toHaveBeenCalledTimes(1);
    expect(readDraft("d1")?.document.name).toBe("Mine too");
    await expect(saver.flush()).rejects.toThrow(/another window/);
  });

  it("shows a refusal's problems and tries again at the next change", async () => {
    const problem = { code: "D204", path: "edges[0]", message: "A cycle.", hint: "", severity: "error" };
    const save = vi.fn<Save>(async () => {
      throw ApiError.from(422, { errors: [problem], detail: "The design is not valid." });
    });
    const { store } = editor(save);
    store.getState().apply("Name", setName("Bad"));
    await vi.advanceTimersByTimeAsync(REST + 10);
    expect(store.getState().save).toMatchObject({ kind: "refused", message: "The design is not valid." });
    expect(store.getState().problems[0]?.code).toBe("D204");
    store.getState().apply("Name", setName("Better"));
    await vi.advanceTimersByTimeAsync(REST + 10);
    expect(save).toHaveBeenCalledTimes(2);
  });

  it("flush saves what is waiting and what was changed while saving", async () => {
    let release = () => {};
    const save = vi.fn<Save>((_id, version, document) => {
      const answer = { ...design(version + 1), document };
      if (save.mock.calls.length > 1) return Promise.resolve(answer);
      return new Promise((resolve) => {
        release = () => resolve(answer);
      });
    });
    const { store, saver } = editor(save);
    store.getState().apply("Name", setName("One"));
    await vi.advanceTimersByTimeAsync(REST + 10);
    store.getState().apply("Name", setName("Two"));
    const flushed = saver.flush();
    release();
    await expect(flushed).resolves.toEqual({ version: 3 });
    expect(save.mock.calls[1]?.[2].name).toBe("Two");
  });
});
