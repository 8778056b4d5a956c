import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  addNode,
  insertIntoEdge,
  moveNodes,
  pasted,
  reconnect,
  remove,
  renameNode,
  setEdgeRole,
  setNodeConfig,
  setSimulation,
  together,
} from "./commands";
import { freeEdgeId, freeId, isValidId, slug } from "./ids";
import { sameJson } from "./paths";
import type { DesignDocument } from "./types";

const checkout: DesignDocument = {
  format: "headrace/1",
  name: "Checkout",
  nodes: [
    {
      id: "web",
      kind: "producer",
      label: "Web shop",
      config: { arrivals: { process: "poisson", rate: 100 } },
    },
    { id: "orders", kind: "aws.sqs", config: { FifoQueue: true } },
    { id: "billing", kind: "consumer" },
  ],
  edges: [
    { id: "e1", from: "web", to: "orders", role: "publish", config: { delay: 0.01 } },
    { id: "e2", from: "orders", to: "billing", role: "consume" },
  ],
  layout: { web: { x: 0, y: 0 }, orders: { x: 300, y: 0 }, billing: { x: 600, y: 0 } },
  faults: [{ kind: "pause", node: "billing", at: 10, duration: 5 }],
  objectives: [{ metric: "lost", from: "web", to: "billing", equals: 0 }],
  assumptions: { "billing.service_time": { source: "guess" }, "web.arrivals": { source: "measured" } },
};

describe("remove", () => {
  it("takes a node's edges, place, faults, objectives and assumptions with it", () => {
    const next = remove({ nodes: ["billing"], edges: [] })(checkout);
    expect(next.nodes.map((node) => node.id)).toEqual(["web", "orders"]);
    expect(next.edges.map((edge) => edge.id)).toEqual(["e1"]);
    expect(next.layout).not.toHaveProperty("billing");
    expect(next.faults).toEqual([]);
    expect(next.objectives).toEqual([]);
    expect(Object.keys(next.assumptions ?? {})).toEqual(["web.arrivals"]);
  });

  it("leaves the document it came from alone", () => {
    const before = structuredClone(checkout);
    remove({ nodes: ["web"], edges: ["e2"] })(checkout);
    expect(checkout).toEqual(before);
  });
});

describe("settings", () => {
  it("a setting taken back to its default leaves no trace in the file", () => {
    const set = setNodeConfig("billing", ["batch", "max_size"], 10)(checkout);
    expect(set.nodes[2]?.config).toEqual({ batch: { max_size: 10 } });
    const reset = setNodeConfig("billing", ["batch", "max_size"], undefined)(set);
    expect(reset.nodes[2]).toEqual({ id: "billing", kind: "consumer" });
  });

  it("a value inside a list is changed in place", () => {
    const points = setNodeConfig("web", ["arrivals"], {
      process: "schedule",
      points: [
        [0, 1],
        [10, 5],
      ],
    })(checkout);
    const next = setNodeConfig("web", ["arrivals", "points", "1", "1"], 9)(points);
    expect(next.nodes[0]?.config).toEqual({
      arrivals: {
        process: "schedule",
        points: [
          [0, 1],
          [10, 9],
        ],
      },
    });
  });

  it("simulation settings come and go with their object", () => {
    const set = setSimulation(["seed"], 7)(checkout);
    expect(set.simulation).toEqual({ seed: 7 });
    expect(setSimulation(["seed"], undefined)(set)).not.toHaveProperty("simulation");
  });
});

