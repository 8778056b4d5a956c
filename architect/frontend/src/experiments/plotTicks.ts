/** Ranges and ticks of the plots that are drawn as SVG: pure, so that they can be tested without one. */

export interface Span {
  readonly low: number;
  readonly high: number;
}

/** A little more than the values take; from 0 where they come near it, and never a single point. */
export function spanOf(values: readonly number[]): Span {
  const finite = values.filter(Number.isFinite);
  if (finite.length === 0) return { low: 0, high: 1 };
  const [low, high] = [Math.min(...finite), Math.max(...finite)];
  const width = high - low || Math.abs(high) || 1;
  const start = low >= 0 && low < width ? 0 : low - 0.08 * width;
  return { low: start, high: high + 0.08 * width };
}

const WANTED = 6;

/** Four to eight round numbers within a span: 1, 2 or 5 times a power of ten apart. */
export function niceTicks({ low, high }: Span): number[] {
  const rough = (high - low) / WANTED;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((one) => one * power >= rough) ?? 10) * power;
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(15)));
}
