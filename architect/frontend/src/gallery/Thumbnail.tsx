import { useEffect, useMemo, useState } from "react";
import type { Catalogue } from "../schema/catalogue";
import { loadCatalogue } from "../schema/load";
import { type Drawn, guessedCategory, HEIGHT, picture, WIDTH } from "./thumbnail";

/** A small picture of a design in the colours of its kinds; decoration, the words beside it say the same. */
export function Thumbnail({ drawn }: { drawn: Drawn }) {
  const [catalogue, setCatalogue] = useState<Catalogue | null>(null);
  useEffect(() => {
    let left = false;
    loadCatalogue().then(
      (loaded) => !left && setCatalogue(loaded),
      () => undefined, // the guess by the kind's name serves
    );
    return () => {
      left = true;
    };
  }, []);
  const { boxes, curves, boxWidth, boxHeight } = useMemo(() => picture(drawn), [drawn]);
  return (
    <svg
      className="thumbnail"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      aria-hidden="true"
      preserveAspectRatio="xMidYMid meet"
    >
      {curves.map(({ path, isSide }) => (
        <path
          key={path}
          d={path}
          fill="none"
          stroke="var(--border-strong)"
          strokeWidth="1.5"
          strokeDasharray={isSide ? "3 3" : undefined}
        />
      ))}
      {boxes.map(({ id, kind, x, y }) => {
        const category = catalogue?.kind(kind)?.category ?? guessedCategory(kind);
        const colour = `var(--kind-${category})`;
        return (
          <g key={id} transform={`translate(${x - boxWidth / 2} ${y - boxHeight / 2})`}>
            <rect width={boxWidth} height={boxHeight} rx={Math.min(5, boxHeight / 3)} fill="var(--surface)" />
            <rect
              width={boxWidth}
              height={boxHeight}
              rx={category === "queue" || category === "topic" ? Math.min(5, boxHeight / 3) : boxHeight / 2}
              fill={colour}
              fillOpacity="0.16"
              stroke={colour}
              strokeWidth="1.6"
            />
          </g>
        );
      })}
    </svg>
  );
}
