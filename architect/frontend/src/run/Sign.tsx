import { CircleCheck, CircleX, Info, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import type { Tone } from "./trust";

/** Good, bad, doubtful, or worth knowing: a shape and a word, not a colour alone. */
export function Sign({ tone }: { tone: Tone }): ReactNode {
  const common = { size: 16, className: `sign ${tone}`, role: "img" } as const;
  switch (tone) {
    case "ok":
      return <CircleCheck {...common} aria-label="Passed:" />;
    case "bad":
      return <CircleX {...common} aria-label="Problem:" />;
    case "warn":
      return <TriangleAlert {...common} aria-label="Warning:" />;
    default:
      return <Info {...common} aria-label="Note:" />;
  }
}
