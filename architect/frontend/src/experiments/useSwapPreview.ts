/** What a swap would translate, assume and lose, asked from the server as soon as it is chosen. */
import { useEffect, useState } from "react";
import { sentence } from "../api/errors";
import type { DesignDocument } from "../document/types";
import { previewSwap } from "./experimentsApi";
import type { Note } from "./types";

export interface Preview {
  readonly notes: readonly Note[] | null;
  readonly problem: string | null;
}

const REST = 250; // milliseconds
const NOTHING: Preview = { notes: null, problem: null };

export function useSwapPreview(document: DesignDocument, node: string, kind: string): Preview {
  const [preview, setPreview] = useState<Preview>(NOTHING);
  useEffect(() => {
    setPreview(NOTHING);
    if (node === "" || kind === "") return undefined;
    const abort = new AbortController();
    const timer = window.setTimeout(() => {
      previewSwap(document, { node, kind }, abort.signal).then(
        ({ notes }) => setPreview({ notes, problem: null }),
        (error: unknown) => !abort.signal.aborted && setPreview({ notes: null, problem: sentence(error) }),
      );
    }, REST);
    return () => {
      window.clearTimeout(timer);
      abort.abort();
    };
  }, [document, node, kind]);
  return preview;
}
