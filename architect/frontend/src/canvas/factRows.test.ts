// @vitest-environment node
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { factRows, rowOf } from "./factRows";

interface Case {
  readonly name: string;
  readonly figure: string;
  readonly row: unknown;
}
/** The table to which simulator/formats/card_rows.py is held too (test_diagram.py). */
const table = join(import.meta.dirname, "../../../../tests/simulator/formats/card_rows.json");
const cases = JSON.parse(readFileSync(table, "utf8")) as Case[];

describe("the lines of a card", () => {
  it.each(cases)("sets $name as the drawings do", ({ name, figure, row }) => {
    expect(rowOf(name, figure)).toEqual(row);
  });

  it("are three, and what needs more is left out", () => {
    const fact = (name: string, text: string) => ({ name, text, isDefault: false });
    const long = fact("ScheduleExpressionTimezone", "Europe/Copenhagen");
    const shown = factRows([long, long, fact("Schedules", "3000"), fact("Size", "1 KiB")]);
    expect(shown.map(({ fact: one }) => one.name)).toEqual(["ScheduleExpressionTimezone", "Schedules"]);
  });
});
