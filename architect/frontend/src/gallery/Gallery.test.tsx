import { cleanup, render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Gallery } from "./Gallery";

const template = {
  name: "first-queue",
  title: "First queue",
  summary: "The textbook queue.",
  see: "Waiting time close to theory.",
  document: { format: "headrace/1", name: "First queue", nodes: [{ id: "a", kind: "producer" }], edges: [] },
};
const design = {
  id: "d1",
  name: "Checkout",
  description: "",
  version: 2,
  updated_at: "2026-11-23T10:00:00Z",
  created_at: "2026-11-23T10:00:00Z",
  last_run: {
    status: "finished",
    headline: { end_to_end_latency_p99: { from: "a", to: "b", seconds: 1.24 } },
  },
  nodes: 4,
};
const refusal = {
  detail: "The document has one problem.",
  errors: [
    {
      path: "nodes[0].kind",
      message: "unknown kind 'queeue'",
      hint: "Did you mean 'queue'?",
      code: "D105",
      severity: "error",
    },
  ],
};

const note = { file: "t.yaml", path: "Resources.Q", line: 2 };
const imported = {
  document: { format: "headrace/1", name: "Imported", nodes: [{ id: "q", kind: "aws.sqs" }], edges: [] },
  report: {
    files: [{ name: "t.yaml", format: "AWS SAM or CloudFormation" }],
    read: [{ ...note, message: "SQS queue jobs" }],
    assumed: [{ ...note, message: "jobs gets 10 messages a second" }],
    not_modelled: [],
    not_understood: [{ ...note, line: null, message: "VisibilityTimeout left out" }],
    unsaid: 0,
  },
};

function serve(designs: unknown[] = []) {
  const calls: string[] = [];
  vi.stubGlobal("fetch", async (path: string, options: RequestInit = {}) => {
    const call = `${options.method ?? "GET"} ${path}`;
    const text = String(options.body ?? "");
    calls.push(`${call} ${text}`.trim());
    if (call === "GET /api/templates") return new Response(JSON.stringify([template]));
    if (call === "GET /api/designs") return new Response(JSON.stringify(designs));
    if (call === "POST /api/designs" && text.includes("queeue"))
      return new Response(JSON.stringify(refusal), { status: 422 });
    if (call === "POST /api/designs")
      return new Response(JSON.stringify({ ...design, id: "new", problems: [] }), { status: 201 });
    if (call === "POST /api/designs/import" && text.includes("b2Rk"))
      return new Response(JSON.stringify(refusal), { status: 422 });
    if (call === "POST /api/designs/import") return new Response(JSON.stringify(imported));
    return new Response("[]");
  });
  return calls;
}

