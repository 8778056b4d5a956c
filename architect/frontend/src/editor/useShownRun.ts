/** Keeps address and canvas in step with the run that is shown: an older run brings its own document with it. */
import { useCallback, useEffect, useRef } from "react";
import { runDocument } from "../api/designs";
import { sentence } from "../api/errors";
import { withPlaces } from "../canvas/layout/layered";
import { sameJson } from "../document/paths";
import { completed } from "../document/store";
import type { DesignDocument } from "../document/types";
import { navigate } from "../router";
import { useEditor } from "./EditorContext";

/** What a run depends on; where nodes stand and what the design is called make no difference to it. */
export function runsAlike(a: DesignDocument, b: DesignDocument): boolean {
  return (
    sameJson(a.nodes.map(bare), b.nodes.map(bare)) && sameJson(a.edges.map(bareEdge), b.edges.map(bareEdge))
  );
}

const bare = (node: DesignDocument["nodes"][number]) => ({
  id: node.id,
  kind: node.kind,
  config: node.config ?? {},
});
const bareEdge = (edge: DesignDocument["edges"][number]) => ({
  id: edge.id,
  from: edge.from,
  to: edge.to,
  config: edge.config ?? {},
});

export function useShownRun(runId: string | null): (runId: string) => void {
  const { store, view } = useEditor();
  const asked = useRef<string | null>(null);

  const show = useCallback(
    (id: string) => {
      if (asked.current === id) return;
      asked.current = id;
      navigate(`/designs/${store.getState().designId}/runs/${id}`);
      runDocument(id).then(
        (document) => {
          if (asked.current !== id) return;
          const shown = withPlaces(completed(document));
          const isSame = runsAlike(shown, store.getState().history.present);
          store.getState().showSnapshot(isSame ? null : { runId: id, document: shown });
        },
        (error: unknown) => {
          view
            .getState()
            .toast(`The design of this run could not be read: ${sentence(error)}`, { tone: "warn" });
        },
      );
    },
    [store, view],
  );

  useEffect(() => {
    if (runId !== null) return;
    asked.current = null;
    store.getState().showSnapshot(null);
  }, [runId, store]);
  return show;
}
