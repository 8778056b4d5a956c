import { useId } from "react";
import { byPlace, type Settable } from "./settables";

/** One setting of the design, grouped by the node or connection it belongs to. */
export function SettingPicker({
  title,
  all,
  path,
  onChange,
}: {
  readonly title: string;
  readonly all: readonly Settable[];
  readonly path: string;
  readonly onChange: (path: string) => void;
}) {
  const id = useId();
  return (
    <div className="form-field form-wide">
      <label htmlFor={id}>{title}</label>
      <select id={id} value={path} onChange={(event) => onChange(event.target.value)}>
        <option value="">Choose a setting …</option>
        {[...byPlace(all)].map(([place, settings]) => (
          <optgroup key={place} label={place}>
            {settings.map((one) => (
              <option key={one.path} value={one.path}>
                {one.title} ({JSON.stringify(one.value)})
              </option>
            ))}
          </optgroup>
        ))}
      </select>
      <span className="form-help muted mono">{path || " "}</span>
    </div>
  );
}
