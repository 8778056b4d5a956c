/** An editor without a server, for tests. */
import type { SavedDesign } from "../api/designs";
import { Autosaver } from "../document/autosave";
import { createEditorStore } from "../document/store";
import type { DesignDocument } from "../document/types";
import { Catalogue } from "../schema/catalogue";
import { fixture } from "../schema/fixture";
import { createActions } from "./actions";
import type { Editor } from "./EditorContext";
import { createViewStore } from "./view";

export const checkout: DesignDocument = {
  format: "headrace/1",
  name: "Checkout",
  nodes: [
    {
      id: "web",
      kind: "producer",
      label: "Web shop",
      config: { arrivals: { process: "poisson", rate: 100 } },
    },
    { id: "orders", kind: "aws.sqs", label: "Orders" },
    { id: "billing", kind: "consumer", label: "Billing" },
  ],
  edges: [
    { id: "e1", from: "web", to: "orders", role: "publish" },
    { id: "e2", from: "orders", to: "billing", role: "consume" },
  ],
  layout: { web: { x: 0, y: 0 }, orders: { x: 320, y: 0 }, billing: { x: 640, y: 0 } },
};

export function testEditor(document: DesignDocument = checkout): Editor {
  const design: SavedDesign = {
    id: "d1",
    name: document.name,
    version: 1,
    updated_at: "2026-01-01T12:00:00Z",
    document,
    problems: [],
  };
  const catalogue = new Catalogue(fixture);
  const store = createEditorStore(design);
  const view = createViewStore(document.nodes.length);
  const saver = new Autosaver(store, async (_id, version, saved) => ({
    ...design,
    version: version + 1,
    document: saved,
  }));
  const actions = createActions({ store, view, catalogue, save: () => saver.flush() });
  return { store, view, catalogue, saver, actions };
}
