import { useEffect, useRef } from "react";
import type { Action } from "../actions";
import { useEditor } from "../EditorContext";
import { keyText } from "../keyText";
import type { Popup } from "../view";
import { Floating } from "./Floating";
import { moveInMenu } from "./menuKeys";

/** The right-click menu: every action that fits, with its shortcut. */
export function Menu({ popup, onClose }: { popup: Extract<Popup, { kind: "menu" }>; onClose: () => void }) {
  const { actions, view } = useEditor();
  const list = useRef<HTMLDivElement>(null);
  const fitting = actions.list.filter((action) => action.menus.includes(popup.on));
  useEffect(() => list.current?.querySelector<HTMLElement>("button:not(:disabled)")?.focus(), []);

  const run = (action: Action) => {
    onClose();
    if (action.id === "add") view.getState().open({ kind: "quick-add", screen: popup.screen, at: popup.at });
    else void action.run();
  };
  return (
    <Floating at={popup.screen} label="Actions" onClose={onClose} className="menu">
      <div ref={list} role="menu" aria-label="Actions" tabIndex={-1} onKeyDown={moveInMenu}>
        {fitting.map((action, index) => (
          <button
            key={action.id}
            type="button"
            role="menuitem"
            className={`menu-item${index > 0 && fitting[index - 1]?.group !== action.group ? " starts-group" : ""}`}
            disabled={!action.enabled()}
            onClick={() => run(action)}
          >
            <span>{action.label}</span>
            <kbd>{keyText(action.keys[0] ?? "")}</kbd>
          </button>
        ))}
      </div>
    </Floating>
  );
}
