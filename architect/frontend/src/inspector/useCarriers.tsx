import { ArrowRight } from "lucide-react";
import type { ReactNode } from "react";
import { shownDocument } from "../document/store";
import { carrierOf, tasksOf } from "../document/tasks";
import { type DesignEdge, findNode, type JsonObject, nodeName } from "../document/types";
import { useEditor, useEditorState } from "../editor/EditorContext";
import { formatShare } from "../run/numbers";
import { fieldsOf } from "../schema/fields";
import type { JsonSchema } from "../schema/types";
import { useForm } from "./FormContext";

/** The connections of the node shown that take its named tasks, and what stands at their ends. */
export function useCarriers() {
  const { catalogue } = useEditor();
  const form = useForm();
  const document = useEditorState(shownDocument);
  const from = findNode(document, form.id);
  const edges = document.edges.filter((edge) => {
    const to = findNode(document, edge.to);
    if (!from || edge.from !== from.id || !to) return false;
    const schema = catalogue.edgeSchema(from.kind, catalogue.roleOf(document, edge), to.kind);
    return schema?.properties?.["tasks"] !== undefined;
  });
  /** the node at the end; with the tasks that go along where two edges lead to it */
  const nameOf = (edge: DesignEdge): string => {
    const to = findNode(document, edge.to);
    const name = to ? nodeName(to) : edge.to;
    const isAlone = edges.filter((one) => one.to === edge.to).length === 1;
    return isAlone ? name : `${name} (${tasksOf(edge).join(", ") || "all others"})`;
  };
  /** who does the first command of a row, for its closed line */
  const line = (row: JsonObject, schema: JsonSchema | undefined, root: JsonSchema): ReactNode => {
    const field = schema && fieldsOf(schema, root).find((one) => one.kind === "command" && !one.nullable);
    const task = field && row[field.name];
    if (typeof task !== "string") return null;
    const carrier = carrierOf(edges, task);
    const to = carrier && findNode(document, carrier.to);
    const refusal = carrier?.config?.["refusal"];
    return (
      <span className="row-carrier">
        <ArrowRight size={12} aria-label="by" /> {to ? nodeName(to) : "nobody yet"}
        {typeof refusal === "number" && refusal > 0 && `, refuses ${formatShare(refusal)}`}
      </span>
    );
  };
  return { edges, nameOf, line };
}
