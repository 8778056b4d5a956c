import "./popups.css";
import { useMemo } from "react";
import { useStore } from "zustand";
import { graphOrder } from "../../canvas/graphOrder";
import { KindIcon } from "../../canvas/kindIcons";
import { shownDocument } from "../../document/store";
import { findNode, nodeName } from "../../document/types";
import type { KindInfo } from "../../schema/types";
import { useEditor, useEditorState } from "../EditorContext";
import { keyText } from "../keyText";
import type { Popup } from "../view";
import { type Choice, FilterList } from "./FilterList";
import { Floating } from "./Floating";
import { Menu } from "./Menu";
import { ShortcutsDialog } from "./ShortcutsDialog";

type Of<K extends Popup["kind"]> = Extract<Popup, { kind: K }>;

/** Whatever floats over the page at the moment; at most one thing. */
export function Popups() {
  const { view } = useEditor();
  const popup = useStore(view, (state) => state.popup);
  const close = () => view.getState().open(null);
  switch (popup?.kind) {
    case "quick-add":
      return <QuickAdd key={`${popup.screen.x} ${popup.screen.y}`} popup={popup} onClose={close} />;
    case "menu":
      return <Menu key={`${popup.screen.x} ${popup.screen.y}`} popup={popup} onClose={close} />;
    case "role":
      return <RoleChooser popup={popup} onClose={close} />;
    case "connect":
      return <ConnectTo popup={popup} onClose={close} />;
    case "commands":
      return <Commands onClose={close} />;
    case "shortcuts":
      return <ShortcutsDialog onClose={close} />;
    default:
      return null;
  }
}

export function kindChoice(kind: KindInfo): Choice {
  return {
    id: kind.kind,
    title: kind.title,
    words: `${kind.kind} ${kind.group} ${kind.category} ${kind.summary}`,
    group: kind.group,
    icon: (
      <span className={`kind-dot category-${kind.category}`}>
        <KindIcon kind={kind.kind} category={kind.category} size={15} />
      </span>
    ),
  };
}

function QuickAdd({ popup, onClose }: { popup: Of<"quick-add">; onClose: () => void }) {
  const { catalogue, actions, view, store } = useEditor();
  const from = popup.from;
  const choices = useMemo(() => {
    const kind = from ? findNode(shownDocument(store.getState()), from.node)?.kind : undefined;
    const kinds = from && kind ? catalogue.partners(kind, from.direction) : catalogue.bundle.kinds;
    return kinds.map(kindChoice);
  }, [catalogue, from, store]);
  const choose = (kind: string) => {
    onClose();
    const id = actions.edits.add(kind, popup.at, from ? { from, exact: true } : {});
    if (id) window.setTimeout(() => view.getState().canvas?.focusNode(id), 60);
  };
  const label = from
    ? from.direction === "after"
      ? "What comes next?"
      : "What comes before?"
    : "Add a node";
  return (
    <Floating at={popup.screen} label={label} onClose={onClose}>
      <FilterList
        label={from ? `${label} Type to search` : "Type to search what to add"}
        choices={choices}
        onChoose={choose}
        empty="No kind of that name fits here."
      />
    </Floating>
  );
}

function RoleChooser({ popup, onClose }: { popup: Of<"role">; onClose: () => void }) {
  const { catalogue, actions } = useEditor();
  const choices = popup.roles.map((role) => ({ id: role, title: role, note: catalogue.roleTitle(role) }));
  const choose = (role: string) => {
    onClose();
    if (popup.edge) actions.edits.reconnectAs(popup.edge, popup.from, popup.to, role);
    else actions.edits.connectAs(popup.from, popup.to, role);
  };
  return (
    <Floating at={popup.screen} label="Connect in which role?" onClose={onClose}>
      <FilterList label="Connect in which role?" choices={choices} onChoose={choose} empty="No such role." />
    </Floating>
  );
}

