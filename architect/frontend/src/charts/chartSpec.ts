/** What a chart is made of, shared by those who choose charts. */
export interface ChartLine {
  readonly key: string;
  readonly label: string;
  /** colour token and dash: a line is told apart without its colour too */
  readonly token: `--${string}`;
  readonly dash?: readonly number[];
  readonly fill?: boolean;
}

export interface ChartSpec {
  readonly id: string;
  readonly title: string;
  /** as formatQuantity understands it */
  readonly unit: string;
  readonly lines: readonly ChartLine[];
  /** what one point of the chart is, for the help */
  readonly help: string;
  /** objectives drawn as a line */
  readonly limits?: readonly { value: number; label: string }[];
  /** times spread over decades: offered on a logarithmic axis */
  readonly canBeLog?: boolean;
}

export interface Columns {
  has(key: string): boolean;
  keys(): string[];
  /** the largest value so far */
  peak(key: string): number;
}

export interface Wording {
  node(id: string): string;
  edge(id: string): string;
  metric(name: string): string;
  /** as formatQuantity understands it */
  unit(name: string): string;
  definition(name: string): string;
  /** what a node is judged by, most telling first */
  badges(id: string): readonly string[];
}

const SERIES = [1, 2, 3, 4, 5, 6].map((n) => `--series-${n}` as const);
const DASHES: readonly (readonly number[])[] = [[], [6, 4], [2, 3], [10, 4, 2, 4], [4, 2], [1, 2]];
/** More lines than this in one chart cannot be told apart. */
export const MOST_LINES = 6;

const SPREAD: readonly { part: string; label: string; token: `--${string}`; dash: readonly number[] }[] = [
  { part: "p50", label: "p50", token: "--series-1", dash: [] },
  { part: "p95", label: "p95", token: "--series-2", dash: [6, 4] },
  { part: "p99", label: "p99", token: "--series-3", dash: [2, 3] },
];

export function styled(index: number): Pick<ChartLine, "token" | "dash"> {
  return { token: SERIES[index % SERIES.length] ?? "--series-1", dash: DASHES[index % DASHES.length] ?? [] };
}

export function spread(base: (part: string) => string): ChartLine[] {
  return SPREAD.map(({ part, label, token, dash }) => ({ key: base(part), label, token, dash }));
}

export const TIMES = ["waiting_time", "sojourn_time", "service_time"] as const;
export const TROUBLE = [
  "dead_lettered",
  "redelivered",
  "expired",
  "dropped",
  "rejected",
  "throttled",
  "executions_failed",
  "duplicates",
  "out_of_order",
] as const;

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
