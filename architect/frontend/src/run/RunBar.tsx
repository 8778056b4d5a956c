import { Pause, Play, RotateCcw, Square, StepForward } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { TourOffer } from "../gallery/Tour";
import { pageOf, usePath } from "../router";
import { Announcer } from "./Announcer";
import { LineBanner } from "./LineBanner";
import { formatClock, formatSeconds, formatShare, formatSpeed, GAP } from "./numbers";
import { fetchDuration, fetchRun, listRuns } from "./runApi";
import {
  beginRun,
  changeRunSpeed,
  control,
  isGoing,
  leaveRun,
  showRun,
  showRunById,
  useSession,
} from "./session";
import { useSpaceToggle } from "./spaceToggle";
import { positionOf, SLIDER_MAX, speedAt, speedFor, storedSpeed, storeSpeed } from "./speed";
import { statusWords } from "./status";
import "./run.css";

export interface RunBarProps {
  designId: string;
  /** Why a run cannot start (a sentence, or how many problems), false when it can. */
  problemsBlockRun?: boolean | number | string | null;
  /** Called when a run comes on the canvas. */
  onRunShown?: (runId: string) => void;
  /** Saves what is unsaved and gives the version the run is to use. */
  flushSave: () => Promise<{ version: number }>;
}

/** Run, pause, step, stop, speed, and how far the run is. Space toggles. */
export function RunBar({ designId, problemsBlockRun = false, onRunShown, flushSave }: RunBarProps) {
  const { status, starting, speed: runSpeed } = useSession();
  const speed = useSpeed(designId);
  const latest = useRef({ flushSave, onRunShown });
  latest.current = { flushSave, onRunShown };
  const going = isGoing(status);
  const blocked = blockedWords(problemsBlockRun);

  const begin = async () => {
    if (blocked || starting) return;
    const run = await beginRun(designId, speed.forRun, latest.current.flushSave);
    if (run) latest.current.onRunShown?.(run.id);
  };
  const toggle = () => {
    if (!going) void begin();
    else void control(status === "paused" ? "resume" : "pause");
  };
  const changeSpeed = (next: number | null) => {
    speed.choose(next);
    if (going) changeRunSpeed(next);
  };

  useSpaceToggle(toggle);
  useRunOfPage(designId, (runId) => latest.current.onRunShown?.(runId));
  useStartFromAddress(begin);

  return (
    <div className="run-bar">
      <section className="run-bar-row" aria-label="Run">
        <Buttons blocked={blocked} onBegin={() => void begin()} onToggle={toggle} />
        <SpeedSlider speed={going ? runSpeed : speed.shown} onChange={changeSpeed} />
        <Progress />
        <TourOffer />
      </section>
      <LineBanner />
      <Announcer />
    </div>
  );
}

