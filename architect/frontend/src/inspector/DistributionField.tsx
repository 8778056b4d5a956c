import { useMemo } from "react";
import { isObject } from "../document/paths";
import type { Json, JsonObject } from "../document/types";
import { objectOr, startValue, variantsOf } from "../schema/fields";
import type { JsonSchema } from "../schema/types";
import { DensitySketch } from "./DensitySketch";
import { shapeOf } from "./distributions";
import type { ControlProps } from "./Field";
import { useForm } from "./FormContext";
import { tidy } from "./quantities";
import { changedObject, SchemaForm } from "./SchemaForm";

/** A first set of parameters with the mean that was there before, so that changing the shape changes only the shape. */
export function startDistribution(name: string, mean: number, branch: JsonSchema | undefined): JsonObject {
  const own: Record<string, JsonObject> = {
    constant: { value: mean },
    exponential: { mean },
    uniform: { low: tidy(mean * 0.5), high: tidy(mean * 1.5) },
    triangular: { low: tidy(mean * 0.5), mode: mean, high: tidy(mean * 1.5) },
    normal: { mean, stddev: tidy(mean * 0.2) },
    lognormal: { mean, scv: 1 },
    gamma: { mean, shape: 2 },
    erlang: { mean, k: 3 },
    weibull: { mean, shape: 1.5 },
    pareto: { minimum: tidy(mean * 0.6), shape: 2.5 },
    hyperexponential: { mean, scv: 4 },
    geometric: { mean: Math.max(1, mean) },
    empirical: { values: [tidy(mean * 0.5), mean, tidy(mean * 1.5)] },
    percentiles: { percentiles: { p50: mean, p90: tidy(mean * 2), p99: tidy(mean * 4) } },
    zipf: { count: 1000, exponent: 1 },
  };
  const parameters = own[name] ?? (branch ? objectOr(startValue(branch, branch)) : {});
  return { distribution: name, ...parameters };
}

/** Parameters without a unit of their own are in the unit of the setting. */
function withUnit(branch: JsonSchema, unit: string): JsonSchema {
  const properties = Object.fromEntries(
    Object.entries(branch.properties ?? {}).map(([name, property]) => [
      name,
      property["x-unit"] === undefined ? { ...property, "x-unit": unit } : property,
    ]),
  );
  return { ...branch, properties };
}

/** A lognormal is given by its mean and variability, or by two percentiles; never by a mix of both. */
const LOGNORMAL = {
  "mean and variability": ["mean", "scv"],
  "median and 99th percentile": ["p50", "p99"],
} as const;
type LognormalForm = keyof typeof LOGNORMAL;

export function lognormalForm(value: JsonObject): LognormalForm {
  const isByPercentiles = typeof value["p50"] === "number" || typeof value["p99"] === "number";
  return isByPercentiles ? "median and 99th percentile" : "mean and variability";
}

/** The same lognormal in the other form. */
export function inForm(value: JsonObject, form: LognormalForm): JsonObject {
  const shape = shapeOf(value);
  if (!shape || lognormalForm(value) === form) return value;
  if (form === "mean and variability") {
    const scv = shape.variance === null ? 1 : shape.variance / (shape.mean * shape.mean);
    return { distribution: "lognormal", mean: rounded(shape.mean), scv: rounded(scv) };
  }
  const scv = Number(value["scv"] ?? 1);
  return {
    distribution: "lognormal",
    p50: rounded(shape.mean / Math.sqrt(1 + scv)),
    p99: rounded(shape.p99 ?? shape.mean),
  };
}

const rounded = (number: number) => Number(number.toPrecision(4));

const DEFAULT_MEAN: Readonly<Record<string, number>> = { s: 0.05, bytes: 1024 };

/** The shape, its parameters, and a small picture with mean, spread and tail. */
export function DistributionField({ id, field, path, value, onChange, describedBy, invalid }: ControlProps) {
  const form = useForm();
  const branches = useMemo<ReadonlyMap<string, JsonSchema>>(
    () =>
      variantsOf(field.schema, field.root)?.branches ??
      new Map(Object.entries(form.catalogue.bundle.distributions)),
    [field.schema, field.root, form.catalogue],
  );
  const chosen =
    typeof value === "number" ? "constant" : isObject(value) ? String(value["distribution"] ?? "") : "";
  const full: Json | undefined = typeof value === "number" ? { distribution: "constant", value } : value;
  const shape = useMemo(() => shapeOf(full), [full]);
  const branch = branches.get(chosen);
  const schema = useMemo(() => (branch ? withUnit(branch, field.unit) : null), [branch, field.unit]);

  const givenBy = lognormalForm(objectOr(full));
  const hidden =
    chosen === "lognormal"
      ? Object.entries(LOGNORMAL).flatMap(([name, keys]) => (name === givenBy ? [] : keys))
      : [];

  const choose = (name: string) => {
    if (name === "") onChange(null);
    else {
      const mean = shape && Number.isFinite(shape.mean) ? tidy(shape.mean) : (DEFAULT_MEAN[field.unit] ?? 1);
      onChange(startDistribution(name, mean, branches.get(name)));
    }
    form.done();
  };
  return (
    <div className="distribution">
      <select
        id={id}
        className="field-input"
        value={chosen}
        disabled={form.readOnly}
        aria-labelledby={`${id}-title`}
        aria-describedby={describedBy}
        aria-invalid={invalid}
        onChange={(event) => choose(event.target.value)}
      >
        {(field.nullable || chosen === "") && <option value="">none</option>}
        {[...branches].map(([name, one]) => (
          <option key={name} value={name} title={one.description}>
            {one.title ?? name}
          </option>
        ))}
      </select>
      {schema && (
        <div className="nested is-compact">
          {chosen === "lognormal" && (
            <select
              className="field-input"
              aria-label="Given by"
              value={givenBy}
              disabled={form.readOnly}
              onChange={(event) => {
                onChange(inForm(objectOr(full), event.target.value as LognormalForm));
                form.done();
              }}
            >
              {Object.keys(LOGNORMAL).map((name) => (
                <option key={name} value={name}>
                  by {name}
                </option>
              ))}
            </select>
          )}
          <SchemaForm
            key={chosen}
            schema={schema}
            root={branch?.$defs ? branch : field.root}
            value={objectOr(full)}
            path={path}
            skip={["distribution", ...hidden]}
            onChange={(name, next) => onChange(changedObject(full, name, next))}
          />
        </div>
      )}
      {shape && chosen !== "constant" && <DensitySketch shape={shape} unit={field.unit} />}
    </div>
  );
}
