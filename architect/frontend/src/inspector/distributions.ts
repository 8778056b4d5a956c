/** Mean, variance, 99th percentile and density of a distribution as it is being typed (contract section 1). */
import { isObject } from "../document/paths";
import type { Json } from "../document/types";
import { gammaQuantile, lnGamma, normalCdf, normalQuantile } from "./special";

export interface Shape {
  readonly mean: number;
  /** null where it is infinite or not computed */
  readonly variance: number | null;
  readonly p99: number | null;
  /** density (or weights) at `x`, for a picture */
  readonly points: readonly (readonly [x: number, density: number])[];
  /** probability at single values: drawn as bars */
  readonly isDiscrete: boolean;
}

type Numbers = (key: string) => number;

const SAMPLES = 64;
const NONE = Number.NaN;

function grid(from: number, to: number, density: (x: number) => number): (readonly [number, number])[] {
  return Array.from({ length: SAMPLES + 1 }, (_, index) => {
    const x = from + ((to - from) * index) / SAMPLES;
    const y = density(x);
    return [x, Number.isFinite(y) ? y : 0] as const;
  });
}

function continuous(
  mean: number,
  variance: number | null,
  p99: number,
  density: (x: number) => number,
  low = 0,
): Shape {
  const to = Math.max(p99 * 1.15, low + 1e-12);
  return { mean, variance, p99, points: grid(low, to, density), isDiscrete: false };
}

function gamma(mean: number, shape: number): Shape {
  const scale = mean / shape;
  const density = (x: number) =>
    x <= 0
      ? shape < 1
        ? NONE
        : shape === 1
          ? 1 / scale
          : 0
      : Math.exp((shape - 1) * Math.log(x / scale) - x / scale - lnGamma(shape)) / scale;
  return continuous(mean, (mean * mean) / shape, gammaQuantile(0.99, shape) * scale, density);
}

function lognormal(mu: number, sigma: number): Shape {
  const mean = Math.exp(mu + (sigma * sigma) / 2);
  const variance = (Math.exp(sigma * sigma) - 1) * mean * mean;
  const density = (x: number) =>
    x <= 0
      ? 0
      : Math.exp(-((Math.log(x) - mu) ** 2) / (2 * sigma * sigma)) / (x * sigma * Math.sqrt(2 * Math.PI));
  return continuous(mean, variance, Math.exp(mu + sigma * normalQuantile(0.99)), density);
}

/** p99 of a distribution with an increasing cdf, by bisection. */
function quantile(cdf: (x: number) => number, start: number, p = 0.99): number {
  let high = Math.max(start, 1e-9);
  for (let step = 0; step < 200 && cdf(high) < p; step += 1) high *= 2;
  let low = 0;
  for (let step = 0; step < 80; step += 1) {
    const middle = (low + high) / 2;
    if (cdf(middle) < p) low = middle;
    else high = middle;
  }
  return high;
}

function constant(value: number): Shape {
  return { mean: value, variance: 0, p99: value, points: [[value, 1]], isDiscrete: true };
}

function hyperexponential(mean: number, scv: number): Shape {
  const p = (1 + Math.sqrt((scv - 1) / (scv + 1))) / 2;
  const rates = [(2 * p) / mean, (2 * (1 - p)) / mean] as const;
  const density = (x: number) =>
    p * rates[0] * Math.exp(-rates[0] * x) + (1 - p) * rates[1] * Math.exp(-rates[1] * x);
  const cdf = (x: number) => 1 - p * Math.exp(-rates[0] * x) - (1 - p) * Math.exp(-rates[1] * x);
  return continuous(mean, scv * mean * mean, quantile(cdf, mean), density);
}

function normalCutAtZero(mean: number, stddev: number): Shape {
  if (stddev === 0) return constant(Math.max(0, mean));
  const a = mean / stddev;
  const phi = Math.exp((-a * a) / 2) / Math.sqrt(2 * Math.PI);
  const cut = mean * normalCdf(a) + stddev * phi;
  const second = (mean * mean + stddev * stddev) * normalCdf(a) + mean * stddev * phi;
  const density = (x: number) => Math.exp(-((x - mean) ** 2) / (2 * stddev * stddev));
  const low = Math.max(0, mean - 3.5 * stddev);
  return continuous(cut, second - cut * cut, Math.max(0, mean + stddev * normalQuantile(0.99)), density, low);
}

function empirical(values: readonly number[], weights: readonly number[] | null): Shape {
  const total = weights ? weights.reduce((sum, one) => sum + one, 0) : values.length;
  const pairs = values
    .map((value, index) => [value, (weights?.[index] ?? 1) / total] as const)
    .sort((a, b) => a[0] - b[0]);
  const mean = pairs.reduce((sum, [value, share]) => sum + value * share, 0);
  const variance = pairs.reduce((sum, [value, share]) => sum + share * (value - mean) ** 2, 0);
  const p99 = weightedQuantile(pairs, 0.99);
  return { mean, variance, p99, points: pairs.slice(0, 200), isDiscrete: true };
}

function weightedQuantile(pairs: readonly (readonly [number, number])[], p: number): number {
  let seen = 0;
  for (const [value, share] of pairs) {
    seen += share;
    if (seen >= p - 1e-12) return value;
  }
  return pairs.at(-1)?.[0] ?? 0;
}

