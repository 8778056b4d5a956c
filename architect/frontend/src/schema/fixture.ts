/** A small schema bundle for tests: the shapes the server really sends, with fewer kinds. Not part of the bundle built. */
import type { Category, JsonSchema, KindInfo, SchemaBundle, WiringRule } from "./types";

const defs: Record<string, JsonSchema> = {
  Constant: {
    type: "object",
    title: "Constant",
    properties: {
      distribution: { const: "constant", default: "constant", type: "string" },
      value: { type: "number", title: "Value" },
    },
    required: ["value"],
  },
  Exponential: {
    type: "object",
    title: "Exponential",
    properties: {
      distribution: { const: "exponential", default: "exponential", type: "string" },
      mean: { type: "number", title: "Mean", exclusiveMinimum: 0 },
    },
    required: ["mean"],
  },
  Poisson: {
    type: "object",
    title: "Poisson",
    description: "Poisson: independent arrivals.",
    properties: {
      process: { const: "poisson", default: "poisson", type: "string" },
      rate: { type: "number", title: "Rate", minimum: 0, maximum: 1e9, "x-unit": "msg/s" },
      stop: {
        anyOf: [{ type: "number", minimum: 0 }, { type: "null" }],
        default: null,
        title: "Stop",
        "x-unit": "s",
        "x-advanced": true,
      },
    },
    required: ["rate"],
  },
  Schedule: {
    type: "object",
    title: "Schedule",
    description: "Schedule: a rate along drawn points.",
    properties: {
      process: { const: "schedule", default: "schedule", type: "string" },
      points: {
        type: "array",
        title: "Points",
        items: { type: "array", items: { type: "number" }, minItems: 2, maxItems: 2 },
      },
    },
    required: ["points"],
  },
  Failure: {
    type: "object",
    properties: {
      probability: {
        type: "number",
        title: "Failure probability",
        default: 0,
        minimum: 0,
        maximum: 1,
        "x-unit": "1",
        "x-widget": "probability",
      },
    },
  },
  Autoscaling: {
    type: "object",
    properties: { max: { type: "integer", title: "Most", minimum: 1, default: 4 } },
  },
};

const STEPS: Record<string, JsonSchema> = {
  SagaStep: {
    type: "object",
    properties: {
      name: { type: "string", title: "Name", default: "step", "x-widget": "command" },
      compensation: {
        anyOf: [{ type: "string" }, { type: "null" }],
        default: null,
        title: "Compensation",
        "x-widget": "command",
      },
      timeout: { type: "number", title: "Timeout", default: 30, "x-unit": "s" },
      pivot: { type: "boolean", title: "Pivot", default: false },
    },
  },
  CpuStep: { type: "object", title: "CpuStep", properties: { step: { const: "cpu", type: "string" } } },
  IoStep: { type: "object", title: "IoStep", properties: { step: { const: "io", type: "string" } } },
  CallStep: {
    type: "object",
    title: "CallStep",
    properties: {
      step: { const: "call", type: "string" },
      to: { type: "array", title: "To", items: { type: "string" }, "x-widget": "callees" },
    },
    required: ["to"],
  },
  Endpoint: {
    type: "object",
    properties: {
      name: { type: "string", title: "Name" },
      steps: {
        type: "array",
        title: "Steps",
        items: {
          discriminator: { propertyName: "step" },
          oneOf: ["CpuStep", "IoStep", "CallStep"].map((name) => ({ $ref: `#/$defs/${name}` })),
        },
      },
    },
    required: ["name", "steps"],
  },
};

const union = (property: string, names: readonly string[]): JsonSchema => ({
  discriminator: { propertyName: property },
  oneOf: names.map((name) => ({ $ref: `#/$defs/${name}` })),
});
const distribution = union("distribution", ["Constant", "Exponential"]);

const kind = (
  kindName: string,
  category: Category,
  group: string,
  properties: Record<string, JsonSchema>,
  extra: Partial<KindInfo> = {},
): KindInfo => ({
  kind: kindName,
  title: `The ${kindName}`,
  group,
  category,
  summary: `A ${category}.`,
  config: { type: "object", $defs: { ...defs, ...STEPS }, properties },
  ...extra,
});

