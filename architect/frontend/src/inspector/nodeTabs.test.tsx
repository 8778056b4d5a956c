import { cleanup, render, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, describe, expect, it, vi } from "vitest";
import { sortOf } from "../canvas/facts";
import type { JsonObject } from "../document/types";
import { EditorProvider } from "../editor/EditorContext";
import { testEditor } from "../editor/testEditor";
import { metricStore } from "../run/metrics";
import { tellingEdges } from "../run/result";
import { useSession } from "../run/session";
import type { KindInfo } from "../schema/types";
import { configText, faultOf, refusedPath, whenText } from "./faults";
import { Inspector } from "./Inspector";
import { hasBar, insideOf, insideText, wordsOf } from "./inside";
import { readSample, takersFirst, verdictText } from "./TestTab";

const initial = useSession.getState();

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
  useSession.setState(initial, true);
  metricStore.reset();
});

function open(node: string) {
  const editor = testEditor();
  editor.store.getState().select({ nodes: [node], edges: [] });
  render(
    <EditorProvider editor={editor}>
      <Inspector />
    </EditorProvider>,
  );
  return editor;
}

function answer(status: number, body: unknown) {
  const fetched = vi.fn(async (_url: string, _options: RequestInit) =>
    Promise.resolve(new Response(JSON.stringify(body), { status })),
  );
  vi.stubGlobal("fetch", fetched);
  return fetched;
}

const tab = (name: string) => screen.getByRole("tab", { name });
const goes = () =>
  useSession.setState({ run: { id: "r1", design: "d1" } as never, status: "running", snapshot: null });

describe("the faults of a node", () => {
  it("are planned into the design, listed and removed again", async () => {
    const editor = open("billing");
    await userEvent.click(tab("Faults"));
    expect(screen.getByText("Nothing happens to Billing in this design.")).toBeTruthy();
    await userEvent.selectOptions(screen.getByRole("combobox", { name: "What" }), "Outage");
    await userEvent.click(screen.getByRole("button", { name: "Add to the design" }));
    const faults = () => editor.store.getState().history.present.faults;
    expect(faults()).toEqual([{ kind: "outage", node: "billing", duration: 60, at: 60 }]);
    await userEvent.click(screen.getByRole("button", { name: /^Remove Outage/ }));
    expect(faults()).toEqual([]);
  });

  it("happen now in a run that goes, and not otherwise", async () => {
    open("billing");
    await userEvent.click(tab("Faults"));
    const now = () => screen.getByRole<HTMLButtonElement>("button", { name: "Now" });
    expect(now().disabled).toBe(true);
    goes();
    await waitFor(() => expect(now().disabled).toBe(false));
    const fetched = answer(201, { kind: "pause", node: "billing", at: 12.5, duration: 60 });
    await userEvent.click(now());
    expect(fetched.mock.calls[0]?.[0]).toBe("/api/runs/r1/faults");
    expect(JSON.parse(String(fetched.mock.calls[0]?.[1].body))).toEqual({
      kind: "pause",
      node: "billing",
      duration: 60,
    });
  });

  it("that are refused say why, and nothing else changes", async () => {
    const editor = open("billing");
    goes();
    await userEvent.click(tab("Faults"));
    answer(422, { detail: "two faults of billing overlap at 9 s", errors: [] });
    await userEvent.click(screen.getByRole("button", { name: "Now" }));
    expect((await screen.findByRole("alert")).textContent).toContain("overlap at 9 s");
    expect(editor.store.getState().history.past).toHaveLength(0);
  });

  it("of a producer do not exist: it has settings alone", () => {
    open("web");
    expect(screen.queryByRole("tablist")).toBeNull();
  });

  it("are reached with the arrow keys", async () => {
    open("billing");
    tab("Settings").focus();
    await userEvent.keyboard("{ArrowRight}");
    expect(tab("Faults").getAttribute("aria-selected")).toBe("true");
    expect(document.activeElement).toBe(tab("Faults"));
  });
});

describe("the words of a fault", () => {
  const info = { fault: "node-down", title: "Node down", summary: "", lasts: true, config: {} };
  it("leave out what it does not have", () => {
    expect(faultOf(info, "q", {}, 5)).toEqual({ kind: "node-down", node: "q", duration: 5 });
    expect(faultOf({ ...info, lasts: false }, "q", { node: 2 }, 5)).toEqual({
      kind: "node-down",
      node: "q",
      config: { node: 2 },
    });
    expect(configText({ config: { node: 2, clients: "both" } })).toBe("node 2, clients both");
    expect(whenText({ at: 3 })).not.toContain("for");
  });
  it.each([
    ["fault.config.node", ["node"]],
    ["faults[3].config.a[0].b", ["a", "0", "b"]],
    ["fault.duration", ["duration"]],
  ])("find the field of %s", (path, steps) => expect(refusedPath(path)).toEqual(steps));
});

