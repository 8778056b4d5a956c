"""What can be wrong with a drawing whose parts are each well formed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.graph.call_checks import call_problems, fallback_problems
from simulator.graph.forecast import load_problems
from simulator.graph.look import file_of, names_files
from simulator.graph.loops import endless_loops, loop_problems
from simulator.graph.problem import Problem
from simulator.graph.walks import order_without_loops, reachable
from simulator.kinds.catalogue import KINDS

if TYPE_CHECKING:
    from simulator.design.document import Document

MAX_CLOSE = 5
#: Categories at which messages come to an end.
ENDS = ("consumer", "service", "join", "store", "view", "function")


def reference_problems(document: Document) -> list[Problem]:
    """Ids used twice, edges that lead nowhere, faults and objectives about nothing (D2xx)."""
    problems: list[Problem] = []
    nodes: set[str] = set()
    for position, node in enumerate(document.nodes):
        if node.id in nodes:
            problems.append(_twice(node.id, f"nodes[{position}].id", "node"))
        nodes.add(node.id)
    edges: set[str] = set()
    for position, edge in enumerate(document.edges):
        if edge.id in edges:
            problems.append(_twice(edge.id, f"edges[{position}].id", "edge"))
        edges.add(edge.id)
        for field, end in (("from", edge.source), ("to", edge.target)):
            if end not in nodes:
                problems.append(
                    Problem(
                        "D202",
                        "error",
                        edge.id,
                        field,
                        f"edge {edge.id} leads {field} {end!r}, and there is no such node",
                        _known(nodes),
                        f"edges[{position}].{field}",
                    )
                )
    problems += [
        _about_nothing(f"faults[{position}].node", "fault", fault.node, nodes)
        for position, fault in enumerate(document.faults)
        if fault.node not in nodes
    ]
    return problems + _objective_problems(document, nodes)


def _objective_problems(document: Document, nodes: set[str]) -> list[Problem]:
    problems: list[Problem] = []
    for position, objective in enumerate(document.objectives):
        path = f"objectives[{position}]"
        for field, named in (
            ("node", objective.node),
            ("from", objective.source),
            ("to", objective.target),
        ):
            if named is not None and named not in nodes:
                problems.append(_about_nothing(f"{path}.{field}", "objective", named, nodes))
        limits = [
            limit for limit in (objective.below, objective.above, objective.equals) if limit is not None
        ]
        if len(limits) != 1:
            problems.append(
                Problem(
                    "D101",
                    "error",
                    "",
                    "",
                    "an objective has exactly one limit",
                    "give one of below, above, equals",
                    path,
                )
            )
        if objective.node is None and (objective.source is None or objective.target is None):
            problems.append(
                Problem(
                    "D101",
                    "error",
                    "",
                    "",
                    "an objective is about a node, or about a flow",
                    "give node, or from and to",
                    path,
                )
            )
    return problems


def cycle_problems(document: Document) -> list[Problem]:
    """Cycles that messages could travel without time passing (D204)."""
    instant = {node.id for node in document.nodes if _is_instant(document, node.id)}
    delayed = {
        edge.id
        for edge in document.edges
        if ((delay := edge.delay()) is not None and delay.mean() > 0.0)
        or (edge.role == "dead-letter" and KINDS[document.node(edge.source).kind].has_passing_dead_letters)
    }
    if order_without_loops(document) is not None:
        return []
    from simulator.graph.build import graph_of, instant_cycle

    cycle = instant_cycle(graph_of(document), instant, delayed)
    if cycle is None:
        return []
    hints = {KINDS[document.node(id).kind].cycle_hint for id in cycle}
    hint = hints.pop() if len(hints) == 1 else ""
    return [
        Problem(
            "D204",
            "error",
            cycle[0],
            "",
            f"messages could go round {' -> '.join([*cycle, cycle[0]])} without time passing",
            hint or "give a consumer on the way a service time, or an edge a delay",
            next(f"nodes[{position}]" for position, node in enumerate(document.nodes) if node.id == cycle[0]),
        )
    ]


def _is_instant(document: Document, id: str) -> bool:
    """Whether a message may pass the node in no time at all, always."""
    config = document.node(id).config
    service_time = getattr(config, "service_time", None)
    return service_time is None or getattr(config, "own_time", service_time.mean)() <= 0.0


def readiness_problems(document: Document) -> list[Problem]:
    """What keeps a well-formed drawing from being run (D28x)."""
    if not document.nodes:
        return [
            Problem("D280", "error", "", "nodes", "the design has no nodes", "add a producer first", "nodes")
        ]
    if names_files(document):
        return [_unread(node.id, position) for position, node in enumerate(document.nodes) if file_of(node)]
    categories = {node.id: KINDS[node.kind].category for node in document.nodes}
    producers = [id for id, category in categories.items() if category == "producer"]
    if not producers:
        return [Problem("D281", "error", "", "nodes", "nothing produces messages", "add a producer", "nodes")]
    ends = {id for id, category in categories.items() if category in ENDS}
    problems: list[Problem] = []
    if not any(reachable(document, producer, as_dead_letters=True) & ends for producer in producers):
        problems.append(
            Problem(
                "D282",
                "error",
                producers[0],
                "",
                "nothing consumes what is produced",
                "lead the producer to a broker and the broker to a consumer, or invoke a service",
                "edges",
            )
        )
    problems += fallback_problems(document)
    return problems + [problem for problem in _kinds_problems(document) if problem.severity == "error"]


def _kinds_problems(document: Document) -> list[Problem]:
    """What the kinds know of themselves: errors keep a design from running, the rest is practice."""
    problems: list[Problem] = []
    for node in document.nodes:
        check = KINDS[node.kind].check
        if check is not None:
            problems += check(document, node)
    return problems


def _unread(id: str, position: int) -> Problem:
    path = f"nodes[{position}].config.arrivals.file"
    return Problem(
        "D110",
        "error",
        id,
        "config.arrivals.file",
        "a trace file is read from the command line only",
        "upload the load file instead: its counts are then kept in the design",
        path,
    )


def practice_problems(document: Document) -> list[Problem]:
    """Warnings and hints (D3xx): loose ends, overload, and what each kind knows of itself."""
    problems: list[Problem] = []
    for position, node in enumerate(document.nodes):
        category = KINDS[node.kind].category
        path = f"nodes[{position}]"
        if category == "producer" and not document.edges_from(node.id):
            problems.append(
                _loose(node.id, path, "leads nowhere: what it makes is lost", "connect it to a broker")
            )
        reads = any(edge.role == "consume" for edge in document.edges_into(node.id))
        if category in ("consumer", "view") and not reads:
            problems.append(_loose(node.id, path, "reads from no broker", "connect a queue or topic to it"))
        if category in ("queue", "topic", "join", "store") and not document.edges_into(node.id):
            problems.append(_loose(node.id, path, "gets no messages", "connect a producer to it"))
        is_target = any(edge.role == "dead-letter" for edge in document.edges_into(node.id))
        if category == "queue" and not is_target and not document.edges_from(node.id):
            problems.append(_loose(node.id, path, "has no consumer: it only fills", "connect a consumer"))
    problems += [problem for problem in _kinds_problems(document) if problem.severity != "error"]
    problems += call_problems(document)
    loops = endless_loops(document)
    problems += loop_problems(document, loops)
    if names_files(document):
        return problems
    return problems + load_problems(document, apart_from={id for ids in loops for id in ids})


def _loose(id: str, path: str, what: str, hint: str) -> Problem:
    return Problem("D300", "warning", id, "", f"{id} {what}", hint, path)


def _twice(id: str, path: str, what: str) -> Problem:
    return Problem(
        "D201", "error", id, "id", f"the id {id!r} is used by another {what}", "ids are unique", path
    )


def _about_nothing(path: str, what: str, id: str, nodes: set[str]) -> Problem:
    return Problem(
        "D207", "error", "", "", f"the {what} names {id!r}, which does not exist", _known(nodes), path
    )


def _known(nodes: set[str]) -> str:
    listed = sorted(nodes)
    shown = ", ".join(listed[:MAX_CLOSE])
    more = f" and {len(listed) - MAX_CLOSE} more" if len(listed) > MAX_CLOSE else ""
    return f"the nodes are {shown}{more}" if listed else "the design has no nodes"