const kinds: KindInfo[] = [
  kind(
    "producer",
    "producer",
    "Producers",
    {
      arrivals: {
        ...union("process", ["Poisson", "Schedule"]),
        title: "Arrivals",
        "x-widget": "arrivals",
        "x-unit": "msg/s",
      },
      size: {
        anyOf: [{ type: "number" }, distribution],
        title: "Size",
        "x-unit": "bytes",
        "x-widget": "bytes",
      },
      event: {
        type: "object",
        additionalProperties: {},
        title: "Event",
        "x-widget": "event",
        "x-advanced": true,
      },
    },
    {
      defaults: {
        arrivals: { process: "poisson", rate: 10 },
        size: { distribution: "constant", value: 1024 },
        event: {},
      },
    },
  ),
  kind("queue", "queue", "Brokers", {
    discipline: { enum: ["fifo", "lifo"], type: "string", default: "fifo", title: "Discipline" },
    capacity: {
      anyOf: [{ type: "integer", minimum: 0 }, { type: "null" }],
      default: null,
      title: "Capacity",
      "x-unit": "messages",
    },
  }),
  kind("topic", "topic", "Brokers", {}),
  kind("aws.sqs", "queue", "Brokers", {
    FifoQueue: { type: "boolean", default: false, title: "FifoQueue" },
    VisibilityTimeout: {
      type: "number",
      default: 30,
      minimum: 0,
      maximum: 43200,
      title: "VisibilityTimeout",
      description: "How long a delivery is hidden.",
      "x-unit": "s",
      "x-source": { text: "Amazon SQS API reference", url: "https://docs.aws.amazon.com/sqs" },
    },
    DelaySeconds: {
      type: "number",
      default: 0,
      minimum: 0,
      maximum: 900,
      title: "DelaySeconds",
      "x-unit": "s",
      "x-advanced": true,
    },
  }),
  kind(
    "consumer",
    "consumer",
    "Consumers",
    {
      instances: {
        type: "integer",
        default: 1,
        minimum: 1,
        maximum: 10000,
        title: "Instances",
        "x-unit": "instances",
      },
      service_time: {
        anyOf: [{ type: "number" }, distribution],
        title: "Service time",
        "x-unit": "s",
        "x-widget": "distribution",
      },
      failure: { $ref: "#/$defs/Failure", title: "Failure" },
      autoscaling: {
        anyOf: [{ $ref: "#/$defs/Autoscaling" }, { type: "null" }],
        default: null,
        title: "Autoscaling",
      },
    },
    {
      defaults: { service_time: { distribution: "exponential", mean: 0.05 } },
      badges: ["utilization", "throughput"],
      faults: ["Pause", "Outage"].map((title) => ({
        fault: title.toLowerCase(),
        title,
        summary: "",
        lasts: true,
        config: {},
      })),
    },
  ),
  kind("service", "service", "Services", {}),
  kind("saga", "service", "Services", {
    steps: { type: "array", title: "Steps", minItems: 1, items: { $ref: "#/$defs/SagaStep" } },
    on: {
      type: "array",
      title: "On",
      default: ["timeout"],
      items: { enum: ["error", "timeout"], type: "string" },
    },
  }),
  kind("gateway", "service", "Services", {
    endpoints: { type: "array", title: "Endpoints", items: { $ref: "#/$defs/Endpoint" } },
  }),
];

const roles: Record<string, string[]> = {
  "producer queue": ["publish"],
  "producer topic": ["publish"],
  "producer service": ["invoke"],
  "queue queue": ["dead-letter"],
  "queue consumer": ["consume"],
  "topic queue": ["publish", "consume"],
  "topic topic": ["publish"],
  "topic consumer": ["consume"],
  "consumer queue": ["publish"],
  "consumer topic": ["publish"],
};
const categories: Category[] = ["producer", "queue", "topic", "consumer", "service", "join"];
const wiring: WiringRule[] = categories.flatMap((from) =>
  categories.map((to) => {
    const allowed = roles[`${from} ${to}`] ?? [];
    return {
      from,
      to,
      roles: allowed,
      refusal: allowed.length > 0 ? null : `A ${from} cannot lead to a ${to}.`,
    };
  }),
);

export const fixture: SchemaBundle = {
  document: {
    $defs: {
      SimulationSettings: {
        type: "object",
        properties: {
          duration: { type: "number", default: 600, exclusiveMinimum: 0, title: "Duration", "x-unit": "s" },
          warmup: {
            anyOf: [
              { type: "number", minimum: 0 },
              { const: "auto", type: "string" },
            ],
            default: "auto",
            title: "Warm-up",
            "x-unit": "s",
          },
        },
      },
    },
    properties: { simulation: { $ref: "#/$defs/SimulationSettings" } },
  },
  kinds,
  roles: { publish: { title: "publishes to" }, consume: { title: "is read by" } },
  edge_configs: [
    {
      from: "saga",
      role: "invoke",
      schema: {
        type: "object",
        properties: { tasks: { type: "array", title: "Tasks", items: { type: "string" } } },
      },
    },
    {
      from: "producer",
      role: "publish",
      schema: {
        type: "object",
        properties: {
          probability: {
            anyOf: [{ type: "number", minimum: 0, maximum: 1 }, { type: "null" }],
            default: null,
            title: "Probability",
            "x-unit": "1",
            "x-widget": "probability",
          },
        },
      },
    },
  ],
  wiring,
  distributions: {},
  arrivals: {},
  metrics: { utilization: { title: "Utilization", unit: "1", definition: "" } },
};
