import { X } from "lucide-react";
import { useEffect, useRef } from "react";
import { useStore } from "zustand";
import { useEditor } from "../EditorContext";
import { keyText } from "../keyText";

const BY_HAND: readonly (readonly [string, string])[] = [
  ["Tab", "Go from node to node in the order of the messages"],
  ["Enter", "Select the node; again: go to its settings"],
  ["Arrow keys", "Move the selection by one grid step"],
  ["Shift+Arrow keys", "Move it further"],
  ["Esc", "Close the inspector, let go of the selection"],
  ["Space", "Run, pause, go on"],
  ["Double click", "Add a node at that spot"],
  ["Shift+Drag", "Select by a box"],
  ["Ctrl+Wheel", "Zoom around the pointer"],
  ["Drag, middle button, two fingers", "Move the canvas"],
  ["Alt while dragging", "Place without the grid"],
];

/** Every shortcut on one page. */
export function ShortcutsDialog({ onClose }: { onClose: () => void }) {
  const { actions, view } = useEditor();
  const singleKeys = useStore(view, (state) => state.singleKeys);
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);
  const groups = [...new Set(actions.list.map((action) => action.group))];
  return (
    <dialog ref={dialog} className="dialog" aria-labelledby="shortcuts-title" onClose={onClose}>
      <header>
        <h2 id="shortcuts-title">Keyboard and mouse</h2>
        <button type="button" className="icon-button" aria-label="Close" onClick={onClose}>
          <X size={16} aria-hidden="true" />
        </button>
      </header>
      <div className="dialog-line">
        <label className="switch-line">
          <input
            type="checkbox"
            className="switch"
            checked={singleKeys}
            onChange={(event) => view.getState().set({ singleKeys: event.target.checked })}
          />
          Single letters and digits are shortcuts
        </label>
        <button
          type="button"
          className="button small"
          onClick={() => {
            onClose();
            void actions.by.tour.run();
          }}
        >
          {actions.by.tour.label}
        </button>
      </div>
      <div className="shortcut-columns">
        {groups.map((group) => (
          <section key={group}>
            <h3>{group}</h3>
            <dl>
              {actions.list
                .filter((action) => action.group === group && action.keys.length > 0)
                .map((action) => (
                  <div key={action.id}>
                    <dt>{action.label.replace(/ …$/, "")}</dt>
                    <dd>
                      {[...new Set(action.keys.map((keys) => keyText(keys)))].slice(0, 2).map((keys) => (
                        <kbd key={keys}>{keys}</kbd>
                      ))}
                    </dd>
                  </div>
                ))}
            </dl>
          </section>
        ))}
        <section>
          <h3>On the canvas</h3>
          <dl>
            {BY_HAND.map(([keys, what]) => (
              <div key={keys}>
                <dt>{what}</dt>
                <dd>
                  <kbd>{keys}</kbd>
                </dd>
              </div>
            ))}
          </dl>
        </section>
      </div>
    </dialog>
  );
}
