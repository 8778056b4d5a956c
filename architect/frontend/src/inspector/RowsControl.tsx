import { ArrowDown, ArrowUp, ChevronRight, CircleAlert, GripVertical, Plus, X } from "lucide-react";
import { type DragEvent, type KeyboardEvent, useEffect, useRef, useState } from "react";
import type { Json, JsonObject } from "../document/types";
import { useEditor } from "../editor/EditorContext";
import type { FieldSpec } from "../schema/fields";
import type { ControlProps } from "./Field";
import { useForm } from "./FormContext";
import { freshRow, moved, rowLine, rowsOf, singular, sortOfRow, sortsOf, sortTitle } from "./rows";
import { changedObject, SchemaForm } from "./SchemaForm";
import { useCarriers } from "./useCarriers";
import "./rows.css";

/**
 * A list of objects, one line each: a line opens to the settings of its object, and goes up and down by its buttons,
 * by Alt and an arrow key, or by its handle.
 */
export function RowsControl({ id, field, path, value, onChange }: ControlProps) {
  const form = useForm();
  const { view } = useEditor();
  const rows = rowsOf(value);
  const { sorts } = sortsOf(field);
  const list = useRef<HTMLOListElement>(null);
  const { keys, setKeys, fresh } = useRowKeys(rows.length);
  const [open, setOpen] = useState<ReadonlySet<number>>(new Set());
  const [dragged, setDragged] = useState<number | null>(null);
  const [target, setTarget] = useState<number | null>(null);
  const focusNext = useRef<string | null>(null);
  const word = singular(field.title);

  const wanted = form.wanted?.path;
  const wantedRow = wanted && path.every((step, at) => wanted[at] === step) ? wanted[path.length] : undefined;
  const wantedKey = wantedRow === undefined ? undefined : keys[Number(wantedRow)];
  // biome-ignore lint/correctness/useExhaustiveDependencies: each jump opens its row, also the same row again
  useEffect(() => {
    if (wantedKey !== undefined) setOpen((old) => new Set(old).add(wantedKey));
  }, [wantedKey, form.wanted?.count]);

  // a row that changed its place takes the focus along; a removed one leaves it to its neighbour
  useEffect(() => {
    if (focusNext.current === null) return;
    list.current?.parentElement?.querySelector<HTMLElement>(focusNext.current)?.focus();
    focusNext.current = null;
  });

  const nameOf = (at: number) => rowLine(rows[at] ?? {}, field).title || `${word} ${at + 1}`;
  const write = (next: readonly JsonObject[], nextKeys: readonly number[]) => {
    setKeys(nextKeys);
    onChange(next as Json);
    form.done();
  };
  const move = (from: number, to: number, focus: string) => {
    if (form.readOnly || to < 0 || to >= rows.length || to === from) return;
    focusNext.current = `[data-row="${keys[from]}"] ${focus}`;
    view.getState().announce(`${nameOf(from)} is ${word} ${to + 1} of ${rows.length}.`);
    write(moved(rows, from, to), moved(keys, from, to));
  };
  const removeRow = (at: number) => {
    const neighbour = keys[at + 1] ?? keys[at - 1];
    focusNext.current = neighbour === undefined ? ".rows-add button" : `[data-row="${neighbour}"] .row-open`;
    view.getState().announce(`Removed ${nameOf(at)}.`);
    const isOther = (_one: unknown, index: number) => index !== at;
    write(rows.filter(isOther), keys.filter(isOther));
  };
  const add = (sort: string) => {
    const key = fresh();
    setOpen((old) => new Set(old).add(key));
    focusNext.current = `[data-row="${key}"] .nested :is(input, select, textarea, button)`;
    write([...rows, freshRow(field, sort, rows)], [...keys, key]);
  };
  const drop = (at: number) => {
    if (dragged !== null) move(dragged, at > dragged ? at - 1 : at, ".row-open");
    setDragged(null);
    setTarget(null);
  };
  const most = field.schema.maxItems ?? Number.POSITIVE_INFINITY;
  const least = field.schema.minItems ?? 0;
  return (
    <div className="rows" id={id}>
      <ol ref={list} aria-labelledby={`${id}-title`}>
        {rows.map((row, at) => {
          const key = keys[at] ?? -1;
          return (
            <Row
              key={key}
              rowKey={key}
              field={field}
              path={[...path, String(at)]}
              row={row}
              name={nameOf(at)}
              number={at + 1}
              count={rows.length}
              isOpen={open.has(key)}
              isRemovable={rows.length > least}
              mark={target === at ? "before" : target === at + 1 && at === rows.length - 1 ? "after" : ""}
              onToggle={() => setOpen(toggled(open, key))}
              onChange={(next) => onChange(rows.map((one, index) => (index === at ? next : one)) as Json)}
              onMove={(to, focus) => move(at, to, focus)}
              onRemove={() => removeRow(at)}
              onDrag={(event) => {
                event.dataTransfer.effectAllowed = "move";
                event.dataTransfer.setData("text/plain", nameOf(at));
                setDragged(at);
              }}
              onDragOver={(event) => {
                if (dragged === null) return;
                event.preventDefault();
                event.stopPropagation();
                const box = event.currentTarget.getBoundingClientRect();
                setTarget(event.clientY > box.top + box.height / 2 ? at + 1 : at);
              }}
              onDrop={(event) => {
                if (dragged === null) return;
                event.preventDefault();
                event.stopPropagation();
                drop(target ?? at);
              }}
              onDragEnd={() => {
                setDragged(null);
                setTarget(null);
              }}
            />
          );
        })}
      </ol>
      {rows.length === 0 && <p className="muted rows-none">None.</p>}
      {!form.readOnly && rows.length < most && (
        <div className="rows-add">
          {[...sorts].map(([sort, schema]) => (
            <button type="button" className="button small" key={sort} onClick={() => add(sort)}>
              <Plus size={14} aria-hidden="true" /> Add{" "}
              {sort === "" ? articled(word) : `${articled(sortTitle(sort, schema))} ${word}`}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}

interface RowProps {
  readonly rowKey: number;
  readonly field: FieldSpec;
  readonly path: readonly string[];
  readonly row: JsonObject;
  readonly name: string;
  readonly number: number;
  readonly count: number;
  readonly isOpen: boolean;
  readonly isRemovable: boolean;
  readonly mark: "before" | "after" | "";
  readonly onToggle: () => void;
  readonly onChange: (row: JsonObject) => void;
  readonly onMove: (to: number, focus: string) => void;
  readonly onRemove: () => void;
  readonly onDrag: (event: DragEvent<HTMLElement>) => void;
  readonly onDragOver: (event: DragEvent<HTMLElement>) => void;
  readonly onDrop: (event: DragEvent<HTMLElement>) => void;
  readonly onDragEnd: () => void;
}

function Row(props: RowProps) {
  const { field, path, row, name, number, count, isOpen } = props;
  const form = useForm();
  const carriers = useCarriers();
  const sorts = sortsOf(field);
  const schema = sortOfRow(row, sorts);
  const { facts } = rowLine(row, field);
  const problems = form.problemsUnder(path);
  const own = form.problemsAt(path);
  const formId = `row-${form.id}-${path.join("-")}`;
  const onKeyDown = (event: KeyboardEvent) => {
    const to = { ArrowUp: number - 2, ArrowDown: number }[event.key];
    if (!event.altKey || to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    props.onMove(to, ".row-open");
  };
  return (
    <li
      className={`row${isOpen ? " is-open" : ""}${props.mark ? ` drop-${props.mark}` : ""}`}
      data-row={props.rowKey}
      data-path={path.join(".")}
      onDragOver={props.onDragOver}
      onDrop={props.onDrop}
    >
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the keys are those of the button inside */}
      <div className="row-head" onKeyDown={onKeyDown}>
        {!form.readOnly && count > 1 && (
          <span
            className="row-grip"
            draggable
            title="Drag to another place"
            aria-hidden="true"
            onDragStart={props.onDrag}
            onDragEnd={props.onDragEnd}
          >
            <GripVertical size={14} />
          </span>
        )}
        <button
          type="button"
          className="row-open"
          aria-expanded={isOpen}
          aria-controls={isOpen ? formId : undefined}
          title={count > 1 ? "Alt and an arrow key move it up or down" : undefined}
          onClick={props.onToggle}
        >
          <ChevronRight className="row-chevron" size={14} aria-hidden="true" />
          <span className="row-line">
            <span className="row-name">
              {number}. {name} {carriers.line(row, schema, field.root)}
            </span>{" "}
            {facts.length > 0 && <span className="row-facts">{facts.join(" · ")}</span>}
          </span>
          {problems.length > 0 && (
            <span className={problems.some((one) => one.severity === "error") ? "row-bad" : "row-warn"}>
              <CircleAlert size={14} aria-hidden="true" />
              <span className="visually-hidden">
                {problems.length} {problems.length === 1 ? "problem" : "problems"}
              </span>
            </span>
          )}
        </button>
        {!form.readOnly && (
          <span className="row-tools">
            {count > 1 && (
              <>
                <button
                  type="button"
                  className="field-tool row-up"
                  aria-label={`Move ${name} up`}
                  aria-disabled={number === 1}
                  onClick={() => props.onMove(number - 2, ".row-up")}
                >
                  <ArrowUp size={14} aria-hidden="true" />
                </button>
                <button
                  type="button"
                  className="field-tool row-down"
                  aria-label={`Move ${name} down`}
                  aria-disabled={number === count}
                  onClick={() => props.onMove(number, ".row-down")}
                >
                  <ArrowDown size={14} aria-hidden="true" />
                </button>
              </>
            )}
            <button
              type="button"
              className="field-tool"
              aria-label={`Remove ${name}`}
              disabled={!props.isRemovable}
              onClick={props.onRemove}
            >
              <X size={14} aria-hidden="true" />
            </button>
          </span>
        )}
      </div>
      {isOpen && own.length > 0 && (
        <div className="field-errors">
          {own.map((problem) => (
            <p key={problem.code + problem.path} className={`field-error ${problem.severity}`}>
              {problem.message}. {problem.hint}
            </p>
          ))}
        </div>
      )}
      {isOpen && schema && (
        <div className="nested" id={formId}>
          <SchemaForm
            schema={schema}
            root={field.root}
            value={row}
            path={path}
            skip={sorts.property === "" ? [] : [sorts.property]}
            onChange={(setting, next) => props.onChange(changedObject(row, setting, next))}
          />
        </div>
      )}
    </li>
  );
}

/** Rows have no identity but their place; these numbers go with a row when it changes its place. */
function useRowKeys(count: number) {
  const next = useRef(0);
  const fresh = () => {
    next.current += 1;
    return next.current;
  };
  const [kept, setKeys] = useState<readonly number[]>([]);
  let keys = kept;
  if (keys.length !== count) {
    // undo, another tab: what stands at a place keeps its number
    keys = Array.from({ length: count }, (_, at) => kept[at] ?? fresh());
    setKeys(keys);
  }
  return { keys, setKeys, fresh };
}

function toggled(set: ReadonlySet<number>, key: number): Set<number> {
  const next = new Set(set);
  if (!next.delete(key)) next.add(key);
  return next;
}

function articled(word: string): string {
  return /^[aeiou]/i.test(word) ? `an ${word}` : `a ${word}`;
}
