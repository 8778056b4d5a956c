/** Files of other programs, made into a design that is not saved yet. */
import type { DesignDocument } from "../document/types";
import { request } from "./http";

export interface ImportNote {
  readonly file: string;
  /** where in the file, such as Resources.Queue */
  readonly path: string;
  readonly line: number | null;
  readonly message: string;
}

export interface ImportReport {
  readonly files: readonly { readonly name: string; readonly format: string }[];
  readonly read: readonly ImportNote[];
  readonly assumed: readonly ImportNote[];
  readonly not_modelled: readonly ImportNote[];
  readonly not_understood: readonly ImportNote[];
  readonly unsaid: number;
}

export interface ImportedDesign {
  readonly document: DesignDocument;
  readonly report: ImportReport;
}

/** Contents in base64: files of every kind, also those that are no text. */
export async function importDesign(files: readonly File[]): Promise<ImportedDesign> {
  const sent = await Promise.all(
    files.map(async (file) => ({ name: file.name, content: await base64Of(file) })),
  );
  return request<ImportedDesign>("POST", "/designs/import", { body: { files: sent } });
}

function base64Of(file: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result).replace(/^[^,]*,?/, ""));
    reader.onerror = () => reject(reader.error ?? new Error(`${file} cannot be read`));
    reader.readAsDataURL(file);
  });
}
