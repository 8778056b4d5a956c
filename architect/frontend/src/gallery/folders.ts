/** Files of dropped folders: those that an import may be able to read, called by their paths. */

/** Ends of names of text that describes systems; the rest of a repository is left where it is. */
const READABLE = /\.(ya?ml|json|xml|drawio|csv|tsv|jtl|mmd|mermaid|md|txt|tfstate|template|asl)$/i;
const SKIPPED = /^(\..*|node_modules|vendor|dist|build|target|__pycache__|cdk\.out\.cache)$/;
const NEVER = /^(package(-lock)?|tsconfig.*|composer|renovate|manifest|.*\.assets|tree)\.json$/i;
/** What one import takes (simulator/formats/imports/importing.py). */
export const MOST_FILES = 500;

/** Whether a file of a folder is worth reading, by its name. */
export function isReadable(name: string): boolean {
  return READABLE.test(name) && !NEVER.test(name) && !name.startsWith(".");
}

/** All readable files of what was dropped, folders included. */
export async function filesOf(entries: readonly (FileSystemEntry | null)[]): Promise<File[]> {
  const found: File[] = [];
  const left = entries.filter((entry) => entry !== null);
  const given = new Set(left);
  while (left.length > 0 && found.length < MOST_FILES) {
    const entry = left.shift();
    if (entry === undefined) break;
    if (isDirectory(entry)) {
      if (given.has(entry) || !SKIPPED.test(entry.name)) left.push(...(await entriesOf(entry)));
    } else if (isFile(entry) && (given.has(entry) || isReadable(entry.name))) {
      const file = await new Promise<File>((resolve, reject) => entry.file(resolve, reject));
      found.push(new File([file], entry.fullPath.replace(/^\//, ""), { type: file.type }));
    }
  }
  return found;
}

function isDirectory(entry: FileSystemEntry): entry is FileSystemDirectoryEntry {
  return entry.isDirectory;
}

function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile;
}

/** The entries of a folder: browsers hand them over in portions. */
async function entriesOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const found: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (some.length === 0) return found;
    found.push(...some);
  }
}