/** Only a sketch: straight lines between the given percentiles, which is how draws are made as well. */
function percentiles(table: Readonly<Record<string, Json | undefined>>): Shape | null {
  const pairs = Object.entries(table)
    .map(([name, value]) => [Number(name.replace(/^p/, "")) / 100, Number(value)] as const)
    .filter(([share, value]) => Number.isFinite(share) && Number.isFinite(value))
    .sort((a, b) => a[0] - b[0]);
  if (pairs.length === 0) return null;
  const points: [number, number][] = [];
  for (let index = 1; index < pairs.length; index += 1) {
    const [before, after] = [pairs[index - 1], pairs[index]];
    if (!before || !after || after[1] <= before[1]) continue;
    const density = (after[0] - before[0]) / (after[1] - before[1]);
    points.push([before[1], density], [after[1], density]);
  }
  const p99 = pairs.find(([share]) => Math.abs(share - 0.99) < 1e-9)?.[1] ?? null;
  return { mean: NONE, variance: null, p99, points, isDiscrete: false };
}

function zipf(count: number, exponent: number): Shape {
  const shown = Math.min(count, 30);
  const points = Array.from({ length: shown }, (_, rank) => [rank + 1, (rank + 1) ** -exponent] as const);
  return { mean: NONE, variance: null, p99: null, points, isDiscrete: true };
}

const SHAPES: Readonly<
  Record<string, (n: Numbers, value: Readonly<Record<string, Json | undefined>>) => Shape | null>
> = {
  constant: (n) => constant(n("value")),
  exponential: (n) => gamma(n("mean"), 1),
  erlang: (n) => gamma(n("mean"), n("k")),
  gamma: (n) => gamma(n("mean"), n("shape")),
  hyperexponential: (n) => hyperexponential(n("mean"), n("scv")),
  normal: (n) => normalCutAtZero(n("mean"), n("stddev")),
  uniform(n) {
    const [low, high] = [n("low"), n("high")];
    if (low === high) return constant(low);
    const points = [
      [low, 0],
      [low, 1],
      [high, 1],
      [high, 0],
    ] as const;
    return {
      mean: (low + high) / 2,
      variance: (high - low) ** 2 / 12,
      p99: low + 0.99 * (high - low),
      points,
      isDiscrete: false,
    };
  },
  triangular(n) {
    const [low, mode, high] = [n("low"), n("mode"), n("high")];
    const mean = (low + mode + high) / 3;
    const variance = (low * low + mode * mode + high * high - low * mode - low * high - mode * high) / 18;
    const p99 = high - Math.sqrt(0.01 * (high - low) * (high - mode));
    const isUp = high > mode && (mode - low) / (high - low) < 0.99;
    return {
      mean,
      variance,
      p99: isUp ? p99 : high,
      points: [
        [low, 0],
        [mode, 1],
        [high, 0],
      ],
      isDiscrete: false,
    };
  },
  lognormal(n, value) {
    if (typeof value["p50"] === "number" && typeof value["p99"] === "number") {
      return lognormal(Math.log(n("p50")), Math.log(n("p99") / n("p50")) / normalQuantile(0.99));
    }
    const sigma2 = Math.log(1 + n("scv"));
    return sigma2 === 0
      ? constant(n("mean"))
      : lognormal(Math.log(n("mean")) - sigma2 / 2, Math.sqrt(sigma2));
  },
  weibull(n) {
    const [mean, shape] = [n("mean"), n("shape")];
    const scale = mean / Math.exp(lnGamma(1 + 1 / shape));
    const variance = scale * scale * Math.exp(lnGamma(1 + 2 / shape)) - mean * mean;
    const density = (x: number) =>
      x <= 0
        ? shape < 1
          ? NONE
          : 0
        : (shape / scale) * (x / scale) ** (shape - 1) * Math.exp(-((x / scale) ** shape));
    return continuous(mean, variance, scale * Math.log(100) ** (1 / shape), density);
  },
  pareto(n) {
    const [minimum, shape] = [n("minimum"), n("shape")];
    const mean = shape > 1 ? (shape * minimum) / (shape - 1) : Number.POSITIVE_INFINITY;
    const variance = shape > 2 ? (minimum ** 2 * shape) / ((shape - 1) ** 2 * (shape - 2)) : null;
    const density = (x: number) => (x < minimum ? 0 : (shape * minimum ** shape) / x ** (shape + 1));
    return continuous(mean, variance, minimum * 0.01 ** (-1 / shape), density, minimum * 0.8);
  },
  geometric(n) {
    const p = 1 / n("mean");
    const p99 = p >= 1 ? 1 : Math.ceil(Math.log(0.01) / Math.log(1 - p));
    const points = Array.from(
      { length: Math.min(40, p99 + 1) },
      (_, k) => [k + 1, p * (1 - p) ** k] as const,
    );
    return { mean: n("mean"), variance: (1 - p) / (p * p), p99, points, isDiscrete: true };
  },
  empirical(_n, value) {
    const values = numbers(value["values"]);
    const weights = numbers(value["weights"]);
    return values.length === 0 ? null : empirical(values, weights.length === values.length ? weights : null);
  },
  percentiles(_n, value) {
    const table = value["percentiles"];
    return isObject(table) ? percentiles(table) : null;
  },
  zipf: (n) => zipf(n("count"), n("exponent")),
};

function numbers(value: Json | undefined): number[] {
  return Array.isArray(value) ? value.filter((one): one is number => typeof one === "number") : [];
}

/** The shape of a distribution, or null while its parameters do not make one. */
export function shapeOf(value: Json | undefined): Shape | null {
  if (typeof value === "number") return constant(value);
  if (!isObject(value)) return null;
  const make = SHAPES[String(value["distribution"])];
  const given: Numbers = (key) => (typeof value[key] === "number" ? value[key] : NONE);
  const shape = make?.(given, value) ?? null;
  const isDrawable = shape?.points.every(([x, y]) => Number.isFinite(x) && Number.isFinite(y)) ?? false;
  return isDrawable ? shape : null;
}
