/**
 * What has room on a card: names and figures on three lines, where a long name takes two of them. The drawings that
 * are exported follow the same rules (simulator/formats/card_rows.py); a table of cases holds both to them.
 */
import type { Fact } from "./facts";
import { CARD } from "./geometry";

export interface FactRow {
  readonly name: string;
  /** of two lines: what the first has no room for; it stands on the second, left of the figure */
  readonly rest: string;
  readonly figure: string;
  /** of the text, in pixels */
  readonly size: 11 | 10;
  readonly lines: 1 | 2;
}

export const LINES = 3;
const ROOM = CARD.width - 22;
const GAP = 6;
/** Widths of a mark in ems: narrow, wide and all others of a broad face; bold ones are wider by a seventh. */
const [NARROW, WIDE, USUAL, BOLD] = [0.36, 0.95, 0.61, 1.15];
/** Where a vendor's name may break: after a dot or a low line, and before a capital. */
const BREAK = /(?<=[a-z])(?=[A-Z])|(?<=[._])/;

/** About how wide a text is: nothing is measured, so that a thousand cards cost no layout. */
export function widthOf(text: string, size: number): number {
  let ems = 0;
  for (const mark of text) {
    if ("iljtfrI.,:;|!'()[] ".includes(mark)) ems += NARROW;
    else ems += "MWmw@%".includes(mark) || (mark.codePointAt(0) ?? 0) > 0x2e80 ? WIDE : USUAL;
  }
  return size * ems;
}

function fitted(text: string, size: number, room: number): string {
  if (widthOf(text, size) <= room) return text;
  const marks = [...text];
  while (marks.length > 0 && widthOf(`${marks.join("")}…`, size) > room) marks.pop();
  return `${marks.join("").trimEnd()}…`;
}

/** The name stays whole: first the figure gets smaller, then shorter, then a line of its own. */
export function rowOf(name: string, figure: string): FactRow {
  const comma = figure.lastIndexOf(", ");
  const shorter = comma > 0 ? figure.slice(0, comma) : figure;
  for (const text of [figure, shorter]) {
    for (const size of [11, 10] as const) {
      if (widthOf(name, size) + widthOf(text, size) * BOLD <= ROOM - GAP)
        return { name, rest: "", figure: text, size, lines: 1 };
    }
  }
  const size = Math.max(widthOf(name, 11), widthOf(figure, 11) * BOLD) <= ROOM ? 11 : 10;
  const [first, rest] = broken(name, size);
  const room = ROOM - (rest === "" ? 0 : widthOf(rest, size) + GAP);
  return {
    name: fitted(first, size, ROOM),
    rest,
    figure: fitted(figure, size, room / BOLD),
    size,
    lines: 2,
  };
}

function broken(name: string, size: number): readonly [string, string] {
  let first = "";
  for (const word of name.split(BREAK)) {
    if (first !== "" && widthOf(first + word, size) > ROOM)
      return [first, fitted(name.slice(first.length), size, ROOM / 2)];
    first += word;
  }
  return [first, ""];
}

/** Those facts, most telling first, for which a card has lines left, as they are set. */
export function factRows(facts: readonly Fact[]): { readonly fact: Fact; readonly row: FactRow }[] {
  let left = LINES;
  return facts.flatMap((fact) => {
    const row = rowOf(fact.name, fact.text);
    if (row.lines > left) return [];
    left -= row.lines;
    return [{ fact, row }];
  });
}
