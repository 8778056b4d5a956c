import { useId, useLayoutEffect, useRef, useState } from "react";

/** A word with its definition: on hover, on focus, and put away with Escape. */
export function Term({ children, definition }: { children: string; definition: string }) {
  const id = useId();
  const word = useRef<HTMLButtonElement>(null);
  const [place, setPlace] = useState<{ left: number; top: number } | null>(null);
  if (definition === "") return <>{children}</>;
  const show = () => {
    const box = word.current?.getBoundingClientRect();
    if (box) setPlace({ left: box.left, top: box.bottom + 4 });
  };
  const hide = () => setPlace(null);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: hovering the definition itself must keep it open (WCAG 1.4.13)
    <span className="term-holder" onMouseEnter={show} onMouseLeave={hide}>
      <button
        type="button"
        ref={word}
        className="term"
        aria-describedby={place ? id : undefined}
        onFocus={show}
        onBlur={hide}
        onClick={show}
        onKeyDown={(event) => {
          if (event.key !== "Escape" || !place) return;
          event.stopPropagation();
          hide();
        }}
      >
        {children}
      </button>
      {place && <Tip id={id} place={place} text={definition} />}
    </span>
  );
}

function Tip({ id, place, text }: { id: string; place: { left: number; top: number }; text: string }) {
  const tip = useRef<HTMLSpanElement>(null);
  const [shift, setShift] = useState({ x: 0, y: 0 });
  useLayoutEffect(() => {
    const box = tip.current?.getBoundingClientRect();
    if (!box) return;
    const x = Math.min(0, window.innerWidth - 12 - box.right);
    const y = box.bottom > window.innerHeight - 8 ? -(box.height + 30) : 0;
    if (x !== 0 || y !== 0) setShift({ x, y });
  }, []);
  return (
    <span
      ref={tip}
      id={id}
      role="tooltip"
      className="term-tip"
      style={{ left: place.left + shift.x, top: place.top + shift.y }}
    >
      {text}
    </span>
  );
}
