/** What the server says when it refuses: one sentence, and one entry for each fault. */

import { type Edit, toEdits } from "../document/mend";

export type Severity = "error" | "warning" | "hint";

/** One fault of a design or a request (contract S1). */
export interface Problem {
  readonly code: string;
  readonly severity: Severity;
  /** id of a node or an edge; "" when the fault belongs to the whole */
  readonly element: string;
  /** dotted, inside the element: "config.arrivals.rate" */
  readonly field: string;
  readonly message: string;
  readonly hint: string;
  /** into the document: "nodes[2].config.arrivals.rate" */
  readonly path: string;
  /** of a rule of practice: what goes wrong in a running system, and where that is written */
  readonly why?: string;
  readonly source?: string;
  /** edits that mend it as one step, and what they do in words */
  readonly mend?: readonly Edit[];
  readonly mendWords?: string;
  /** whether a small design can show the damage */
  readonly hasCounterExample?: boolean;
}

const TEXTS = {
  offline: "The server does not answer. What you draw is kept in this browser.",
  unreadable: "The server answered with something this page cannot read.",
  unknown: "The server refused the request.",
} as const;

/** A request that did not succeed. `status` 0 means that no answer came. */
export class ApiError extends Error {
  override readonly name = "ApiError";

  constructor(
    readonly status: number,
    message: string,
    readonly errors: readonly Problem[] = [],
    /** the whole answer, for the extras of some refusals (409 carries `current`) */
    readonly body: unknown = null,
  ) {
    super(message);
  }

  get isOffline(): boolean {
    return this.status === 0 || this.status === 502 || this.status === 503 || this.status === 504;
  }

  static offline(): ApiError {
    return new ApiError(0, TEXTS.offline);
  }

  static unreadable(status: number): ApiError {
    return new ApiError(status, TEXTS.unreadable);
  }

  /** From an answer with a status of 400 or above. */
  static from(status: number, body: unknown): ApiError {
    const answer = isRecord(body) ? body : {};
    const errors = Array.isArray(answer["errors"]) ? answer["errors"].map(toProblem) : [];
    const detail = typeof answer["detail"] === "string" ? answer["detail"] : errors[0]?.message;
    return new ApiError(status, detail ?? TEXTS.unknown, errors, body);
  }
}

/** A sentence for people from anything that was thrown. */
export function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Fill what a server may leave out (the API's errors carry no `element` when none is at fault). */
export function toProblem(raw: unknown): Problem {
  const given = isRecord(raw) ? raw : {};
  const text = (key: string) => (typeof given[key] === "string" ? given[key] : "");
  const severity = given["severity"];
  return {
    code: text("code"),
    severity: severity === "warning" || severity === "hint" ? severity : "error",
    element: text("element"),
    field: text("field"),
    message: text("message"),
    hint: text("hint"),
    path: text("path"),
    why: text("why"),
    source: text("source"),
    mend: toEdits(given["mend"]),
    mendWords: text("mend_words"),
    hasCounterExample: given["counter_example"] === true,
  };
}
