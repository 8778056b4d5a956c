import { describe, expect, it } from "vitest";
import { toProblem } from "../api/errors";
import { mending, toEdits } from "./mend";
import type { DesignDocument } from "./types";

const shop: DesignDocument = {
  format: "headrace/1",
  name: "Shop",
  nodes: [
    { id: "orders", kind: "aws.sqs", config: { FifoQueue: true } },
    { id: "billing", kind: "consumer" },
  ],
  edges: [{ id: "e1", from: "orders", to: "billing", role: "consume" }],
  layout: { orders: { x: 10, y: 20 } },
};
const below = (document: DesignDocument, near: string) => ({
  x: document.layout?.[near]?.x ?? 0,
  y: (document.layout?.[near]?.y ?? 0) + 100,
});

describe("a mend", () => {
  it("sets, adds a node below its neighbour and draws its edge in one command", () => {
    const edits = toEdits([
      { edit: "set", on: "edge", id: "e1", path: ["WaitTimeSeconds"], value: 20 },
      { edit: "set", on: "node", id: "orders", path: ["failure", "probability"], value: 0 },
      { edit: "add-node", node: { id: "orders-dlq", kind: "aws.sqs" }, near: "orders" },
      { edit: "add-edge", edge: { id: "e2", from: "orders", to: "orders-dlq", role: "dead-letter" } },
      {
        edit: "add-objective",
        objective: { metric: "dead_lettered", node: "orders", equals: 0 },
      },
    ]);
    const next = mending(edits, below)(shop);
    expect(next.objectives).toEqual([{ metric: "dead_lettered", node: "orders", equals: 0 }]);
    expect(next.edges[0]?.config).toEqual({ WaitTimeSeconds: 20 });
    expect(next.nodes[0]?.config).toEqual({ FifoQueue: true, failure: { probability: 0 } });
    expect(next.nodes[2]).toEqual({ id: "orders-dlq", kind: "aws.sqs" });
    expect(next.layout?.["orders-dlq"]).toEqual({ x: 10, y: 120 });
    expect(next.edges[1]?.to).toBe("orders-dlq");
    expect(shop.nodes).toHaveLength(2);
  });

  it("is none when one of its edits is not known", () => {
    expect(toEdits([{ edit: "add-edge", edge: {} }, { edit: "paint" }])).toEqual([]);
    expect(toEdits("no list")).toEqual([]);
  });

  it("comes with the problem", () => {
    const problem = toProblem({
      code: "D521",
      mend: [{ edit: "paint" }],
      mend_words: "w",
      counter_example: true,
    });
    expect([problem.mend, problem.mendWords, problem.hasCounterExample]).toEqual([[], "w", true]);
  });
});
