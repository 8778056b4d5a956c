import { Search } from "lucide-react";
import { type KeyboardEvent, useMemo, useRef, useState } from "react";
import { KindIcon } from "../canvas/kindIcons";
import { KIND_TYPE } from "../canvas/useDropping";
import type { KindInfo } from "../schema/types";
import { useEditor, useEditorState } from "./EditorContext";
import { ranked } from "./search";
import "./palette.css";

/** All kinds by group: drag one onto the canvas, or click it (or press Enter) to add it in the middle. */
export function Palette() {
  const { catalogue, actions, view } = useEditor();
  const isLocked = useEditorState((state) => state.snapshot !== null);
  const [query, setQuery] = useState("");
  const list = useRef<HTMLDivElement>(null);
  const groups = useMemo(() => {
    if (query.trim() === "") return catalogue.groups();
    const things = catalogue.bundle.kinds.map((kind) => ({
      kind,
      title: kind.title,
      words: `${kind.kind} ${kind.group} ${kind.category} ${kind.summary}`,
    }));
    const kinds = ranked(query, things).map((one) => one.kind);
    return kinds.length > 0 ? [{ name: "Found", kinds }] : [];
  }, [catalogue, query]);

  const add = (kind: string) => {
    const at = view.getState().canvas?.centre();
    if (!at) return;
    const id = actions.edits.add(kind, at);
    if (id) window.setTimeout(() => view.getState().canvas?.reveal([id]), 30);
  };
  const items = () => [...(list.current?.querySelectorAll<HTMLElement>(".palette-item") ?? [])];
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const all = items();
    const at = all.indexOf(document.activeElement as HTMLElement);
    all[Math.max(0, Math.min(all.length - 1, at + step))]?.focus();
  };
  const onSearchKey = (event: KeyboardEvent) => {
    const first = groups[0]?.kinds[0];
    if (event.key === "Enter" && first && query.trim() !== "") add(first.kind);
    else if (event.key === "Escape" && query !== "") setQuery("");
    else if (event.key === "ArrowDown") items()[0]?.focus();
    else return;
    event.preventDefault();
  };
  return (
    <nav className="palette" aria-label="Palette">
      <label className="palette-search">
        <Search size={15} aria-hidden="true" />
        <span className="visually-hidden">Search the palette</span>
        <input
          type="search"
          placeholder="Search"
          value={query}
          onChange={(event) => setQuery(event.target.value)}
          onKeyDown={onSearchKey}
        />
      </label>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: arrow keys move between the buttons inside */}
      <div className="palette-groups" ref={list} onKeyDown={onKeyDown}>
        {groups.map((group) => (
          <section key={group.name} aria-label={group.name}>
            <h2>{group.name}</h2>
            {group.kinds.map((kind) => (
              <Item key={kind.kind} kind={kind} disabled={isLocked} onAdd={() => add(kind.kind)} />
            ))}
          </section>
        ))}
        {groups.length === 0 && <p className="muted">No kind of that name.</p>}
      </div>
    </nav>
  );
}

function Item({ kind, disabled, onAdd }: { kind: KindInfo; disabled: boolean; onAdd: () => void }) {
  return (
    <button
      type="button"
      className={`palette-item category-${kind.category}`}
      title={kind.summary}
      draggable={!disabled}
      disabled={disabled}
      onClick={onAdd}
      onDragStart={(event) => {
        event.dataTransfer.setData(KIND_TYPE, kind.kind);
        event.dataTransfer.effectAllowed = "copy";
      }}
    >
      <span className="kind-dot">
        <KindIcon kind={kind.kind} category={kind.category} size={15} />
      </span>
      <span className="palette-title">{kind.title}</span>
    </button>
  );
}
