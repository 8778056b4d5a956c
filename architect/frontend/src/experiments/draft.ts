/** The form of a comparison as data, and the request it becomes. */
import type { DesignDocument, DesignNode, Json, JsonObject } from "../document/types";
import { findNode, nodeName } from "../document/types";
import type { Catalogue } from "../schema/catalogue";
import type { SwapTarget } from "./types";

export type AlternativeDraft =
  | {
      readonly id: number;
      readonly type: "swap";
      readonly node: string;
      readonly kind: string;
      readonly variant: string;
    }
  | {
      readonly id: number;
      readonly type: "set";
      readonly path: string;
      readonly value: Json | undefined;
      readonly title: string;
    }
  | { readonly id: number; readonly type: "design"; readonly design: string; readonly title: string }
  | { readonly id: number; readonly type: "version"; readonly version: number };

/** A variant that is a number is written by the user ("12 partitions"); the others are chosen. */
export const takesNumber = (target: SwapTarget | undefined) =>
  target?.variants[0]?.toUpperCase() === target?.variants[0] && (target?.variants.length ?? 0) === 1;

/** "kafka.topic:12"; the kind alone where no variant is wanted. */
export const kindText = (draft: { kind: string; variant: string }) =>
  draft.variant.trim() === "" ? draft.kind : `${draft.kind}:${draft.variant.trim()}`;

/** What people call an alternative: "Kafka topic, 12 partitions", "Instances 8". */
export function nameOf(draft: AlternativeDraft, document: DesignDocument, catalogue: Catalogue): string {
  switch (draft.type) {
    case "swap": {
      const title = catalogue.title(draft.kind);
      const variant = /^\d+$/.test(draft.variant) ? `${draft.variant} partitions` : draft.variant;
      const brokers = brokersOf(document, catalogue);
      const node = findNode(document, draft.node);
      const at = brokers.length > 1 && node ? ` at ${nodeName(node)}` : "";
      return [title, variant].filter((part) => part !== "").join(", ") + at;
    }
    case "set":
      return `${draft.title} ${typeof draft.value === "object" ? JSON.stringify(draft.value) : String(draft.value ?? "")}`;
    case "design":
      return draft.title;
    case "version":
      return `Version ${draft.version}`;
  }
}

/** The nodes that may be tried as something else: queues, topics and buses that something is read from. */
export function brokersOf(document: DesignDocument, catalogue: Catalogue) {
  const isBroker = (kind: string) => ["queue", "topic", "bus"].includes(catalogue.category(kind));
  return document.nodes.filter(
    (node) =>
      isBroker(node.kind) &&
      document.edges.some(
        (edge) => edge.from === node.id && catalogue.roleOf(document, edge) !== "dead-letter",
      ),
  );
}

/** What a node may be tried as: a broker as another one, a saga or a worker as what does the same. */
export function targetsFor(
  node: DesignNode,
  brokers: readonly DesignNode[],
  targets: readonly SwapTarget[],
): readonly SwapTarget[] {
  const isBroker = brokers.some((one) => one.id === node.id);
  return targets.filter((target) => (target.of.length === 0 ? isBroker : target.of.includes(node.kind)));
}

/** The alternatives as the API takes them; equal names get a number, for a name stands for one alternative. */
export function requestOf(
  drafts: readonly AlternativeDraft[],
  document: DesignDocument,
  catalogue: Catalogue,
): JsonObject[] {
  const taken = new Set(["as drawn"]);
  return drafts.map((draft) => {
    const plain = nameOf(draft, document, catalogue).slice(0, 74);
    let name = plain;
    for (let number = 2; taken.has(name); number += 1) name = `${plain} (${number})`;
    taken.add(name);
    return { name, ...changeOf(draft) };
  });
}

function changeOf(draft: AlternativeDraft): JsonObject {
  switch (draft.type) {
    case "swap":
      return { swap: { [draft.node]: kindText(draft) } };
    case "set":
      return { set: { [draft.path]: draft.value ?? null } };
    case "design":
      return { design: draft.design };
    case "version":
      return { version: draft.version };
  }
}

/** "jobs=kafka.topic:12" of an address (?try=…): the swap that was asked for in the editor. */
export function draftOfAddress(search: string): AlternativeDraft | null {
  const [node = "", kind = ""] = (new URLSearchParams(search).get("try") ?? "").split("=");
  const [name = "", variant = ""] = kind.split(":");
  return node === "" || name === "" ? null : { id: 0, type: "swap", node, kind: name, variant };
}

/** Names of measures that alternatives can be ranked by. */
export const RANKED_BY = [
  "end_to_end_latency.mean",
  "end_to_end_latency.p50",
  "end_to_end_latency.p95",
  "end_to_end_latency.p99",
  "end_to_end_latency.max",
  "goodput",
  "delivered",
  "duplicates",
  "out_of_order",
  "lost",
  "dead_lettered",
] as const;