describe("edges", () => {
  it("a node put into an edge splits it and keeps the settings where they belong", () => {
    const next = together(
      addNode({ id: "fan", kind: "aws.sns" }, { x: 150, y: 0 }),
      insertIntoEdge("e1", "fan", { before: "publish", after: "publish" }),
    )(checkout);
    const ends = next.edges.map((edge) => `${edge.from}>${edge.to}`);
    expect(ends).toEqual(["web>fan", "orders>billing", "fan>orders"]);
    expect(new Set(next.edges.map((edge) => edge.id)).size).toBe(3);
    expect(next.edges[2]?.config).toEqual({ delay: 0.01 });
    expect(next.edges[0]?.config).toBeUndefined();
  });

  it("a new role drops the settings of the old one", () => {
    expect(setEdgeRole("e1", "invoke")(checkout).edges[0]).toEqual({
      id: "e1",
      from: "web",
      to: "orders",
      role: "invoke",
    });
  });

  it("an edge led elsewhere in the same role keeps its settings", () => {
    const next = reconnect("e1", { from: "web", to: "billing", role: "publish" })(checkout);
    expect(next.edges[0]).toEqual({
      id: "e1",
      from: "web",
      to: "billing",
      role: "publish",
      config: { delay: 0.01 },
    });
  });
});

describe("renameNode", () => {
  it("changes the id wherever it is named", () => {
    const next = renameNode("billing", "invoices")(checkout);
    expect(JSON.stringify(next)).not.toContain("billing");
    expect(next.edges[1]?.to).toBe("invoices");
    expect(next.faults?.[0]?.["node"]).toBe("invoices");
    expect(next.assumptions).toHaveProperty(["invoices.service_time"]);
  });
});

describe("pasted", () => {
  it("gives copies fresh ids, keeps the edges inside and moves all by the offset", () => {
    const { document, selection } = pasted(
      checkout,
      { nodes: checkout.nodes, edges: checkout.edges, layout: checkout.layout ?? {} },
      { x: 40, y: 40 },
    );
    expect(selection.nodes).toEqual(["web-2", "orders-2", "billing-2"]);
    expect(document.edges.slice(2).map((edge) => `${edge.from}>${edge.to}`)).toEqual([
      "web-2>orders-2",
      "orders-2>billing-2",
    ]);
    expect(document.layout?.["orders-2"]).toEqual({ x: 340, y: 40 });
  });

  it("leaves out edges to nodes that were not copied", () => {
    const piece = { nodes: checkout.nodes.slice(0, 1), edges: checkout.edges, layout: {} };
    expect(pasted(checkout, piece, { x: 0, y: 0 }).document.edges).toHaveLength(2);
  });

  it("keeps ids unique however often it is repeated", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), (times) => {
        let document = checkout;
        for (let i = 0; i < times; i += 1) {
          document = pasted(
            document,
            { nodes: document.nodes, edges: document.edges, layout: document.layout ?? {} },
            { x: 1, y: 1 },
          ).document;
        }
        const ids = [...document.nodes, ...document.edges].map((one) => one.id);
        expect(new Set(ids).size).toBe(ids.length);
        expect(document.nodes.every((node) => isValidId(node.id))).toBe(true);
      }),
    );
  });
});

describe("ids", () => {
  it("come from the words people use", () => {
    expect(slug("Web shop (EU)")).toBe("web-shop-eu");
    expect(slug("2. Größe")).toBe("gro-e");
    expect(slug("")).toBe("node");
    expect(freeId("sqs-2", new Set(["sqs-2", "sqs"]))).toBe("sqs-3");
    expect(freeEdgeId(new Set(["e1", "e3"]))).toBe("e2");
  });

  it("from any text at all are valid", () => {
    fc.assert(fc.property(fc.string(), (text) => isValidId(slug(text))));
  });
});

describe("moveNodes and sameJson", () => {
  it("places are whole pixels", () => {
    expect(moveNodes({ web: { x: 1.6, y: -2.4 } })(checkout).layout?.["web"]).toEqual({ x: 2, y: -2 });
  });

  it("a key set to undefined is the same as none", () => {
    expect(sameJson({ a: 1, b: undefined }, { a: 1 })).toBe(true);
    expect(sameJson([1, { x: 2 }], [1, { x: 2 }])).toBe(true);
    expect(sameJson({ a: 1 }, { a: 2 })).toBe(false);
  });
});