describe("the gallery", () => {
  beforeEach(() => {
    window.history.replaceState(null, "", "/");
    // jsdom has dialogs without their methods
    HTMLDialogElement.prototype.showModal = function showModal() {
      this.open = true;
    };
  });
  afterEach(() => {
    cleanup();
    vi.unstubAllGlobals();
  });

  it("shows each example with what one will see, and opens it running on one click", async () => {
    const calls = serve();
    render(<Gallery />);
    const card = await screen.findByRole("article", { name: "First queue" });
    expect(within(card).getByText(/Waiting time close to theory/)).toBeDefined();
    await userEvent.click(within(card).getByRole("button", { name: "Run it" }));
    expect(calls).toContain('POST /api/designs {"template":"first-queue"}');
    expect(window.location.pathname + window.location.search).toBe("/designs/new?run=1");
  });

  it("lists one's own designs with what their last run said", async () => {
    serve([design]);
    render(<Gallery />);
    const link = await screen.findByRole("link", { name: "Checkout" });
    expect(link.getAttribute("href")).toBe("/designs/d1");
    expect(screen.getByText(/^p99 1\.24/)).toBeDefined();
  });

  it("hides a deleted design at once and brings it back on Undo", async () => {
    const calls = serve([design]);
    render(<Gallery />);
    await userEvent.click(await screen.findByRole("button", { name: "Delete Checkout" }));
    expect(screen.queryByRole("link", { name: "Checkout" })).toBeNull();
    await userEvent.click(screen.getByRole("button", { name: "Undo" }));
    expect(screen.getByRole("link", { name: "Checkout" })).toBeDefined();
    expect(calls.some((call) => call.startsWith("DELETE"))).toBe(false);
  });

  it("tells where a file is wrong and how to mend it", async () => {
    serve();
    const { container } = render(<Gallery />);
    const input = container.querySelector<HTMLInputElement>('input[type="file"]');
    if (!input) throw new Error("there is no way to choose a file");
    await userEvent.upload(
      input,
      new File(["nodes: [{id: a, kind: queeue}]"], "bad.yaml", { type: "text/yaml" }),
      {
        applyAccept: false,
      },
    );
    const dialog = await screen.findByRole("dialog");
    for (const words of ["bad.yaml", "nodes[0].kind", "unknown kind 'queeue'", "Did you mean 'queue'?"]) {
      expect(within(dialog).getByText(words)).toBeDefined();
    }
  });

  it("shows what was read, assumed and not understood of other files before it saves a design", async () => {
    const calls = serve();
    const { container } = render(<Gallery />);
    const input = container.querySelector<HTMLInputElement>("input[type=file]");
    if (!input) throw new Error("no input for files");
    await userEvent.upload(input, [new File(["Resources: {}"], "t.yaml"), new File(["a,b"], "load.csv")]);
    const dialog = await screen.findByRole("dialog");
    for (const words of ["jobs gets 10 messages a second", "VisibilityTimeout left out", "SQS queue jobs"]) {
      expect(within(dialog).getByText(words)).toBeDefined();
    }
    expect(within(dialog).getAllByText("t.yaml, line 2, Resources.Q").length).toBe(2);
    expect(calls.some((call) => call.startsWith("POST /api/designs {"))).toBe(false);
    await userEvent.click(within(dialog).getByRole("button", { name: "Create design" }));
    expect(calls.at(-1)).toContain('POST /api/designs {"document":{"format":"headrace/1","name":"Imported"');
    expect(calls.find((call) => call.startsWith("POST /api/designs/import"))).toContain('"name":"load.csv"');
  });

  it("reads a folder once more that could not be read, when asked to", async () => {
    const calls = serve();
    render(<Gallery />);
    await screen.findByRole("article", { name: "First queue" });
    let reads = 0;
    const template = { isFile: true, isDirectory: false, name: "t.yaml", fullPath: "/shop/t.yaml" };
    const portions = [
      [{ ...template, file: (done: (f: File) => void) => done(new File(["a: 1"], "t.yaml")) }],
      [],
    ];
    const entry = {
      isFile: false,
      isDirectory: true,
      name: "shop",
      fullPath: "/shop",
      createReader: () => ({
        readEntries: (done: (some: unknown[]) => void, fail: (why: Error) => void) => {
          reads += 1;
          if (reads === 1) fail(new Error("The folder could not be read."));
          else done(portions.shift() ?? []);
        },
      }),
    };
    const drop = new Event("drop", { bubbles: true, cancelable: true });
    const dataTransfer = { types: ["Files"], files: [], items: [{ webkitGetAsEntry: () => entry }] };
    window.dispatchEvent(Object.assign(drop, { dataTransfer }));
    const alert = await screen.findByRole("alert");
    expect(alert.textContent).toContain("The folder could not be read.");
    const before = calls.length;
    await userEvent.click(within(alert).getByRole("button", { name: "Try again" }));
    expect(await screen.findByRole("dialog")).toBeDefined();
    expect(screen.queryByRole("alert")).toBeNull();
    const later = calls.slice(before);
    expect(later.length).toBe(1);
    expect(later[0]).toContain('"name":"shop/t.yaml"');
  });

  it("says of files that cannot be imported what is wrong and where", async () => {
    serve();
    const { container } = render(<Gallery />);
    const input = container.querySelector<HTMLInputElement>("input[type=file]");
    if (!input) throw new Error("no input for files");
    await userEvent.upload(input, new File(["odd"], "odd.bin"));
    const dialog = await screen.findByRole("dialog");
    expect(within(dialog).getByText("odd.bin")).toBeDefined();
    expect(within(dialog).getByText("unknown kind 'queeue'")).toBeDefined();
  });
});
