// @vitest-environment node
import { describe, expect, it } from "vitest";
import { type LineState, type Outside, RunConnection, type SocketLike } from "./connection";
import type { Frame, RunStatus, SocketMessage } from "./frameTypes";
import type { RunRecord } from "./runRecord";

const record = (status: RunStatus, lastSeq: number): RunRecord => ({
  id: "r1",
  design: "d1",
  design_name: "Checkout",
  design_version: 1,
  status,
  reason: null,
  seed: 1,
  digest: null,
  versions: null,
  created_at: "2026-11-23T10:00:00Z",
  started_at: null,
  ended_at: null,
  progress: 0,
  t: 0,
  duration: 10,
  last_seq: lastSeq,
  speed: null,
  wall_seconds: null,
  headline: null,
});

/** A server with stored frames, sockets that can be cut, and a clock that the test turns. */
class Server {
  stored: Frame[] = [];
  status: RunStatus = "running";
  sockets: { socket: SocketLike; after: number; sent: string[] }[] = [];
  reachable = true;
  pagesFail = 0;
  clock = 0;
  private timers: { at: number; what: () => void }[] = [];

  readonly outside: Outside = {
    openSocket: (_run, after) => {
      const sent: string[] = [];
      const socket: SocketLike = {
        send: (text) => sent.push(text),
        close: () => {},
        onopen: null,
        onmessage: null,
        onclose: null,
      };
      this.sockets.push({ socket, after, sent });
      return socket;
    },
    fetchRun: async () => {
      if (!this.reachable) throw new Error("The server cannot be reached.");
      return record(this.status, this.stored.length);
    },
    fetchFrames: async (_run, after, limit) => {
      if (!this.reachable || this.pagesFail-- > 0) throw new Error("The server cannot be reached.");
      return {
        frames: this.stored.filter((one) => one.seq > after).slice(0, limit),
        last_seq: this.stored.length,
      };
    },
    now: () => this.clock,
    later: (wait, what) => {
      const timer = { at: this.clock + wait, what };
      this.timers.push(timer);
      return () => {
        this.timers = this.timers.filter((one) => one !== timer);
      };
    },
  };

  get line() {
    const last = this.sockets.at(-1);
    if (!last) throw new Error("no socket was opened");
    return last;
  }

  store(count: number, done = false): Frame[] {
    const fresh = Array.from({ length: count }, (_, i) => {
      const seq = this.stored.length + i + 1;
      return { seq, t: seq, nodes: {}, edges: {}, done: done && i === count - 1 };
    });
    this.stored.push(...fresh);
    return fresh;
  }

  push(...messages: SocketMessage[]): void {
    for (const message of messages) this.line.socket.onmessage?.({ data: JSON.stringify(message) });
  }

  cut(): void {
    this.line.socket.onclose?.();
  }

  async pass(milliseconds: number): Promise<void> {
    const until = this.clock + milliseconds;
    for (;;) {
      await settle();
      const next = this.timers.filter((one) => one.at <= until).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.timers = this.timers.filter((one) => one !== next);
      this.clock = next.at;
      next.what();
    }
    this.clock = until;
    await settle();
  }
}

const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

function watch(server: Server, run: RunRecord) {
  const seen = {
    order: [] as number[],
    newest: 0,
    lines: [] as LineState["kind"][],
    problems: [] as string[],
    ended: 0,
  };
  const connection = new RunConnection(
    run,
    {
      onFrames: (frames) => seen.order.push(...frames.map((one) => one.seq)),
      onNewest: (frame) => {
        seen.newest = frame.seq;
      },
      onStatus: () => {},
      onLine: (line) => seen.lines.push(line.kind),
      onRun: () => {},
      onProblem: (message) => seen.problems.push(message),
      onEnd: () => {
        seen.ended += 1;
      },
    },
    server.outside,
  );
  return { connection, seen };
}

const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1);

