/** What GET /api/schema says (contract S6): all this front end knows about the kinds. */
import type { Json, JsonObject } from "../document/types";

export interface SettingSource {
  readonly text: string;
  readonly url?: string;
}

/** The part of JSON Schema that the server's configuration classes give, with Headrace's extras. */
export interface JsonSchema {
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, JsonSchema>>;
  readonly type?: string | readonly string[];
  readonly title?: string;
  readonly description?: string;
  readonly default?: Json;
  readonly const?: Json;
  readonly enum?: readonly Json[];
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
  readonly discriminator?: {
    readonly propertyName: string;
    readonly mapping?: Readonly<Record<string, string>>;
  };
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly propertyNames?: JsonSchema;
  readonly items?: JsonSchema | boolean;
  readonly prefixItems?: readonly JsonSchema[];
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly multipleOf?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly format?: string;
  readonly "x-unit"?: string;
  readonly "x-widget"?: string;
  readonly "x-advanced"?: boolean;
  readonly "x-source"?: SettingSource;
}

export type Category =
  | "producer"
  | "queue"
  | "topic"
  | "bus"
  | "consumer"
  | "service"
  | "join"
  | "store"
  | "view"
  | "function";

/** A fault or an action that only nodes of one kind know. */
export interface FaultInfo {
  readonly fault: string;
  readonly title: string;
  readonly summary: string;
  /** whether it has a duration */
  readonly lasts: boolean;
  readonly config: JsonSchema;
}

/** A tester for what a node does with one message. */
export interface TrialInfo {
  readonly title: string;
  readonly summary: string;
  readonly sample: JsonObject;
}

export interface KindInfo {
  readonly kind: string;
  readonly title: string;
  /** heading in the palette */
  readonly group: string;
  readonly category: Category;
  readonly summary: string;
  readonly docs?: string;
  readonly config: JsonSchema;
  readonly defaults?: JsonObject;
  /** metrics to show on the card, most telling first */
  readonly badges?: readonly string[];
  /** roles in which an edge may leave a node of this kind; absent: all that the wiring allows */
  readonly roles?: readonly string[];
  readonly faults?: readonly FaultInfo[];
  readonly trial?: TrialInfo | null;
}

export interface WiringRule {
  readonly from: Category;
  readonly to: Category;
  readonly roles: readonly string[];
  readonly refusal: string | null;
}

export interface RoleInfo {
  readonly title?: string;
  readonly description?: string;
  readonly config?: Readonly<Record<string, JsonSchema>>;
}

export interface EdgeConfigInfo {
  /** kind of the node the edge leaves, or "*" */
  readonly from: string;
  readonly role: string;
  readonly to?: string;
  readonly schema: JsonSchema;
}

export interface MetricInfo {
  readonly title: string;
  readonly unit: string;
  readonly definition: string;
}

export interface SchemaBundle {
  readonly document: JsonSchema;
  readonly kinds: readonly KindInfo[];
  readonly roles: Readonly<Record<string, RoleInfo>>;
  readonly edge_configs: readonly EdgeConfigInfo[];
  readonly wiring: readonly WiringRule[];
  readonly distributions: Readonly<Record<string, JsonSchema>>;
  readonly arrivals: Readonly<Record<string, JsonSchema>>;
  readonly metrics: Readonly<Record<string, MetricInfo>>;
}
