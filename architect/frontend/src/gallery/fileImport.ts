/** Files into designs: what a dropped file may be, and what went wrong with it. */
import { createDesign, type SavedDesign } from "../api/designs";
import { ApiError, type Problem, sentence } from "../api/errors";
import { type ImportedDesign, importDesign } from "../api/imports";

/** The server's own limit (contract S2); a larger file is refused before it is read. */
const LARGEST = 10_000_000;

export interface Refused {
  readonly fileName: string;
  readonly detail: string;
  readonly problems: readonly Problem[];
}

export interface Imported {
  readonly designs: readonly SavedDesign[];
  readonly refused: readonly Refused[];
}

/** Make a design of each file, one after the other; a refused one does not stop the rest. */
export async function importFiles(files: readonly File[]): Promise<Imported> {
  const designs: SavedDesign[] = [];
  const refused: Refused[] = [];
  for (const file of files) {
    if (file.size > LARGEST) {
      const megabytes = (file.size / 1e6).toFixed(1);
      refused.push({
        fileName: file.name,
        detail: `The file has ${megabytes} MB; a design may have 10 MB.`,
        problems: [],
      });
      continue;
    }
    try {
      designs.push(await createDesign({ text: await file.text() }));
    } catch (failure) {
      const problems = failure instanceof ApiError ? failure.errors : [];
      refused.push({ fileName: file.name, detail: sentence(failure), problems });
    }
  }
  return { designs, refused };
}

/** A design of Headrace itself says so near its beginning, or at least begins with its nodes. */
const OWN = /(^|[{,])\s*["']?format["']?\s*:\s*["']?headrace\/|^["']?nodes["']?\s*:/m;
const BEGINNING = 20_000;
/** Base64 makes a third more of it, and the server takes 10 MB. */
const LARGEST_TOGETHER = 7_000_000;

/** Whether every file is a design of its own, which needs no import. */
export async function areDesigns(files: readonly File[]): Promise<boolean> {
  const starts = await Promise.all(files.map((file) => file.slice(0, BEGINNING).text()));
  return starts.every((start) => OWN.test(start));
}

/** Make one design of files of other programs, without saving it. */
export async function previewImport(
  files: readonly File[],
): Promise<{ imported: ImportedDesign } | { refused: readonly Refused[] }> {
  const names = files.map((file) => file.name).join(", ");
  const size = files.reduce((sum, file) => sum + file.size, 0);
  if (size > LARGEST_TOGETHER) {
    const detail = `The files have ${(size / 1e6).toFixed(1)} MB; at most 7 MB are imported here, more with headrace import.`;
    return { refused: [{ fileName: names, detail, problems: [] }] };
  }
  try {
    return { imported: await importDesign(files) };
  } catch (failure) {
    const problems = failure instanceof ApiError ? failure.errors : [];
    return { refused: [{ fileName: names, detail: sentence(failure), problems }] };
  }
}

/** The refusals as text, for a chat or an issue. */
export function refusalText(refused: readonly Refused[]): string {
  return refused
    .map(({ fileName, detail, problems }) =>
      [
        `${fileName}: ${detail}`,
        ...problems.map((one) => `  ${one.path || "document"}: ${one.message} ${one.hint}`.trimEnd()),
      ].join("\n"),
    )
    .join("\n");
}