/** Connecting without a pointer: the targets as a list, those that are refused with their reason. */
function ConnectTo({ popup, onClose }: { popup: Of<"connect">; onClose: () => void }) {
  const { catalogue, actions } = useEditor();
  const document = useEditorState(shownDocument);
  const choices = useMemo(() => {
    const all = graphOrder(document)
      .filter((id) => id !== popup.from)
      .map((id): Choice => {
        const node = findNode(document, id);
        const { roles, refusal } = catalogue.connection(document, popup.from, id);
        const category = catalogue.category(node?.kind ?? "");
        return {
          id,
          title: node ? nodeName(node) : id,
          words: `${id} ${node?.kind ?? ""}`,
          note: roles.length > 0 ? roles.join(" or ") : (refusal ?? ""),
          disabled: roles.length === 0,
          icon: (
            <span className={`kind-dot category-${category}`}>
              <KindIcon kind={node?.kind ?? ""} category={category} size={15} />
            </span>
          ),
        };
      });
    return [...all.filter((one) => !one.disabled), ...all.filter((one) => one.disabled)];
  }, [catalogue, document, popup.from]);
  const node = findNode(document, popup.from);
  const at = { x: window.innerWidth / 2 - 210, y: window.innerHeight / 5 };
  const label = `Connect ${node ? nodeName(node) : popup.from} to`;
  return (
    <Floating at={at} label={label} onClose={onClose} className="is-wide">
      <FilterList
        label={`${label} …`}
        choices={choices}
        onChoose={(to) => {
          onClose();
          actions.edits.connect(popup.from, to, at);
        }}
        empty="No node of that name."
      />
    </Floating>
  );
}

function Commands({ onClose }: { onClose: () => void }) {
  const { actions, catalogue, store, view } = useEditor();
  const choices = useMemo(() => {
    const document = shownDocument(store.getState());
    const commands = actions.list
      .filter((action) => action.id !== "commands")
      .map(
        (action): Choice => ({
          id: `action ${action.id}`,
          title: action.label.replace(/ …$/, ""),
          note: keyText(action.keys[0] ?? ""),
          group: "Actions",
          disabled: !action.enabled(),
        }),
      );
    const nodes = document.nodes.map(
      (node): Choice => ({
        ...kindChoiceOf(catalogue.kind(node.kind)),
        id: `node ${node.id}`,
        title: nodeName(node),
        words: `${node.id} ${node.kind}`,
        note: "go to",
        group: "Nodes",
      }),
    );
    const kinds = catalogue.bundle.kinds.map(
      (kind): Choice => ({
        ...kindChoice(kind),
        id: `kind ${kind.kind}`,
        title: `Add ${kind.title}`,
        group: "Add",
      }),
    );
    return [...commands, ...nodes, ...kinds];
  }, [actions, catalogue, store]);
  const choose = (id: string) => {
    onClose();
    const [sort, ...rest] = id.split(" ");
    const name = rest.join(" ");
    if (sort === "action") void actions.list.find((action) => action.id === name)?.run();
    else if (sort === "node") {
      store.getState().select({ nodes: [name], edges: [] });
      view.getState().set({ mode: "canvas", inspectorOpen: true });
      view.getState().canvas?.reveal([name]);
      view.getState().canvas?.focusNode(name);
    } else {
      const at = view.getState().canvas?.centre();
      if (at) actions.edits.add(name, at);
    }
  };
  return (
    <Floating
      at={{ x: window.innerWidth / 2 - 260, y: window.innerHeight / 8 }}
      label="Find"
      onClose={onClose}
      className="is-widest"
    >
      <FilterList
        label="Find an action, a node, or something to add"
        choices={choices}
        onChoose={choose}
        empty="Nothing of that name."
      />
    </Floating>
  );
}

function kindChoiceOf(kind: KindInfo | undefined): Pick<Choice, "icon"> {
  return kind ? { icon: kindChoice(kind).icon } : {};
}
