/** "Tidy up": new places for all nodes, or for the selected ones, as one animated undo step. */
import { animatePlaces } from "../canvas/layout/animate";
import { tidyLayout } from "../canvas/layout/elk";
import { layeredLayout } from "../canvas/layout/layered";
import type { EditorStore } from "../document/store";
import type { DesignDocument, Point } from "../document/types";
import type { Edits } from "./edits";
import type { ViewStore } from "./view";

export async function tidyUp(store: EditorStore, view: ViewStore, edits: Edits): Promise<void> {
  const { history, selection } = store.getState();
  const before = history.present;
  const only = selection.nodes.length > 1 ? new Set(selection.nodes) : null;
  const places = await layoutOf(before, only, view);
  if (store.getState().history.present !== before) return; // changed while ELK worked: its places would be wrong
  const canvas = view.getState().canvas;
  await animatePlaces(before.layout ?? {}, places, (shown) => canvas?.showPlaces(shown));
  edits.move(places);
  canvas?.showPlaces(null);
  view.getState().announce(only ? "Selection tidied up." : "Design tidied up.");
  if (!only) canvas?.fit();
}

/** ELK's places; when it cannot be loaded (offline, refused worker), our own simple layers. */
async function layoutOf(
  document: DesignDocument,
  only: ReadonlySet<string> | null,
  view: ViewStore,
): Promise<Record<string, Point>> {
  try {
    return await tidyLayout(document, only);
  } catch {
    view
      .getState()
      .toast("The layout engine could not be loaded: a simpler layout was used.", { tone: "warn" });
    const nodes = document.nodes.filter((node) => only === null || only.has(node.id));
    return layeredLayout({ nodes, edges: document.edges });
  }
}
