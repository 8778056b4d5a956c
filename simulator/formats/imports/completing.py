"""What no file says and a run needs: who handles, who sends and how much, who reads and how fast.

Every answer given here is an assumption: it stands in the report and, for settings, in the document.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import networkx as nx

from simulator.formats.imports.guessing import FAILURE_SHARE, speaks_of_dead_letters
from simulator.formats.imports.mending_aws import (
    category,
    mend_functions,
    mend_machines,
    mend_pipes,
    mend_streams,
)
from simulator.formats.imports.merging import Drawing, Vertex, Wire
from simulator.formats.imports.reading import HANDLER, Origin
from simulator.formats.imports.traffic import make_traffic
from simulator.graph.wiring import wire as wiring_rule
from simulator.kinds.catalogue import KINDS

ASSUMED_RATE = 10.0
"""Messages per second of a source nobody described."""
ASSUMED_SERVICE_TIME = 0.01
#: Messages that a reader of a stream may have at a time.
_STREAM_PREFETCH = 100
#: Names of queues in which messages wait for another try.
_DELAYS = re.compile(r"retry|retries|delay|wait|back-?off|defer|parking", re.IGNORECASE)
"""Mean seconds of a consumer nobody described."""

#: Categories that code reads; anything else calls it.
_READ = ("queue", "topic", "store")
#: Where a reader goes between: what holds messages hands them to nobody but readers.
_BY_A_READER = (
    ("queue", "service"),
    ("topic", "service"),
    ("store", "service"),
    ("queue", "store"),
    ("topic", "store"),
)
MOST_TRIED = 500
"""Guessed edges inside loops that are tried one by one."""
_CONSUMER_ONLY = ("batch", "poll_interval", "setup_after_idle")


def complete(drawing: Drawing) -> None:
    """Make a drawing that can be run of what was read."""
    _break_guessed_loops(drawing)
    _decide_handlers(drawing)
    mend_pipes(drawing)
    _mend_wires(drawing)
    mend_streams(drawing)
    mend_machines(drawing)
    mend_functions(drawing)
    lonely = _lonely(drawing)
    _add_readers(drawing, lonely)
    _add_ends(drawing)
    _add_sources(drawing, lonely)
    make_traffic(drawing)


def _break_guessed_loops(drawing: Drawing) -> None:
    """A guess must not make messages go round without end: guessed edges that close a loop are left out.

    They are put in one after another, so that one weak guess does not take others with it; where there are
    very many inside loops, none of them is.
    """
    graph: Any = nx.DiGraph()
    graph.add_nodes_from(drawing.vertices)
    flowing = [wire for wire in drawing.wires if _goes_on(drawing, wire)]
    graph.add_edges_from((wire.source, wire.target) for wire in flowing)
    stage_of = nx.condensation(graph).graph["mapping"]
    inside = [wire for wire in flowing if wire.is_guess and stage_of[wire.source] == stage_of[wire.target]]
    left = {id(wire) for wire in inside}
    graph.clear_edges()
    graph.add_edges_from((wire.source, wire.target) for wire in flowing if id(wire) not in left)
    for wire in inside if len(inside) <= MOST_TRIED else ():
        if not nx.has_path(graph, wire.target, wire.source):
            graph.add_edge(wire.source, wire.target)
            left.discard(id(wire))
    for wire in inside:
        if id(wire) in left:
            ends = drawing.vertices[wire.source].label, drawing.vertices[wire.target].label
            what = f"does not send to {ends[1]}: it would close a loop"
            if wire.source == wire.target:
                what = "does not send to itself: its messages would go round without end"
            drawing.note("assumed", wire.place, f"{ends[0]} {what}")
    drawing.wires = [wire for wire in drawing.wires if id(wire) not in left]


def _goes_on(drawing: Drawing, wire: Wire) -> bool:
    """Whether messages go round by an edge: dead letters do not, nor what is answered by who ends that."""
    kinds = [drawing.vertices[id].kind for id in (wire.source, wire.target)]
    return wire.role != "dead-letter" and not any(
        KINDS[kind].answers_its_source for kind in kinds if kind != HANDLER
    )


# -- handlers ----------------------------------------------------------------------------------------
def _decide_handlers(drawing: Drawing) -> None:
    """Code that polls a queue is a consumer, code that is called a service; for both it becomes two nodes."""
    into: dict[str, list[Wire]] = defaultdict(list)
    for wire in drawing.wires:
        into[wire.target].append(wire)
    handlers = [vertex for vertex in drawing.vertices.values() if vertex.kind == HANDLER]
    ways: dict[str, tuple[list[Wire], list[Wire]]] = {}
    for handler in handlers:
        entering = into[handler.id]
        sources = {wire.source: drawing.vertices[wire.source] for wire in entering}
        polled = [
            wire
            for wire in entering
            if (source := sources[wire.source]).kind != HANDLER and category(source) in _READ
        ]
        ways[handler.id] = (polled, [wire for wire in entering if wire not in polled])
    for handler in handlers:
        polled, called = ways[handler.id]
        if polled and not called:
            handler.kind = "consumer"
            continue
        handler.kind = "service"
        work = {key: handler.config.pop(key) for key in _CONSUMER_ONLY if key in handler.config}
        if polled:
            reader = drawing.add(
                f"{handler.id}-reader", "consumer", f"{handler.label} (reader)", handler.place, work
            )
            reader.config.setdefault("service_time", 0.001)
            reader.config.setdefault("concurrency", handler.config.get("concurrency", 1))
            reader.origins["service_time"] = Origin("guess", "only hands the work to the service it calls")
            for wire in polled:
                wire.target = reader.id
            drawing.connect(reader.id, handler.id, handler.place, "invoke")
            drawing.note(
                "assumed",
                handler.place,
                f"{handler.label} both reads and is called: a reader takes the messages and calls it",
            )
    for handler in handlers:
        if handler.kind == "service":
            handler.config.pop("batch", None)


# -- wires -------------------------------------------------------------------------------------------
def _mend_wires(drawing: Drawing) -> None:
    """Give every edge a role that its ends allow; a reader goes where a queue leads to a service."""
    readers: dict[tuple[str, str], str] = {}
    kept: list[Wire] = []
    for wire in list(drawing.wires):
        source, target = drawing.vertices[wire.source], drawing.vertices[wire.target]
        ends = category(source), category(target)
        if ends in _BY_A_READER:
            reader = readers.get((source.id, target.id))
            if reader is None:
                made = drawing.add(
                    f"{target.id}-reader",
                    "consumer",
                    f"{target.label} (reader)",
                    wire.place,
                    {"service_time": 0.001, "concurrency": 10},
                )
                made.origins["service_time"] = Origin("guess", "only hands the work to the service it calls")
                made.origins["concurrency"] = Origin("guess", "calls under way at a time")
                drawing.connect(made.id, target.id, wire.place, "invoke")
                drawing.note(
                    "assumed", wire.place, f"{made.label} takes messages from {source.label} and calls it"
                )
                reader = readers[source.id, target.id] = made.id
            wire.target = reader
            wire.role = "consume"
            kept.append(wire)
            continue
        rule = wiring_rule(*ends)
        roles = KINDS[source.kind].roles_of(rule)
        if not roles:
            why = rule.refusal or "such nodes have no edges there"
            drawing.note(
                "not-understood",
                wire.place,
                f"{source.label} ({source.kind}) leads to {target.label} ({target.kind}): {why}",
            )
            continue
        if wire.role not in roles:
            if wire.role == "dead-letter" and _hand_to_queue(drawing, wire):
                kept.append(wire)
                continue
            if wire.role == "dead-letter":
                if not wire.is_guess or _closes_a_loop(drawing, wire):
                    drawing.note(
                        "not-understood",
                        wire.place,
                        f"{source.label} ({source.kind}) hands no failures to {target.label} ({target.kind})",
                    )
                    continue
                if roles[0] in ("publish", "invoke"):
                    wire.config.setdefault("probability", FAILURE_SHARE)
                    wire.origins["probability"] = Origin("guess", "named like a place for failures")
                if roles[0] == "publish":
                    drawing.note(
                        "assumed",
                        wire.place,
                        f"{source.label} sends {FAILURE_SHARE:.0%} of its messages to {target.label}, which "
                        "is named like a place for failures",
                    )
            wire.role = roles[0]
        if wire.is_guess and wire.role != "publish" and wire.config.pop("probability", None):
            drawing.note(
                "assumed",
                wire.place,
                f"{source.label} calls {target.label} for each message: calls have no share",
            )
        kept.append(wire)
    # Readers made on the way added their own edges at the end of the list.
    seen, new = set(kept), set(readers.values())
    added = [wire for wire in drawing.wires if wire not in seen and wire.source in new]
    drawing.wires = kept + added


def _closes_a_loop(drawing: Drawing, wire: Wire) -> bool:
    """Whether messages come from the end of an edge to its beginning already."""
    graph: Any = nx.DiGraph([(one.source, one.target) for one in drawing.wires if one is not wire])
    graph.add_nodes_from((wire.source, wire.target))
    return bool(nx.has_path(graph, wire.target, wire.source))


def _hand_to_queue(drawing: Drawing, wire: Wire) -> bool:
    """Let the failures of a reader leave the one broker that it reads, which is who moves them."""
    target = drawing.vertices[wire.target]
    read = {
        other.source: drawing.vertices[other.source]
        for other in drawing.wires
        if other.target == wire.source and other.role != "dead-letter"
    }
    sources = [
        source
        for source in read.values()
        if "dead-letter" in KINDS[source.kind].roles_of(wiring_rule(category(source), category(target)))
    ]
    if len(sources) != 1:
        return False
    (source,) = sources
    drawing.note(
        "assumed",
        wire.place,
        f"{source.label} hands what {drawing.vertices[wire.source].label} fails at to {target.label}",
    )
    wire.source = source.id
    return True


# -- who reads, who sends ----------------------------------------------------------------------------
def _add_readers(drawing: Drawing, lonely: set[str]) -> None:
    """A consumer for every queue that none of the files reads."""
    leaving: dict[str, list[Wire]] = defaultdict(list)
    entering: dict[str, list[Wire]] = defaultdict(list)
    for wire in drawing.wires:
        leaving[wire.source].append(wire)
        entering[wire.target].append(wire)
    letters = {id for id, wires in entering.items() if any(wire.role == "dead-letter" for wire in wires)}
    for vertex in list(drawing.vertices.values()):
        kind = category(vertex)
        if _is_behind_letters(vertex, entering, letters):
            continue
        if vertex.id in lonely:
            drawing.note(
                "assumed", vertex.place, f"{vertex.label} gets nothing: no part hands failures to it"
            )
            continue
        is_read = any(wire.role != "dead-letter" for wire in leaving[vertex.id])
        is_end = kind == "queue" or (vertex.kind == "topic")
        if not is_end or is_read or vertex.id in letters:
            continue
        if _is_delay(vertex, leaving[vertex.id]):
            drawing.note(
                "assumed",
                vertex.place,
                f"{vertex.label} is read by nobody: what waits there goes on when its time to live is over",
            )
            continue
        reader = drawing.add(
            f"{vertex.id}-consumer",
            "consumer",
            f"Consumer of {vertex.label}",
            vertex.place,
            {"service_time": {"distribution": "exponential", "mean": ASSUMED_SERVICE_TIME}},
        )
        reader.origins["service_time"] = Origin("guess", "the files name no consumer")
        wire = drawing.connect(vertex.id, reader.id, vertex.place, "consume")
        if vertex.kind == "aws.sqs":
            wire.config["WaitTimeSeconds"] = 20
            wire.origins["WaitTimeSeconds"] = Origin("guess", "long polling, as AWS advises")
        if vertex.kind == "rabbitmq.queue" and vertex.config.get("x-queue-type") == "stream":
            wire.config["prefetch"] = _STREAM_PREFETCH
            wire.origins["prefetch"] = Origin("guess", "consumers of a stream must name one")
        drawing.note(
            "assumed",
            vertex.place,
            f"{vertex.label} is read by one consumer that takes {ASSUMED_SERVICE_TIME:g} s a message: "
            "no file names who reads it",
        )


def _lonely(drawing: Drawing) -> set[str]:
    """Queues named after failures that nothing leads to: those whose failures are no part of the design."""
    tied = {id for wire in drawing.wires for id in (wire.source, wire.target)}
    return {
        vertex.id
        for vertex in drawing.vertices.values()
        if tied
        and vertex.id not in tied
        and category(vertex) == "queue"
        and speaks_of_dead_letters(vertex.label)
    }


def _is_behind_letters(vertex: Vertex, entering: dict[str, list[Wire]], letters: set[str]) -> bool:
    """Whether a queue named after failures gets only what an exchange of dead letters hands on."""
    sources = [wire.source for wire in entering[vertex.id]]
    return (
        bool(sources)
        and speaks_of_dead_letters(vertex.label)
        and letters.issuperset(sources)
        and all(wire.role == "dead-letter" for source in sources for wire in entering[source])
    )


def _is_delay(vertex: Vertex, leaving: Sequence[Wire]) -> bool:
    """Whether a queue of RabbitMQ, by its settings and its name, holds messages back for its time to live and
    hands them on then: another try later (https://www.rabbitmq.com/docs/ttl, https://www.rabbitmq.com/docs/dlx).
    """
    hands_on = any(wire.role == "dead-letter" for wire in leaving)
    waits = vertex.config.get("x-message-ttl") is not None and _DELAYS.search(vertex.label)
    return vertex.kind == "rabbitmq.queue" and hands_on and bool(waits)


def _add_ends(drawing: Drawing) -> None:
    """Subscribers of topics and buses that lead nowhere, where the files hold nobody who handles anything."""
    kinds = {category(vertex) for vertex in drawing.vertices.values()}
    if kinds & {"consumer", "service", "join", "function"}:
        return
    leading = {wire.source for wire in drawing.wires}
    for vertex in list(drawing.vertices.values()):
        kind = category(vertex)
        if vertex.id in leading or kind not in ("topic", "bus"):
            continue
        end = drawing.add(
            f"{vertex.id}-subscriber",
            "service" if kind == "bus" else "consumer",
            f"Subscriber of {vertex.label}",
            vertex.place,
            {"service_time": {"distribution": "exponential", "mean": ASSUMED_SERVICE_TIME}},
        )
        end.origins["service_time"] = Origin("guess", "the files name no subscriber")
        drawing.connect(vertex.id, end.id, vertex.place, None)
        drawing.note("assumed", vertex.place, f"{vertex.label} has one subscriber: no file names any")


def _add_sources(drawing: Drawing, lonely: set[str]) -> None:
    """A producer for every part that no producer reaches, those first that others depend on."""
    graph: Any = nx.DiGraph()
    graph.add_nodes_from(drawing.vertices)
    letters: set[str] = set()
    for wire in drawing.wires:
        if wire.role == "dead-letter":
            letters.add(wire.target)
        else:
            graph.add_edge(wire.source, wire.target)
    reached: set[str] = set()

    def reach(start: str) -> None:
        left = [start]
        while left:
            id = left.pop()
            if id not in reached:
                reached.add(id)
                left.extend(graph.successors(id))

    for vertex in list(drawing.vertices.values()):
        if category(vertex) == "producer":
            reach(vertex.id)
    fed = _fed_by_letters(drawing, letters, graph)
    position = {id: number for number, id in enumerate(drawing.vertices)}
    stages = nx.condensation(graph)
    unbound: list[Vertex] = []
    for stage in nx.topological_sort(stages):
        for id in sorted(stages.nodes[stage]["members"], key=position.__getitem__):
            vertex = drawing.vertices[id]
            if id in fed:
                reach(id)
            if id in reached or id in lonely or category(vertex) == "consumer":
                continue
            if vertex.kind == "rabbitmq.exchange" and not graph.succ[id]:
                unbound.append(vertex)
                continue
            _add_source(drawing, vertex)
            reach(id)
    _leave_unbound(drawing, unbound, is_alone=not reached)


def _leave_unbound(drawing: Drawing, exchanges: Sequence[Vertex], *, is_alone: bool) -> None:
    """Exchanges without a binding drop all that comes: nobody sends there, unless nothing else is there."""
    for vertex in exchanges:
        if is_alone:
            _add_source(drawing, vertex)
        else:
            drawing.note("assumed", vertex.place, f"{vertex.label} gets nothing: it has no binding")


def _fed_by_letters(drawing: Drawing, letters: set[str], graph: Any) -> set[str]:
    """Parts that get nothing but dead letters. Where these go round, as in retries by a queue with a time to
    live, the part that is not named after retries or failures is where messages come in.
    """
    whole: Any = nx.DiGraph(graph)
    for wire in drawing.wires:
        whole.add_edge(wire.source, wire.target)
    round_of = nx.condensation(whole).graph["mapping"]
    fed = set()
    for wire in drawing.wires:
        target = drawing.vertices[wire.target]
        if wire.target not in letters or graph.pred[wire.target]:
            continue
        goes_round = round_of[wire.source] == round_of[wire.target]
        is_named = speaks_of_dead_letters(target.label) or _DELAYS.search(target.label)
        if not goes_round or is_named:
            fed.add(wire.target)
    return fed


def _add_source(drawing: Drawing, vertex: Vertex) -> None:
    producer = drawing.add(
        f"{vertex.id}-source",
        "producer",
        f"Source of {vertex.label}",
        vertex.place,
        {"arrivals": {"process": "poisson", "rate": ASSUMED_RATE}},
    )
    producer.origins["arrivals"] = Origin("guess", "the files hold no rate")
    drawing.connect(producer.id, vertex.id, vertex.place, None)
    drawing.note(
        "assumed",
        vertex.place,
        f"{vertex.label} gets {ASSUMED_RATE:g} messages a second, at random: no file says who sends, or "
        "how much",
    )
