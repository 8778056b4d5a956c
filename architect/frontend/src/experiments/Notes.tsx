import type { Note, NoteKind } from "./types";

const ORDER: readonly NoteKind[] = ["lost", "assumed", "translated"];
const WORDS: Readonly<
  Record<NoteKind, { readonly title: string; readonly chip: string; readonly tone: string }>
> = {
  lost: { title: "Has no equivalent", chip: "Lost", tone: "bad" },
  assumed: { title: "Had to be assumed", chip: "Assumed", tone: "warn" },
  translated: { title: "Was translated", chip: "Translated", tone: "" },
};

/** What a swap made of the settings: what is lost first, then what was assumed, then what was translated. */
export function MappingTable({ notes, caption }: { notes: readonly Note[]; caption: string }) {
  if (notes.length === 0) return null;
  return (
    <table className="mapping-table">
      <caption className="visually-hidden">{caption}</caption>
      <thead className="visually-hidden">
        <tr>
          <th scope="col">What became of it</th>
          <th scope="col">Setting</th>
        </tr>
      </thead>
      <tbody>
        {ORDER.flatMap((kind) =>
          notes
            .filter((note) => note.kind === kind)
            .map((note) => (
              <tr key={kind + note.text}>
                <td>
                  <span className={`chip ${WORDS[kind].tone}`} title={WORDS[kind].title}>
                    {WORDS[kind].chip}
                  </span>
                </td>
                <td>{note.text}</td>
              </tr>
            )),
        )}
      </tbody>
    </table>
  );
}

/** Only what is lost, short: it stands beside the verdicts. */
export function Losses({ notes }: { notes: readonly Note[] }) {
  const lost = notes.filter((note) => note.kind === "lost");
  if (lost.length === 0) return <span className="muted">nothing</span>;
  return (
    <ul className="losses">
      {lost.map((note) => (
        <li key={note.text}>{note.text}</li>
      ))}
    </ul>
  );
}
