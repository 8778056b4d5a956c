/** Files into designs: what a dropped file may be, and what went wrong with it. */
import { createDesign, type SavedDesign } from "../api/designs";
import { ApiError, type Problem, sentence } from "../api/errors";

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
