/** Every action of the editor once: name, shortcut, when it applies, what it does. Menus, keys and help read this table. */
import { fromText, pieceOf, toText } from "../document/clipboard";
import { type EditorStore, shownDocument } from "../document/store";
import type { Catalogue } from "../schema/catalogue";
import { Edits } from "./edits";
import { tidyUp } from "./tidy";
import type { ViewStore } from "./view";

export type ActionId =
  | "add"
  | "connect"
  | "faults"
  | "undo"
  | "redo"
  | "cut"
  | "copy"
  | "paste"
  | "duplicate"
  | "delete"
  | "select-all"
  | "tidy"
  | "fit"
  | "fit-selection"
  | "zoom-100"
  | "zoom-in"
  | "zoom-out"
  | "minimap"
  | "snap"
  | "inspector"
  | "problems"
  | "table"
  | "commands"
  | "shortcuts"
  | "tour"
  | "save";

export interface Action {
  readonly id: ActionId;
  readonly label: string;
  readonly group: "Edit" | "View" | "Select" | "Build" | "Help";
  /** in tinykeys' words; several mean the same */
  readonly keys: readonly string[];
  /** where it belongs in the right-click menus */
  readonly menus: readonly ("node" | "edge" | "canvas")[];
  /** clipboard keys are left to the browser's own events, which may read and write the clipboard */
  readonly native?: boolean;
  readonly enabled: () => boolean;
  readonly run: () => void | Promise<void>;
}

export interface ActionTable {
  readonly edits: Edits;
  readonly list: readonly Action[];
  readonly by: Readonly<Record<ActionId, Action>>;
  /** for the browser's own copy, cut and paste */
  readonly copyText: (cut: boolean) => string | null;
  readonly pasteText: (text: string) => boolean;
}

interface Needs {
  readonly store: EditorStore;
  readonly view: ViewStore;
  readonly catalogue: Catalogue;
  readonly save: () => Promise<unknown>;
}

const ALL = ["node", "edge", "canvas"] as const;

