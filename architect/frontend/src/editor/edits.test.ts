import { describe, expect, it } from "vitest";
import { checkout, testEditor } from "./testEditor";

const edges = (editor: ReturnType<typeof testEditor>) =>
  editor.store.getState().history.present.edges.map((edge) => `${edge.from}>${edge.to}:${edge.role}`);
const words = (editor: ReturnType<typeof testEditor>) =>
  editor.view.getState().toasts.map((toast) => toast.text);
const at = { x: 100, y: 100 };

describe("adding", () => {
  it("gives a new node a free name, a free id and a place of its own, and selects it", () => {
    const editor = testEditor();
    const first = editor.actions.edits.add("aws.sqs", { x: 420, y: 50 });
    const second = editor.actions.edits.add("aws.sqs", { x: 420, y: 50 });
    const { present } = editor.store.getState().history;
    expect([first, second]).toEqual(["sqs", "sqs-2"]);
    expect(present.nodes.at(-1)?.label).toBe("The aws.sqs 2");
    expect(new Set(Object.values(present.layout ?? {}).map((point) => `${point.x} ${point.y}`)).size).toBe(5);
    expect(editor.store.getState().selection.nodes).toEqual(["sqs-2"]);
  });

  it("from a loose end connects as well, as one undo step", () => {
    const editor = testEditor();
    editor.actions.edits.add("topic", { x: 300, y: 300 }, { from: { node: "web", direction: "after" } });
    expect(edges(editor)).toContain("web>topic:publish");
    editor.actions.edits.undo();
    expect(edges(editor)).toHaveLength(2);
    expect(editor.store.getState().history.present.nodes).toHaveLength(3);
  });

  it("onto an edge puts the node inside it and pushes what follows aside", () => {
    const editor = testEditor();
    editor.actions.edits.addInto("topic", "e1", { x: 260, y: 50 });
    expect(edges(editor)).toEqual(["web>topic:publish", "orders>billing:consume", "topic>orders:publish"]);
    const { layout } = editor.store.getState().history.present;
    expect(layout?.["orders"]?.x).toBeGreaterThanOrEqual((layout?.["topic"]?.x ?? 0) + 200);
    editor.actions.edits.undo();
    expect(edges(editor)).toHaveLength(2);
  });

  it("a node that stood alone is led through as well, and what stood in its place moves on", () => {
    const editor = testEditor({ ...checkout, nodes: [...checkout.nodes, { id: "t", kind: "topic" }] });
    expect(editor.actions.edits.insertExisting("t", "e1", { x: 100, y: 20 })).toBe(true);
    const { layout } = editor.store.getState().history.present;
    expect(layout).toMatchObject({
      t: { x: 260, y: 0 },
      orders: { x: 520, y: 0 },
      billing: { x: 840, y: 0 },
    });
    expect(editor.actions.edits.insertExisting("orders", "e1", { x: 0, y: 0 })).toBe(false);
  });

  it("onto an edge where it may not stand adds it without a connection and says so", () => {
    const editor = testEditor();
    editor.actions.edits.addInto("producer", "e2", at);
    expect(edges(editor)).toHaveLength(2);
    expect(words(editor)[0]).toMatch(/cannot stand between Orders and Billing/);
  });
});

describe("connecting", () => {
  it("refuses with the sentence of the wiring rules and changes nothing", () => {
    const editor = testEditor();
    expect(editor.actions.edits.connect("web", "billing", at)).toBe(false);
    expect(words(editor)).toEqual(["A producer cannot lead to a consumer."]);
    expect(editor.view.getState().said.text).toBe("A producer cannot lead to a consumer.");
    expect(editor.store.getState().history.past).toHaveLength(0);
  });

  it("asks which role when several are allowed", () => {
    const editor = testEditor({ ...checkout, nodes: [...checkout.nodes, { id: "t", kind: "topic" }] });
    editor.actions.edits.connect("t", "orders", at);
    expect(editor.view.getState().popup).toMatchObject({ kind: "role", roles: ["publish", "consume"] });
    editor.actions.edits.connectAs("t", "orders", "consume");
    expect(edges(editor)).toContain("t>orders:consume");
  });

  it("leads an edge elsewhere only where that is allowed", () => {
    const editor = testEditor();
    editor.actions.edits.reconnect("e1", "web", "billing", at);
    expect(edges(editor)[0]).toBe("web>orders:publish");
    expect(words(editor)).toHaveLength(1);
  });
});

