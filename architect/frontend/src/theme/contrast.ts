/** WCAG 2.2 contrast of two sRGB colours, after its definition of relative luminance. */

type Rgb = readonly [number, number, number];

/** "#rrggbb" (or "#rgb") to three numbers 0..255. Throws on anything else: a token that is no colour is a defect. */
export function parseHex(hex: string): Rgb {
  const long = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(hex);
  if (long) return [1, 2, 3].map((part) => parseInt(long[part] ?? "", 16)) as unknown as Rgb;
  const short = /^#([0-9a-f])([0-9a-f])([0-9a-f])$/i.exec(hex);
  if (short) return [1, 2, 3].map((part) => parseInt((short[part] ?? "").repeat(2), 16)) as unknown as Rgb;
  throw new Error(`not a #rrggbb colour: ${hex}`);
}

function luminance(colour: Rgb): number {
  const [red, green, blue] = colour.map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as unknown as Rgb;
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** 1 (the same) to 21 (black on white). */
export function contrast(one: string, other: string): number {
  const [light, dark] = [luminance(parseHex(one)), luminance(parseHex(other))].sort((a, b) => b - a) as [
    number,
    number,
  ];
  return (light + 0.05) / (dark + 0.05);
}

/** The tokens of a style sheet for one theme: the left or the right side of each light-dark(). Only plain hex pairs. */
export function tokensOf(css: string, theme: "light" | "dark"): Map<string, string> {
  const tokens = new Map<string, string>();
  for (const match of css.matchAll(/(--[a-z0-9-]+):\s*light-dark\((#[0-9a-f]+),\s*(#[0-9a-f]+)\)/gi)) {
    const [, name, light, dark] = match;
    if (name && light && dark) tokens.set(name, theme === "light" ? light : dark);
  }
  return tokens;
}
