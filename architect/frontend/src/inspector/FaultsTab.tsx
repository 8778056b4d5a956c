import { Plus, Trash2, Zap } from "lucide-react";
import { useId, useMemo, useState } from "react";
import { ApiError, type Problem, sentence } from "../api/errors";
import { addFault, removeFault } from "../document/commands";
import { writePath } from "../document/paths";
import { asSentence } from "../document/problems";
import { shownDocument } from "../document/store";
import { type DesignNode, type Json, type JsonObject, nodeName } from "../document/types";
import { useEditor, useEditorState } from "../editor/EditorContext";
import { formatSeconds } from "../run/numbers";
import { injectNow, useSession } from "../run/session";
import type { FaultInfo } from "../schema/types";
import { type Form, FormContext, useForm } from "./FormContext";
import { AT, configText, DEFAULT_DURATION, DURATION, faultOf, refusedPath, whenText } from "./faults";
import { SchemaForm } from "./SchemaForm";

/** What happens to this node, what could, and in a run: now. */
export function FaultsTab({ node }: { node: DesignNode }) {
  const { catalogue, store } = useEditor();
  const form = useForm();
  const document = useEditorState(shownDocument);
  const snapshot = useSession((state) => state.snapshot);
  const infos = catalogue.faultsOf(node.kind);
  const titleOf = (kind: Json | undefined) => infos.find((one) => one.fault === kind)?.title ?? String(kind);
  const planned = (document.faults ?? [])
    .map((fault, index) => ({ fault, index }))
    .filter(({ fault }) => fault["node"] === node.id);
  const known = new Set(planned.map(({ fault }) => key(fault)));
  const injected = (snapshot?.faults ?? []).filter(
    (fault) => fault["node"] === node.id && !known.has(key(fault)),
  );
  return (
    <>
      <h3 className="inspector-section">Planned</h3>
      {planned.length === 0 && <p className="muted">Nothing happens to {nodeName(node)} in this design.</p>}
      <ul className="fault-list">
        {planned.map(({ fault, index }) => (
          <li key={`${index} ${key(fault)}`}>
            <FaultLine title={titleOf(fault["kind"])} fault={fault} />
            {!form.readOnly && (
              <button
                type="button"
                className="icon-button"
                aria-label={`Remove ${titleOf(fault["kind"])} ${whenText(fault)}`}
                title="Remove from the design"
                onClick={() => store.getState().apply("Remove a fault", removeFault(index))}
              >
                <Trash2 size={14} aria-hidden="true" />
              </button>
            )}
          </li>
        ))}
      </ul>
      {injected.length > 0 && (
        <>
          <h3 className="inspector-section">Only in the run shown</h3>
          <ul className="fault-list">
            {injected.map((fault) => (
              <li key={key(fault)}>
                <FaultLine title={titleOf(fault["kind"])} fault={fault} />
                {!form.readOnly && (
                  <button
                    type="button"
                    className="icon-button"
                    aria-label={`Keep ${titleOf(fault["kind"])} ${whenText(fault)} in the design`}
                    title="Keep in the design: every run has it then"
                    onClick={() => store.getState().apply("Add a fault", addFault(fault))}
                  >
                    <Plus size={14} aria-hidden="true" />
                  </button>
                )}
              </li>
            ))}
          </ul>
        </>
      )}
      <FaultForm node={node} infos={infos} />
    </>
  );
}

const key = (fault: JsonObject) => JSON.stringify([fault["kind"], fault["at"], fault["config"] ?? {}]);

function FaultLine({ title, fault }: { title: string; fault: JsonObject }) {
  const config = configText(fault);
  return (
    <span className="fault-line">
      <strong>{title}</strong> <span className="tabular">{whenText(fault)}</span>
      {config && <span className="muted"> ({config})</span>}
    </span>
  );
}

