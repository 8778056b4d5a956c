/** The saved design an experiment is made with, and the catalogue of kinds. */
import { useEffect, useMemo, useState } from "react";
import { readDesign, type SavedDesign } from "../api/designs";
import { sentence } from "../api/errors";
import { findNode, nodeName } from "../document/types";
import type { Catalogue } from "../schema/catalogue";
import { loadCatalogue } from "../schema/load";

export interface Subject {
  readonly design: SavedDesign;
  readonly catalogue: Catalogue;
  readonly label: (id: string) => string;
}

export function useDesign(designId: string): { subject: Subject | null; problem: string | null } {
  const [loaded, setLoaded] = useState<{ design: SavedDesign; catalogue: Catalogue } | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  useEffect(() => {
    const abort = new AbortController();
    setLoaded(null);
    setProblem(null);
    Promise.all([readDesign(designId, abort.signal), loadCatalogue()]).then(
      ([design, catalogue]) => !abort.signal.aborted && setLoaded({ design, catalogue }),
      (error: unknown) => !abort.signal.aborted && setProblem(sentence(error)),
    );
    return () => abort.abort();
  }, [designId]);
  const subject = useMemo<Subject | null>(
    () =>
      loaded && {
        ...loaded,
        label: (id) => {
          const node = findNode(loaded.design.document, id);
          return node ? nodeName(node) : id;
        },
      },
    [loaded],
  );
  return { subject, problem };
}
