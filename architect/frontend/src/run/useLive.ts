/** Numbers of the moment shown, for the few React parts that are not painted directly; a few times a second. */
import { useEffect, useState } from "react";
import type { EdgeMetrics, NodeMetrics } from "./frameTypes";
import { metricStore } from "./metrics";

/** Milliseconds between two readings: what people can read. */
const EVERY = 250;

function useLive<M>(subscribe: (listener: (metrics: M | null) => void) => () => void): M | null {
  const [shown, setShown] = useState<M | null>(null);
  useEffect(() => {
    let timer = 0;
    let latest: M | null = null;
    const stop = subscribe((metrics) => {
      latest = metrics;
      if (timer !== 0) return;
      timer = window.setTimeout(() => {
        timer = 0;
        setShown(latest);
      }, EVERY);
    });
    return () => {
      stop();
      window.clearTimeout(timer);
      setShown(null);
    };
  }, [subscribe]);
  return shown;
}

export function useNodeMetrics(id: string): NodeMetrics | null {
  const [subscribe, setSubscribe] = useState(() => subscribeNode(id));
  useEffect(() => setSubscribe(() => subscribeNode(id)), [id]);
  return useLive<NodeMetrics>(subscribe);
}

export function useEdgeMetrics(id: string): EdgeMetrics | null {
  const [subscribe, setSubscribe] = useState(() => subscribeEdge(id));
  useEffect(() => setSubscribe(() => subscribeEdge(id)), [id]);
  return useLive<EdgeMetrics>(subscribe);
}

const subscribeNode = (id: string) => (listener: (metrics: NodeMetrics | null) => void) =>
  metricStore.subscribeNode(id, listener);
const subscribeEdge = (id: string) => (listener: (metrics: EdgeMetrics | null) => void) =>
  metricStore.subscribeEdge(id, listener);
