import { cleanup, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useState } from "react";
import { afterEach, describe, expect, it } from "vitest";
import type { Json } from "../document/types";
import { EditorProvider } from "../editor/EditorContext";
import { testEditor } from "../editor/testEditor";
import { fieldSpec } from "../schema/fields";
import { EventField } from "./EventField";
import {
  choiceOf,
  fixedText,
  formOf,
  freeName,
  inForm,
  optionsOf,
  readFixed,
  renamed,
  shareText,
} from "./event";
import { FormContext } from "./FormContext";

afterEach(cleanup);

describe("a value of the template", () => {
  it.each([
    ["DK", "fixed"],
    [120, "fixed"],
    [{ choice: { DK: 3 } }, "choice"],
    [{ distribution: "exponential", mean: 3 }, "distribution"],
    [{ street: "x" }, "json"],
    [[1, 2], "json"],
  ])("%j is given as %s", (value, form) => expect(formOf(value)).toBe(form));

  it.each([
    ["120", 120],
    ['"120"', "120"],
    ["true", true],
    ["DK", "DK"],
    ["[1]", "[1]"],
    ["", ""],
  ])("typed %s is %j and is shown as it was typed", (text, value) => {
    expect(readFixed(text)).toBe(value);
    expect(fixedText(value)).toBe(text);
  });

  it("keeps what fits when it is given in another way", () => {
    expect(inForm("DK", "choice")).toEqual({ choice: { DK: 3, other: 1 } });
    expect(inForm({ choice: { DK: 3, SE: 1 } }, "fixed")).toBe("DK");
    expect(inForm(120, "distribution")).toEqual({ distribution: "exponential", mean: 120 });
    expect(inForm("a", "json")).toEqual({ value: "a" });
  });
});

describe("a weighted choice", () => {
  it("is read and written in both ways, texts by name and anything else as a list", () => {
    for (const value of [
      { choice: { DK: 3, SE: 1 } },
      {
        choice: [
          { value: 120, weight: 3 },
          { value: 80, weight: 1 },
        ],
      },
    ])
      expect(choiceOf(optionsOf(value))).toEqual(value);
  });

  it("keeps its order also where the texts look like numbers", () => {
    const options = [
      { value: "9", weight: 1 },
      { value: "1", weight: 1 },
    ];
    expect(optionsOf(choiceOf(options))).toEqual(options);
  });

  it("says what share each comes to", () => {
    const options = optionsOf({ choice: { DK: 3, SE: 1 } });
    expect(options.map((option) => shareText(options, option))).toEqual(["75\u202f%", "25\u202f%"]);
  });
});

describe("names", () => {
  it("stay in their place, and one that is taken is refused", () => {
    expect(Object.keys(renamed({ a: 1, b: 2 }, "a", "c") ?? {})).toEqual(["c", "b"]);
    expect(renamed({ a: 1, b: 2 }, "a", "b")).toBeNull();
    expect(renamed({ a: 1 }, "a", "")).toBeNull();
    expect(freeName({ field1: 1 })).toBe("field2");
  });
});

describe("the event of a producer", () => {
  let shown: Json | undefined;

  function Holder() {
    const [value, setValue] = useState<Json | undefined>(undefined);
    shown = value;
    return (
      <EventField
        id="event"
        field={fieldSpec("event", { type: "object", "x-widget": "event" }, {}, false)}
        path={["event"]}
        value={value}
        onChange={setValue}
        onError={() => undefined}
        invalid={false}
        describedBy=""
      />
    );
  }

  function open() {
    const editor = testEditor();
    render(
      <EditorProvider editor={editor}>
        <FormContext
          value={{
            id: "web",
            readOnly: false,
            catalogue: editor.catalogue,
            problemsAt: () => [],
            problemsUnder: () => [],
            done: () => undefined,
            wanted: null,
          }}
        >
          <Holder />
        </FormContext>
      </EditorProvider>,
    );
  }

  it("is made of fields, each fixed, chosen by weight or drawn", async () => {
    open();
    await userEvent.click(screen.getByRole("button", { name: "Give messages a payload" }));
    await userEvent.selectOptions(screen.getByRole("combobox", { name: "How country is given" }), "choice");
    await userEvent.click(screen.getByRole("button", { name: "Add a field" }));
    await userEvent.clear(screen.getByRole("textbox", { name: "Name of field1" }));
    await userEvent.type(screen.getByRole("textbox", { name: "Name of field1" }), "total{Enter}");
    await userEvent.type(screen.getByRole("textbox", { name: "Value of total" }), "120");
    expect(shown).toEqual({
      source: "shop.web",
      type: "OrderPlaced",
      detail: { country: { choice: { DK: 3, other: 1 } }, total: 120 },
    });
    await userEvent.selectOptions(
      screen.getByRole("combobox", { name: "How total is given" }),
      "distribution",
    );
    expect(shown).toMatchObject({ detail: { total: { distribution: "exponential", mean: 120 } } });
  });

  it("can be written as JSON too", async () => {
    open();
    await userEvent.click(screen.getByRole("button", { name: "Give messages a payload" }));
    await userEvent.click(screen.getByRole("button", { name: "JSON" }));
    const text = screen.getByRole("textbox");
    await userEvent.clear(text);
    await userEvent.click(text);
    await userEvent.paste('{"source": "a", "detail": {"choice": {"x": 1}}}');
    expect(shown).toEqual({ source: "a", detail: { choice: { x: 1 } } });
    // a whole part that is one choice has no fields to show
    expect(screen.getByRole<HTMLButtonElement>("button", { name: "Fields" }).disabled).toBe(true);
    // nor has a list, which a task may give as a whole
    await userEvent.clear(text);
    await userEvent.click(text);
    await userEvent.paste('{"detail": [1, 2]}');
    expect(shown).toEqual({ detail: [1, 2] });
    expect(screen.getByRole<HTMLButtonElement>("button", { name: "Fields" }).disabled).toBe(true);
  });
});
