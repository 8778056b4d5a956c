import { useSyncExternalStore } from "react";
import { setTheme, subscribeTheme, type ThemeChoice, themeChoice } from "./theme";

const ORDER: readonly ThemeChoice[] = ["system", "light", "dark"];
const WORDS: Record<ThemeChoice, string> = { system: "as the system", light: "light", dark: "dark" };

/** One button that steps through system, light and dark; its name says what is shown and what comes next. */
export function ThemeSwitch() {
  const choice = useSyncExternalStore(subscribeTheme, themeChoice);
  const next = ORDER[(ORDER.indexOf(choice) + 1) % ORDER.length] ?? "system";
  const label = `Theme: ${WORDS[choice]}. Switch to ${WORDS[next]}`;
  return (
    <button
      type="button"
      className="icon-button"
      aria-label={label}
      title={label}
      onClick={() => setTheme(next)}
    >
      <ThemeIcon choice={choice} />
    </button>
  );
}

function ThemeIcon({ choice }: { choice: ThemeChoice }) {
  return (
    <svg
      width="18"
      height="18"
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth="2"
      aria-hidden="true"
    >
      {choice === "system" && (
        <>
          <circle cx="12" cy="12" r="8" />
          <path d="M12 4a8 8 0 0 1 0 16z" fill="currentColor" />
        </>
      )}
      {choice === "light" && (
        <>
          <circle cx="12" cy="12" r="4" />
          <path
            strokeLinecap="round"
            d="M12 3v2M12 19v2M3 12h2M19 12h2M5.6 5.6 7 7M17 17l1.4 1.4M5.6 18.4 7 17M17 7l1.4-1.4"
          />
        </>
      )}
      {choice === "dark" && <path strokeLinejoin="round" d="M20 14.5A8 8 0 0 1 9.5 4 8 8 0 1 0 20 14.5z" />}
    </svg>
  );
}
