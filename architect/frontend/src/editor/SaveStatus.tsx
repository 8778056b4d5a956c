import { Check, CloudOff, LoaderCircle, TriangleAlert } from "lucide-react";
import type { SaveState } from "../document/store";
import { useEditorState } from "./EditorContext";

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });

/** How saving stands, in words. */
export function saveWords(save: SaveState): string {
  switch (save.kind) {
    case "saved":
      return `Saved ${clock.format(save.at)}`;
    case "waiting":
    case "saving":
      return "Saving …";
    case "offline":
      return save.kept ? "Offline – kept in this browser" : "Offline – not saved";
    case "refused":
      return save.kept ? "Not saved – kept in this browser" : "Not saved";
    case "conflict":
      return "Changed elsewhere – choose a version";
  }
}

export function SaveStatus() {
  const save = useEditorState((state) => state.save);
  const Icon = {
    saved: Check,
    waiting: LoaderCircle,
    saving: LoaderCircle,
    offline: CloudOff,
    refused: TriangleAlert,
    conflict: TriangleAlert,
  }[save.kind];
  const tone =
    save.kind === "offline" ? "warn" : save.kind === "refused" || save.kind === "conflict" ? "bad" : "";
  return (
    <span className={`save-status ${tone}`} title={save.kind === "refused" ? save.message : undefined}>
      <Icon size={14} aria-hidden="true" />
      {saveWords(save)}
    </span>
  );
}
