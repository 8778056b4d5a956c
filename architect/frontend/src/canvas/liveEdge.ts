/** Width and colour of an edge during a run: width is the rate (logarithmic), colour the load of where it leads. */
import { plainNumber } from "../run/frameTypes";
import { metricStore } from "../run/metrics";
import { formatNumber } from "../run/numbers";
import { loadLevel } from "./liveCard";
import { paintNever, paintSoon } from "./paintSoon";

const THIN = 1.5;
const THICK = 8;

/** Pixels for a rate; in steps (of half a pixel, of more from afar) so that a wavering rate does not repaint. */
export function edgeWidth(rate: number | null, step = 0.5): number {
  if (rate === null || rate <= 0) return THIN;
  const raw = THIN + (Math.log10(1 + rate) / 4) * (THICK - THIN);
  return Math.max(THIN, Math.round(Math.min(THICK, raw) / step) * step);
}

const FAR_STEP = 2;

export interface EdgeParts {
  readonly path: SVGPathElement;
  readonly label: SVGTextElement | null;
  /** what stands in the label without a run */
  readonly resting: string;
}

export function bindEdge(id: string, target: string, role: string, parts: EdgeParts): () => void {
  let load = -1;
  let width = -1;
  const paint = (rate: number | null) => {
    // from afar there is no label, and half a pixel is not seen
    const nextWidth = edgeWidth(rate, parts.label ? 0.5 : FAR_STEP);
    if (nextWidth !== width) {
      width = nextWidth;
      parts.path.style.strokeWidth = `${width}px`;
    }
    const isFlowing = rate !== null && rate > 0;
    const utilization = plainNumber(metricStore.node(target)?.["utilization"]);
    const calm = isFlowing ? Math.max(1, loadLevel(utilization)) : 0;
    const next = role === "dead-letter" && isFlowing ? 3 : calm;
    if (next !== load) {
      load = next;
      parts.path.dataset["load"] = String(next);
    }
    if (!parts.label) return;
    // the unit in short: the gap between two cards is narrow, and the legend has it in full
    const text = isFlowing ? `${formatNumber(rate)}/s` : parts.resting;
    if (parts.label.textContent !== text) parts.label.textContent = text;
  };
  const rest = () => {
    load = -1;
    width = -1;
    delete parts.path.dataset["load"];
    parts.path.style.strokeWidth = "";
  };
  const stop = metricStore.subscribeEdge(id, (metrics) => {
    if (metrics !== null) paintSoon(parts, () => paint(metrics.rate));
    else {
      paintNever(parts);
      rest();
      if (parts.label && parts.label.textContent !== parts.resting) parts.label.textContent = parts.resting;
    }
  });
  return () => {
    // the label stays as it is: its resting text is React's to write, and may have changed already
    stop();
    paintNever(parts);
    rest();
  };
}