describe("a message that is tried", () => {
  it.each([
    ["[1]", "A message is a JSON object"],
    ["{", "This is not JSON"],
  ])("%s is refused with its reason", (text, part) => expect(readSample(text)).toContain(part));

  it("is told in one sentence", () => {
    const row = (is_match: boolean) => ({ edge: "e1", is_match, reason: "" });
    expect(verdictText([])).toContain("Nothing leads out");
    expect(verdictText([row(false)])).toBe("Nobody takes this message.");
    expect(verdictText([row(true), row(false)])).toBe("1 of 2 takes it.");
    expect(takersFirst([row(false), row(true), row(false)]).map((one) => one.is_match)).toEqual([
      true,
      false,
      false,
    ]);
  });
});

describe("the inner state of a node", () => {
  const detail = {
    type: "quorum",
    ready: 3,
    more_consumers: 0,
    members: [
      { node: 1, is_leader: true, note: "" },
      { node: 2, is_leader: false, note: "" },
    ],
  };

  it("is facts and tables without what says nothing", () => {
    const inside = insideOf(detail);
    expect(inside.facts.map(([name]) => name)).toEqual(["type", "ready"]);
    expect(inside.tables).toMatchObject([{ title: "Members", columns: ["node", "is_leader"] }]);
    expect(insideText("is_leader", true, String)).toBe("yes");
    expect(insideText("consumer", "c", () => "Billing")).toBe("Billing");
  });

  it("calls rows without a name after what they begin with, and draws lag as bars", () => {
    const rows = [{ partition: 0, "lag of audit": 3 }];
    expect(insideOf({ rows }).tables[0]?.title).toBe("Partitions");
    expect(hasBar("lag of audit")).toBe(true);
    expect(hasBar("partition")).toBe(false);
    expect(["is_leader", "lag of audit", "ISR"].map(wordsOf)).toEqual(["Leader", "Lag of audit", "ISR"]);
  });

  it("leaves out of a wide table what is yes, or a default, in every row", () => {
    const row = { consumer: "c", instance: 1, prefetch: 10, unacked: 0, buffered: 0, "x-priority": 0 };
    const columns = (...consumers: JsonObject[]) => insideOf({ consumers }).tables[0]?.columns;
    expect(columns({ ...row, is_open: true }, { ...row, is_open: true })).toEqual([
      "consumer",
      "instance",
      "prefetch",
      "unacked",
      "buffered",
    ]);
    expect(columns({ ...row, is_open: true }, { ...row, is_open: false })).toContain("is_open");
    expect(columns(row, { ...row, "x-priority": 5 })).toContain("x-priority");
  });

  it("leaves out zeros from the right while a table is too wide, and gives times their unit", () => {
    const call = { edge: "e", breaker: "", sent: 5, timeouts: 0, retries: 0, denied: 0, full: 0, late: 0 };
    expect(insideOf({ calls: [call] }).tables[0]?.columns).toEqual([
      "edge",
      "sent",
      "timeouts",
      "retries",
      "denied",
    ]);
    expect(insideText("view_age", 0.045, String)).toBe("45\u202fms");
    expect(insideText("since_checkpoint", 12, String)).toBe("12");
  });

  it("has the waterfall of the last execution, with times and bars", async () => {
    const waterfall = [
      { state: "Reserve", from: 0, to: 0.5 },
      { state: "Pay", from: 0.5, to: 2 },
      { state: "Ship", from: 2, to: null },
    ];
    open("orders");
    const detail = { last_saga: "completed", waterfall };
    metricStore.apply({ seq: 1, t: 1, nodes: { orders: { detail } as never }, edges: {} });
    await userEvent.click(await screen.findByRole("tab", { name: "Inside" }));
    const table = screen.getByRole("table", { name: "Waterfall of the last execution, 2\u202fs" });
    const [, , pay, ship] = within(table).getAllByRole("row");
    expect(pay?.textContent).toBe("Pay500\u202fms1.5\u202fs".replace("1.5", "1.50"));
    expect(pay?.querySelector<HTMLElement>(".waterfall-track span")?.style.width).toBe("75%");
    expect(ship?.textContent).toContain("goes on");
  });

  it("comes with the frames of a run", async () => {
    open("orders");
    expect(screen.queryByRole("tab", { name: "Inside" })).toBeNull();
    metricStore.apply({ seq: 1, t: 1, nodes: { orders: { detail } as never }, edges: {} });
    await userEvent.click(await screen.findByRole("tab", { name: "Inside" }));
    const table = screen.getByRole("table", { name: "Members" });
    expect(within(table).getAllByRole("row")).toHaveLength(3);
    expect(within(table).getByRole("columnheader", { name: "Leader" })).toBeTruthy();
  });
});

describe("small words", () => {
  it("tell the two sorts of a kind apart", () => {
    const kind = { config: { properties: { FifoQueue: {} } }, defaults: {} } as unknown as KindInfo;
    expect(sortOf({ id: "q", kind: "aws.sqs" }, kind)).toBe("standard");
    expect(sortOf({ id: "q", kind: "aws.sqs", config: { FifoQueue: true } }, kind)).toBe("FIFO");
    expect(sortOf({ id: "q", kind: "queue" }, { ...kind, config: {} })).toBe("");
  });

  it("name only connections that have something to tell", () => {
    const edges = { e1: { total: 1 }, e2: { total: 1, matched: 2 } };
    expect(tellingEdges(edges, null).map(([id]) => id)).toEqual(["e2"]);
    expect(tellingEdges(edges, "e1").map(([id]) => id)).toEqual(["e1"]);
  });
});
