/** What is open and said on the editor's page; nothing here is part of the design. */
import { createStore, type StoreApi } from "zustand/vanilla";
import type { Point } from "../document/types";

export interface Toast {
  readonly id: number;
  readonly text: string;
  readonly tone: "info" | "ok" | "warn" | "bad";
  readonly action?: { readonly label: string; readonly run: () => void };
}

/** A floating list at a place of the window. */
export type Popup =
  | {
      readonly kind: "quick-add";
      /** in the window, where the list opens */
      readonly screen: Point;
      /** on the canvas, where the node goes */
      readonly at: Point;
      /** connect the new node with this one */
      readonly from?: { readonly node: string; readonly direction: "after" | "before" };
    }
  | {
      readonly kind: "menu";
      readonly screen: Point;
      readonly on: "node" | "edge" | "canvas";
      readonly at: Point;
    }
  | {
      readonly kind: "role";
      readonly screen: Point;
      readonly from: string;
      readonly to: string;
      readonly roles: readonly string[];
      /** the edge that is being led elsewhere */
      readonly edge?: string;
    }
  | { readonly kind: "connect"; readonly from: string }
  | { readonly kind: "commands" }
  | { readonly kind: "shortcuts" };

/** What the canvas lets the rest of the page do; registered by the canvas itself. */
export interface CanvasControl {
  /** canvas point under a window point */
  toCanvas(screen: Point): Point;
  toScreen(at: Point): Point;
  /** middle of what is in sight, on the canvas */
  centre(): Point;
  fit(ids?: readonly string[]): void;
  /** centre the view there, zoom as it is */
  goTo(at: Point): void;
  zoomTo(zoom: number): void;
  /** bring a node or edge into sight */
  reveal(ids: readonly string[]): void;
  focusNode(id: string): void;
  /** show nodes at other places for the moment; null shows the document's */
  showPlaces(places: Readonly<Record<string, Point>> | null): void;
  isPointerOver(): boolean;
  pointer(): Point;
}

export type NodeTab = "settings" | "faults" | "test" | "inside";

export interface ViewState {
  readonly popup: Popup | null;
  readonly toasts: readonly Toast[];
  /** the latest sentence for the live region, with a number so that equal sentences are read again */
  readonly said: { readonly text: string; readonly count: number };
  readonly inspectorOpen: boolean;
  readonly problemsOpen: boolean;
  readonly minimapOpen: boolean;
  readonly snapToGrid: boolean;
  readonly mode: "canvas" | "table";
  /** the window is narrow: the drawing is for looking, settings can still be changed */
  readonly isNarrow: boolean;
  /** whether single letters are shortcuts; kept in the browser */
  readonly singleKeys: boolean;
  /** the setting to show and focus after a jump from the problems list */
  readonly wantedField: { readonly path: readonly string[]; readonly count: number } | null;
  readonly canvas: CanvasControl | null;
  /** which page of a node's inspector is open; it stays when another node is chosen */
  readonly nodeTab: NodeTab;

  open(popup: Popup | null): void;
  /** Returns the toast's number. */
  toast(text: string, options?: Partial<Omit<Toast, "id" | "text">>): number;
  dismiss(id: number): void;
  announce(text: string): void;
  set(
    part: Partial<
      Pick<
        ViewState,
        | "inspectorOpen"
        | "problemsOpen"
        | "minimapOpen"
        | "snapToGrid"
        | "mode"
        | "singleKeys"
        | "isNarrow"
        | "nodeTab"
      >
    >,
  ): void;
  wantField(path: readonly string[]): void;
  registerCanvas(canvas: CanvasControl | null): void;
}

export type ViewStore = StoreApi<ViewState>;

/** At most this many at once; older ones leave. */
const TOASTS = 3;
/** Under this many nodes the whole is seen at a glance: no minimap. */
export const MINIMAP_FROM = 30;

const SINGLE_KEYS = "headrace.singleKeys";

function readSingleKeys(): boolean {
  try {
    return window.localStorage.getItem(SINGLE_KEYS) !== "off";
  } catch {
    return true; // no storage: the shortcuts are as they come
  }
}

function keepSingleKeys(on: boolean): void {
  try {
    window.localStorage.setItem(SINGLE_KEYS, on ? "on" : "off");
  } catch {
    // Without storage the choice lasts until the page is left.
  }
}

export function createViewStore(nodes: number): ViewStore {
  let number = 0;
  return createStore<ViewState>()((set) => ({
    popup: null,
    toasts: [],
    said: { text: "", count: 0 },
    inspectorOpen: true,
    problemsOpen: false,
    minimapOpen: nodes >= MINIMAP_FROM,
    snapToGrid: true,
    mode: "canvas",
    isNarrow: false,
    singleKeys: readSingleKeys(),
    wantedField: null,
    canvas: null,
    nodeTab: "settings",

    open: (popup) => set({ popup }),
    toast(text, options = {}) {
      number += 1;
      const toast: Toast = {
        id: number,
        text,
        tone: options.tone ?? "info",
        ...(options.action ? { action: options.action } : {}),
      };
      set((state) => ({
        toasts: [...state.toasts.filter((one) => one.text !== text), toast].slice(-TOASTS),
        said: { text, count: state.said.count + 1 },
      }));
      return toast.id;
    },
    dismiss: (id) => set((state) => ({ toasts: state.toasts.filter((toast) => toast.id !== id) })),
    announce: (text) => set((state) => ({ said: { text, count: state.said.count + 1 } })),
    set(part) {
      set(part);
      if (part.singleKeys !== undefined) keepSingleKeys(part.singleKeys);
    },
    wantField: (path) =>
      set((state) => ({
        inspectorOpen: true,
        nodeTab: "settings",
        wantedField: { path, count: (state.wantedField?.count ?? 0) + 1 },
      })),
    registerCanvas: (canvas) => set({ canvas }),
  }));
}
