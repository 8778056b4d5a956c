import { afterEach, describe, expect, it } from "vitest";
import { keyText } from "./keyText";
import { ranked, score } from "./search";
import { bindShortcuts, isTyping } from "./shortcuts";
import { testEditor } from "./testEditor";

const press = (target: EventTarget, init: KeyboardEventInit) => {
  const event = new KeyboardEvent("keydown", { bubbles: true, cancelable: true, ...init });
  target.dispatchEvent(event);
  return event;
};

afterEach(() => {
  document.body.replaceChildren();
});

describe("shortcuts", () => {
  it("delete the selection, but never while somebody types", () => {
    const editor = testEditor();
    const stop = bindShortcuts(editor.actions, window, () => editor.view.getState().singleKeys);
    const field = document.body.appendChild(document.createElement("input"));
    editor.store.getState().select({ nodes: ["web"], edges: [] });
    press(field, { key: "Backspace", code: "Backspace" });
    expect(editor.store.getState().history.present.nodes).toHaveLength(3);
    press(document.body, { key: "Delete", code: "Delete" });
    expect(editor.store.getState().history.present.nodes).toHaveLength(2);
    press(document.body, { key: "z", code: "KeyZ", ctrlKey: true });
    expect(editor.store.getState().history.present.nodes).toHaveLength(3);
    press(document.body, { key: "Z", code: "KeyZ", ctrlKey: true, shiftKey: true });
    expect(editor.store.getState().history.present.nodes).toHaveLength(2);
    stop();
  });

  it("open lists by key and select all", () => {
    const editor = testEditor();
    const stop = bindShortcuts(editor.actions, window, () => editor.view.getState().singleKeys);
    press(document.body, { key: "a", code: "KeyA", ctrlKey: true });
    expect(editor.store.getState().selection.nodes).toHaveLength(3);
    press(document.body, { key: "?", code: "Slash", shiftKey: true });
    expect(editor.view.getState().popup).toEqual({ kind: "shortcuts" });
    press(document.body, { key: "k", code: "KeyK", ctrlKey: true });
    expect(editor.view.getState().popup).toEqual({ kind: "commands" });
    stop();
  });

  it("of one letter can be switched off", () => {
    const editor = testEditor();
    const stop = bindShortcuts(editor.actions, window, () => editor.view.getState().singleKeys);
    editor.view.getState().set({ singleKeys: false });
    press(document.body, { key: "t", code: "KeyT" });
    expect(editor.view.getState().mode).toBe("canvas");
    editor.view.getState().set({ singleKeys: true });
    press(document.body, { key: "t", code: "KeyT" });
    expect(editor.view.getState().mode).toBe("table");
    stop();
  });

  it("belong to one action each", () => {
    const { list } = testEditor().actions;
    const keys = list.flatMap((action) => action.keys);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it("are written as people read them", () => {
    expect(keyText("$mod+Shift+z", false)).toBe("Ctrl+Shift+Z");
    expect(keyText("$mod+z", true)).toBe("⌘Z");
    expect(keyText("Shift+?", false)).toBe("?");
    expect(keyText("+", false)).toBe("+");
  });

  it("know a text field from a button", () => {
    const box = Object.assign(document.createElement("input"), { type: "checkbox" });
    expect(isTyping(box)).toBe(false);
    expect(isTyping(document.createElement("textarea"))).toBe(true);
    expect(isTyping(document.body)).toBe(false);
  });
});

describe("search", () => {
  const things = [
    { title: "Amazon SQS queue", words: "aws.sqs brokers" },
    { title: "Queue", words: "queue brokers fifo" },
    { title: "Consumer", words: "consumer" },
  ];
  it("puts what begins with the letters first, and finds by group and kind too", () => {
    expect(ranked("queue", things).map((one) => one.title)).toEqual(["Queue", "Amazon SQS queue"]);
    expect(ranked("sqs", things)[0]?.title).toBe("Amazon SQS queue");
    expect(ranked("aws que", things).map((one) => one.title)).toEqual(["Amazon SQS queue"]);
    expect(ranked("zzz", things)).toEqual([]);
    expect(ranked("", things)).toHaveLength(3);
    expect(score("csm", { title: "Consumer" })).toBeGreaterThan(0);
  });
});
