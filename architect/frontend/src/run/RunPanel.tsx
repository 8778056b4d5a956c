import { ChevronDown, ChevronUp } from "lucide-react";
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { UndoToasts } from "../gallery/UndoToasts";
import { pageOf, usePath } from "../router";
import { ChartsTab } from "./ChartsTab";
import { EdgeLegend } from "./EdgeLegend";
import { EventsTab } from "./EventsTab";
import { ResultsTab } from "./ResultsTab";
import { RunsTab } from "./RunsTab";
import { Scrubber } from "./Scrubber";
import { useSession } from "./session";
import "./run.css";
import "./tables.css";

export interface RunPanelProps {
  selection: { kind: "node" | "edge"; id: string } | null;
}

type Tab = "charts" | "results" | "events" | "runs";
const TABS: readonly { id: Tab; label: string }[] = [
  { id: "charts", label: "Charts" },
  { id: "results", label: "Results" },
  { id: "events", label: "Events" },
  { id: "runs", label: "Runs" },
];
const LOWEST = 140;
const STEP = 32;
/** what header, run bar and a strip of canvas need */
const REST = 280;

/** The drawer under the canvas: charts, results, events and the history of the design. */
export function RunPanel({ selection }: RunPanelProps) {
  const page = pageOf(usePath());
  const designId = page.page === "design" ? page.designId : "";
  const addressed = page.page === "design" ? page.runId : null;
  const runId = useSession((state) => state.run?.id ?? null);
  const eventCount = useSession((state) => state.events.length + state.eventsLeftOut);
  const [tab, setTab] = useState<Tab>("charts");
  const [isOpen, setOpen] = useState(false);
  const [height, setHeight] = useState(() =>
    Math.round(Math.max(270, Math.min(380, window.innerHeight * 0.36))),
  );

  const chosenFor = useRef<string | null>(null);

  // a run that comes on the canvas opens the drawer; closing it, and what was chosen while it was read, is the user's
  useEffect(() => {
    if (!runId) return;
    setOpen(true);
    if (chosenFor.current !== runId) setTab("charts");
  }, [runId]);

  const select = (next: Tab) => {
    chosenFor.current = addressed;
    setTab(next);
    setOpen(true);
  };
  return (
    <section className={`run-panel ${isOpen ? "open" : ""}`} aria-label="Charts and results">
      <EdgeLegend />
      {isOpen && <Divider height={height} onHeight={setHeight} />}
      <div className="run-panel-head">
        <TabList tab={tab} isOpen={isOpen} eventCount={eventCount} onSelect={select} />
        <Scrubber />
        <button
          type="button"
          className="icon-button"
          aria-expanded={isOpen}
          aria-label={isOpen ? "Close the drawer" : "Open the drawer"}
          onClick={() => setOpen(!isOpen)}
        >
          {isOpen ? <ChevronDown size={17} aria-hidden="true" /> : <ChevronUp size={17} aria-hidden="true" />}
        </button>
      </div>
      {isOpen && (
        <div
          className="run-panel-body"
          role="tabpanel"
          id="run-tabpanel"
          aria-labelledby={`run-tab-${tab}`}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
          tabIndex={0}
          style={{ height }}
        >
          {tab === "charts" && <ChartsTab selection={selection} />}
          {tab === "results" && <ResultsTab selection={selection} />}
          {tab === "events" && <EventsTab selection={selection} />}
          {tab === "runs" && <RunsTab designId={designId} />}
        </div>
      )}
      <UndoToasts />
    </section>
  );
}

interface TabListProps {
  tab: Tab;
  isOpen: boolean;
  eventCount: number;
  onSelect: (tab: Tab) => void;
}

function TabList({ tab, isOpen, eventCount, onSelect }: TabListProps) {
  const list = useRef<HTMLDivElement>(null);
  const move = (event: KeyboardEvent) => {
    const at = TABS.findIndex((one) => one.id === tab);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: TABS.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const next = TABS[(to + TABS.length) % TABS.length];
    if (!next) return;
    onSelect(next.id);
    list.current?.querySelector<HTMLElement>(`#run-tab-${next.id}`)?.focus();
  };
  return (
    <div className="run-tabs" role="tablist" aria-label="Charts and results" ref={list} onKeyDown={move}>
      {TABS.map(({ id, label }) => (
        <button
          type="button"
          key={id}
          role="tab"
          id={`run-tab-${id}`}
          aria-selected={isOpen && tab === id}
          aria-controls={isOpen ? "run-tabpanel" : undefined}
          tabIndex={tab === id ? 0 : -1}
          onClick={() => onSelect(id)}
        >
          {label}
          {id === "events" && eventCount > 0 && (
            <span className="run-tab-count tabular">{eventCount > 999 ? "999+" : eventCount}</span>
          )}
        </button>
      ))}
    </div>
  );
}

/** Drag, or arrow keys, to share the height between canvas and drawer. */
function Divider({ height, onHeight }: { height: number; onHeight: (height: number) => void }) {
  const limit = (wanted: number) => Math.round(Math.max(LOWEST, Math.min(window.innerHeight - REST, wanted)));
  return (
    // biome-ignore lint/a11y/useSemanticElements: an <hr> cannot be dragged
    <div
      className="run-divider"
      role="separator"
      aria-orientation="horizontal"
      aria-label="Height of the drawer"
      aria-valuenow={height}
      aria-valuemin={LOWEST}
      aria-valuemax={window.innerHeight - REST}
      tabIndex={0}
      onKeyDown={(event) => {
        const by = { ArrowUp: STEP, ArrowDown: -STEP }[event.key];
        if (by === undefined) return;
        event.preventDefault();
        onHeight(limit(height + by));
      }}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        const from = event.clientY;
        const target = event.currentTarget;
        const follow = (moved: PointerEvent) => onHeight(limit(height + from - moved.clientY));
        const release = () => target.removeEventListener("pointermove", follow);
        target.addEventListener("pointermove", follow);
        target.addEventListener("pointerup", release, { once: true });
        target.addEventListener("pointercancel", release, { once: true });
      }}
    />
  );
}
