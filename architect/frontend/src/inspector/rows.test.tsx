import { cleanup, fireEvent, render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { act } from "react";
import { afterEach, describe, expect, it } from "vitest";
import type { Problem } from "../api/errors";
import { carrierOf } from "../document/tasks";
import type { DesignDocument, JsonObject } from "../document/types";
import { type Editor, EditorProvider } from "../editor/EditorContext";
import { testEditor } from "../editor/testEditor";
import { fieldSpec } from "../schema/fields";
import { Inspector } from "./Inspector";
import { freshRow, rowLine, singular } from "./rows";

afterEach(cleanup);

const orders: DesignDocument = {
  format: "headrace/1",
  name: "Orders",
  nodes: [
    {
      id: "saga",
      kind: "saga",
      label: "Order saga",
      config: {
        steps: [
          { name: "reserve", compensation: "release", timeout: 5 },
          { name: "pay", compensation: "refund" },
          { name: "ship", pivot: true },
        ],
      },
    },
    { id: "stock", kind: "service", label: "Stock" },
    { id: "bank", kind: "service", label: "Bank" },
    {
      id: "api",
      kind: "gateway",
      config: { endpoints: [{ name: "page", steps: [{ step: "cpu" }, { step: "call", to: ["bank"] }] }] },
    },
  ],
  edges: [
    { id: "e1", from: "saga", to: "stock", role: "invoke", config: { tasks: ["reserve", "release"] } },
    { id: "e2", from: "saga", to: "bank", role: "invoke" },
    { id: "e3", from: "api", to: "stock", role: "invoke" },
    { id: "e4", from: "api", to: "bank", role: "invoke" },
  ],
};

function open(id: string): Editor {
  const editor = testEditor(orders);
  editor.store.getState().select({ nodes: [id], edges: [] });
  render(
    <EditorProvider editor={editor}>
      <Inspector />
    </EditorProvider>,
  );
  return editor;
}

const steps = (editor: Editor) => config(editor, "saga")["steps"] as readonly JsonObject[];
const names = (editor: Editor) => steps(editor).map((step) => step["name"]);
const config = (editor: Editor, id: string) =>
  editor.store.getState().history.present.nodes.find((node) => node.id === id)?.config as JsonObject;
const tasks = (editor: Editor, id: string) =>
  editor.store.getState().history.present.edges.find((edge) => edge.id === id)?.config?.["tasks"];
const row = (name: string) => screen.getByRole("button", { name: new RegExp(`^\\d+\\. ${name}`) });

describe("a list of objects", () => {
  it("is a line for each: its name, who does it, what is set", () => {
    open("saga");
    expect(row("reserve").textContent).toContain("Stock");
    expect(row("reserve").textContent).toContain("compensation release · timeout 5 s");
    expect(row("pay").textContent).toContain("Bank");
    expect(row("ship").textContent).toContain("pivot");
  });

  it("opens a line to its settings and changes one of them alone", async () => {
    const editor = open("saga");
    await userEvent.click(row("reserve"));
    const timeout = screen.getByRole("textbox", { name: /^Timeout/ });
    await userEvent.clear(timeout);
    await userEvent.type(timeout, "8 s{Tab}");
    expect(steps(editor)[0]).toEqual({ name: "reserve", compensation: "release", timeout: 8 });
    expect(names(editor)).toEqual(["reserve", "pay", "ship"]);
  });

  it("changes places by button and by keyboard, and the focus goes along", async () => {
    const editor = open("saga");
    await userEvent.click(screen.getByRole("button", { name: "Move pay up" }));
    expect(names(editor)).toEqual(["pay", "reserve", "ship"]);
    expect(document.activeElement?.getAttribute("aria-label")).toBe("Move pay up");
    act(() => row("pay").focus());
    await userEvent.keyboard("{Alt>}{ArrowDown}{ArrowDown}{/Alt}");
    expect(names(editor)).toEqual(["reserve", "ship", "pay"]);
    expect(document.activeElement).toBe(row("pay"));
    expect(editor.view.getState().said.text).toBe("pay is step 3 of 3.");
    act(() => void editor.store.getState().undo());
    expect(names(editor)).toEqual(["reserve", "pay", "ship"]);
  });

  it("changes places by dragging a handle onto another line", () => {
    const editor = open("saga");
    const lines = document.querySelectorAll<HTMLElement>(".row");
    const grip = document.querySelectorAll<HTMLElement>(".row-grip")[2] as HTMLElement;
    const dataTransfer = { setData: () => undefined, effectAllowed: "" };
    fireEvent.dragStart(grip, { dataTransfer });
    fireEvent.dragOver(lines[0] as HTMLElement, { dataTransfer, clientY: -1 });
    fireEvent.drop(lines[0] as HTMLElement, { dataTransfer });
    expect(names(editor)).toEqual(["ship", "reserve", "pay"]);
  });

  it("takes a new line with a name of its own, and gives one up", async () => {
    const editor = open("saga");
    await userEvent.click(screen.getByRole("button", { name: "Add a step" }));
    expect(names(editor)).toEqual(["reserve", "pay", "ship", "step_4"]);
    expect(screen.getByRole<HTMLInputElement>("textbox", { name: /^Name ?\(changed/ }).value).toBe("step_4");
    await userEvent.click(screen.getByRole("button", { name: "Remove reserve" }));
    expect(names(editor)).toEqual(["pay", "ship", "step_4"]);
    expect(document.activeElement).toBe(row("pay"));
  });

  it("shows a problem at the field of its line, and marks the line that has it", async () => {
    const editor = open("saga");
    const problem: Problem = {
      code: "D103",
      severity: "error",
      element: "saga",
      field: "config.steps[1].timeout",
      message: "more than 0 is needed",
      hint: "Write a time.",
      path: "nodes[0].config.steps[1].timeout",
    };
    act(() => editor.store.getState().setProblems([problem]));
    expect(within(row("pay")).getByText("1 problem")).toBeTruthy();
    expect(within(row("reserve")).queryByText("1 problem")).toBeNull();
    expect(screen.queryByText(/More than 0/i)).toBeNull();
    act(() => editor.view.getState().wantField(["steps", "1", "timeout"]));
    const field = screen.getByRole("textbox", { name: /^Timeout/ }).closest(".field") as HTMLElement;
    expect(within(field).getByText(/more than 0 is needed/i)).toBeTruthy();
  });

  it("inside a list keeps its own order, and asks which sort to add", async () => {
    const editor = open("api");
    await userEvent.click(row("page"));
    await userEvent.click(screen.getByRole("button", { name: "Move cpu down" }));
    await userEvent.click(screen.getByRole("button", { name: "Add an io step" }));
    const [endpoint] = config(editor, "api")["endpoints"] as readonly JsonObject[];
    expect(endpoint?.["steps"]).toEqual([{ step: "call", to: ["bank"] }, { step: "cpu" }, { step: "io" }]);
  });
});

describe("who does a command", () => {
  it("is chosen beside its name", async () => {
    const editor = open("saga");
    await userEvent.click(row("reserve"));
    const who = screen.getByRole<HTMLSelectElement>("combobox", { name: "Who does release" });
    expect(who.value).toBe("e1");
    await userEvent.selectOptions(who, "e2");
    expect(tasks(editor, "e1")).toEqual(["reserve"]);
    expect(tasks(editor, "e2")).toEqual(["release"]);
  });

  it("stays the same when the command gets another name, in one undo step", async () => {
    const editor = open("saga");
    await userEvent.click(row("reserve"));
    const name = screen.getByRole("textbox", { name: /^Name ?\(changed/ });
    await userEvent.clear(name);
    await userEvent.type(name, "hold{Tab}");
    expect(names(editor)).toEqual(["hold", "pay", "ship"]);
    expect(tasks(editor, "e1")).toEqual(["hold", "release"]);
    act(() => void editor.store.getState().undo());
    expect(names(editor)).toEqual(["reserve", "pay", "ship"]);
    expect(tasks(editor, "e1")).toEqual(["reserve", "release"]);
  });

  it("is the one without names where nobody names the command", () => {
    expect(carrierOf(orders.edges.slice(0, 2), "release")?.id).toBe("e1");
    expect(carrierOf(orders.edges.slice(0, 2), "pay")?.id).toBe("e2");
    expect(carrierOf(orders.edges.slice(0, 1), "pay")).toBeUndefined();
  });
});

describe("lists of known values", () => {
  it("are boxes to tick: services that are called, by what they are named on the canvas", async () => {
    const editor = open("api");
    await userEvent.click(row("page"));
    await userEvent.click(row("call"));
    const called = screen.getAllByRole("group", { name: /^To/ })[0] as HTMLElement;
    expect(within(called).getByRole<HTMLInputElement>("checkbox", { name: "Bank" }).checked).toBe(true);
    await userEvent.click(within(called).getByRole("checkbox", { name: "Stock" }));
    const [endpoint] = config(editor, "api")["endpoints"] as readonly JsonObject[];
    expect(endpoint?.["steps"]).toEqual([{ step: "cpu" }, { step: "call", to: ["bank", "stock"] }]);
  });

  it("are boxes to tick: words, kept in the order of the schema", async () => {
    const editor = open("saga");
    const on = screen.getByRole("group", { name: /^On/ });
    await userEvent.click(within(on).getByRole("checkbox", { name: "error" }));
    expect(config(editor, "saga")["on"]).toEqual(["error", "timeout"]);
  });
});

describe("the words of a list", () => {
  it("say what one of them is", () => {
    expect(["Steps", "Endpoints", "GlobalSecondaryIndexes", "Entries"].map(singular)).toEqual([
      "step",
      "endpoint",
      "index",
      "entry",
    ]);
  });

  it("never give a name twice", () => {
    const schema = {
      type: "array",
      title: "Steps",
      items: { type: "object", properties: { name: { type: "string" } } },
    };
    const field = fieldSpec("steps", schema, schema, true);
    expect(freshRow(field, "", [{ name: "step_2" }])).toEqual({ name: "step_3" });
    expect(rowLine({ name: "step_3" }, field)).toEqual({ title: "step_3", facts: [] });
  });
});
