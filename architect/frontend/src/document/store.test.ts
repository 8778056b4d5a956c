import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Problem } from "../api/errors";
import { fromText, pieceOf, toText } from "./clipboard";
import { addEdge, addNode, moveNodes, remove, setDescription, setName } from "./commands";
import { asSentence, placeOf, problemsAt, problemsByElement } from "./problems";
import { createEditorStore } from "./store";
import type { DesignDocument } from "./types";

const start: DesignDocument = {
  format: "headrace/1",
  name: "Start",
  nodes: [
    { id: "a", kind: "producer" },
    { id: "b", kind: "queue" },
  ],
  edges: [{ id: "e1", from: "a", to: "b" }],
  layout: { a: { x: 0, y: 0 }, b: { x: 200, y: 0 } },
};

const newStore = (document = start) =>
  createEditorStore({
    id: "d",
    name: document.name,
    version: 1,
    updated_at: "2026-01-01T00:00:00Z",
    document,
    problems: [],
  });

describe("undo and redo", () => {
  it("take back one gesture at a time", () => {
    const store = newStore();
    const { apply, endGesture } = store.getState();
    apply("Rename", setName("S"), { gesture: "name" });
    apply("Rename", setName("Sh"), { gesture: "name" });
    apply("Rename", setName("Shop"), { gesture: "name" });
    endGesture();
    apply("Rename", setName("Shops"), { gesture: "name" });
    expect(store.getState().undo()).toBe("Rename");
    expect(store.getState().history.present.name).toBe("Shop");
    store.getState().undo();
    expect(store.getState().history.present.name).toBe("Start");
    expect(store.getState().undo()).toBeNull();
    store.getState().redo();
    store.getState().redo();
    expect(store.getState().history.present.name).toBe("Shops");
    expect(store.getState().redo()).toBeNull();
  });

  it("bring back a deleted node with its edges", () => {
    const store = newStore();
    store.getState().select({ nodes: ["b"], edges: [] });
    store.getState().apply("Delete", remove({ nodes: ["b"], edges: [] }));
    expect(store.getState().selection.nodes).toEqual([]);
    store.getState().undo();
    expect(store.getState().history.present.edges).toHaveLength(1);
  });

  it("after any edits, undoing all of them gives the first document and redoing all the last", () => {
    const edit = fc.oneof(
      fc.string().map((name) => setName(name)),
      fc.string().map((text) => setDescription(text)),
      fc.integer({ min: -500, max: 500 }).map((x) => moveNodes({ a: { x, y: x } })),
      fc.constant(addNode({ id: "c", kind: "queue" }, { x: 1, y: 1 })),
      fc.constant(addEdge({ id: "e2", from: "b", to: "a" })),
      fc.constant(remove({ nodes: ["b"], edges: [] })),
    );
    const gesture = fc.option(fc.constantFrom("g1", "g2"), { nil: undefined });
    fc.assert(
      fc.property(fc.array(fc.tuple(edit, gesture), { maxLength: 20 }), (edits) => {
        const store = newStore();
        const first = store.getState().history.present;
        for (const [command, name] of edits)
          store.getState().apply("Edit", command, name ? { gesture: name } : {});
        const last = store.getState().history.present;
        while (store.getState().undo() !== null);
        expect(store.getState().history.present).toBe(first);
        while (store.getState().redo() !== null);
        expect(store.getState().history.present).toBe(last);
      }),
    );
  });

  it("do nothing while a past run's document is shown", () => {
    const store = newStore();
    store.getState().apply("Rename", setName("New"));
    store.getState().showSnapshot({ runId: "r", document: start });
    store.getState().apply("Rename", setName("Other"));
    expect(store.getState().undo()).toBeNull();
    store.getState().showSnapshot(null);
    expect(store.getState().history.present.name).toBe("New");
  });

  it("keep what is selected when a run begins, as far as its document has it", () => {
    const store = newStore();
    store.getState().select({ nodes: ["a", "b"], edges: [] });
    store.getState().showSnapshot(null);
    expect(store.getState().selection.nodes).toEqual(["a", "b"]);
    const older = { ...start, nodes: start.nodes.filter((node) => node.id !== "b"), edges: [] };
    store.getState().showSnapshot({ runId: "r", document: older });
    expect(store.getState().selection.nodes).toEqual(["a"]);
  });
});

describe("the clipboard", () => {
  it("carries the nodes and the edges between them as text", () => {
    const piece = pieceOf(start, { nodes: ["a", "b"], edges: [] });
    expect(fromText(toText(piece))).toEqual(piece);
    expect(pieceOf(start, { nodes: ["a"], edges: ["e1"] }).edges).toEqual([]);
  });

  it("reads a whole design and ignores every other text", () => {
    expect(fromText(JSON.stringify(start))?.nodes).toHaveLength(2);
    for (const text of [
      "",
      "hello",
      "{",
      '{"a": 1}',
      "[]",
      '{"format":"other","nodes":[{"id":"a","kind":"b"}]}',
    ]) {
      expect(fromText(text)).toBeNull();
    }
  });
});

describe("problems", () => {
  const problem = (part: Partial<Problem>): Problem => ({
    code: "D104",
    severity: "error",
    element: "",
    field: "",
    message: "",
    hint: "",
    path: "",
    ...part,
  });

  it("find their element by id or by path", () => {
    expect(placeOf(problem({ element: "b", field: "config.capacity" }), start)).toMatchObject({
      kind: "node",
      id: "b",
    });
    expect(placeOf(problem({ path: "edges[0].config.delay" }), start)).toEqual({
      kind: "edge",
      id: "e1",
      field: "config.delay",
    });
    expect(placeOf(problem({ path: "simulation.duration" }), start)).toMatchObject({
      kind: "simulation",
      field: "duration",
    });
    expect(placeOf(problem({ path: "name" }), start)).toMatchObject({ kind: "document" });
  });

  it("are written as sentences, identifiers kept as they are", () => {
    expect(asSentence("the backlog grows")).toBe("The backlog grows.");
    expect(asSentence("maxReceiveCount is 0")).toBe("maxReceiveCount is 0.");
    expect(asSentence("Done!")).toBe("Done!");
    expect(asSentence("")).toBe("");
  });

  it("stand at their field and at the fields around it", () => {
    const all = [
      problem({ path: "nodes[1].config.batch.max_size" }),
      problem({ path: "nodes[1].config.points[2][0]" }),
    ];
    expect(problemsAt(all, start, ["batch"])).toHaveLength(1);
    expect(problemsAt(all, start, ["batch", "max_size"])).toHaveLength(1);
    expect(problemsAt(all, start, ["points", "2"])).toHaveLength(1);
    expect(problemsAt(all, start, ["batch", "max_wait"])).toHaveLength(0);
    expect(problemsByElement(all, start).get("b")?.errors).toBe(2);
  });
});
