/** Where a problem belongs: the element on the canvas and the field inside it. */
import type { Problem } from "../api/errors";
import { type DesignDocument, findEdge, findNode, nodeName } from "./types";

export interface Place {
  readonly kind: "node" | "edge" | "simulation" | "document";
  /** "" unless kind is node or edge */
  readonly id: string;
  /** dotted inside the element ("config.arrivals.rate"), inside the simulation ("duration") or the document */
  readonly field: string;
}

const IN_LIST = /^(nodes|edges)\[(\d+)\](?:\.(.*))?$/;

export function placeOf(problem: Problem, document: DesignDocument): Place {
  const found = IN_LIST.exec(problem.path);
  if (problem.element !== "") {
    if (findNode(document, problem.element))
      return place("node", problem.element, problem.field || found?.[3]);
    if (findEdge(document, problem.element))
      return place("edge", problem.element, problem.field || found?.[3]);
  }
  if (found) {
    const index = Number(found[2]);
    const element = found[1] === "nodes" ? document.nodes[index] : document.edges[index];
    if (element) return place(found[1] === "nodes" ? "node" : "edge", element.id, problem.field || found[3]);
  }
  if (problem.path.startsWith("simulation")) {
    return place("simulation", "", problem.path.replace(/^simulation\.?/, ""));
  }
  return place("document", "", problem.field || problem.path);
}

function place(kind: Place["kind"], id: string, field: string | undefined): Place {
  return { kind, id, field: field ?? "" };
}

export interface ElementProblems {
  readonly errors: number;
  readonly warnings: number;
  readonly problems: readonly Problem[];
}

/** The problems of each node and edge, by id. */
export function problemsByElement(
  problems: readonly Problem[],
  document: DesignDocument,
): ReadonlyMap<string, ElementProblems> {
  const byId = new Map<string, { errors: number; warnings: number; problems: Problem[] }>();
  for (const problem of problems) {
    const { id } = placeOf(problem, document);
    if (id === "") continue;
    const entry = byId.get(id) ?? { errors: 0, warnings: 0, problems: [] };
    if (problem.severity === "error") entry.errors += 1;
    else if (problem.severity === "warning") entry.warnings += 1;
    entry.problems.push(problem);
    byId.set(id, entry);
  }
  return byId;
}

/** "config.batch.max_size" as the path of a form field: ["batch", "max_size"]; list indices become steps. */
export function fieldPath(field: string): string[] {
  return field
    .replace(/\[(\d+)\]/g, ".$1")
    .split(".")
    .filter((step) => step !== "" && step !== "config");
}

/** Problems of one element whose field is `path` or lies inside it. */
export function problemsAt(
  problems: readonly Problem[],
  document: DesignDocument,
  path: readonly string[],
): Problem[] {
  return problems.filter((problem) => {
    const at = fieldPath(placeOf(problem, document).field);
    return path.length > 0 && path.every((step, index) => at[index] === step);
  });
}

/** Which element a problem is about, in words. */
export function placeName(problem: Problem, document: DesignDocument): string {
  const { kind, id } = placeOf(problem, document);
  if (kind === "simulation") return "Simulation";
  if (kind === "document") return "Design";
  const node = kind === "node" ? findNode(document, id) : undefined;
  if (node) return nodeName(node);
  const edge = findEdge(document, id);
  const end = (nodeId: string) => {
    const found = findNode(document, nodeId);
    return found ? nodeName(found) : nodeId;
  };
  return edge ? `${end(edge.from)} → ${end(edge.to)}` : id;
}

const ORDER = { error: 0, warning: 1, hint: 2 } as const;

export function bySeverity(problems: readonly Problem[]): Problem[] {
  return [...problems].sort((a, b) => ORDER[a.severity] - ORDER[b.severity]);
}

/** "the backlog grows" → "The backlog grows.": the server writes fragments, people read sentences. */
export function asSentence(text: string): string {
  const plain = text.trim();
  if (plain === "") return "";
  const start = /^[a-z][a-z]*(\s|$|,)/.test(plain) ? plain.charAt(0).toUpperCase() + plain.slice(1) : plain;
  return /[.!?…:]$/.test(start) ? start : `${start}.`;
}
