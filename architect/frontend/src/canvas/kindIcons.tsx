/** The sign of each kind, from the file that exported drawings have it from; other kinds get that of their category. */
import SIGNS from "../../../../simulator/formats/exports/signs.json";
import type { Category } from "../schema/types";

const KNOWN: Readonly<Record<string, string>> = SIGNS;

export function KindIcon({ kind, category, size = 16 }: { kind: string; category: Category; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth={2}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d={KNOWN[kind] ?? KNOWN[category] ?? KNOWN["service"]} />
    </svg>
  );
}
