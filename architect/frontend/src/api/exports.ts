/** Designs as files for other programs: which formats there are, and the file itself. */
import { ApiError } from "./errors";
import { request } from "./http";

export interface ExportFormat {
  readonly name: string;
  readonly title: string;
  readonly sort: "diagram" | "configuration" | "design" | "data";
  /** of the file, with its dot */
  readonly suffix: string;
  /** kinds of which the design must have one; empty: it takes every design */
  readonly needs: readonly string[];
  /** what no file of the format says, in one sentence */
  readonly leaves_out: string;
}

export const listExports = (signal?: AbortSignal) =>
  request<ExportFormat[]>("GET", "/exports", signal ? { signal } : {});

/** A design as it is saved, or a run with the numbers it measured. */
export interface Exported {
  readonly of: "designs" | "runs";
  readonly id: string;
}

export const exportAddress = ({ of, id }: Exported, format: string, theme: "light" | "dark") =>
  `/api/${of}/${encodeURIComponent(id)}/export/${encodeURIComponent(format)}?theme=${theme}`;

/** What a file in one format does not say of a design, a line for each sort. */
export interface LeftOut {
  readonly sentences: readonly string[];
}

export const readLeftOut = (design: string, format: string, withNumbers: boolean) =>
  request<LeftOut>(
    "GET",
    `/designs/${encodeURIComponent(design)}/export/${encodeURIComponent(format)}/left-out?with_numbers=${withNumbers}`,
  );

/** The file and its name; an ApiError says why there is none. */
export async function fetchExport(address: string): Promise<{ file: Blob; name: string }> {
  let response: Response;
  try {
    response = await fetch(address, { credentials: "same-origin" });
  } catch {
    throw ApiError.offline();
  }
  if (!response.ok) {
    const answer: unknown = await response.json().catch(() => undefined);
    throw ApiError.from(response.status, answer);
  }
  const name = /filename="([^"]+)"/.exec(response.headers.get("Content-Disposition") ?? "")?.[1];
  return { file: await response.blob(), name: name ?? "design" };
}
