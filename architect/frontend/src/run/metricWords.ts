import { useEffect, useState } from "react";
import { loadCatalogue } from "../schema/load";
import type { KindInfo, MetricInfo } from "../schema/types";
import { isShare } from "./shares";

/** Titles, units and definitions of the metrics, from the server's schema; sensible words until it has come. */
export interface MetricWords {
  title(metric: string): string;
  unit(metric: string): string;
  definition(metric: string): string;
  /** what the nodes of a kind are judged by, most telling first */
  badges(kind: string): readonly string[];
}

const SECONDS = /_time$|_latency$|_age$|^time_/;
const RATES = /_rate$|^throughput$|^goodput$/;
const COUNTS =
  /^(queue_length|in_system|in_flight|backlog|consumer_lag|delivered|redelivered|dead_lettered|expired|dropped|rejected|throttled|duplicates|out_of_order|lost|messages|executions_failed)$/;

/** The unit in the words formatQuantity knows; the schema's "1" of a share is one of ours. */
export function unitOf(metric: string, info: MetricInfo | undefined): string {
  if (isShare(metric)) return "share";
  if (COUNTS.test(metric)) return "messages";
  if (info && info.unit !== "") return info.unit;
  if (SECONDS.test(metric)) return "s";
  return RATES.test(metric) ? "msg/s" : "1";
}

export function metricWords(
  metrics: Readonly<Record<string, MetricInfo>>,
  kinds: readonly KindInfo[] = [],
): MetricWords {
  return {
    badges: (kind) => kinds.find((one) => one.kind === kind)?.badges ?? [],
    title: (metric) => lowerFirst(metrics[metric]?.title ?? metric.replaceAll("_", " ")),
    unit: (metric) => unitOf(metric, metrics[metric]),
    definition: (metric) => metrics[metric]?.definition ?? "",
  };
}

/** "Waiting time" reads better in small letters inside a sentence; "SLA" stays. */
function lowerFirst(text: string): string {
  return /^[A-Z][a-z]/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text;
}

export function useMetricWords(): MetricWords {
  const [words, setWords] = useState(() => metricWords({}));
  useEffect(() => {
    let left = false;
    loadCatalogue().then(
      (catalogue) => !left && setWords(metricWords(catalogue.bundle.metrics ?? {}, catalogue.bundle.kinds)),
      () => undefined, // the plain names above serve; the editor says when the server does not answer
    );
    return () => {
      left = true;
    };
  }, []);
  return words;
}
