/** In a narrow window (a phone, or a zoomed page) the drawing is for looking: nothing is moved by a finger that scrolls. */
import { useEffect } from "react";
import { useEditor } from "./EditorContext";

/** Below this the panels lie over the canvas; the same width stands in editor.css. */
export const NARROW = "(max-width: 900px)";

export function useNarrow(): void {
  const { view } = useEditor();
  useEffect(() => {
    const width = window.matchMedia?.(NARROW);
    if (!width) return undefined; // a test's window measures nothing
    const tell = () => view.getState().set({ isNarrow: width.matches });
    tell();
    // The panel would hide the drawing that was opened to be seen; a card that is tapped opens it.
    if (width.matches) view.getState().set({ inspectorOpen: false });
    width.addEventListener("change", tell);
    return () => width.removeEventListener("change", tell);
  }, [view]);
}
