/** Shortcuts as people read them. */

const NAMES: Readonly<Record<string, string>> = {
  Delete: "Del",
  Backspace: "⌫",
  Shift: "Shift",
  ArrowUp: "↑",
};

/** "$mod+Shift+z" as people read it: "Ctrl+Shift+Z", on a Mac "⌘⇧Z". */
export function keyText(keys: string, isMac = /Mac|iPhone|iPad/.test(navigator.platform)): string {
  const parts = keys === "+" ? ["+"] : keys.split(/\+(?=.)/);
  const words = parts.map((part) => {
    if (part === "$mod") return isMac ? "⌘" : "Ctrl";
    if (part === "Shift" && isMac) return "⇧";
    return NAMES[part] ?? (part.length === 1 ? part.toUpperCase() : part);
  });
  if (words.at(-1) === "?" || words.at(-1) === "+") return words.at(-1) ?? "";
  return words.join(isMac ? "" : "+");
}
