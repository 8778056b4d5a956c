import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { RunBar } from "./RunBar";
import type { RunRecord } from "./runRecord";
import { leaveRun, showRun, useSession } from "./session";

const run: RunRecord = {
  id: "r1",
  design: "d1",
  design_name: "Checkout",
  design_version: 3,
  status: "failed",
  reason: "the worker ran out of memory",
  seed: 7,
  digest: "sha256:abcdef0123456789",
  versions: null,
  created_at: "2026-11-23T10:00:00Z",
  started_at: null,
  ended_at: null,
  progress: 0.5,
  t: 300,
  duration: 600,
  last_seq: 0,
  speed: null,
  wall_seconds: 2,
  headline: null,
};

/** Answers in the order of the calls' paths; everything else is an empty list. */
function serve(answers: Record<string, { status: number; body: unknown }>) {
  const calls: string[] = [];
  vi.stubGlobal("fetch", async (path: string, options: RequestInit = {}) => {
    const call = `${options.method ?? "GET"} ${path}`;
    calls.push(`${call} ${options.body ?? ""}`.trim());
    const { status, body } = answers[call] ?? { status: 200, body: [] };
    return new Response(JSON.stringify(body), { status });
  });
  return calls;
}

const bar = (more: Partial<Parameters<typeof RunBar>[0]> = {}) => (
  <RunBar designId="d1" flushSave={async () => ({ version: 3 })} {...more} />
);

describe("the run bar", () => {
  beforeEach(() => window.history.replaceState(null, "", "/designs/d1"));
  afterEach(() => {
    cleanup();
    leaveRun();
    vi.unstubAllGlobals();
  });

  it("saves first, then starts the run", async () => {
    const order: string[] = [];
    serve({ "POST /api/runs": { status: 422, body: { detail: "No producer sends anything.", errors: [] } } });
    render(
      bar({
        flushSave: async () => {
          order.push("saved");
          return { version: 4 };
        },
      }),
    );
    await userEvent.click(screen.getByRole("button", { name: "Run" }));
    expect(order).toEqual(["saved"]);
    expect((await screen.findByRole("alert")).textContent).toContain("No producer sends anything.");
  });

  it("does not start what has problems, and says why", async () => {
    const calls = serve({});
    render(bar({ problemsBlockRun: "A consumer reads from nothing." }));
    await userEvent.click(screen.getByRole("button", { name: /Run: A consumer reads from nothing/ }));
    expect(calls.some((call) => call.startsWith("POST"))).toBe(false);
  });

  it("starts on a tap of Space, and leaves Space to fields and held keys", async () => {
    const calls = serve({ "POST /api/runs": { status: 422, body: { detail: "No.", errors: [] } } });
    render(
      <>
        {bar()}
        <input aria-label="Name" />
      </>,
    );
    const starts = () => calls.filter((call) => call.startsWith("POST /api/runs")).length;
    fireEvent.keyDown(screen.getByLabelText("Name"), { key: " " });
    fireEvent.keyUp(screen.getByLabelText("Name"), { key: " " });
    fireEvent.keyDown(document.body, { key: " " });
    fireEvent.pointerDown(document.body);
    fireEvent.keyUp(document.body, { key: " " });
    expect(starts()).toBe(0);
    fireEvent.keyDown(document.body, { key: " " });
    fireEvent.keyUp(document.body, { key: " " });
    await waitFor(() => expect(starts()).toBe(1));
  });

  it("says why a run failed and what of it is kept", async () => {
    serve({
      "GET /api/runs/r1": { status: 200, body: run },
      "GET /api/runs/r1/result": {
        status: 409,
        body: { detail: "The run failed without a result.", errors: [] },
      },
      "GET /api/runs/r1/document": { status: 200, body: { name: "Checkout", nodes: [], edges: [] } },
    });
    render(bar());
    showRun(run);
    expect(
      await screen.findByText(/The worker ran out of memory\. Nothing had been measured yet\./),
    ).toBeDefined();
    await waitFor(() =>
      expect(useSession.getState().resultProblem).toBe(
        "This run failed before it had results: there is nothing to judge and no report of it. The worker ran out of memory.",
      ),
    );
    expect(screen.getByText("Failed")).toBeDefined();
    expect(screen.getByText("seed 7")).toBeDefined();
  });

  it("sets the speed on a logarithmic scale and remembers it", () => {
    serve({});
    render(bar());
    const slider = screen.getByRole("slider", { name: "Speed" });
    fireEvent.change(slider, { target: { value: "100" } });
    expect(slider.getAttribute("aria-valuetext")).toBe("as fast as it goes");
    expect(window.localStorage.getItem("headrace.speed:d1")).toBe("max");
    fireEvent.change(slider, { target: { value: "0" } });
    expect(slider.getAttribute("aria-valuetext")).toBe("1× real time");
  });
});
