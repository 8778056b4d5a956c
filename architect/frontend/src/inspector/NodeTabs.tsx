import { type KeyboardEvent, type ReactNode, useEffect, useRef } from "react";
import { useStore } from "zustand";
import type { DesignNode } from "../document/types";
import { useEditor } from "../editor/EditorContext";
import type { NodeTab } from "../editor/view";
import { detailOf } from "../run/frameTypes";
import { useNodeMetrics } from "../run/useLive";
import type { KindInfo } from "../schema/types";
import { FaultsTab } from "./FaultsTab";
import { InsideTab } from "./InsideTab";
import { TestTab } from "./TestTab";
import "./tabs.css";

const LABELS: Readonly<Record<NodeTab, string>> = {
  settings: "Settings",
  faults: "Faults",
  test: "Test",
  inside: "Inside",
};

/** The pages of a node: settings, what can happen to it, trying a message, and its inner state during a run. */
export function NodeTabs({
  node,
  kind,
  children,
}: {
  node: DesignNode;
  kind: KindInfo | undefined;
  children: ReactNode;
}) {
  const { view, catalogue } = useEditor();
  const wanted = useStore(view, (state) => state.nodeTab);
  const detail = detailOf(useNodeMetrics(node.id));
  const tabs: NodeTab[] = ["settings"];
  if (catalogue.faultsOf(node.kind).length > 0) tabs.push("faults");
  if (kind?.trial) tabs.push("test");
  if (detail) tabs.push("inside");
  const tab = tabs.includes(wanted) ? wanted : "settings";
  const select = (next: NodeTab) => view.getState().set({ nodeTab: next });
  if (tabs.length === 1) return children;
  return (
    <>
      <TabList tabs={tabs} tab={tab} onSelect={select} />
      <div
        className="node-tabpanel"
        role="tabpanel"
        id={`node-tabpanel-${tab}`}
        aria-labelledby={`node-tab-${tab}`}
      >
        {tab === "settings" && children}
        {tab === "faults" && <FaultsTab key={node.id} node={node} />}
        {tab === "test" && kind?.trial && <TestTab key={node.id} node={node} trial={kind.trial} />}
        {tab === "inside" && detail && <InsideTab node={node.id} detail={detail} />}
      </div>
    </>
  );
}

function TabList({
  tabs,
  tab,
  onSelect,
}: {
  tabs: readonly NodeTab[];
  tab: NodeTab;
  onSelect: (tab: NodeTab) => void;
}) {
  const list = useRef<HTMLDivElement>(null);
  const isMoving = useRef(false);
  useEffect(() => {
    if (!isMoving.current) return;
    isMoving.current = false;
    list.current?.querySelector<HTMLElement>(`#node-tab-${tab}`)?.focus();
  }, [tab]);
  const move = (event: KeyboardEvent) => {
    const at = tabs.indexOf(tab);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    const next = to === undefined ? undefined : tabs[(to + tabs.length) % tabs.length];
    if (!next) return;
    event.preventDefault();
    isMoving.current = true;
    onSelect(next);
  };
  return (
    <div className="node-tabs" role="tablist" aria-label="Pages of this node" ref={list} onKeyDown={move}>
      {tabs.map((one) => (
        <button
          type="button"
          key={one}
          role="tab"
          id={`node-tab-${one}`}
          aria-selected={one === tab}
          aria-controls={one === tab ? `node-tabpanel-${one}` : undefined}
          tabIndex={one === tab ? 0 : -1}
          onClick={() => onSelect(one)}
        >
          {LABELS[one]}
        </button>
      ))}
    </div>
  );
}
