/** Which connection of a node takes one of its named tasks (the commands of a saga): `tasks` on its edges. */
import { type Command, setEdgeConfig } from "./commands";
import type { DesignDocument, DesignEdge } from "./types";

export function tasksOf(edge: DesignEdge): readonly string[] {
  const tasks = edge.config?.["tasks"];
  return Array.isArray(tasks) ? tasks.filter((one) => typeof one === "string") : [];
}

/** The edge that names a task, else the one that names none: it takes what is left over. */
export function carrierOf(edges: readonly DesignEdge[], task: string): DesignEdge | undefined {
  return (
    edges.find((edge) => tasksOf(edge).includes(task)) ?? edges.find((edge) => tasksOf(edge).length === 0)
  );
}

/** Let one edge take a task, and no other one. */
export function assignTask(edges: readonly DesignEdge[], task: string, to: string): Command {
  return changed(edges, (edge) => {
    const others = tasksOf(edge).filter((one) => one !== task);
    return edge.id === to ? [...others, task] : others;
  });
}

/** A task that is called otherwise goes where it went. */
export function renameTask(edges: readonly DesignEdge[], task: string, next: string): Command {
  return changed(edges, (edge) => tasksOf(edge).map((one) => (one === task ? next : one)));
}

function changed(edges: readonly DesignEdge[], tasks: (edge: DesignEdge) => readonly string[]): Command {
  const ids = new Set(edges.map((edge) => edge.id));
  return (document: DesignDocument) =>
    document.edges.reduce((next, edge) => {
      if (!ids.has(edge.id)) return next;
      const wanted = tasks(edge);
      if (wanted.join("\n") === tasksOf(edge).join("\n")) return next;
      return setEdgeConfig(edge.id, ["tasks"], wanted.length > 0 ? wanted : undefined)(next);
    }, document);
}
