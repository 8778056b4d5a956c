import { type KeyboardEvent, type ReactNode, useEffect, useId, useMemo, useRef, useState } from "react";
import { ranked } from "../search";

export interface Choice {
  readonly id: string;
  readonly title: string;
  /** further words it is found by */
  readonly words?: string;
  readonly note?: string;
  readonly icon?: ReactNode;
  readonly group?: string;
  readonly disabled?: boolean;
}

interface Props {
  readonly label: string;
  readonly choices: readonly Choice[];
  readonly onChoose: (id: string) => void;
  readonly empty: string;
}

/** Type to narrow, arrows to move, Enter to take: the one list behind quick-add, connect and the command palette. */
export function FilterList({ label, choices, onChoose, empty }: Props) {
  const [query, setQuery] = useState("");
  const [at, setAt] = useState(0);
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const found = useMemo(() => ranked(query, choices), [query, choices]);
  const current = Math.min(at, found.length - 1);

  useEffect(() => input.current?.focus(), []);
  useEffect(() => {
    list.current?.querySelector(`[data-index="${current}"]`)?.scrollIntoView({ block: "nearest" });
  }, [current]);

  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      setAt((current + step + found.length) % Math.max(1, found.length));
    } else if (event.key === "Enter") {
      event.preventDefault();
      const choice = found[current];
      if (choice && !choice.disabled) onChoose(choice.id);
    } else if (event.key === "Tab") event.preventDefault();
  };
  return (
    <div className="filter-list">
      <input
        ref={input}
        type="text"
        className="field-input"
        placeholder={label}
        aria-label={label}
        role="combobox"
        aria-expanded="true"
        aria-controls={`${id}-list`}
        aria-activedescendant={found[current] ? `${id}-${current}` : undefined}
        aria-autocomplete="list"
        autoComplete="off"
        spellCheck={false}
        value={query}
        onChange={(event) => {
          setQuery(event.target.value);
          setAt(0);
        }}
        onKeyDown={onKeyDown}
      />
      <div className="filter-options" id={`${id}-list`} role="listbox" aria-label={label} ref={list}>
        {found.length === 0 && <p className="muted">{empty}</p>}
        {found.map((choice, index) => (
          <FilterOption
            key={choice.id}
            choice={choice}
            id={`${id}-${index}`}
            index={index}
            isCurrent={index === current}
            heading={query === "" && choice.group !== found[index - 1]?.group ? choice.group : undefined}
            onPoint={() => setAt(index)}
            onChoose={() => onChoose(choice.id)}
          />
        ))}
      </div>
    </div>
  );
}

interface OptionProps {
  readonly choice: Choice;
  readonly id: string;
  readonly index: number;
  readonly isCurrent: boolean;
  readonly heading: string | undefined;
  readonly onPoint: () => void;
  readonly onChoose: () => void;
}

function FilterOption({ choice, id, index, isCurrent, heading, onPoint, onChoose }: OptionProps) {
  return (
    <>
      {heading && (
        <div className="filter-group" role="presentation">
          {heading}
        </div>
      )}
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: the text field has the keyboard, as in every combobox */}
      <div
        id={id}
        data-index={index}
        className="filter-option"
        role="option"
        tabIndex={-1}
        aria-selected={isCurrent}
        aria-disabled={choice.disabled}
        onPointerMove={onPoint}
        onClick={() => !choice.disabled && onChoose()}
      >
        {choice.icon}
        <span className="filter-title">{choice.title}</span>
        {choice.note && <span className="filter-note">{choice.note}</span>}
      </div>
    </>
  );
}
