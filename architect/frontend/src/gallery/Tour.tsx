import { X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { firstPlace, isTourDone, rememberTourDone, STEPS } from "./tourSteps";
import "./tour.css";

/** A quiet offer for newcomers; taken or refused, it does not come again unless asked for. */
export function TourOffer() {
  const [isOffered, setOffered] = useState(() => !isTourDone());
  const [step, setStep] = useState<number | null>(null);
  const end = () => {
    rememberTourDone();
    setOffered(false);
    setStep(null);
  };
  useEffect(() => {
    // help may ask for it again
    const again = () => setStep(0);
    window.addEventListener("headrace:tour", again);
    return () => window.removeEventListener("headrace:tour", again);
  }, []);
  if (step !== null) return <TourStep key={step} step={step} onStep={setStep} onEnd={end} />;
  if (!isOffered) return null;
  return (
    <span className="tour-offer">
      <button type="button" className="button small soft" onClick={() => setStep(0)}>
        New here? Five steps
      </button>
      <button
        type="button"
        className="icon-button"
        aria-label="Do not offer the tour again"
        title="Do not offer it again"
        onClick={end}
      >
        <X size={14} aria-hidden="true" />
      </button>
    </span>
  );
}

interface TourStepProps {
  step: number;
  onStep: (step: number) => void;
  onEnd: () => void;
}

/** One step: a card beside the part of the page it speaks of. Nothing is blocked meanwhile. */
function TourStep({ step, onStep, onEnd }: TourStepProps) {
  const card = useRef<HTMLDivElement>(null);
  const [place, setPlace] = useState<ReturnType<typeof firstPlace>>(null);
  const shown = STEPS[step];
  const isLast = step === STEPS.length - 1;
  useEffect(() => {
    const look = () => setPlace(firstPlace(step));
    look();
    card.current?.focus();
    window.addEventListener("resize", look);
    return () => window.removeEventListener("resize", look);
  }, [step]);
  if (!shown) return null;
  return (
    <>
      {place && <div className="tour-ring" style={place.ring} aria-hidden="true" />}
      <div
        ref={card}
        className="tour-card"
        role="dialog"
        aria-labelledby="tour-title"
        tabIndex={-1}
        style={place?.card ?? { left: 24, bottom: 24 }}
        onKeyDown={(event) => {
          if (event.key !== "Escape") return;
          event.stopPropagation();
          onEnd();
        }}
      >
        <p className="muted tabular">
          {step + 1} of {STEPS.length}
        </p>
        <h2 id="tour-title">{shown.title}</h2>
        <p>{shown.words}</p>
        <div className="tour-actions">
          <button type="button" className="button quiet small" onClick={onEnd}>
            Leave
          </button>
          <button
            type="button"
            className="button primary small"
            onClick={() => (isLast ? onEnd() : onStep(step + 1))}
          >
            {isLast ? "Done" : "Next"}
          </button>
        </div>
      </div>
    </>
  );
}
