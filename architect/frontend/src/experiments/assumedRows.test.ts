import { describe, expect, it } from "vitest";
import { type Row, withFound } from "./assumedRows";

const row = (path: string, low = "1"): Row => ({
  path,
  title: path,
  unit: "",
  why: "",
  isTaken: true,
  low,
  high: "2",
});

describe("numbers that are not known for sure", () => {
  it("keeps what was added or changed before the list came, once", () => {
    const shown = withFound([row("a"), row("b")], [row("c"), row("b", "0")]);
    expect(shown.map(({ path, low }) => path + low)).toEqual(["a1", "b0", "c1"]);
    expect(withFound([row("a")], null)).toEqual([row("a")]);
  });
});
