"""Which parts of a design are waiting lines with servers as the textbooks know them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

if TYPE_CHECKING:
    from simulator.design.document import Document, Node
    from simulator.design.variate import Variate

#: Settings that a station may have; any other that is not at its default makes it unknown to theory.
_LINE_SETTINGS = {"discipline", "preemption", "capacity", "overflow", "ttl", "dispatch"}
_SERVER_SETTINGS = {
    "instances",
    "concurrency",
    "service_time",
    "failure",
    "poll_interval",
    "batch",
    "setup_after_idle",
}
_SERVICE_SETTINGS = {"instances", "concurrency", "service_time", "capacity"}
_PLAIN_SERVER = {"instances", "concurrency", "service_time"}


@dataclass(frozen=True, slots=True)
class Station:
    """A waiting line and all who serve it.

    Args:
        line: id of the queue, or of the service.
        servers_of: ids of the consumers; the service itself for a service.
        servers: their number, None for as many as are needed.
        service_time: of one server for one message.
        options: further settings that are not at their default, by name.
        max_receives: deliveries before the dead-letter queue, None without one.
    """

    line: str
    servers_of: tuple[str, ...]
    servers: int | None
    service_time: Variate
    options: dict[str, Any]
    max_receives: int | None

    @property
    def nodes(self) -> list[str]:
        """All nodes of the station."""
        return [self.line, *(id for id in self.servers_of if id != self.line)]

    @property
    def is_exponential(self) -> bool:
        """Whether service times are exponential."""
        return is_exponential(self.service_time)

    @property
    def is_markovian(self) -> bool:
        """Whether a Poisson stream leaves as one: exponential servers (or enough of them), nothing else."""
        harmless = not (set(self.options) - {"discipline"}) and self.options.get("discipline") != "priority"
        return harmless and (self.is_exponential or self.servers is None)


def is_exponential(distribution: Variate) -> bool:
    """Whether a distribution is the exponential, under any of its names."""
    name = getattr(distribution, "distribution", "")
    return (
        name == "exponential"
        or (name == "erlang" and getattr(distribution, "k", 0) == 1)
        or (name in ("gamma", "weibull") and getattr(distribution, "shape", 0.0) == 1.0)
    )


def changed(settings: BaseModel) -> dict[str, Any]:
    """The settings that are not at their default."""
    return {
        name: getattr(settings, name)
        for name, field in type(settings).model_fields.items()
        if getattr(settings, name) != field.get_default(call_default_factory=True)
    }


def find_stations(document: Document) -> dict[str, Station]:
    """The stations of a design by the id of every node that belongs to one."""
    found: dict[str, Station] = {}
    for node in document.nodes:
        station = None
        if node.kind == "queue":
            station = _queue_station(document, node)
        elif node.kind == "service":
            station = _service_station(document, node)
        if station is not None:
            found.update(dict.fromkeys(station.nodes, station))
    return found


def _queue_station(document: Document, queue: Node) -> Station | None:
    options = changed(queue.config)
    if set(options) - _LINE_SETTINGS or any(e.role == "dead-letter" for e in document.edges_into(queue.id)):
        return None
    max_receives = None
    readers = []
    for edge in document.edges_from(queue.id):
        settings = changed(edge.settings)
        if edge.role == "dead-letter":
            max_receives = getattr(edge.settings, "max_receive_count", None)
        elif edge.role == "consume" and not settings:
            readers.append(document.node(edge.target))
        else:
            return None
    if not readers or not all(_is_plain_reader(document, reader) for reader in readers):
        return None
    own = changed(readers[0].config)
    config: Any = readers[0].config
    if len(readers) > 1:
        # Different consumers of one line are one pool when their work is the same and has no memory.
        same = all(reader.config.service_time == config.service_time for reader in readers)  # type: ignore[attr-defined]
        plain = not any(set(changed(reader.config)) - _PLAIN_SERVER for reader in readers)
        if not (same and plain and is_exponential(config.service_time)):
            return None
    counts = [_servers(reader) for reader in readers]
    servers = None if None in counts else sum(count for count in counts if count is not None)
    options.update({name: value for name, value in own.items() if name not in _PLAIN_SERVER})
    ids = tuple(reader.id for reader in readers)
    return Station(queue.id, ids, servers, config.service_time, options, max_receives)


def _is_plain_reader(document: Document, reader: Node) -> bool:
    if reader.kind != "consumer" or set(changed(reader.config)) - _SERVER_SETTINGS:
        return False
    sources = [edge for edge in document.edges_into(reader.id) if edge.role == "consume"]
    invokes = any(edge.role == "invoke" for edge in document.edges_from(reader.id))
    return len(sources) == len(document.edges_into(reader.id)) == 1 and not invokes


def _service_station(document: Document, service: Node) -> Station | None:
    """A service that only producers call, and that calls nobody."""
    options = changed(service.config)
    if set(options) - _SERVICE_SETTINGS or document.edges_from(service.id):
        return None
    if any(document.node(edge.source).kind != "producer" for edge in document.edges_into(service.id)):
        return None
    options = {name: value for name, value in options.items() if name not in _PLAIN_SERVER}
    config: Any = service.config
    return Station(service.id, (service.id,), _servers(service), config.service_time, options, None)


def _servers(node: Node) -> int | None:
    instances = getattr(node.config, "instances", 1)
    concurrency = getattr(node.config, "concurrency", 1)
    if instances is None or concurrency is None:
        return None
    return int(instances) * int(concurrency)
