"""Rules about the shape of the whole graph: what everything hangs on, what nothing reaches, what "
"multiplies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from simulator.graph.checks import ENDS
from simulator.graph.loops import endless_loops
from simulator.graph.rule import Finding, Rule
from simulator.graph.walks import reachable
from simulator.kinds.catalogue import KINDS

if TYPE_CHECKING:
    from simulator.design.document import Document
    from simulator.graph.look import Look

#: Nodes behind a single instance from which on it is worth a word.
MANY_BEHIND = 2
#: Times that one message comes to one node from which on it is worth a word.
MANY_COPIES = 4.0
#: Categories that make messages of their own, or are asked.
_OWN_LIFE = ("producer", "store", "view")


def single_points(look: Look) -> Iterator[Finding]:
    """Consumers and services with one instance through which everything for several others goes."""
    document = look.document
    single = [
        node
        for node, config in look.of_kind("consumer", "service", "projection")
        if getattr(config, "instances", None) == 1
    ]
    if not single:
        return
    from simulator.graph.build import bottlenecks

    producers = [node.id for node in document.nodes if KINDS[node.kind].category == "producer"]
    behind = bottlenecks(look.graph, producers)
    for node in single:
        cut = sorted(id for id in behind.get(node.id, ()) if KINDS[document.node(id).kind].category in ENDS)
        if len(cut) >= MANY_BEHIND:
            named = f"{', '.join(cut[:3])}{' and others' if len(cut) > 3 else ''}"
            yield Finding(
                node.id,
                f"{node.id} has one instance, and {named} get nothing while it is away",
                "config.instances",
                "give it two instances or more",
            )


def unreachable(look: Look) -> Iterator[Finding]:
    """Nodes that something leads to, but nothing that a producer makes."""
    document = look.document
    producers = [node.id for node in document.nodes if KINDS[node.kind].category == "producer"]
    reached = {id for producer in producers for id in reachable(document, producer, as_dead_letters=True)}
    for node in document.nodes if reached else ():
        if node.id in reached or KINDS[node.kind].category in _OWN_LIFE:
            continue
        sources = [edge.source for edge in document.edges_into(node.id)]
        if sources:
            yield Finding(
                node.id,
                f"no message of any producer comes to {node.id}, which {sources[0]} leads to",
                "",
                f"lead a producer to {sources[0]}, or take both away",
            )


def _gets_several(document: Document, id: str) -> bool:
    """Whether a node is meant to get several messages for one: a join, and what leads to participants of a
    saga, who answer each other there.
    """
    readers = [edge.target for edge in document.edges_from(id) if edge.role == "consume"]
    return KINDS[document.node(id).kind].category == "join" or any(
        KINDS[document.node(one).kind].answers_its_source for one in (id, *readers)
    )


def amplification(look: Look) -> Iterator[Finding]:
    """Nodes to which one message comes several times over: copies of copies, calls in a loop."""
    document = look.document
    if endless_loops(document):
        return  # numbers grow without bound there, and the rule about loops says so
    made = {
        node.id: look.rate(node.id)
        for node in document.nodes
        if KINDS[node.kind].category == "producer" and look.rate(node.id) > 0.0
    }
    total: dict[str, float] = {}
    for producer, rate in made.items():
        for id in reachable(document, producer):
            total[id] = total.get(id, 0.0) + rate
    worst = max(
        (id for id in total if id not in made and not _gets_several(document, id)),
        key=lambda one: look.rate(one) / total[one],
        default=None,
    )
    if worst is None or look.rate(worst) < MANY_COPIES * total[worst]:
        return
    factor = look.rate(worst) / total[worst]
    yield Finding(
        worst,
        f"one message becomes {factor:.3g} at {worst}: {total[worst]:.4g} msg/s are made, "
        f"{look.rate(worst):.4g} msg/s arrive",
        "",
        "send it there once, ask for all at once instead of one by one, or let one reader pass results on",
    )


RULES = (
    Rule(
        "D500",
        "hint",
        "A single instance stands before everything that several others get.",
        "While it restarts, is updated or has failed, all that is behind it stands still: it is a dominator "
        "of the flow, the articulation point of a network with directions.",
        "Cooper, Harvey and Kennedy, A Simple, Fast Dominance Algorithm, 2001; Nygard, Release It!, 2018, "
        "chapter 5 (Bulkheads, Steady State)",
        "Give it a second instance, or lead a second way around it.",
        single_points,
    ),
    Rule(
        "D501",
        "warning",
        "No message of any producer reaches a part of the design.",
        "What is drawn there is neither run nor measured; often an edge is missing or points the wrong way.",
        "Reachability in the design's graph (breadth-first search)",
        "Lead a producer to it, turn the edge round, or take the part away.",
        unreachable,
    ),
    Rule(
        "D502",
        "hint",
        "One message comes to one node several times over.",
        "Copies of copies multiply: load and cost at the end grow by the product of the branches, and so do "
        "duplicates when something is tried again.",
        "Traffic equations, Jackson 1957; the pattern collection: N+1 calls, fan-out times retries",
        "Let the message come once and ask for everything in one call.",
        amplification,
    ),
)
