/** A headrace: the channel that leads water to the wheel. Three streams run into one. */
export function Logo({ size = 24 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" fill="none" aria-hidden="true" className="logo">
      <path d="M3 7c7 0 7 9 15 9" stroke="var(--accent)" strokeWidth="3" strokeLinecap="round" />
      <path d="M3 16h15" stroke="var(--accent)" strokeWidth="3" strokeLinecap="round" opacity=".75" />
      <path
        d="M3 25c7 0 7-9 15-9"
        stroke="var(--accent)"
        strokeWidth="3"
        strokeLinecap="round"
        opacity=".5"
      />
      <circle cx="23.5" cy="16" r="5.5" stroke="var(--text)" strokeWidth="2.6" />
      <path d="M23.5 10.5v11M18 16h11" stroke="var(--text)" strokeWidth="1.8" />
    </svg>
  );
}
