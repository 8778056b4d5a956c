import { type ReactNode, useEffect, useLayoutEffect, useRef, useState } from "react";
import type { Point } from "../../document/types";

interface Props {
  readonly at: Point;
  readonly label: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
  readonly className?: string;
}

const MARGIN = 8;

/** A panel at a point of the window, pushed back inside where it would stick out. Esc or a click elsewhere closes it. */
export function Floating({ at, label, onClose, children, className = "" }: Props) {
  const panel = useRef<HTMLDivElement>(null);
  const close = useRef(onClose);
  close.current = onClose;
  // taken while drawing: by the time effects run, the list inside has the focus already
  const [before] = useState(() => document.activeElement);

  useLayoutEffect(() => {
    const element = panel.current;
    if (!element) return;
    const { width, height } = element.getBoundingClientRect();
    const left = Math.max(MARGIN, Math.min(at.x, window.innerWidth - width - MARGIN));
    const top = Math.max(MARGIN, Math.min(at.y, window.innerHeight - height - MARGIN));
    element.style.left = `${left}px`;
    element.style.top = `${top}px`;
    element.style.visibility = "visible";
  }, [at.x, at.y]);

  useEffect(() => {
    const outside = (event: Event) => {
      if (event.target instanceof Node && !panel.current?.contains(event.target)) close.current();
    };
    // not with the very click that opened it
    const timer = window.setTimeout(() => document.addEventListener("pointerdown", outside, true), 0);
    return () => {
      window.clearTimeout(timer);
      document.removeEventListener("pointerdown", outside, true);
      const isLost = document.activeElement === document.body || document.activeElement === null;
      if (isLost && before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, [before]);

  return (
    <div
      ref={panel}
      className={`floating ${className}`}
      role="dialog"
      aria-label={label}
      data-popup
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.preventDefault();
        event.stopPropagation();
        close.current();
      }}
    >
      {children}
    </div>
  );
}
