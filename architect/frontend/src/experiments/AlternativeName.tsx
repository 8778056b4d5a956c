import { styleAt } from "./words";

/** The name of an alternative with the line it has in the charts. */
export function AlternativeName({ name, position }: { name: string; position: number }) {
  const { token, dash } = styleAt(position);
  return (
    <span className="alternative-name">
      <svg width="18" height="8" aria-hidden="true">
        <path d="M0 4h18" stroke={`var(${token})`} strokeWidth="3" strokeDasharray={dash.join(" ")} />
      </svg>
      <span>{name}</span>
    </span>
  );
}
