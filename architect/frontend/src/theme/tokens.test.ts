// @vitest-environment node
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { contrast, tokensOf } from "./contrast";

const css = readFileSync(join(import.meta.dirname, "tokens.css"), "utf8");
const SURFACES = ["--bg", "--surface", "--surface-2"];
const TEXT = ["--text", "--text-muted", "--accent", "--accent-hover", "--ok", "--warn", "--bad"];
const KINDS = [
  "producer",
  "queue",
  "topic",
  "consumer",
  "service",
  "bus",
  "join",
  "store",
  "view",
  "function",
].map((kind) => `--kind-${kind}`);
const LINES = [1, 2, 3, 4, 5, 6].map((n) => `--series-${n}`);
const LOADS = [0, 1, 2, 3].map((n) => `--load-${n}`);
const CONTROLS = ["--border-strong", "--focus", ...KINDS, ...LINES, ...LOADS];
const SOFT = ["accent", "ok", "warn", "bad"].map((name) => [`--${name}`, `--${name}-soft`] as const);

describe.each(["light", "dark"] as const)("the %s theme", (theme) => {
  const tokens = tokensOf(css, theme);
  const measured = (one: string, other: string) => {
    const [a, b] = [tokens.get(one), tokens.get(other)];
    if (!a || !b) throw new Error(`${one} or ${other} is not a token`);
    return contrast(a, b);
  };

  it.each(TEXT.flatMap((text) => SURFACES.map((surface) => [text, surface] as const)))(
    "lets %s be read on %s (4.5 : 1, WCAG 1.4.3)",
    (text, surface) => expect(measured(text, surface)).toBeGreaterThanOrEqual(4.5),
  );

  it.each([
    ...SOFT,
    ["--accent-contrast", "--accent"] as const,
    ["--accent-contrast", "--accent-hover"] as const,
  ])("lets %s be read on %s (4.5 : 1)", (text, surface) =>
    expect(measured(text, surface)).toBeGreaterThanOrEqual(4.5),
  );

  it.each(KINDS)("lets the small label in %s be read on a node (4.5 : 1)", (kind) =>
    expect(measured(kind, "--surface")).toBeGreaterThanOrEqual(4.5),
  );

  it.each(CONTROLS.flatMap((line) => ["--bg", "--surface"].map((surface) => [line, surface] as const)))(
    "shows %s against %s (3 : 1, WCAG 1.4.11)",
    (line, surface) => expect(measured(line, surface)).toBeGreaterThanOrEqual(3),
  );
});

it("measures the two known corners of the scale", () => {
  expect(contrast("#000000", "#ffffff")).toBeCloseTo(21, 5);
  expect(contrast("#777777", "#ffffff")).toBeCloseTo(4.48, 2);
});
