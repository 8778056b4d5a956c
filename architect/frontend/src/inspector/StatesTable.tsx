import { Plus, X } from "lucide-react";
import { isObject } from "../document/paths";
import type { Json } from "../document/types";
import { fieldSpec } from "../schema/fields";
import { useForm } from "./FormContext";
import { Cell, RATE } from "./PointsTable";

const STAY = fieldSpec(
  "mean_sojourn",
  { title: "Mean stay", type: "number", exclusiveMinimum: 0, "x-unit": "s" },
  {},
  true,
);

/** The states of a bursty load: how fast messages come in each, and how long it lasts on average. */
export function StatesTable({
  value,
  onChange,
}: {
  value: Json | undefined;
  onChange: (value: Json) => void;
}) {
  const form = useForm();
  const states = (Array.isArray(value) ? value : []).filter(isObject);
  const replace = (at: number, part: { rate?: number; mean_sojourn?: number }) =>
    onChange(states.map((state, index) => (index === at ? { ...state, ...part } : state)));
  const add = () => {
    onChange([...states, { rate: 10, mean_sojourn: 60 }]);
    form.done();
  };
  return (
    <div className="points">
      <table aria-label="States">
        <thead>
          <tr>
            <th scope="col">Rate</th>
            <th scope="col">Mean stay</th>
            <th scope="col">
              <span className="visually-hidden">Remove</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {states.map((state, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a state has no identity but its place
            <tr key={at}>
              <Cell
                field={RATE}
                value={Number(state["rate"] ?? 0)}
                label={`Rate of state ${at + 1}`}
                onChange={(rate) => replace(at, { rate })}
                onDone={form.done}
              />
              <Cell
                field={STAY}
                value={Number(state["mean_sojourn"] ?? 0)}
                label={`Mean stay of state ${at + 1}`}
                onChange={(stay) => replace(at, { mean_sojourn: stay })}
                onDone={form.done}
              />
              <td>
                <button
                  type="button"
                  className="field-tool"
                  aria-label={`Remove state ${at + 1}`}
                  disabled={form.readOnly || states.length < 2}
                  onClick={() => onChange(states.filter((_, index) => index !== at))}
                >
                  <X size={14} aria-hidden="true" />
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {!form.readOnly && (
        <button type="button" className="button small" onClick={add}>
          <Plus size={14} aria-hidden="true" /> Add a state
        </button>
      )}
    </div>
  );
}