describe("the line to a run", () => {
  it("reads an ended run in pages and opens no socket", async () => {
    const server = new Server();
    server.store(1203, true);
    const { connection, seen } = watch(server, record("finished", 1203));
    connection.open();
    await server.pass(10);
    expect(seen.order).toEqual(upTo(1203));
    expect(seen.ended).toBe(1);
    expect(server.sockets).toHaveLength(0);
  });

  it("fetches what was before and hears what comes, without gap or repeat", async () => {
    const server = new Server();
    server.store(5);
    const { connection, seen } = watch(server, record("running", 5));
    connection.open();
    expect(server.line.after).toBe(5);
    server.line.socket.onopen?.();
    server.push(...server.store(2));
    expect(seen.newest).toBe(7);
    await server.pass(10);
    expect(seen.order).toEqual(upTo(7));
  });

  it("comes back after a cut where it was, waiting longer each time", async () => {
    const server = new Server();
    const { connection, seen } = watch(server, record("running", 0));
    connection.open();
    server.line.socket.onopen?.();
    server.push(...server.store(3));
    server.reachable = false;
    server.store(4);
    server.cut();
    await server.pass(400);
    expect(seen.lines.at(-1)).toBe("waiting");
    await server.pass(3_000);
    expect(server.sockets).toHaveLength(1);
    server.reachable = true;
    await server.pass(2_500);
    expect(server.sockets).toHaveLength(2);
    server.line.socket.onopen?.();
    server.push(...server.store(1));
    await server.pass(10);
    expect(seen.order).toEqual(upTo(8));
    expect(seen.lines.at(-1)).toBe("live");
  });

  it("fetches the frames the server skipped because the page was slow", async () => {
    const server = new Server();
    const { connection, seen } = watch(server, record("running", 0));
    connection.open();
    const frames = server.store(50);
    server.push(frames[0] as Frame, { ...(frames[49] as Frame), skipped: [2, 49] });
    expect(seen.newest).toBe(50);
    expect(seen.order).toEqual([1]);
    await server.pass(10);
    expect(seen.order).toEqual(upTo(50));
  });

  it("acknowledges at once when many frames came, and soon when few", async () => {
    const server = new Server();
    const { connection } = watch(server, record("running", 0));
    connection.open();
    server.push(...server.store(16));
    expect(server.line.sent).toEqual(['{"type":"ack","seq":16}']);
    server.push(...server.store(2));
    await server.pass(50);
    expect(server.line.sent.at(-1)).toBe('{"type":"ack","seq":18}');
  });

  it("asks again when a page fails, and says what is wrong meanwhile", async () => {
    const server = new Server();
    server.store(9);
    server.pagesFail = 1;
    const { connection, seen } = watch(server, record("running", 9));
    connection.open();
    await server.pass(10);
    expect(seen.problems).toEqual(["The server cannot be reached."]);
    await server.pass(2_100);
    expect(seen.order).toEqual(upTo(9));
  });

  it("learns over HTTP that a run ended while the line was down", async () => {
    const server = new Server();
    const { connection, seen } = watch(server, record("running", 0));
    connection.open();
    server.push(...server.store(2));
    server.store(3);
    server.status = "interrupted";
    server.cut();
    await server.pass(1_000);
    expect(seen.order).toEqual(upTo(5));
    expect(seen.ended).toBe(1);
    expect(server.sockets).toHaveLength(1);
  });

  it("ends with the last frame, once, and says nothing after it was left", async () => {
    const server = new Server();
    const { connection, seen } = watch(server, record("running", 0));
    connection.open();
    server.push(...server.store(3, true));
    server.cut();
    await server.pass(20_000);
    expect(seen.ended).toBe(1);
    expect(seen.lines.at(-1)).toBe("closed");
    const other = watch(server, record("running", 0));
    other.connection.open();
    other.connection.close();
    await server.pass(20_000);
    expect(other.seen.order).toEqual([]);
  });
});
