// @vitest-environment node
import { describe, expect, it } from "vitest";
import type { DesignDocument } from "../document/types";
import { Catalogue } from "../schema/catalogue";
import { fixture } from "../schema/fixture";
import { detailAt } from "./detail";
import { FlowBuilder, type FlowInput } from "./flowElements";
import { FAR, FEW, TINY } from "./geometry";

const design: DesignDocument = {
  format: "headrace/1",
  name: "Chain",
  nodes: [
    { id: "a", kind: "producer" },
    { id: "b", kind: "queue" },
    { id: "c", kind: "consumer" },
  ],
  edges: [
    { id: "e1", from: "a", to: "b" },
    { id: "e2", from: "b", to: "c" },
  ],
  layout: { a: { x: 0, y: 0 }, b: { x: 260, y: 0 }, c: { x: 520, y: 0 } },
};

const rest: FlowInput = {
  document: design,
  catalogue: new Catalogue(fixture),
  selection: { nodes: [], edges: [] },
  problems: new Map(),
  places: null,
  invitations: null,
};

describe("what React Flow is given", () => {
  it("changes the dragged card alone, and puts it back", () => {
    const builder = new FlowBuilder();
    const before = builder.build(rest);
    const dragged = builder.build({ ...rest, places: { b: { x: 300, y: 40 } } });
    expect(dragged.edges).toBe(before.edges);
    expect(dragged.nodes.map((node, index) => node === before.nodes[index])).toEqual([true, false, true]);
    expect(dragged.nodes[1]?.position).toEqual({ x: 300, y: 40 });
    expect(dragged.nodes[1]?.data).toBe(before.nodes[1]?.data);
    expect(builder.build(rest).nodes[1]?.position).toEqual({ x: 260, y: 0 });
  });

  it("is what a new builder would give when anything else changes in the middle of a drag", () => {
    const builder = new FlowBuilder();
    builder.build(rest);
    builder.build({ ...rest, places: { b: { x: 300, y: 40 } } });
    const changes: Partial<FlowInput>[] = [
      { selection: { nodes: ["b"], edges: [] } },
      { document: { ...design, edges: design.edges.slice(0, 1) } },
      { invitations: new Map([["c", "welcome"]]) },
    ];
    for (const change of changes) {
      const input = { ...rest, places: { b: { x: 320, y: 40 } }, ...change };
      expect(builder.build(input)).toEqual(new FlowBuilder().build(input));
    }
  });
});

describe("how much a card shows", () => {
  it.each([
    [1, 1000, "near"],
    [FAR, 10, "near"],
    [FAR - 0.01, FEW, "far-few"],
    [FAR - 0.01, FEW + 1, "far"],
    [TINY, 1000, "far"],
    [TINY - 0.01, 1000, "tiny"],
    [TINY - 0.01, FEW, "far-few"],
  ] as const)("at zoom %f with %i cards is %s", (zoom, count, detail) => {
    expect(detailAt(zoom, count)).toBe(detail);
  });
});