export function createActions({ store, view, catalogue, save }: Needs): ActionTable {
  const edits = new Edits(store, view, catalogue);
  const state = () => store.getState();
  const document = () => shownDocument(state());
  const canvas = () => view.getState().canvas;
  const editable = () => state().snapshot === null && !view.getState().isNarrow;
  const anyNode = () => state().selection.nodes.length > 0;
  const anything = () => anyNode() || state().selection.edges.length > 0;

  const copyText = (cut: boolean): string | null => {
    const { selection } = state();
    if (selection.nodes.length === 0) return null;
    const text = toText(pieceOf(document(), selection));
    if (cut && editable()) edits.remove(selection);
    else view.getState().announce(`${selection.nodes.length} copied.`);
    return text;
  };
  const pasteText = (text: string): boolean => {
    const piece = fromText(text);
    if (!piece) return false;
    const over = canvas()?.isPointerOver() ?? false;
    edits.paste(piece, over ? (canvas()?.pointer() ?? null) : null);
    return true;
  };
  const toClipboard = async (cut: boolean) => {
    const text = copyText(cut);
    if (text === null) return;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      edits.refuse("The browser does not let this page write to the clipboard: use Ctrl+C.");
    }
  };
  const fromClipboard = async () => {
    try {
      if (!pasteText(await navigator.clipboard.readText())) {
        edits.refuse("The clipboard holds no part of a design.");
      }
    } catch {
      edits.refuse("The browser does not let this page read the clipboard: use Ctrl+V.");
    }
  };
  const tidy = () => tidyUp(store, view, edits);
  const quickAdd = () => {
    const control = canvas();
    if (!control) return;
    const at = control.isPointerOver() ? control.pointer() : control.centre();
    view.getState().open({ kind: "quick-add", screen: control.toScreen(at), at });
  };
  const connectFrom = () => {
    const [from] = state().selection.nodes;
    if (from) view.getState().open({ kind: "connect", from });
  };
  const toggle = (name: "minimapOpen" | "snapToGrid" | "inspectorOpen" | "problemsOpen") => () =>
    view.getState().set({ [name]: !view.getState()[name] });
  const selectAll = () => {
    const { nodes } = document();
    state().select({ nodes: nodes.map((node) => node.id), edges: [] });
    view.getState().announce(`${nodes.length} nodes selected.`);
  };

  const always = () => true;
  const list: Action[] = [
    {
      id: "add",
      label: "Add a node …",
      group: "Build",
      keys: ["a"],
      menus: ["canvas"],
      enabled: editable,
      run: quickAdd,
    },
    {
      id: "connect",
      label: "Connect to …",
      group: "Build",
      keys: ["c"],
      menus: ["node"],
      enabled: () => editable() && state().selection.nodes.length === 1,
      run: connectFrom,
    },
    {
      id: "faults",
      label: "Faults and actions …",
      group: "Build",
      keys: ["f"],
      menus: ["node"],
      enabled: () => state().selection.nodes.length === 1,
      run: () => view.getState().set({ inspectorOpen: true, nodeTab: "faults" }),
    },
    {
      id: "cut",
      label: "Cut",
      group: "Edit",
      keys: ["$mod+x"],
      native: true,
      menus: ["node"],
      enabled: () => editable() && anyNode(),
      run: () => toClipboard(true),
    },
    {
      id: "copy",
      label: "Copy",
      group: "Edit",
      keys: ["$mod+c"],
      native: true,
      menus: ["node"],
      enabled: anyNode,
      run: () => toClipboard(false),
    },
    {
      id: "paste",
      label: "Paste",
      group: "Edit",
      keys: ["$mod+v"],
      native: true,
      menus: ["canvas", "node"],
      enabled: editable,
      run: fromClipboard,
    },
    {
      id: "duplicate",
      label: "Duplicate",
      group: "Edit",
      keys: ["$mod+d"],
      menus: ["node"],
      enabled: () => editable() && anyNode(),
      run: () => edits.duplicate(state().selection),
    },
    {
      id: "delete",
      label: "Delete",
      group: "Edit",
      keys: ["Delete", "Backspace"],
      menus: ["node", "edge"],
      enabled: () => editable() && anything(),
      run: () => edits.remove(state().selection),
    },
    {
      id: "undo",
      label: "Undo",
      group: "Edit",
      keys: ["$mod+z"],
      menus: ["canvas"],
      enabled: () => editable() && state().history.past.length > 0,
      run: () => edits.undo(),
    },
    {
      id: "redo",
      label: "Redo",
      group: "Edit",
      keys: ["$mod+Shift+z", "$mod+y"],
      menus: ["canvas"],
      enabled: () => editable() && state().history.future.length > 0,
      run: () => edits.redo(),
    },
    {
      id: "select-all",
      label: "Select all",
      group: "Select",
      keys: ["$mod+a"],
      menus: ["canvas"],
      enabled: always,
      run: selectAll,
    },
    {
      id: "tidy",
      label: "Tidy up",
      group: "Edit",
      keys: ["Shift+t"],
      menus: [...ALL],
      enabled: editable,
      run: tidy,
    },
    {
      id: "fit",
      label: "Fit everything",
      group: "View",
      keys: ["1"],
      menus: ["canvas"],
      enabled: always,
      run: () => canvas()?.fit(),
    },
    {
      id: "fit-selection",
      label: "Fit the selection",
      group: "View",
      keys: ["2"],
      menus: ["node"],
      enabled: anyNode,
      run: () => canvas()?.fit(state().selection.nodes),
    },
    {
      id: "zoom-100",
      label: "Zoom to 100 %",
      group: "View",
      keys: ["0"],
      menus: ["canvas"],
      enabled: always,
      run: () => canvas()?.zoomTo(1),
    },
    {
      id: "zoom-in",
      label: "Zoom in",
      group: "View",
      keys: ["+", "Shift++", "="],
      menus: [],
      enabled: always,
      run: () => canvas()?.zoomTo(1.25 * currentZoom(view)),
    },
    {
      id: "zoom-out",
      label: "Zoom out",
      group: "View",
      keys: ["-"],
      menus: [],
      enabled: always,
      run: () => canvas()?.zoomTo(0.8 * currentZoom(view)),
    },
    {
      id: "minimap",
      label: "Show or hide the minimap",
      group: "View",
      keys: ["m"],
      menus: ["canvas"],
      enabled: always,
      run: toggle("minimapOpen"),
    },
    {
      id: "snap",
      label: "Snap to the grid",
      group: "View",
      keys: ["g"],
      menus: ["canvas"],
      enabled: always,
      run: toggle("snapToGrid"),
    },
    {
      id: "inspector",
      label: "Show or hide the inspector",
      group: "View",
      keys: ["i"],
      menus: [],
      enabled: always,
      run: toggle("inspectorOpen"),
    },
    {
      id: "problems",
      label: "Show or hide the problems",
      group: "View",
      keys: ["p"],
      menus: [],
      enabled: always,
      run: toggle("problemsOpen"),
    },
    {
      id: "table",
      label: "Switch between drawing and table",
      group: "View",
      keys: ["t"],
      menus: [],
      enabled: always,
      run: () => view.getState().set({ mode: view.getState().mode === "canvas" ? "table" : "canvas" }),
    },
    {
      id: "save",
      label: "Save now",
      group: "Edit",
      keys: ["$mod+s"],
      menus: [],
      enabled: editable,
      run: () => saveNow(save, edits, view),
    },
    {
      id: "commands",
      label: "Find an action or a node …",
      group: "Help",
      keys: ["$mod+k"],
      menus: ["canvas"],
      enabled: always,
      run: () => view.getState().open({ kind: "commands" }),
    },
    {
      id: "shortcuts",
      label: "Keyboard shortcuts",
      group: "Help",
      keys: ["?", "Shift+?"],
      menus: ["canvas"],
      enabled: always,
      run: () => view.getState().open({ kind: "shortcuts" }),
    },
    {
      id: "tour",
      label: "Take the tour again",
      group: "Help",
      keys: [],
      menus: [],
      enabled: always,
      run: () => {
        // the tour speaks of the drawing and the inspector: both have to be there
        view.getState().set({ mode: "canvas", inspectorOpen: true });
        window.dispatchEvent(new Event("headrace:tour"));
      },
    },
  ];
  const by = Object.fromEntries(list.map((action) => [action.id, action])) as Record<ActionId, Action>;
  return { edits, list, by, copyText, pasteText };
}

function currentZoom(view: ViewStore): number {
  const control = view.getState().canvas;
  if (!control) return 1;
  const [left, right] = [control.toScreen({ x: 0, y: 0 }), control.toScreen({ x: 100, y: 0 })];
  return (right.x - left.x) / 100;
}

async function saveNow(save: () => Promise<unknown>, edits: Edits, view: ViewStore): Promise<void> {
  try {
    await save();
    view.getState().announce("Saved.");
  } catch (error) {
    edits.refuse(error instanceof Error ? error.message : String(error));
  }
}
