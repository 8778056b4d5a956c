/** The theme the user chose, kept in this browser and shown through data-theme on <html>. */

export type ThemeChoice = "light" | "dark" | "system";

const STORAGE_KEY = "headrace.theme";
const CHOICES: readonly ThemeChoice[] = ["light", "dark", "system"];
const listeners = new Set<() => void>();
let watchingSystem = false;

/** The stored choice; "system" when nothing (or nonsense) is stored or storage is closed to us. */
export function readThemeChoice(): ThemeChoice {
  try {
    const stored = window.localStorage.getItem(STORAGE_KEY);
    return CHOICES.find((choice) => choice === stored) ?? "system";
  } catch {
    return "system"; // storage is refused in some private windows: the theme then lasts for the page only
  }
}

function currentChoice(): ThemeChoice {
  const shown = document.documentElement.dataset["theme"];
  return CHOICES.find((choice) => choice === shown) ?? readThemeChoice();
}

function darkQuery(): MediaQueryList | null {
  return typeof window.matchMedia === "function" ? window.matchMedia("(prefers-color-scheme: dark)") : null;
}

function announce(): void {
  for (const listener of listeners) listener();
}

/** Show a theme and remember it. */
export function setTheme(choice: ThemeChoice): void {
  document.documentElement.dataset["theme"] = choice;
  try {
    window.localStorage.setItem(STORAGE_KEY, choice);
  } catch {
    // Nothing to keep it in: the choice holds until the page is left.
  }
  announce();
}

/** Put the stored theme on the page; call once before the first paint. */
export function startTheme(): void {
  document.documentElement.dataset["theme"] = readThemeChoice();
  if (watchingSystem) return;
  watchingSystem = true;
  darkQuery()?.addEventListener("change", announce);
}

/** What the eye gets now. */
export function shownTheme(): "light" | "dark" {
  const choice = currentChoice();
  if (choice !== "system") return choice;
  return darkQuery()?.matches === true ? "dark" : "light";
}

/** What was chosen, for the switch. */
export function themeChoice(): ThemeChoice {
  return currentChoice();
}

/** Hear of every change of the shown theme, the system's own included. Returns the way to stop. */
export function subscribeTheme(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/**
 * The colour a token has now, as the canvas 2D context understands it ("rgb(…)").
 * Reading the property itself would give the text "light-dark(…)"; a probe element makes the browser resolve it.
 */
export function tokenColor(token: `--${string}`, within: Element = document.body): string {
  const probe = document.createElement("span");
  probe.style.color = `var(${token})`;
  probe.style.display = "none";
  within.appendChild(probe);
  const colour = getComputedStyle(probe).color;
  probe.remove();
  return colour === "" ? "currentColor" : colour;
}
