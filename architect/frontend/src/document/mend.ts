/** Mends: edits that the server offers for a problem, carried out on the document as one step. */
import {
  addEdge,
  addNode,
  addObjective,
  type Command,
  setEdgeConfig,
  setNodeConfig,
  together,
} from "./commands";
import { isObject } from "./paths";
import type { DesignDocument, DesignEdge, DesignNode, Json, JsonObject, Point } from "./types";

export type Edit =
  | {
      readonly edit: "set";
      readonly on: "node" | "edge";
      readonly id: string;
      readonly path: readonly string[];
      readonly value: Json;
    }
  | { readonly edit: "add-node"; readonly node: DesignNode; readonly near: string }
  | { readonly edit: "add-edge"; readonly edge: DesignEdge }
  | { readonly edit: "add-objective"; readonly objective: JsonObject };

/** The edits of an answer; one that this page does not know takes all of them away: half a mend is none. */
export function toEdits(given: unknown): readonly Edit[] {
  if (!Array.isArray(given)) return [];
  return given.every(isEdit) ? given : [];
}

function isEdit(given: unknown): given is Edit {
  if (!isObject(given)) return false;
  switch (given["edit"]) {
    case "set":
      return (
        typeof given["id"] === "string" &&
        Array.isArray(given["path"]) &&
        (given["on"] === "node" || given["on"] === "edge") &&
        given["value"] !== undefined
      );
    case "add-node":
      return isObject(given["node"]) && typeof given["near"] === "string";
    case "add-edge":
      return isObject(given["edge"]);
    case "add-objective":
      return isObject(given["objective"]);
    default:
      return false;
  }
}

/** All edits as one command; `place` says where a new node goes that belongs to another. */
export function mending(
  edits: readonly Edit[],
  place: (document: DesignDocument, near: string) => Point,
): Command {
  return together(...edits.map((edit) => command(edit, place)));
}

function command(edit: Edit, place: (document: DesignDocument, near: string) => Point): Command {
  if (edit.edit === "add-edge") return addEdge(edit.edge);
  if (edit.edit === "add-objective") return addObjective(edit.objective);
  if (edit.edit === "add-node") {
    return (document) => addNode(edit.node, place(document, edit.near))(document);
  }
  const set = edit.on === "node" ? setNodeConfig : setEdgeConfig;
  return set(edit.id, edit.path, edit.value);
}
