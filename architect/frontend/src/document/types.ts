/** The design document as it is kept in files and sent to the server (contract section 1, S2). */

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json | undefined;
}

export interface DesignNode {
  /** [a-z][a-z0-9-]*, unique, stable when the label changes */
  readonly id: string;
  readonly kind: string;
  readonly label?: string;
  readonly config?: JsonObject;
}

export interface DesignEdge {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  /** left out: derived from the kinds at both ends */
  readonly role?: string;
  readonly config?: JsonObject;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface DesignDocument {
  readonly format: string;
  readonly name: string;
  readonly description?: string;
  readonly nodes: readonly DesignNode[];
  readonly edges: readonly DesignEdge[];
  readonly faults?: readonly JsonObject[];
  readonly objectives?: readonly JsonObject[];
  readonly simulation?: JsonObject;
  readonly layout?: Readonly<Record<string, Point>>;
  readonly assumptions?: Readonly<Record<string, JsonObject>>;
  readonly [key: string]: unknown;
}

/** What is selected on the canvas. */
export interface Selection {
  readonly nodes: readonly string[];
  readonly edges: readonly string[];
}

export const NOTHING: Selection = { nodes: [], edges: [] };

export function emptyDocument(name: string): DesignDocument {
  return { format: "headrace/1", name, nodes: [], edges: [], layout: {} };
}

/** The name people see. */
export function nodeName(node: DesignNode): string {
  return node.label?.trim() || node.id;
}

export function findNode(document: DesignDocument, id: string): DesignNode | undefined {
  return document.nodes.find((node) => node.id === id);
}

export function findEdge(document: DesignDocument, id: string): DesignEdge | undefined {
  return document.edges.find((edge) => edge.id === id);
}
