import { Upload } from "lucide-react";
import { useMemo, useRef, useState } from "react";
import { arrivalsFromCsv } from "../api/designs";
import { sentence } from "../api/errors";
import { isObject } from "../document/paths";
import type { Json, JsonObject } from "../document/types";
import { fieldsOf, objectOr, startValue, variantsOf } from "../schema/fields";
import type { JsonSchema } from "../schema/types";
import type { ControlProps } from "./Field";
import { useForm } from "./FormContext";
import { PointsTable } from "./PointsTable";
import { changedObject, SchemaForm } from "./SchemaForm";
import { StatesTable } from "./StatesTable";

/** Messages per second a process brings on average; null where it cannot be told from the settings alone. */
export function meanRate(value: Json | undefined): number | null {
  if (!isObject(value)) return null;
  if (typeof value["rate"] === "number") return value["rate"];
  const pairs = Array.isArray(value["points"]) ? value["points"] : [];
  const rates = pairs
    .map((pair) => (Array.isArray(pair) ? Number(pair[1]) : Number.NaN))
    .filter(Number.isFinite);
  return rates.length > 0 ? rates.reduce((sum, one) => sum + one, 0) / rates.length : null;
}

/** A first version of a process with about the rate there was before. */
export function startArrivals(process: string, rate: number, branch: JsonSchema | undefined): JsonObject {
  const own: Record<string, JsonObject> = {
    poisson: { rate },
    constant: { rate },
    renewal: { interarrival: { distribution: "exponential", mean: rate > 0 ? 1 / rate : 1 } },
    "batch-poisson": { rate: rate / 10, batch: 10 },
    mmpp: {
      states: [
        { rate: rate / 2, mean_sojourn: 60 },
        { rate: rate * 4, mean_sojourn: 10 },
      ],
    },
    schedule: {
      points: [
        [0, rate],
        [200, rate * 3],
        [400, rate],
      ],
    },
    closed: { clients: 10, think_time: { distribution: "exponential", mean: 1 } },
    trace: { times: [0, 1, 2] },
  };
  return { process, ...(own[process] ?? (branch ? objectOr(startValue(branch, branch)) : {})) };
}

/** The process, its parameters, and the load as a curve where it changes. */
export function ArrivalsField({ id, field, path, value, onChange, describedBy, invalid }: ControlProps) {
  const form = useForm();
  const branches = useMemo<ReadonlyMap<string, JsonSchema>>(
    () =>
      variantsOf(field.schema, field.root)?.branches ??
      new Map(Object.entries(form.catalogue.bundle.arrivals)),
    [field.schema, field.root, form.catalogue],
  );
  const arrivals = objectOr(value);
  const process = String(arrivals["process"] ?? "");
  const branch = branches.get(process);
  const own =
    process === "schedule"
      ? ["points"]
      : process === "mmpp"
        ? ["states"]
        : process === "trace"
          ? ["times", "counts", "file"]
          : [];
  const set = (name: string, next: Json | undefined) => onChange(changedObject(value, name, next));
  const points = fieldsOf(branch ?? {}, field.root).find((one) => one.name === own[0]);
  return (
    <div className="arrivals">
      <select
        id={id}
        className="field-input"
        value={process}
        disabled={form.readOnly}
        aria-labelledby={`${id}-title`}
        aria-describedby={describedBy}
        aria-invalid={invalid}
        onChange={(event) => {
          onChange(
            startArrivals(event.target.value, meanRate(value) ?? 10, branches.get(event.target.value)),
          );
          form.done();
        }}
      >
        {!branch && <option value={process}>{process}</option>}
        {[...branches].map(([name, one]) => (
          <option key={name} value={name}>
            {(one.description ?? one.title ?? name).split(/[:;.]/)[0]}
          </option>
        ))}
      </select>
      {branch?.description && <p className="field-help">{branch.description}</p>}
      <div className="nested is-compact">
        {process === "schedule" && (
          <PointsTable
            value={arrivals["points"]}
            title={points?.title ?? "Points"}
            onChange={(next) => set("points", next)}
          />
        )}
        {process === "mmpp" && (
          <StatesTable value={arrivals["states"]} onChange={(next) => set("states", next)} />
        )}
        {process === "trace" && <TraceSummary arrivals={arrivals} />}
        {branch && (
          <SchemaForm
            key={process}
            schema={branch}
            root={branch.$defs ? branch : field.root}
            value={arrivals}
            path={path}
            skip={["process", ...own]}
            onChange={set}
          />
        )}
        {!form.readOnly && <LoadFile onRead={onChange} />}
      </div>
    </div>
  );
}

function TraceSummary({ arrivals }: { arrivals: JsonObject }) {
  const times = Array.isArray(arrivals["times"]) ? arrivals["times"].length : 0;
  const counts = Array.isArray(arrivals["counts"]) ? arrivals["counts"].length : 0;
  if (typeof arrivals["file"] === "string") {
    return (
      <p className="field-help">Reads the file {arrivals["file"]} beside the design (command line only).</p>
    );
  }
  return (
    <p className="field-help">
      {times > 0 && `${times.toLocaleString("en-US")} recorded arrival times.`}
      {counts > 0 && `Counts of ${counts.toLocaleString("en-US")} intervals.`}
      {times + counts === 0 && "Nothing recorded yet: upload a load file."}
    </p>
  );
}

/** A CSV of times, or of times and counts, becomes the arrivals of this producer. */
function LoadFile({ onRead }: { onRead: (value: Json) => void }) {
  const form = useForm();
  const input = useRef<HTMLInputElement>(null);
  const [state, setState] = useState<{ busy: boolean; error: string | null }>({ busy: false, error: null });
  const read = async (file: File | undefined) => {
    if (!file) return;
    setState({ busy: true, error: null });
    try {
      onRead(await arrivalsFromCsv(await file.text()));
      form.done();
      setState({ busy: false, error: null });
    } catch (error) {
      setState({ busy: false, error: sentence(error) });
    }
    if (input.current) input.current.value = "";
  };
  return (
    <div className="load-file">
      <input
        ref={input}
        type="file"
        accept=".csv,text/csv,text/plain"
        className="visually-hidden"
        tabIndex={-1}
        aria-label="Load file"
        onChange={(event) => void read(event.target.files?.[0])}
      />
      <button
        type="button"
        className="button small"
        disabled={state.busy}
        onClick={() => input.current?.click()}
      >
        <Upload size={14} aria-hidden="true" />
        {state.busy ? "Reading …" : "Use a load file (CSV)"}
      </button>
      {state.error && (
        <p className="field-error" role="alert">
          {state.error}
        </p>
      )}
    </div>
  );
}
