/** A setting of the document that should be a number, or what stands when it is left out. */
export const numberOf = (value: unknown, fallback: number): number =>
  typeof value === "number" ? value : fallback;
