"""Theory before the run: what is offered to each node, and whether it can keep up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from simulator.graph.problem import Problem
from simulator.kinds.catalogue import KINDS
from simulator.quantities import format_duration

if TYPE_CHECKING:
    from simulator.design.document import Document, Edge, Node

_ROUNDS = 200
#: Stretches of a run that are looked at, where producers come and go.
MOST_STRETCHES = 16
#: Messages for each server that a backlog has to come to before a load that ends is called too much.
NOTABLE = 10


def arrival_rates(document: Document, outside: dict[str, float] | None = None) -> dict[str, float]:
    """Mean messages per second that arrive at every node, by the traffic equations.

    The equations of a Jackson network (Jackson 1957) are iterated from the producers on; a node that
    cannot keep up passes on no more than it can serve. Closed producers count as 0: their rate is a
    result, not an input. Redeliveries after failures are included (geometric, Kelly 1979).

    Args:
        outside: messages per second that every node makes; None for the mean over the duration.
    """
    if outside is None:
        duration = document.simulation.duration
        outside = {node.id: _produced(node, duration) for node in document.nodes}
    rates = dict(outside)
    shares = edge_shares(document)
    # What a node passes on is in proportion to what it gets.
    onward = [(node.id, passed_on(document, node, 1.0, shares)) for node in document.nodes]
    for _ in range(_ROUNDS):
        fresh = dict(outside)
        for id, targets in onward:
            rate = rates[id]
            for target, share in targets:
                fresh[target] += rate * share
        change = max((abs(fresh[id] - rates[id]) for id in fresh), default=0.0)
        rates = fresh
        if change <= 1e-9 * (1.0 + max(rates.values(), default=0.0)):
            break
    return rates


def edge_shares(document: Document) -> dict[str, float]:
    """The estimated share of its messages that a kind which looks at them sends along each edge."""
    return {
        edge.id: taken(document, node, edge)
        for node in document.nodes
        if (taken := KINDS[node.kind].share) is not None
        for edge in document.edges_from(node.id)
    }


@dataclass(frozen=True, slots=True)
class OfferedLoad:
    """What is offered to the servers of one node, and how it comes about.

    Attributes:
        rate: messages per second that arrive.
        service_time: mean seconds of work on one attempt.
        attempts: mean number of attempts at one message (1 / (1 - failure probability)).
        servers: how many work at the same time.
    """

    rate: float
    service_time: float
    attempts: float
    servers: int

    @property
    def erlang(self) -> float:
        """Servers kept busy on average, if there were enough of them."""
        return self.rate * self.service_time * self.attempts

    @property
    def utilization(self) -> float:
        """Offered load per server; from 1 on the backlog grows without bound."""
        return self.erlang / self.servers

    def sum(self) -> str:
        """The sum as people write it: 40 msg/s × 0.3 s = 12 erlang."""
        attempts = f" × {self.attempts:.3g} attempts" if self.attempts > 1.0 else ""
        return f"{self.rate:.4g} msg/s × {self.service_time:.4g} s{attempts} = {self.erlang:.4g} erlang"


def offered_loads(document: Document, rates: dict[str, float] | None = None) -> dict[str, OfferedLoad]:
    """Offered load of every consumer and service that has a number of servers.

    Args:
        rates: those of `arrival_rates`, where they have been worked out already.
    """
    rates = arrival_rates(document) if rates is None else rates
    loads: dict[str, OfferedLoad] = {}
    for node in document.nodes:
        service_time = getattr(node.config, "service_time", None)
        if service_time is None:
            continue
        own_time = getattr(node.config, "own_time", service_time.mean)
        instances = node.config.instances  # type: ignore[attr-defined]
        scaling = getattr(node.config, "autoscaling", None)
        if scaling is not None and instances is not None:
            instances = max(instances, scaling.max_instances)  # what it can grow to
        if instances is None:
            continue
        servers = instances * node.config.concurrency  # type: ignore[attr-defined]
        attempts = 1.0 / max(1.0 - node.config.failure.probability, 1e-6)  # type: ignore[attr-defined]
        if node.kind != "consumer":
            attempts = 1.0
        worked_share = KINDS[node.kind].worked_share
        rate = rates[node.id] * (1.0 if worked_share is None else worked_share(document, node))
        loads[node.id] = OfferedLoad(rate, own_time(), attempts, servers)
    return loads


def expected_messages(document: Document, duration: float | None = None) -> float:
    """Expected number of messages that the open producers make in one run."""
    span = document.simulation.duration if duration is None else duration
    return sum(_produced(node, span) for node in document.nodes) * span


def load_problems(document: Document, apart_from: Collection[str] = ()) -> list[Problem]:
    """A warning for every node whose offered load is at or above its capacity, `apart_from` some.

    Where loads begin or end during the run, it is also enough that it is so while they last.
    """
    found = {
        id: (load, "the backlog grows without bound")
        for id, load in offered_loads(document).items()
        if load.utilization >= 1.0
    }
    for start, end, outside in _stretches(document):
        for id, load in offered_loads(document, arrival_rates(document, outside)).items():
            excess = load.rate * (1.0 - 1.0 / load.utilization) * (end - start) if load.utilization else 0.0
            if load.utilization >= 1.0 and excess >= NOTABLE * load.servers and id not in found:
                when = f"from {format_duration(start, 3)} to {format_duration(end, 3)}"
                found[id] = (load, f"the backlog grows {when}, to about {excess:,.0f} messages")
    positions = {node.id: position for position, node in enumerate(document.nodes)}
    return [
        Problem(
            "D301",
            "warning",
            id,
            "config.instances",
            f"{load.sum()} offered to {load.servers} server{'s' if load.servers > 1 else ''}: "
            f"utilization ρ = {load.utilization:.3g}, {what}",
            f"at least {int(load.erlang) + 1} servers are needed, or a shorter service time",
            f"nodes[{positions[id]}].config",
        )
        for id, (load, what) in found.items()
        if id not in apart_from
    ]


def _stretches(document: Document) -> list[tuple[float, float, dict[str, float]]]:
    """Stretches of the run in which the same producers are at work, with the rate of each while it lasts;
    none where all are at work from beginning to end.

    A load that changes with time counts with its mean: its peaks are what is meant to be seen.
    """
    duration = document.simulation.duration
    windows: dict[str, tuple[float, float, float]] = {}
    for node in document.nodes:
        rate = _produced(node, duration)
        if rate > 0.0:
            start, end = node.config.arrivals.lasts(duration)  # type: ignore[attr-defined]
            windows[node.id] = (start, end, rate * duration / max(end - start, 1e-9))
    times = sorted({time for start, end, _ in windows.values() for time in (start, end)})
    if times in ([], [0.0, duration]):
        return []
    stretches = []
    for start, end in pairwise(times):
        outside = {node.id: 0.0 for node in document.nodes}
        outside |= {id: rate for id, (first, last, rate) in windows.items() if first <= start and end <= last}
        stretches.append((start, end, outside))
    # The greatest loads are where a node may be short of servers.
    return sorted(stretches, key=lambda stretch: -sum(stretch[2].values()))[:MOST_STRETCHES]


def _produced(node: Node, duration: float) -> float:
    arrivals = getattr(node.config, "arrivals", None)
    if arrivals is None or arrivals.process == "closed":
        return 0.0
    return float(arrivals.mean_rate(duration))


def _reading_group(node: Node, edge: Edge) -> str:
    """Consumers that share the messages of a broker: all of a queue, those of one group of a log, none of a
    topic.
    """
    if node.kind == "topic":
        return edge.id
    return getattr(edge.settings, "group_id", "") or (edge.target if node.kind == "kafka.topic" else "")


def _workers(node: Node) -> int:
    """Workers of a consumer, by which its share of a common broker is reckoned; 1 without a number."""
    return (getattr(node.config, "instances", 1) or 1) * (getattr(node.config, "concurrency", 1) or 1)


def _only_asks(document: Document, edge: Edge) -> bool:
    """Whether a call only reads what its target has: no message follows from it, and no worker is needed."""
    is_read = getattr(edge.settings, "operation", None) in ("load", "get", "query", "transact-get")
    return is_read or (edge.role == "invoke" and KINDS[document.node(edge.target).kind].category == "view")


def passed_on(
    document: Document, node: Node, rate: float, shares: dict[str, float]
) -> list[tuple[str, float]]:
    """What a node that gets `rate` messages per second sends on along its edges, dead letters apart."""
    edges = [
        edge
        for edge in document.edges_from(node.id)
        if edge.role != "dead-letter" and not _only_asks(document, edge)
    ]
    weights = sum(edge.routing().choice or 0.0 for edge in edges)
    passed = []
    readers: Counter[str] = Counter()
    for edge in edges:
        if edge.role == "consume":
            readers[_reading_group(node, edge)] += _workers(document.node(edge.target))
    for edge in edges:
        routing = edge.routing()
        share = shares.get(edge.id, 1.0)
        if routing.choice is not None:
            share = routing.choice / weights
        elif routing.probability is not None:
            share = routing.probability
        elif edge.role == "consume":
            share = _workers(document.node(edge.target)) / readers[_reading_group(node, edge)]
        share *= (1.0 - routing.loss) * (1.0 + routing.duplication)
        passed.append((edge.target, rate * share))
    return passed
