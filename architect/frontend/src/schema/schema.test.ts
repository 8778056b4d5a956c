import { describe, expect, it } from "vitest";
import type { DesignDocument } from "../document/types";
import { Catalogue } from "./catalogue";
import { fieldsOf, isDefault, rangeText, resolve, startValue, variantsOf } from "./fields";
import { fixture } from "./fixture";

const catalogue = new Catalogue(fixture);
const fieldsOfKind = (kind: string) => {
  const info = catalogue.kind(kind);
  return new Map(
    fieldsOf(info?.config ?? {}, info?.config ?? {}, info?.defaults).map((field) => [field.name, field]),
  );
};

const design: DesignDocument = {
  format: "headrace/1",
  name: "",
  nodes: [
    { id: "p", kind: "producer" },
    { id: "t", kind: "topic" },
    { id: "q", kind: "aws.sqs" },
    { id: "d", kind: "aws.sqs" },
    { id: "c", kind: "consumer" },
    { id: "x", kind: "from-the-future" },
  ],
  edges: [
    { id: "e1", from: "p", to: "q" },
    { id: "e2", from: "q", to: "c", role: "consume" },
  ],
};

describe("wiring", () => {
  it("says which role an edge gets, and why another is refused", () => {
    expect(catalogue.connection(design, "p", "t").roles).toEqual(["publish"]);
    expect(catalogue.connection(design, "t", "q").roles).toEqual(["publish", "consume"]);
    expect(catalogue.connection(design, "q", "d").roles).toEqual(["dead-letter"]);
    expect(catalogue.connection(design, "p", "c").refusal).toBe("A producer cannot lead to a consumer.");
  });

  it("refuses loops, the same edge twice and kinds it does not know", () => {
    expect(catalogue.connection(design, "q", "q").refusal).toMatch(/itself/);
    expect(catalogue.connection(design, "p", "q").refusal).toMatch(/already/);
    expect(catalogue.connection(design, "p", "q", "e1").roles).toEqual(["publish"]);
    expect(catalogue.connection(design, "p", "x").refusal).toMatch(/does not know/);
  });

  it("derives the role of an edge that names none", () => {
    expect(catalogue.roleOf(design, { id: "e1", from: "p", to: "q" })).toBe("publish");
  });

  it("lets a node stand inside an edge only where both halves are allowed", () => {
    const [publish, consume] = design.edges;
    expect(publish && catalogue.insertion(design, publish, "topic")).toEqual({
      before: "publish",
      after: "publish",
    });
    expect(consume && catalogue.insertion(design, consume, "consumer")).toBeNull();
  });

  it("offers only partners that may follow or precede", () => {
    const after = catalogue.partners("producer", "after").map((kind) => kind.category);
    expect(after).not.toContain("consumer");
    expect(catalogue.partners("producer", "before")).toEqual([]);
    expect(catalogue.receives("producer")).toBe(false);
    expect(catalogue.sends("queue")).toBe(true);
  });

  it("finds the settings of an edge by the sender's kind and the role", () => {
    expect(catalogue.edgeSchema("producer", "publish")?.properties).toHaveProperty("probability");
    expect(catalogue.edgeSchema("queue", "consume")).toBeNull();
  });
});

describe("fields", () => {
  it("come in the kinds the form can draw", () => {
    const kinds = (kind: string) =>
      [...fieldsOfKind(kind).values()].map((field) => `${field.name}:${field.kind}`);
    expect(kinds("producer")).toEqual(["arrivals:arrivals", "size:distribution", "event:event"]);
    expect(kinds("queue")).toEqual(["discipline:choice", "capacity:integer"]);
    expect(kinds("consumer")).toEqual([
      "instances:integer",
      "service_time:distribution",
      "failure:object",
      "autoscaling:object",
    ]);
  });

  it("know what may be empty, what is advanced, and defaults that only the kind knows", () => {
    expect(fieldsOfKind("queue").get("capacity")).toMatchObject({
      nullable: true,
      fallback: null,
      unit: "messages",
    });
    expect(fieldsOfKind("aws.sqs").get("DelaySeconds")?.advanced).toBe(true);
    expect(fieldsOfKind("consumer").get("service_time")?.fallback).toEqual({
      distribution: "exponential",
      mean: 0.05,
    });
  });

  it("take a word beside a number", () => {
    const root = fixture.document;
    const simulation = resolve({ $ref: "#/$defs/SimulationSettings" }, root);
    const warmup = fieldsOf(simulation, root).find((field) => field.name === "warmup");
    expect(warmup).toMatchObject({ kind: "number", words: ["auto"], unit: "s" });
  });

  it("list the branches of a union, unions inside it included", () => {
    const size = fieldsOfKind("producer").get("size");
    expect([...(size ? (variantsOf(size.schema, size.root)?.branches.keys() ?? []) : [])]).toEqual([
      "constant",
      "exponential",
    ]);
  });

  it("start with what must be there and nothing else", () => {
    const autoscaling = fieldsOfKind("consumer").get("autoscaling");
    expect(
      autoscaling && startValue({ ...autoscaling.schema, default: undefined } as never, autoscaling.root),
    ).toEqual({});
  });

  it("are unchanged when they equal their default, whatever the order of keys", () => {
    expect(
      isDefault({ mean: 0.05, distribution: "exponential" }, { distribution: "exponential", mean: 0.05 }),
    ).toBe(true);
    expect(isDefault(5, undefined)).toBe(false);
  });

  it("say their range in words", () => {
    expect(rangeText({ minimum: 1, maximum: 1000 })).toBe("1 to 1,000");
    expect(rangeText({ exclusiveMinimum: 0 })).toBe("above 0");
    expect(rangeText({})).toBe("");
  });
});
