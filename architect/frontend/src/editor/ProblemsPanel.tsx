import {
  CircleAlert,
  CircleCheck,
  Info,
  Lightbulb,
  MonitorPlay,
  TriangleAlert,
  Wrench,
  X,
} from "lucide-react";
import { useMemo, useState } from "react";
import { useStore } from "zustand";
import { counterExample, createDesign, listDesigns } from "../api/designs";
import { type Problem, sentence } from "../api/errors";
import { asSentence, bySeverity, fieldPath, placeName, placeOf } from "../document/problems";
import { shownDocument } from "../document/store";
import { navigate } from "../router";
import { CounterExampleStory } from "./CounterExampleStory";
import { useEditor, useEditorState } from "./EditorContext";
import "./problems.css";

const ICONS = { error: CircleAlert, warning: TriangleAlert, hint: Lightbulb } as const;

const SEVERITIES = ["error", "warning", "hint"] as const;

/** How many there are of each severity, in their own words: "1 error, 2 warnings". */
function counted(problems: readonly Problem[]) {
  const count = (severity: Problem["severity"]) =>
    problems.filter((problem) => problem.severity === severity).length;
  const words = SEVERITIES.filter((severity) => count(severity) > 0)
    .map((severity) => `${count(severity)} ${severity}${count(severity) === 1 ? "" : "s"}`)
    .join(", ");
  return { worst: SEVERITIES.find((severity) => count(severity) > 0), words };
}

/** The bar under the canvas: how many problems, and the list of them. */
export function ProblemsPanel() {
  const { view, store, saver, actions } = useEditor();
  const document = useEditorState(shownDocument);
  const problems = useEditorState((state) => state.problems);
  const isSnapshot = useEditorState((state) => state.snapshot !== null);
  const open = useStore(view, (state) => state.problemsOpen);
  const sorted = useMemo(() => bySeverity(problems), [problems]);
  if (isSnapshot) return null;

  const go = (problem: Problem) => {
    const place = placeOf(problem, document);
    const state = view.getState();
    if (place.kind === "node") store.getState().select({ nodes: [place.id], edges: [] });
    else if (place.kind === "edge") store.getState().select({ nodes: [], edges: [place.id] });
    else store.getState().select({ nodes: [], edges: [] });
    if (place.id !== "") state.canvas?.reveal([place.id]);
    state.wantField(fieldPath(place.field));
    if (fieldPath(place.field).length === 0 && place.kind === "node") state.canvas?.focusNode(place.id);
  };
  const mend = (problem: Problem) => {
    if (!actions.edits.mend(problem.mend ?? [], problem.mendWords ?? "")) return;
    // the server says what is left with the next save
    store.getState().setProblems(problems.filter((other) => other !== problem));
  };
  /** Open the small design in which the damage happens, and run it. */
  const show = async (problem: Problem) => {
    try {
      const { document: small } = await counterExample(problem.code);
      // one that was opened before and not changed since is opened again: looking twice leaves no second design
      const known = (await listDesigns()).find(
        (one) => one.version === 1 && one.name === small.name && one.description === small.description,
      );
      const design = known ?? (await createDesign({ document: small }));
      await saver.flush();
      navigate(`/designs/${design.id}?run=1`);
    } catch (failure) {
      actions.edits.refuse(sentence(failure));
    }
  };
  return (
    <section className={`problems${open ? " is-open" : ""}`} aria-label="Problems">
      {open && (
        <>
          <header>
            <h2>Problems</h2>
            <button
              type="button"
              className="icon-button"
              aria-label="Close the problems"
              onClick={() => view.getState().set({ problemsOpen: false })}
            >
              <X size={16} aria-hidden="true" />
            </button>
          </header>
          {sorted.length === 0 && <p className="muted">Nothing to complain about.</p>}
          <ul>
            {sorted.map((problem) => (
              <Row
                key={`${problem.code} ${problem.path} ${problem.message}`}
                problem={problem}
                where={placeName(problem, document)}
                onGo={() => go(problem)}
                onMend={() => mend(problem)}
                onShow={() => void show(problem)}
              />
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

interface RowProps {
  problem: Problem;
  where: string;
  onGo: () => void;
  onMend: () => void;
  onShow: () => void;
}

/** One problem: where and what; why, and what the page can do about it. */
function Row({ problem, where, onGo, onMend, onShow }: RowProps) {
  const [isOpen, setOpen] = useState(false);
  const Icon = ICONS[problem.severity];
  const about = `${problem.code} at ${where}`;
  return (
    <li>
      <div className="problem-row">
        <button type="button" className={`problem ${problem.severity}`} onClick={onGo}>
          <Icon size={16} aria-label={problem.severity} />
          <span className="problem-where">{where}</span>
          <span className="problem-text">
            {asSentence(problem.message)} <span className="muted">{asSentence(problem.hint)}</span>
          </span>
          <span className="mono muted">{problem.code}</span>
        </button>
        {(problem.mend?.length ?? 0) > 0 && (
          <button
            type="button"
            className="button small"
            onClick={onMend}
            title={asSentence(problem.mendWords ?? "")}
            aria-label={`Mend ${about}`}
          >
            <Wrench size={13} aria-hidden="true" /> Mend
          </button>
        )}
        {problem.hasCounterExample && (
          <button
            type="button"
            className="button small"
            onClick={onShow}
            title="Open a small design in which it happens, and run it"
            aria-label={`Show me ${about}`}
          >
            <MonitorPlay size={13} aria-hidden="true" /> Show me
          </button>
        )}
        {problem.why && (
          <button
            type="button"
            className="icon-button"
            aria-expanded={isOpen}
            aria-label={`Why ${about}`}
            title="Why, and where it is written"
            onClick={() => setOpen(!isOpen)}
          >
            <Info size={15} aria-hidden="true" />
          </button>
        )}
      </div>
      {isOpen && (
        <p className="problem-why">
          {problem.why} <span className="muted">Source: {asSentence(problem.source ?? "")}</span>
        </p>
      )}
      {isOpen && problem.hasCounterExample && <CounterExampleStory code={problem.code} />}
    </li>
  );
}

/** The counter at the canvas's lower right that opens the list. */
export function ProblemsButton() {
  const { view } = useEditor();
  const problems = useEditorState((state) => state.problems);
  const isSnapshot = useEditorState((state) => state.snapshot !== null);
  const open = useStore(view, (state) => state.problemsOpen);
  const { worst, words } = counted(problems);
  if (isSnapshot) return null;
  const tone = worst === "error" ? "bad" : worst === undefined ? "ok" : "warn";
  const Icon = worst === undefined ? CircleCheck : ICONS[worst];
  return (
    <button
      type="button"
      className={`problems-button ${tone}`}
      aria-expanded={open}
      onClick={() => view.getState().set({ problemsOpen: !open })}
    >
      <Icon size={15} aria-hidden="true" />
      {words || "No problems"}
    </button>
  );
}
