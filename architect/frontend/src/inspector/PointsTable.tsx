import { Plus, X } from "lucide-react";
import { useState } from "react";
import type { Json } from "../document/types";
import { type FieldSpec, fieldSpec } from "../schema/fields";
import { useForm } from "./FormContext";
import { QuantityInput } from "./QuantityInput";

type Pair = readonly [time: number, rate: number];

const column = (name: string, title: string, unit: string): FieldSpec =>
  fieldSpec(name, { title, type: "number", minimum: 0, "x-unit": unit }, {}, true);
export const TIME = column("time", "Time", "s");
export const RATE = column("rate", "Rate", "msg/s");
/** More points than this are drawn, not listed. */
const LISTED = 40;

export function pairsOf(value: Json | undefined): Pair[] {
  if (!Array.isArray(value)) return [];
  return value.filter(Array.isArray).map((pair) => [Number(pair[0]) || 0, Number(pair[1]) || 0] as const);
}

/** In order of time; points at one time keep their order (a jump). */
export function inOrder(pairs: readonly Pair[]): Pair[] {
  return pairs
    .map((pair, at) => ({ pair, at }))
    .sort((a, b) => a.pair[0] - b.pair[0] || a.at - b.at)
    .map((one) => one.pair);
}

/** The corners of a load that changes in straight lines, as a small table with the curve above it. */
export function PointsTable({
  value,
  title,
  onChange,
}: {
  value: Json | undefined;
  title: string;
  onChange: (value: Json) => void;
}) {
  const form = useForm();
  const pairs = pairsOf(value);
  const set = (next: readonly Pair[]) => onChange(next.map(([time, rate]) => [time, rate]));
  const done = () => {
    const sorted = inOrder(pairs);
    if (sorted.some((pair, at) => pair !== pairs[at])) set(sorted);
    form.done();
  };
  const replace = (at: number, pair: Pair) => set(pairs.map((one, index) => (index === at ? pair : one)));
  const add = () => {
    const last = pairs.at(-1) ?? [0, 10];
    const before = pairs.at(-2);
    set([...pairs, [last[0] + (before ? Math.max(1, last[0] - before[0]) : 60), last[1]]]);
    form.done();
  };
  return (
    <div className="points">
      <LoadCurve pairs={pairs} />
      {pairs.length > LISTED ? (
        <p className="field-help">{pairs.length.toLocaleString("en-US")} points: too many to list here.</p>
      ) : (
        <table aria-label={title}>
          <thead>
            <tr>
              <th scope="col">Time</th>
              <th scope="col">Rate</th>
              <th scope="col">
                <span className="visually-hidden">Remove</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {pairs.map((pair, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a point has no identity but its place
              <tr key={at}>
                <Cell
                  field={TIME}
                  value={pair[0]}
                  label={`Time of point ${at + 1}`}
                  onChange={(time) => replace(at, [time, pair[1]])}
                  onDone={done}
                />
                <Cell
                  field={RATE}
                  value={pair[1]}
                  label={`Rate at point ${at + 1}`}
                  onChange={(rate) => replace(at, [pair[0], rate])}
                  onDone={done}
                />
                <td>
                  <button
                    type="button"
                    className="field-tool"
                    aria-label={`Remove point ${at + 1}`}
                    disabled={form.readOnly || pairs.length < 2}
                    onClick={() => set(pairs.filter((_, index) => index !== at))}
                  >
                    <X size={14} aria-hidden="true" />
                  </button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {!form.readOnly && pairs.length <= LISTED && (
        <button type="button" className="button small" onClick={add}>
          <Plus size={14} aria-hidden="true" /> Add a point
        </button>
      )}
    </div>
  );
}

interface CellProps {
  readonly field: FieldSpec;
  readonly value: number;
  readonly label: string;
  readonly onChange: (value: number) => void;
  readonly onDone: () => void;
}

export function Cell({ field, value, label, onChange, onDone }: CellProps) {
  const form = useForm();
  const [error, setError] = useState<string | null>(null);
  return (
    <td title={error ?? undefined}>
      <QuantityInput
        field={field}
        value={value}
        label={label}
        readOnly={form.readOnly}
        invalid={error !== null}
        onChange={(next) => typeof next === "number" && onChange(next)}
        onError={setError}
        onDone={onDone}
      />
      {error && (
        <span className="visually-hidden" role="alert">
          {error}
        </span>
      )}
    </td>
  );
}

const WIDTH = 264;
const HEIGHT = 54;

export function LoadCurve({ pairs }: { pairs: readonly Pair[] }) {
  if (pairs.length < 2) return null;
  const sorted = inOrder(pairs);
  const [first, last] = [sorted[0]?.[0] ?? 0, sorted.at(-1)?.[0] ?? 1];
  const top = Math.max(...sorted.map(([, rate]) => rate), 1e-9);
  const px = (time: number) => 2 + ((time - first) / Math.max(last - first, 1e-9)) * (WIDTH - 4);
  const py = (rate: number) => HEIGHT - 2 - (rate / top) * (HEIGHT - 8);
  const line = sorted.map(([time, rate]) => `${px(time).toFixed(1)} ${py(rate).toFixed(1)}`).join("L");
  return (
    <svg
      className="load-curve"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={`Rate over time, up to ${top} messages per second`}
    >
      <path className="sketch-area" d={`M${px(first)} ${HEIGHT}L${line}L${px(last)} ${HEIGHT}Z`} />
      <path className="load-line" d={`M${line}`} />
    </svg>
  );
}
