/** The schema bundle with the questions the editor asks of it. */
import type { DesignDocument, DesignEdge, DesignNode } from "../document/types";
import { findNode } from "../document/types";
import type { Category, FaultInfo, JsonSchema, KindInfo, SchemaBundle, WiringRule } from "./types";

export interface Wiring {
  /** allowed roles, the usual one first; empty when the connection is refused */
  readonly roles: readonly string[];
  /** why not, one sentence; null when allowed */
  readonly refusal: string | null;
}

export interface KindGroup {
  readonly name: string;
  readonly kinds: readonly KindInfo[];
}

const TEXTS = {
  itself: "A node cannot be connected to itself.",
  twice: "These two are already connected in this way.",
  unknownKind: "This version of Headrace does not know one of these kinds.",
  noRule: "These two cannot be connected.",
} as const;

export class Catalogue {
  private readonly byKind: ReadonlyMap<string, KindInfo>;

  constructor(readonly bundle: SchemaBundle) {
    this.byKind = new Map(bundle.kinds.map((kind) => [kind.kind, kind]));
  }

  kind(kind: string): KindInfo | undefined {
    return this.byKind.get(kind);
  }

  /** Category of a kind; unknown kinds look like services, so that a drawing from a later version still shows. */
  category(kind: string): Category {
    return this.byKind.get(kind)?.category ?? "service";
  }

  title(kind: string): string {
    return this.byKind.get(kind)?.title ?? kind;
  }

  groups(): readonly KindGroup[] {
    const groups = new Map<string, KindInfo[]>();
    for (const kind of this.bundle.kinds) {
      const group = groups.get(kind.group) ?? [];
      group.push(kind);
      groups.set(kind.group, group);
    }
    return [...groups].map(([name, kinds]) => ({ name, kinds }));
  }

  private rule(from: Category, to: Category): WiringRule | undefined {
    return this.bundle.wiring.find((rule) => rule.from === from && rule.to === to);
  }

  /** Whether anything may lead into nodes of a category. */
  receives(category: Category): boolean {
    return this.bundle.wiring.some((rule) => rule.to === category && rule.roles.length > 0);
  }

  /** Whether anything may lead out of nodes of a category. */
  sends(category: Category): boolean {
    return this.bundle.wiring.some((rule) => rule.from === category && rule.roles.length > 0);
  }

  /** What may connect two kinds. */
  wiring(fromKind: string, toKind: string): Wiring {
    const from = this.byKind.get(fromKind);
    const to = this.byKind.get(toKind);
    if (!from || !to) return { roles: [], refusal: TEXTS.unknownKind };
    const rule = this.rule(from.category, to.category);
    const roles = (rule?.roles ?? []).filter((role) => from.roles?.includes(role) ?? true);
    return roles.length > 0 ? { roles, refusal: null } : { roles, refusal: rule?.refusal ?? TEXTS.noRule };
  }

  /** What may still connect two nodes of a document: roles taken by an edge between them are left out. */
  connection(document: DesignDocument, fromId: string, toId: string, except?: string): Wiring {
    if (fromId === toId) return { roles: [], refusal: TEXTS.itself };
    const from = findNode(document, fromId);
    const to = findNode(document, toId);
    if (!from || !to) return { roles: [], refusal: TEXTS.noRule };
    const wiring = this.wiring(from.kind, to.kind);
    const taken = new Set(
      document.edges
        .filter((edge) => edge.from === fromId && edge.to === toId && edge.id !== except)
        .map((edge) => this.roleOf(document, edge)),
    );
    const roles = wiring.roles.filter((role) => !taken.has(role));
    if (roles.length === 0 && wiring.roles.length > 0) return { roles, refusal: TEXTS.twice };
    return { roles, refusal: wiring.refusal };
  }

  /** Kinds that may stand at the other end of an edge. */
  partners(kind: string, direction: "after" | "before"): readonly KindInfo[] {
    return this.bundle.kinds.filter((other) =>
      direction === "after"
        ? this.wiring(kind, other.kind).roles.length > 0
        : this.wiring(other.kind, kind).roles.length > 0,
    );
  }

  /** The role of an edge, derived from its ends where the document names none. */
  roleOf(document: DesignDocument, edge: DesignEdge): string {
    if (edge.role) return edge.role;
    const from = findNode(document, edge.from);
    const to = findNode(document, edge.to);
    return (from && to && this.wiring(from.kind, to.kind).roles[0]) || "publish";
  }

  /** Settings of an edge: those of the sender's kind and the role, else those for any sender. */
  edgeSchema(fromKind: string, role: string, toKind?: string): JsonSchema | null {
    const fits = (from: string) =>
      this.bundle.edge_configs.filter((one) => one.from === from && one.role === role);
    const candidates = [...fits(fromKind), ...fits("*")];
    const exact =
      candidates.find((one) => one.to === toKind) ?? candidates.find((one) => one.to === undefined);
    if (exact) return exact.schema;
    const ofRole = this.bundle.roles[role]?.config;
    return ofRole?.[fromKind] ?? ofRole?.["*"] ?? null;
  }

  roleTitle(role: string): string {
    return this.bundle.roles[role]?.title ?? role;
  }

  /** Which roles let a node of `kind` stand inside this edge, or null when it cannot. */
  insertion(
    document: DesignDocument,
    edge: DesignEdge,
    kind: string,
  ): { before: string; after: string } | null {
    const from = findNode(document, edge.from);
    const to = findNode(document, edge.to);
    if (!from || !to) return null;
    const before = this.wiring(from.kind, kind).roles;
    const after = this.wiring(kind, to.kind).roles;
    if (before[0] === undefined || after[0] === undefined) return null;
    const own = this.roleOf(document, edge);
    return {
      before: before.includes(own) ? own : before[0],
      after: after.includes(own) ? own : after[0],
    };
  }

  /** What can happen to a node of a kind: the faults many kinds know, then the kind's own. */
  faultsOf(kind: string): readonly FaultInfo[] {
    return this.byKind.get(kind)?.faults ?? [];
  }

  /** A fresh node of a kind: what has no default but must be there comes from the kind's `defaults`. */
  newNode(kind: string, id: string, label: string): DesignNode {
    const info = this.byKind.get(kind);
    const required = new Set(info?.config.required ?? []);
    const config = Object.fromEntries(
      Object.entries(info?.defaults ?? {}).filter(([key]) => required.has(key)),
    );
    return { id, kind, label, ...(Object.keys(config).length > 0 ? { config } : {}) };
  }
}