describe("deleting", () => {
  it("needs no question: the toast undoes it", () => {
    const editor = testEditor();
    editor.actions.edits.remove({ nodes: ["orders"], edges: [] });
    expect(edges(editor)).toEqual([]);
    const [toast] = editor.view.getState().toasts;
    expect(toast?.text).toBe("Deleted Orders.");
    toast?.action?.run();
    expect(edges(editor)).toHaveLength(2);
  });
});

describe("copy and paste", () => {
  it("goes through plain text and keeps connections inside", () => {
    const editor = testEditor();
    editor.store.getState().select({ nodes: ["web", "orders"], edges: [] });
    const text = editor.actions.copyText(false) ?? "";
    expect(editor.actions.pasteText(text)).toBe(true);
    expect(edges(editor)).toContain("web-2>orders-2:publish");
    expect(editor.store.getState().history.present.layout?.["web-2"]).toEqual({ x: 40, y: 40 });
    expect(editor.store.getState().selection.nodes).toEqual(["web-2", "orders-2"]);
    expect(editor.actions.pasteText("nothing of ours")).toBe(false);
  });

  it("cutting removes, pasting brings back", () => {
    const editor = testEditor();
    editor.store.getState().select({ nodes: ["billing"], edges: [] });
    const text = editor.actions.copyText(true) ?? "";
    expect(editor.store.getState().history.present.nodes).toHaveLength(2);
    editor.actions.pasteText(text);
    expect(editor.store.getState().history.present.nodes.at(-1)?.id).toBe("billing");
  });
});

describe("the document of a past run", () => {
  it("cannot be changed, and says why", () => {
    const editor = testEditor();
    editor.store.getState().showSnapshot({ runId: "r", document: checkout });
    expect(editor.actions.edits.add("topic", at)).toBeNull();
    editor.actions.edits.remove({ nodes: ["web"], edges: [] });
    expect(editor.store.getState().history.past).toHaveLength(0);
    expect(words(editor)[0]).toMatch(/past run/);
    expect(editor.actions.by.delete.enabled()).toBe(false);
  });
});

describe("mending", () => {
  const edits = [
    { edit: "add-node", node: { id: "orders-dlq", kind: "aws.sqs" }, near: "orders" },
    {
      edit: "add-edge",
      edge: {
        id: "e3",
        from: "orders",
        to: "orders-dlq",
        role: "dead-letter",
        config: { maxReceiveCount: 5 },
      },
    },
  ] as const;

  it("is one step that can be undone, and selects what it added", () => {
    const editor = testEditor();
    expect(editor.actions.edits.mend(edits, "add orders-dlq")).toBe(true);
    expect(edges(editor)).toContain("orders>orders-dlq:dead-letter");
    expect(editor.store.getState().selection.nodes).toEqual(["orders-dlq"]);
    expect(words(editor)).toEqual(["Mended: add orders-dlq."]);
    const { layout } = editor.store.getState().history.present;
    expect(layout?.["orders-dlq"]?.y).toBeGreaterThan(layout?.["orders"]?.y ?? 0);
    editor.actions.edits.undo();
    expect(editor.store.getState().history.present).toEqual(checkout);
  });

  it("is refused when the drawing has what it would add", () => {
    const editor = testEditor();
    editor.actions.edits.mend(edits, "add orders-dlq");
    expect(editor.actions.edits.mend(edits, "add orders-dlq")).toBe(false);
    expect(editor.store.getState().history.present.nodes).toHaveLength(4);
    expect(words(editor).at(-1)).toContain("has changed since");
  });
});
