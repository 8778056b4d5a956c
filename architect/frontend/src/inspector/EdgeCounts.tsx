import { useMetricWords } from "../run/metricWords";
import { formatCount, formatRate } from "../run/numbers";
import { useEdgeMetrics } from "../run/useLive";

/** What has passed on the connection up to the moment shown, and what the kind at its end counts on it. */
export function EdgeCounts({ id }: { id: string }) {
  const metrics = useEdgeMetrics(id);
  const words = useMetricWords();
  if (!metrics) return null;
  const counts = Object.entries(metrics.counts ?? {});
  return (
    <section className="edge-counts" aria-label="On this connection">
      <h3 className="inspector-section">On this connection</h3>
      <dl className="inside-facts">
        <Fact name="Rate" text={formatRate(metrics.rate)} />
        <Fact name="Messages since the start" text={formatCount(metrics.total)} />
        {(metrics.in_transit ?? 0) > 0 && <Fact name="Under way" text={formatCount(metrics.in_transit)} />}
        {counts.map(([name, count]) => (
          <Fact key={name} name={upperFirst(words.title(name))} text={formatCount(count)} />
        ))}
      </dl>
    </section>
  );
}

const upperFirst = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

function Fact({ name, text }: { name: string; text: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd className="tabular">{text}</dd>
    </div>
  );
}
