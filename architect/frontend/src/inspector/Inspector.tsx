import { X } from "lucide-react";
import { type ReactNode, useEffect, useMemo, useRef } from "react";
import { useStore } from "zustand";
import { placeOf, problemsAt } from "../document/problems";
import { shownDocument } from "../document/store";
import { findEdge, findNode } from "../document/types";
import { useEditor, useEditorState } from "../editor/EditorContext";
import { EdgeForm } from "./EdgeForm";
import { type Form, FormContext } from "./FormContext";
import { ManyForm } from "./ManyForm";
import { NodeForm } from "./NodeForm";
import { SimulationForm } from "./SimulationForm";
import "./inspector.css";
import "./field.css";
import "./pictures.css";

/** The panel at the right: settings of what is selected, or of the simulation when nothing is. */
export function Inspector() {
  const { store, view, catalogue } = useEditor();
  const document = useEditorState(shownDocument);
  const selection = useEditorState((state) => state.selection);
  const allProblems = useEditorState((state) => state.problems);
  const readOnly = useEditorState((state) => state.snapshot !== null);
  const wanted = useStore(view, (state) => state.wantedField);
  const panel = useRef<HTMLElement>(null);

  const count = selection.nodes.length + selection.edges.length;
  const node = count === 1 && selection.nodes[0] ? findNode(document, selection.nodes[0]) : undefined;
  const edge = count === 1 && selection.edges[0] ? findEdge(document, selection.edges[0]) : undefined;
  const id = node?.id ?? edge?.id ?? (count > 1 ? "many" : "simulation");

  const form = useMemo<Form>(() => {
    const own = allProblems.filter((problem) => {
      const place = placeOf(problem, document);
      return id === "simulation" ? place.kind === "simulation" : place.id === id;
    });
    return {
      id,
      readOnly,
      catalogue,
      problemsAt: (path) =>
        deepest(own.length === 0 ? [] : problemsAt(own, document, path), path.length, document),
      problemsUnder: (path) => (own.length === 0 ? [] : problemsAt(own, document, path)),
      done: store.getState().endGesture,
      wanted,
    };
  }, [allProblems, document, id, readOnly, catalogue, store, wanted]);

  useEffect(() => {
    if (!wanted || wanted.path.length === 0) return undefined;
    // the field may still be unfolding: look after the next paint
    const timer = window.setTimeout(() => focusField(panel.current, wanted.path), 60);
    return () => window.clearTimeout(timer);
  }, [wanted]);

  const close = () => view.getState().set({ inspectorOpen: false });
  let body: ReactNode = <SimulationForm />;
  if (node) body = <NodeForm key={node.id} node={node} />;
  else if (edge) body = <EdgeForm key={edge.id} edge={edge} />;
  else if (count > 1) body = <ManyForm selection={selection} />;
  return (
    <FormContext value={form}>
      <aside
        className="inspector"
        aria-label="Inspector"
        ref={panel}
        onKeyDown={(event) => {
          if (event.key !== "Escape" || event.defaultPrevented) return;
          event.preventDefault();
          close();
          const [chosen] = store.getState().selection.nodes;
          if (chosen) view.getState().canvas?.focusNode(chosen);
        }}
      >
        <button
          type="button"
          className="icon-button inspector-close"
          aria-label="Close the inspector"
          title="Close (Esc)"
          onClick={close}
        >
          <X size={16} aria-hidden="true" />
        </button>
        {body}
      </aside>
    </FormContext>
  );
}

/** A problem is shown once: at the innermost field that has it. Blocks only show what none of their fields can. */
function deepest(
  problems: ReturnType<typeof problemsAt>,
  depth: number,
  document: ReturnType<typeof shownDocument>,
) {
  return problems.filter((problem) => {
    const steps = placeOf(problem, document)
      .field.replace(/\[(\d+)\]/g, ".$1")
      .split(".")
      .filter((step) => step !== "" && step !== "config");
    return steps.length === depth || /^\d+$/.test(steps[depth] ?? "");
  });
}

function focusField(panel: HTMLElement | null, path: readonly string[]): void {
  for (let length = path.length; length > 0; length -= 1) {
    const wanted = path.slice(0, length).join(".");
    const field = panel?.querySelector<HTMLElement>(`[data-path="${CSS.escape(wanted)}"]`);
    if (!field) continue;
    field.scrollIntoView({ block: "center" });
    field.querySelector<HTMLElement>("input, select, textarea")?.focus();
    return;
  }
}