/** The speed chosen for this design, or one that fits its duration; the duration is read again when a run starts. */
function useSpeed(designId: string) {
  const [chosen, setChosen] = useState(() => storedSpeed(designId));
  const [fitting, setFitting] = useState<number | null>(() => speedFor(600));
  const readFitting = async () => {
    const speed = speedFor(await fetchDuration(designId));
    setFitting(speed);
    return speed;
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: read once for each design, then at each start
  useEffect(() => {
    // a design that cannot be read is the editor's to tell; the slider then shows the usual speed
    if (chosen === undefined) readFitting().catch(() => undefined);
  }, [designId]);
  return {
    shown: chosen === undefined ? fitting : chosen,
    choose: (speed: number | null) => {
      setChosen(speed);
      storeSpeed(designId, speed);
    },
    forRun: async () => (chosen === undefined ? readFitting() : chosen),
  };
}

function blockedWords(block: RunBarProps["problemsBlockRun"]): string | null {
  if (typeof block === "string") return block === "" ? null : block;
  if (typeof block === "number")
    return block > 0
      ? `${block === 1 ? "One problem has" : `${block} problems have`} to be mended first`
      : null;
  return block ? "The problems listed have to be mended first" : null;
}

function Buttons({
  blocked,
  onBegin,
  onToggle,
}: {
  blocked: string | null;
  onBegin: () => void;
  onToggle: () => void;
}) {
  const { status, starting, run } = useSession();
  const going = isGoing(status);
  const paused = status === "paused";
  const again = !going && run !== null;
  return (
    <div className="run-buttons">
      {going ? (
        <button
          type="button"
          className="button primary run-main"
          onClick={onToggle}
          title={`${paused ? "Resume" : "Pause"} (Space)`}
        >
          {paused ? <Play size={16} aria-hidden="true" /> : <Pause size={16} aria-hidden="true" />}
          {paused ? "Resume" : "Pause"}
        </button>
      ) : (
        <button
          type="button"
          className="button primary run-main"
          onClick={onBegin}
          aria-disabled={blocked !== null || starting}
          title={blocked ?? `${again ? "Save and run again" : "Save and run"} (Space)`}
        >
          {again ? <RotateCcw size={16} aria-hidden="true" /> : <Play size={16} aria-hidden="true" />}
          {starting ? "Starting" : "Run"}
          {blocked && <span className="visually-hidden">: {blocked}</span>}
        </button>
      )}
      <button
        type="button"
        className="icon-button"
        disabled={!going}
        onClick={() => void control(paused ? "step" : "pause")}
        aria-label={paused ? "Step one frame" : "Pause, then step"}
        title={paused ? "Step one frame" : "Pause first, then step frame by frame"}
      >
        <StepForward size={17} aria-hidden="true" />
      </button>
      <button
        type="button"
        className="icon-button"
        disabled={!going}
        onClick={() => void control("cancel")}
        aria-label="Stop the run and keep what is there"
        title="Stop the run and keep what is there"
      >
        <Square size={15} aria-hidden="true" />
      </button>
    </div>
  );
}

function SpeedSlider({
  speed,
  onChange,
}: {
  speed: number | null;
  onChange: (speed: number | null) => void;
}) {
  const words = speed === null ? "as fast as it goes" : `${formatSpeed(speed)} real time`;
  return (
    <label className="run-speed" title="Simulated seconds per second of yours">
      <span className="visually-hidden">Speed</span>
      <input
        type="range"
        min={0}
        max={SLIDER_MAX}
        step={1}
        value={positionOf(speed)}
        aria-valuetext={words}
        onChange={(event) => onChange(speedAt(Number(event.target.value)))}
      />
      <span className="run-speed-value tabular" aria-hidden="true">
        {formatSpeed(speed)}
      </span>
    </label>
  );
}

function Progress() {
  const { run, status, snapshot, t, wall, progress, eta } = useSession();
  if (!run || status === null) return <p className="run-hint muted">Nothing has run here yet</p>;
  const { label, tone } = statusWords(status);
  const duration = run.duration ?? 0;
  const replications = snapshot?.simulation?.replications ?? 1;
  const replication = Math.min(replications, Math.floor(progress * replications + 1e-9) + 1);
  const precision = snapshot?.simulation?.precision ?? null;
  const isRepeating = isGoing(status) && (replication > 1 || (precision !== null && t >= duration));
  const ratio = wall > 0.05 ? t / wall : null;
  return (
    <div className="run-progress">
      <span className={`chip ${tone}`}>{label}</span>
      <span className="run-clock tabular" title="Simulated time, of the time to simulate">
        {formatClock(t)}
        {duration > 0 && <span className="muted"> / {formatClock(duration)}</span>}
      </span>
      <progress className={`run-meter ${tone}`} max={1} value={progress} aria-label="Simulated so far" />
      <span className="run-facts muted tabular">
        {eta !== null && isGoing(status) && (
          <span title="Time left, from the last seconds' pace">
            {formatSeconds(Math.max(1, Math.round(eta)))} left
          </span>
        )}
        {isRepeating ? (
          <span title="The canvas shows the first replication; the others make the intervals">
            {precision === null
              ? `replication ${replication} of ${replications}`
              : `replications until ±${formatShare(precision)}`}
          </span>
        ) : (
          <span title="Your time, and how many times faster the simulated time went">
            {formatSeconds(wall < 1 ? wall : Math.floor(wall))}
            {ratio !== null && `${GAP}· ${formatSpeed(ratio)}`}
          </span>
        )}
        <span title="The same document with the same seed gives the same numbers">seed {run.seed}</span>
      </span>
    </div>
  );
}

/** The run of the address, or one of this design that is going on; leaving the page leaves the run's view. */
function useRunOfPage(designId: string, onShown: (runId: string) => void): void {
  const page = pageOf(usePath());
  const runId = page.page === "design" ? page.runId : null;
  const tell = useRef(onShown);
  tell.current = onShown;
  useEffect(() => {
    let left = false;
    const attach = async () => {
      if (runId) {
        const run = await showRunById(runId);
        if (run && !left) tell.current(run.id);
        return;
      }
      const going = (await listRuns({ design: designId }).catch(() => [])).find((run) => isGoing(run.status));
      if (left || !going || useSession.getState().run) return;
      showRun(await fetchRun(going.id).catch(() => going));
      tell.current(going.id);
    };
    if (useSession.getState().run?.id !== runId || runId === null) void attach();
    return () => {
      left = true;
    };
  }, [designId, runId]);
  useEffect(() => leaveRun, []);
}

/** "?run=1" in the address starts at once: the gallery's «Run it». */
function useStartFromAddress(begin: () => Promise<void>): void {
  const start = useRef(begin);
  start.current = begin;
  useEffect(() => {
    const query = new URLSearchParams(window.location.search);
    if (query.get("run") !== "1") return;
    window.history.replaceState(window.history.state, "", window.location.pathname);
    void start.current();
  }, []);
}
