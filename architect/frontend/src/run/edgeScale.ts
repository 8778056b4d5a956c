/** Edge width = rate on a logarithmic scale, edge colour = how the reader behind it copes. Shared by canvas and legend. */

export const THINNEST = 1.5;
export const THICKEST = 8;
/** From full width down, three decades are told apart. */
const DECADES = 3;

/** Width in half pixels: only a visible change is worth a write to the DOM. */
export function edgeWidth(rate: number | null | undefined, highest: number): number {
  if (!rate || rate <= 0 || highest <= 0) return THINNEST;
  const share = 1 + Math.log10(Math.min(1, rate / highest)) / DECADES;
  const width = THINNEST + Math.max(0, share) * (THICKEST - THINNEST);
  return Math.round(width * 2) / 2;
}

export interface LoadStep {
  readonly token: `--load-${0 | 1 | 2 | 3}`;
  readonly label: string;
}

export const LOAD_STEPS: readonly LoadStep[] = [
  { token: "--load-0", label: "no flow" },
  { token: "--load-1", label: "below 70 % busy" },
  { token: "--load-2", label: "70–90 % busy" },
  { token: "--load-3", label: "above 90 % busy" },
];

/** The step for a share 0..1 of the busiest node at the edge's end; null: no node there has servers. */
export function loadStep(rate: number | null | undefined, utilization: number | null | undefined): LoadStep {
  const index = !rate ? 0 : utilization == null || utilization < 0.7 ? 1 : utilization < 0.9 ? 2 : 3;
  return LOAD_STEPS[index] as LoadStep;
}
