/** What every part of the editor needs: the state, the catalogue, the saver and the actions. */
import { createContext, type ReactNode, useContext } from "react";
import { useStore } from "zustand";
import type { Autosaver } from "../document/autosave";
import type { EditorState, EditorStore } from "../document/store";
import type { Catalogue } from "../schema/catalogue";
import type { ActionTable } from "./actions";
import type { ViewStore } from "./view";

export interface Editor {
  readonly store: EditorStore;
  readonly view: ViewStore;
  readonly catalogue: Catalogue;
  readonly saver: Autosaver;
  readonly actions: ActionTable;
}

const Context = createContext<Editor | null>(null);

export function EditorProvider({ editor, children }: { editor: Editor; children: ReactNode }) {
  return <Context value={editor}>{children}</Context>;
}

export function useEditor(): Editor {
  const editor = useContext(Context);
  if (!editor) throw new Error("This part of the page only works inside the editor.");
  return editor;
}

export const useCatalogue = (): Catalogue => useEditor().catalogue;

export function useEditorState<T>(select: (state: EditorState) => T): T {
  return useStore(useEditor().store, select);
}
