import { useEffect, useId, useMemo, useState } from "react";
import { type DesignSummary, designHistory, listDesigns, type Revision } from "../api/designs";
import { sentence } from "../api/errors";
import type { Json } from "../document/types";
import { nodeName } from "../document/types";
import { parseQuantity } from "../inspector/quantities";
import { formatAgo } from "../run/numbers";
import { type AlternativeDraft, brokersOf, kindText, targetsFor } from "./draft";
import { KindPicker, useSwapTargets } from "./KindPicker";
import { MappingTable } from "./Notes";
import { SettingPicker } from "./SettingPicker";
import { type Settable, settables } from "./settables";
import type { Subject } from "./useDesign";
import { useSwapPreview } from "./useSwapPreview";

type Of<T extends AlternativeDraft["type"]> = Extract<AlternativeDraft, { type: T }>;
interface Props<T extends AlternativeDraft["type"]> {
  readonly draft: Of<T>;
  readonly subject: Subject;
  readonly onChange: (draft: AlternativeDraft) => void;
}

/** The fields of one alternative. */
export function AlternativeEditor({ draft, ...rest }: Props<AlternativeDraft["type"]>) {
  switch (draft.type) {
    case "swap":
      return <SwapEditor draft={draft} {...rest} />;
    case "set":
      return <SettingEditor draft={draft} {...rest} />;
    case "design":
      return <DesignEditor draft={draft} {...rest} />;
    case "version":
      return <VersionEditor draft={draft} {...rest} />;
  }
}

function SwapEditor({ draft, subject, onChange }: Props<"swap">) {
  const id = useId();
  const { document } = subject.design;
  const targets = useSwapTargets();
  const brokers = brokersOf(document, subject.catalogue);
  const nodes = document.nodes.filter((one) => targetsFor(one, brokers, targets).length > 0);
  const only = brokers.length === 1 ? brokers[0] : nodes.length === 1 ? nodes[0] : undefined;
  const node = draft.node === "" ? (only?.id ?? "") : draft.node;
  const chosen = nodes.find((one) => one.id === node);
  useEffect(() => {
    if (node !== draft.node) onChange({ ...draft, node });
  }, [node, draft, onChange]);
  const { notes, problem } = useSwapPreview(document, node, kindText(draft));
  return (
    <>
      <div className="form-row">
        <div className="form-field">
          <label htmlFor={id}>Node</label>
          <select id={id} value={node} onChange={(event) => onChange({ ...draft, node: event.target.value })}>
            <option value="">Choose a broker, a saga or a worker …</option>
            {nodes.map((one) => (
              <option key={one.id} value={one.id}>
                {nodeName(one)} ({subject.catalogue.title(one.kind)})
              </option>
            ))}
          </select>
        </div>
        <KindPicker
          title="Try as …"
          targets={chosen ? targetsFor(chosen, brokers, targets) : []}
          kind={draft.kind}
          variant={draft.variant}
          onChange={(kind, variant) => onChange({ ...draft, kind, variant })}
        />
      </div>
      {problem && (
        <p className="field-error" role="alert">
          {problem}
        </p>
      )}
      {notes && <MappingTable notes={notes} caption="What becomes of the settings" />}
    </>
  );
}

function SettingEditor({ draft, subject, onChange }: Props<"set">) {
  const all = useMemo(() => settables(subject.design.document, subject.catalogue), [subject]);
  const chosen = all.find((one) => one.path === draft.path);
  return (
    <div className="form-row">
      <SettingPicker
        title="Setting"
        all={all}
        path={draft.path}
        onChange={(path) =>
          onChange({
            ...draft,
            path,
            value: undefined,
            title: all.find((one) => one.path === path)?.title ?? "",
          })
        }
      />
      {chosen && (
        <ValueField key={chosen.path} setting={chosen} onChange={(value) => onChange({ ...draft, value })} />
      )}
    </div>
  );
}

/** The value of one setting, read with its unit. */
function ValueField({
  setting,
  onChange,
}: {
  setting: Settable;
  onChange: (value: Json | undefined) => void;
}) {
  const id = useId();
  const [text, setText] = useState("");
  const [error, setError] = useState<string | null>(null);
  if (setting.choices.length > 0)
    return (
      <div className="form-field">
        <label htmlFor={id}>Value</label>
        <select
          id={id}
          defaultValue=""
          onChange={(event) => {
            const at = Number(event.target.value);
            onChange(event.target.value === "" ? undefined : setting.choices[at]);
          }}
        >
          <option value="">Choose …</option>
          {setting.choices.map((choice, i) => (
            <option key={String(choice)} value={i}>
              {String(choice)}
            </option>
          ))}
        </select>
      </div>
    );
  return (
    <div className="form-field">
      <label htmlFor={id}>Value</label>
      <input
        id={id}
        type="text"
        value={text}
        placeholder={String(setting.value)}
        autoComplete="off"
        aria-invalid={error !== null}
        onChange={(event) => {
          setText(event.target.value);
          const read = parseQuantity(event.target.value, setting.unit);
          setError("error" in read ? read.error : null);
          onChange("error" in read ? undefined : read.value);
        }}
      />
      <span className={`form-help ${error ? "field-error" : "muted"}`}>{error ?? setting.unit}</span>
    </div>
  );
}

function DesignEditor({ draft, subject, onChange }: Props<"design">) {
  const id = useId();
  const [all, problem] = useLoaded<DesignSummary>(listDesigns, "");
  return (
    <div className="form-field form-wide">
      <label htmlFor={id}>Design</label>
      <select
        id={id}
        value={draft.design}
        onChange={(event) =>
          onChange({
            ...draft,
            design: event.target.value,
            title: all.find((one) => one.id === event.target.value)?.name ?? "",
          })
        }
      >
        <option value="">Choose a design …</option>
        {all
          .filter((one) => one.id !== subject.design.id)
          .map((one) => (
            <option key={one.id} value={one.id}>
              {one.name}
            </option>
          ))}
      </select>
      <span className="form-help muted">
        {problem ?? "Producers and consumers of the same identifiers are compared."}
      </span>
    </div>
  );
}

function VersionEditor({ draft, subject, onChange }: Props<"version">) {
  const id = useId();
  const [all, problem] = useLoaded<Revision>(designHistory, subject.design.id);
  return (
    <div className="form-field form-wide">
      <label htmlFor={id}>Version</label>
      <select
        id={id}
        value={draft.version}
        onChange={(event) => onChange({ ...draft, version: Number(event.target.value) })}
      >
        <option value={0}>Choose a version …</option>
        {all
          .filter((one) => one.version !== subject.design.version)
          .map((one) => (
            <option key={one.version} value={one.version}>
              {one.version}, {formatAgo(one.saved_at)}
            </option>
          ))}
      </select>
      {problem && <span className="form-help field-error">{problem}</span>}
    </div>
  );
}

/** A list from the server, and why there is none. `load` is one of the API's functions, the same at every render. */
function useLoaded<T>(load: (id: string) => Promise<T[]>, id: string): [readonly T[], string | null] {
  const [all, setAll] = useState<readonly T[]>([]);
  const [problem, setProblem] = useState<string | null>(null);
  useEffect(() => {
    let left = false;
    load(id).then(
      (found) => !left && setAll(found),
      (error: unknown) => !left && setProblem(sentence(error)),
    );
    return () => {
      left = true;
    };
  }, [load, id]);
  return [all, problem];
}
