/** Numbers of the moment shown, for the few React parts that are not painted directly; a few times a second. */
import { useEffect, useState } from "react";
import type { EdgeMetrics, NodeMetrics } from "./frameTypes";
import { metricStore } from "./metrics";

/** Milliseconds between two readings: what people can read. */
const EVERY = 250;

/** `read` is looked at again and again; the same object twice draws nothing. */
function useReading<M>(read: (id: string) => M | null, id: string): M | null {
  const [shown, setShown] = useState<M | null>(() => read(id));
  useEffect(() => {
    const look = () => setShown(read(id));
    look();
    const timer = window.setInterval(look, EVERY);
    return () => window.clearInterval(timer);
  }, [read, id]);
  return shown;
}

export const useNodeMetrics = (id: string): NodeMetrics | null => useReading(metricStore.node, id);
export const useEdgeMetrics = (id: string): EdgeMetrics | null => useReading(metricStore.edge, id);
