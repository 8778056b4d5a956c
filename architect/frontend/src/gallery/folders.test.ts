import { describe, expect, it } from "vitest";
import { filesOf, isReadable } from "./folders";

function file(fullPath: string): FileSystemEntry {
  const name = fullPath.split("/").at(-1) ?? "";
  const entry = {
    isFile: true,
    isDirectory: false,
    name,
    fullPath,
    file: (done: (f: File) => void) => done(new File(["x"], name)),
  };
  return entry as unknown as FileSystemEntry;
}

function folder(fullPath: string, inside: FileSystemEntry[]): FileSystemEntry {
  const portions = [inside.slice(0, 1), inside.slice(1), []];
  const createReader = () => ({
    readEntries: (done: (some: FileSystemEntry[]) => void) => done(portions.shift() ?? []),
  });
  const entry = {
    isFile: false,
    isDirectory: true,
    name: fullPath.split("/").at(-1),
    fullPath,
    createReader,
  };
  return entry as unknown as FileSystemEntry;
}

describe("files of a dropped folder", () => {
  it("are those that describe systems, by their paths, in all portions of all folders", async () => {
    const found = await filesOf([
      folder("/shop", [
        file("/shop/template.yaml"),
        file("/shop/app.py"),
        file("/shop/package.json"),
        folder("/shop/node_modules", [file("/shop/node_modules/a.json")]),
        folder("/shop/machines", [file("/shop/machines/order.asl.json")]),
      ]),
      file("/odd.bin"),
      null,
    ]);
    expect(found.map((one) => one.name)).toEqual([
      "odd.bin",
      "shop/template.yaml",
      "shop/machines/order.asl.json",
    ]);
  });

  it("are told by the ends of their names", () => {
    expect(["a.yml", "b.drawio", "README.md", "terraform.tfstate", "x.template.json"].every(isReadable)).toBe(
      true,
    );
    expect(["a.py", "tsconfig.json", ".hidden.yaml", "logo.png", "s.assets.json"].some(isReadable)).toBe(
      false,
    );
  });
});
