export interface Row {
  readonly path: string;
  readonly title: string;
  readonly unit: string;
  readonly why: string;
  readonly isTaken: boolean;
  readonly low: string;
  readonly high: string;
}

/** The numbers that the server calls a guess, then those that were added meanwhile; what was changed of one stays. */
export function withFound(found: readonly Row[], before: readonly Row[] | null): readonly Row[] {
  const own = new Map((before ?? []).map((row) => [row.path, row]));
  const known = new Set(found.map((row) => row.path));
  return [
    ...found.map((row) => own.get(row.path) ?? row),
    ...(before ?? []).filter((row) => !known.has(row.path)),
  ];
}