/** Choose what shall happen; the settings come from the kind. */
function FaultForm({ node, infos }: { node: DesignNode; infos: readonly FaultInfo[] }) {
  const { store, view, catalogue } = useEditor();
  const outer = useForm();
  const designId = useEditorState((state) => state.designId);
  const run = useSession((state) => state.run);
  const status = useSession((state) => state.status);
  const chooseId = useId();
  const [chosen, setChosen] = useState(infos[0]?.fault ?? "");
  const [config, setConfig] = useState<JsonObject>({});
  const [times, setTimes] = useState<JsonObject>({ duration: DEFAULT_DURATION, at: DEFAULT_DURATION });
  const [refused, setRefused] = useState<readonly Problem[]>([]);
  const [reason, setReason] = useState("");
  const [isAsking, setAsking] = useState(false);
  const info = infos.find((one) => one.fault === chosen) ?? infos[0];
  const isGoing = run?.design === designId && (status === "running" || status === "paused");

  const form = useMemo<Form>(
    () => ({
      id: `fault ${node.id} ${chosen}`,
      readOnly: false,
      catalogue,
      problemsAt: (path) => refused.filter((one) => refusedPath(one.path).join(".") === path.join(".")),
      problemsUnder: (path) =>
        refused.filter((one) => path.every((step, index) => refusedPath(one.path)[index] === step)),
      done: () => undefined,
      wanted: null,
    }),
    [catalogue, chosen, node.id, refused],
  );
  if (!info) return null;
  const clear = () => {
    setRefused([]);
    setReason("");
  };
  const fault = faultOf(info, node.id, config, times["duration"]);
  const now = async () => {
    clear();
    setAsking(true);
    try {
      const taken = await injectNow(fault);
      const at = typeof taken["at"] === "number" ? formatSeconds(taken["at"]) : "once";
      view.getState().toast(`${nodeName(node)}: ${info.title} at ${at}. Running it again repeats it.`);
    } catch (failure) {
      setRefused(failure instanceof ApiError ? failure.errors : []);
      setReason(sentence(failure));
    } finally {
      setAsking(false);
    }
  };
  const plan = () => {
    clear();
    store.getState().apply(`Add ${info.title} to ${nodeName(node)}`, addFault({ ...fault, at: times["at"] }));
    view.getState().announce(`${info.title} is planned at ${whenText({ at: times["at"] })}.`);
  };
  const setTime = (name: string, value: Json | undefined) => setTimes(writePath(times, [name], value));
  const isLacking = info.lasts && times["duration"] === undefined;
  return (
    <FormContext value={form}>
      <section className="fault-form" aria-label="Let something happen">
        <h3 className="inspector-section">Let something happen</h3>
        <div className="field">
          <div className="field-head">
            <label className="field-title" htmlFor={chooseId}>
              What
            </label>
          </div>
          <select
            id={chooseId}
            className="field-input"
            value={info.fault}
            onChange={(event) => {
              setChosen(event.target.value);
              setConfig({});
              clear();
            }}
          >
            {infos.map((one) => (
              <option key={one.fault} value={one.fault}>
                {one.title}
              </option>
            ))}
          </select>
          <p className="field-help">{info.summary}</p>
        </div>
        <SchemaForm
          key={info.fault}
          schema={info.config}
          value={config}
          onChange={(name, value) => setConfig(writePath(config, [name], value))}
        />
        {info.lasts && <SchemaForm schema={DURATION} value={times} onChange={setTime} />}
        {!outer.readOnly && <SchemaForm schema={AT} value={times} onChange={setTime} />}
        <div className="fault-buttons">
          <button
            type="button"
            className="button primary"
            disabled={!isGoing || isAsking || isLacking}
            title={isGoing ? "Takes effect at once, also while the run is paused" : "Start a run first"}
            onClick={() => void now()}
          >
            <Zap size={15} aria-hidden="true" /> Now
          </button>
          {!outer.readOnly && (
            <button
              type="button"
              className="button"
              disabled={isLacking || times["at"] === undefined}
              onClick={plan}
            >
              Add to the design
            </button>
          )}
        </div>
        {!isGoing && <p className="muted">“Now” works while a run of this design goes on.</p>}
        {reason && (
          <p className="field-error" role="alert">
            {asSentence(reason)}
          </p>
        )}
      </section>
    </FormContext>
  );
}
