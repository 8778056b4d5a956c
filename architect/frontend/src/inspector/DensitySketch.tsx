import { formatNumber, formatQuantity } from "../run/numbers";
import type { Shape } from "./distributions";

const WIDTH = 264;
const HEIGHT = 46;

/** What the distribution looks like; the figures below say the same in words. */
export function DensitySketch({ shape, unit }: { shape: Shape; unit: string }) {
  const xs = shape.points.map(([x]) => x);
  const low = Math.min(...xs, shape.isDiscrete ? Number.POSITIVE_INFINITY : 0);
  const high = Math.max(...xs, low + 1e-12);
  const top = Math.max(...shape.points.map(([, y]) => y), 1e-300);
  const px = (x: number) => 2 + ((x - low) / (high - low)) * (WIDTH - 4);
  const py = (y: number) => HEIGHT - (Math.min(y, top) / top) * (HEIGHT - 4);
  const line = shape.points.map(([x, y]) => `${px(x).toFixed(1)} ${py(y).toFixed(1)}`).join("L");
  const inside = (x: number | null): x is number => x !== null && Number.isFinite(x) && x >= low && x <= high;
  const shown = (value: number) =>
    unit === "" || unit === "1" ? formatNumber(value) : formatQuantity(value, unit);
  const deviation =
    shape.variance === null || !Number.isFinite(shape.variance) ? null : Math.sqrt(shape.variance);
  const scv =
    deviation !== null && shape.mean > 0 && Number.isFinite(shape.mean)
      ? (deviation / shape.mean) ** 2
      : null;
  return (
    <figure className="sketch">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
        {shape.isDiscrete ? (
          shape.points.map(([x, y]) => (
            <line key={x} className="sketch-stick" x1={px(x)} x2={px(x)} y1={HEIGHT} y2={py(y)} />
          ))
        ) : (
          <path
            className="sketch-area"
            d={`M${px(xs[0] ?? 0).toFixed(1)} ${HEIGHT}L${line}L${px(xs.at(-1) ?? 0).toFixed(1)} ${HEIGHT}Z`}
          />
        )}
        {inside(shape.mean) && (
          <line className="sketch-mean" x1={px(shape.mean)} x2={px(shape.mean)} y1={0} y2={HEIGHT} />
        )}
        {inside(shape.p99) && (
          <line className="sketch-tail" x1={px(shape.p99)} x2={px(shape.p99)} y1={0} y2={HEIGHT} />
        )}
      </svg>
      <figcaption>
        {Number.isFinite(shape.mean) && <Figure name="mean" value={shown(shape.mean)} mark="sketch-mean" />}
        {shape.mean === Number.POSITIVE_INFINITY && <Figure name="mean" value="infinite" />}
        {deviation !== null && (
          <Figure
            name="std dev"
            value={shown(deviation)}
            title={`Variance ${formatNumber(shape.variance)} (${unit || "1"})²${scv === null ? "" : `, squared coefficient of variation ${formatNumber(scv)}`}`}
          />
        )}
        {shape.p99 !== null && Number.isFinite(shape.p99) && (
          <Figure name="p99" value={shown(shape.p99)} mark="sketch-tail" />
        )}
      </figcaption>
    </figure>
  );
}

function Figure({
  name,
  value,
  mark,
  title,
}: {
  name: string;
  value: string;
  mark?: string;
  title?: string;
}) {
  return (
    <span className="sketch-figure" title={title}>
      {mark && (
        <svg width="10" height="10" viewBox="0 0 10 10" aria-hidden="true">
          <line className={mark} x1="5" x2="5" y1="0" y2="10" />
        </svg>
      )}
      <span className="muted">{name}</span> {value}
    </span>
  );
}
