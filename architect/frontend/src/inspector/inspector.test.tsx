import { act, cleanup, render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, describe, expect, it } from "vitest";
import type { Problem } from "../api/errors";
import { type Editor, EditorProvider } from "../editor/EditorContext";
import { testEditor } from "../editor/testEditor";
import { Inspector } from "./Inspector";

afterEach(cleanup);

function open(selection: { nodes?: string[]; edges?: string[] } = {}): Editor {
  const editor = testEditor();
  editor.store.getState().select({ nodes: selection.nodes ?? [], edges: selection.edges ?? [] });
  render(
    <EditorProvider editor={editor}>
      <Inspector />
    </EditorProvider>,
  );
  return editor;
}

const box = (name: RegExp) => screen.getByRole<HTMLInputElement>("textbox", { name });

const config = (editor: Editor, id: string) =>
  editor.store.getState().history.present.nodes.find((node) => node.id === id)?.config;

describe("a number with a unit", () => {
  it("is taken as typed, kept in the setting's unit and shown normalised", async () => {
    const editor = open({ nodes: ["orders"] });
    const field = box(/^VisibilityTimeout/);
    expect(field.value).toBe("30 s");
    await userEvent.clear(field);
    await userEvent.type(field, "90s");
    expect(config(editor, "orders")).toEqual({ VisibilityTimeout: 90 });
    await userEvent.tab();
    expect(field.value).toBe("1.5 min");
    expect(editor.store.getState().history.past).toHaveLength(1);
  });

  it("out of range stays in the field with its reason and never reaches the design", async () => {
    const editor = open({ nodes: ["orders"] });
    const field = box(/^VisibilityTimeout/);
    await userEvent.clear(field);
    await userEvent.type(field, "20 h{Tab}");
    expect(screen.getByText("At most 12 h.")).toBeTruthy();
    expect(field.getAttribute("aria-invalid")).toBe("true");
    expect(config(editor, "orders")?.["VisibilityTimeout"]).not.toBe(72000);
  });

  it("goes back to its default with one click, and equal to the default is not written at all", async () => {
    const editor = open({ nodes: ["orders"] });
    const field = box(/^VisibilityTimeout/);
    await userEvent.clear(field);
    await userEvent.type(field, "45 s");
    await userEvent.click(screen.getByRole("button", { name: /VisibilityTimeout: back to the default/ }));
    expect(config(editor, "orders")).toBeUndefined();
    expect(field.value).toBe("30 s");
  });

  it("says its default, range and source when asked", async () => {
    open({ nodes: ["orders"] });
    await userEvent.click(
      screen.getByRole("button", { name: "VisibilityTimeout: default, range and source" }),
    );
    expect(screen.getByText("Amazon SQS API reference").getAttribute("href")).toBe(
      "https://docs.aws.amazon.com/sqs",
    );
    expect(screen.getByText(/0 to 43,200/)).toBeTruthy();
  });
});

describe("a form", () => {
  it("keeps advanced settings folded until they are wanted", async () => {
    open({ nodes: ["orders"] });
    expect(screen.queryByRole("textbox", { name: /^DelaySeconds/ })).toBeNull();
    await userEvent.click(screen.getByText("Advanced"));
    expect(box(/^DelaySeconds/)).toBeTruthy();
  });

  it("switches an optional part on and off", async () => {
    const editor = open({ nodes: ["billing"] });
    await userEvent.click(
      within(screen.getByText("Autoscaling").closest(".field") as HTMLElement).getByRole("checkbox"),
    );
    expect(config(editor, "billing")).toEqual({ autoscaling: {} });
    await userEvent.clear(box(/^Most/));
    await userEvent.type(box(/^Most/), "8");
    expect(config(editor, "billing")).toEqual({ autoscaling: { max: 8 } });
  });

  it("changes the shape of a distribution and keeps its mean", async () => {
    const editor = open({ nodes: ["billing"] });
    await userEvent.selectOptions(screen.getByRole("combobox", { name: /Service time/ }), "constant");
    expect(config(editor, "billing")).toEqual({ service_time: { distribution: "constant", value: 0.05 } });
  });

  it("draws a changing load as a table of points", async () => {
    const editor = open({ nodes: ["web"] });
    await userEvent.selectOptions(screen.getByRole("combobox", { name: /Arrivals/ }), "schedule");
    await userEvent.click(screen.getByRole("button", { name: "Add a point" }));
    expect(config(editor, "web")).toEqual({
      arrivals: {
        process: "schedule",
        points: [
          [0, 100],
          [200, 300],
          [400, 100],
          [600, 100],
        ],
      },
    });
  });

  it("shows an undone change in the field", async () => {
    const editor = open({ nodes: ["billing"] });
    const field = box(/^Instances/);
    await userEvent.clear(field);
    await userEvent.type(field, "7{Tab}");
    act(() => void editor.store.getState().undo());
    expect(field.value).toBe("1");
  });

  it("for an edge has the settings of its role", async () => {
    const editor = open({ edges: ["e1"] });
    await userEvent.type(box(/^Probability/), "25 %{Tab}");
    expect(editor.store.getState().history.present.edges[0]?.config).toEqual({ probability: 0.25 });
    expect(box(/^Probability/).value).toBe("25 %");
  });

  it("for nothing selected runs the simulation, where warm-up takes a word", async () => {
    const editor = open();
    const field = box(/^Warm-up/);
    expect(field.value).toBe("auto");
    await userEvent.clear(field);
    await userEvent.type(field, "2 min{Tab}");
    expect(editor.store.getState().history.present.simulation).toEqual({ warmup: 120 });
    await userEvent.clear(field);
    await userEvent.type(field, "Auto{Tab}");
    expect(editor.store.getState().history.present.simulation).toBeUndefined();
  });

  it("sets one field of several nodes of one kind at once", async () => {
    const editor = testEditor();
    editor.store.getState().select({ nodes: ["billing"], edges: [] });
    editor.actions.edits.duplicate({ nodes: ["billing"], edges: [] });
    editor.store.getState().select({ nodes: ["billing", "billing-2"], edges: [] });
    render(
      <EditorProvider editor={editor}>
        <Inspector />
      </EditorProvider>,
    );
    await userEvent.clear(box(/^Instances/));
    await userEvent.type(box(/^Instances/), "3");
    expect(config(editor, "billing")).toEqual({ instances: 3 });
    expect(config(editor, "billing-2")).toEqual({ instances: 3 });
  });
});

describe("problems", () => {
  const problem: Problem = {
    code: "D301",
    severity: "warning",
    element: "orders",
    field: "config.VisibilityTimeout",
    message: "Shorter than the work takes.",
    hint: "Raise it.",
    path: "nodes[1].config.VisibilityTimeout",
  };

  it("stand at their field", () => {
    const editor = open({ nodes: ["orders"] });
    act(() => editor.store.getState().setProblems([problem]));
    const field = box(/^VisibilityTimeout/).closest(".field") as HTMLElement;
    expect(within(field).getByText(/Shorter than the work takes/)).toBeTruthy();
  });

  it("of the whole element stand at the top", () => {
    const editor = open({ nodes: ["orders"] });
    act(() =>
      editor.store
        .getState()
        .setProblems([{ ...problem, field: "", path: "nodes[1]", message: "Nothing reads this." }]),
    );
    expect(screen.getByText("Nothing reads this.")).toBeTruthy();
  });
});
