import type { MetricWords } from "../run/metricWords";
import type { Source } from "./OpenVariant";
import type { Comparison } from "./types";

/** What every part of a comparison's page is given. */
export interface ViewProps {
  readonly found: Comparison;
  readonly words: MetricWords;
  readonly label: (id: string) => string;
  readonly source: Source;
}
