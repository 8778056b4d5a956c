"""What arrives at a station: a Poisson stream (also through a Jackson network), or one known process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simulator.theory.networks import traffic
from simulator.theory.stations import Station, changed, is_exponential

if TYPE_CHECKING:
    from simulator.design.document import Document, Edge

#: Nodes before a station beyond which its traffic equations are not set up.
MOST_NODES = 100
_ROUTING = {"probability", "choice", "delay"}


@dataclass(frozen=True, slots=True)
class Stream:
    """The arrivals of a station.

    Args:
        process: `poisson`, or the name of the producer's arrival process.
        rate: messages per second (0 where the rate is a result).
        producers: who makes them.
        upstream: lines of the stations they have passed before.
        is_cyclic: messages come back to the station.
        arrivals: settings of the process when it is not Poisson.
        shares: rate by producer, for a station without others before it.
    """

    process: str
    rate: float
    producers: tuple[str, ...]
    upstream: tuple[str, ...] = ()
    is_cyclic: bool = False
    arrivals: Any = None
    shares: tuple[tuple[str, float], ...] = ()


def stream_of(document: Document, station: Station, stations: dict[str, Station]) -> Stream | None:
    """What arrives at the station, None where theory has no word for it."""
    before = _ancestors(document, station)
    if before is None:
        return None
    inside = before | set(station.nodes)
    producers = [node for node in map(document.node, sorted(before)) if node.kind == "producer"]
    if not producers or not _is_known(document, before, inside, station, stations):
        return None
    if all(_is_poisson(node.config.arrivals) for node in producers):  # type: ignore[attr-defined]
        return _poisson_stream(document, station, stations, before, inside)
    return _other_stream(document, station, before, producers[0].id) if len(producers) == 1 else None


def _ancestors(document: Document, station: Station) -> set[str] | None:
    """Every node from which messages come to the station; None when some come from a dead-letter edge."""
    found: set[str] = set()
    open_nodes = [station.line]
    while open_nodes:
        for edge in document.edges_into(open_nodes.pop()):
            if edge.role == "dead-letter":
                return None
            if len(found) >= MOST_NODES:
                return None
            if edge.source not in found:
                found.add(edge.source)
                open_nodes.append(edge.source)
    return found


def _is_known(
    document: Document, before: set[str], inside: set[str], station: Station, stations: dict[str, Station]
) -> bool:
    """Whether only producers, plain topics and memoryless stations stand before, and copies never meet."""
    for id in sorted(before):
        node = document.node(id)
        if node.kind == "topic":
            if changed(node.config):
                return False
        elif node.kind != "producer":
            other = stations.get(id)
            if other is None or (not other.is_markovian):
                return False
            if other is station and not station.is_exponential:
                return False
        leading = [
            edge for edge in document.edges_from(id) if edge.target in inside and edge.role != "consume"
        ]
        if any(set(changed(edge.settings)) - _ROUTING for edge in leading):
            return False
        # Two copies of one message would arrive as a pair: no Poisson stream.
        if len(leading) > 1 and not all(edge.routing().choice is not None for edge in leading):
            return False
    return True


def _is_poisson(arrivals: Any) -> bool:
    plain = arrivals.start == 0.0 and arrivals.stop is None and arrivals.limit is None
    if arrivals.process == "renewal":
        return plain and is_exponential(arrivals.interarrival)
    return plain and arrivals.process == "poisson"


def _rate(arrivals: Any) -> float:
    return (
        float(arrivals.rate) if arrivals.process == "poisson" else 1.0 / float(arrivals.interarrival.mean())
    )


def share(document: Document, edge: Edge) -> float:
    """The share of the messages leaving a node that takes the edge."""
    routing = edge.routing()
    if routing.choice is not None:
        weights = [other.routing().choice or 0.0 for other in document.edges_from(edge.source)]
        return routing.choice / sum(weights)
    return 1.0 if routing.probability is None else routing.probability


def _poisson_stream(
    document: Document,
    station: Station,
    stations: dict[str, Station],
    before: set[str],
    inside: set[str],
) -> Stream | None:
    """Jackson's theorem: exponential stations with Poisson input send on Poisson streams (Burke 1956)."""
    order = sorted(inside)
    place = {id: position for position, id in enumerate(order)}
    outside = [0.0] * len(order)
    routing = [[0.0] * len(order) for _ in order]
    for id in order:
        node = document.node(id)
        if node.kind == "producer":
            outside[place[id]] = _rate(node.config.arrivals)  # type: ignore[attr-defined]
        for edge in document.edges_from(id):
            if edge.target not in inside or (id == station.line and edge.role != "consume"):
                continue
            if edge.role == "consume":
                readers = stations[id].servers_of
                routing[place[id]][place[edge.target]] = 1.0 / len(readers)
            else:
                routing[place[id]][place[edge.target]] += share(document, edge)
    try:
        rates = traffic(outside, routing)
    except ValueError:
        return None
    upstream = {stations[id].line for id in before if id in stations} - {station.line}
    for line in upstream:
        other = stations[line]
        load = rates[place[line]] * other.service_time.mean()
        if other.servers is not None and load >= other.servers:
            return None  # it sends on what it can, not what it gets
    producers = tuple(id for id in order if document.node(id).kind == "producer")
    shares = []
    if not upstream:
        for producer in producers:
            only = [amount if id == producer else 0.0 for id, amount in zip(order, outside, strict=True)]
            shares.append((producer, traffic(only, routing)[place[station.line]]))
    return Stream(
        "poisson",
        rates[place[station.line]],
        producers,
        tuple(sorted(upstream)),
        station.line in before,
        shares=tuple(shares),
    )


def _other_stream(document: Document, station: Station, before: set[str], producer: str) -> Stream | None:
    """One producer, straight to the station, every message."""
    arrivals: Any = document.node(producer).config.arrivals  # type: ignore[attr-defined]
    if arrivals.start or arrivals.stop is not None or arrivals.limit is not None:
        return None
    for id in sorted(before):
        if document.node(id).kind not in ("producer", "topic"):
            return None
        for edge in document.edges_from(id):
            if changed(edge.settings):
                return None
    if arrivals.process == "closed":
        ends = [edge for id in station.servers_of for edge in document.edges_from(id)]
        alone = len(document.edges_from(producer)) == 1 and not ends
        direct = before == {producer}
        return Stream("closed", 0.0, (producer,), arrivals=arrivals) if alone and direct else None
    if arrivals.process in ("constant", "renewal", "batch-poisson"):
        return Stream(str(arrivals.process), arrivals.mean_rate(1e9), (producer,), arrivals=arrivals)
    return None
