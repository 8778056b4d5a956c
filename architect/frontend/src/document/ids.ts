/** Identifiers of nodes and edges: short, readable, unique in the document. */
import type { DesignDocument } from "./types";

const ID = /^[a-z][a-z0-9-]*$/;

export function isValidId(id: string): boolean {
  return ID.test(id);
}

/** "Web shop (EU)" becomes "web-shop-eu"; what has no letter becomes the fallback. */
export function slug(text: string, fallback = "node"): string {
  const plain = text
    .normalize("NFKD")
    .replace(/[\u0300-\u036f]/g, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^[^a-z]+|-+$/g, "");
  return plain === "" ? fallback : plain.slice(0, 40).replace(/-+$/, "");
}

/** `wanted` itself, or with the lowest number from 2 up that is free. */
export function freeId(wanted: string, taken: ReadonlySet<string>): string {
  if (!taken.has(wanted)) return wanted;
  const stem = wanted.replace(/-\d+$/, "");
  let number = 2;
  while (taken.has(`${stem}-${number}`)) number += 1;
  return `${stem}-${number}`;
}

/** "e7": the lowest free number, so that ids stay short. */
export function freeEdgeId(taken: ReadonlySet<string>): string {
  let number = 1;
  while (taken.has(`e${number}`)) number += 1;
  return `e${number}`;
}

export function idsOf(document: DesignDocument): Set<string> {
  return new Set([...document.nodes.map((node) => node.id), ...document.edges.map((edge) => edge.id)]);
}

/** A label no other node has: "Amazon SQS queue", then "Amazon SQS queue 2". */
export function freeLabel(wanted: string, taken: ReadonlySet<string>): string {
  if (!taken.has(wanted)) return wanted;
  const stem = wanted.replace(/ \d+$/, "");
  let number = 2;
  while (taken.has(`${stem} ${number}`)) number += 1;
  return `${stem} ${number}`;
}
