import { expect, it } from "vitest";
import type { DesignDocument } from "../document/types";
import { Catalogue } from "../schema/catalogue";
import { fixture } from "../schema/fixture";
import { settables } from "./settables";

const document: DesignDocument = {
  format: "headrace/1",
  name: "A",
  nodes: [
    { id: "web", kind: "producer", label: "Web", config: { arrivals: { process: "poisson", rate: 50 } } },
  ],
  edges: [],
  faults: [{ kind: "outage", node: "web", at: 5, duration: 10 }],
};

it("every number, choice and switch of a node can be set, and the times of faults", () => {
  const found = settables(document, new Catalogue(fixture));
  expect(found.find((one) => one.path === "nodes.web.config.arrivals.rate")).toMatchObject({
    place: "Web",
    unit: "msg/s",
    value: 50,
  });
  expect(found.filter((one) => one.path.startsWith("faults.0.")).map((one) => one.value)).toEqual([5, 10]);
  expect(new Set(found.map((one) => one.path)).size).toBe(found.length);
});
