"""Projections of event stores as queues: how stale a read model is.

Events come to a projection when they are committed. One worker applies them in their order, so that with
Poisson commits and exponential apply times it is an M/M/1 queue: staleness is the delivery delay of the store
and the sojourn time in it. Commits are as Poisson as commands are where few conflict: an approximation.
"""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING, Any

from simulator.theory.measures import Measures
from simulator.theory.model import Model, parameters_of
from simulator.theory.stations import Station, changed, is_exponential
from simulator.theory.streams import Stream

if TYPE_CHECKING:
    from simulator.design.document import Document, Node

#: Settings of a projection that change nothing about its one worker.
_HARMLESS = {"instances", "concurrency", "service_time", "read_time", "replay_time", "instance_type"}
#: Settings of a service whose every request becomes one command.
_PLAIN_SERVICE = {"instances", "concurrency", "service_time", "instance_type"}
_PERCENTILES = {"p50": 0.50, "p90": 0.90, "p95": 0.95, "p99": 0.99}


def projection_models(document: Document) -> list[Model]:
    """The projections that keep up with Poisson commits one by one."""
    found = []
    for node in document.nodes:
        if node.kind == "projection":
            model = _model(document, node)
            if model is not None:
                found.append(model)
    return found


def _model(document: Document, view: Node) -> Model | None:
    config: Any = view.config
    sources = [edge for edge in document.edges_into(view.id) if edge.role == "consume"]
    if len(sources) != 1 or changed(sources[0].settings) or set(changed(config)) - _HARMLESS:
        return None
    store = document.node(sources[0].source)
    if store.kind != "event-store" or not is_exponential(config.service_time):
        return None
    log_of: Any = store.config
    delay = log_of.delivery_delay
    # what is read in one order has one worker, whatever the instances
    if log_of.partitions != 1 or delay.variance() > 0.0:
        return None
    commits = _commits(document, store)
    if commits is None:
        return None
    rate, producers = commits
    speed = 1.0 / config.service_time.mean() - rate
    if speed <= 0.0:
        return None
    station = Station(view.id, (view.id,), 1, config.service_time, {}, None)
    stream = Stream("poisson", rate, producers)
    later = {
        f"staleness.{name}": delay.mean() - log(1.0 - share) / speed for name, share in _PERCENTILES.items()
    }
    return Model(
        "M/M/1",
        "staleness = delivery delay + T, P(T > t) = exp(-(mu - lam) t)",
        "Kleinrock 1975, 3.2; Burke 1956 (commits as Poisson as their commands)",
        parameters_of(station, stream, delivery_delay=delay.mean()),
        False,
        station,
        stream,
        Measures(
            utilization=rate * config.service_time.mean(),
            extra={"staleness.mean": delay.mean() + 1.0 / speed, **later},
        ),
    )


def _commits(document: Document, store: Node) -> tuple[float, tuple[str, ...]] | None:
    """Events per second that producers, or plain services that they call, have appended; None: not known."""
    total, producers = 0.0, []
    for edge in document.edges_into(store.id):
        settings: Any = edge.settings
        routing = edge.routing()
        if routing.probability is not None or routing.choice is not None:
            return None
        if (
            settings.operation != "append"
            or settings.events.mean() != 1.0
            or settings.events.variance() > 0.0
        ):
            return None
        caller = document.node(edge.source)
        if caller.kind == "producer":
            callers = [caller]
        elif caller.kind == "service" and not set(changed(caller.config)) - _PLAIN_SERVICE:
            into = document.edges_into(caller.id)
            callers = [document.node(one.source) for one in into]
            if any(one.routing().probability is not None or one.routing().choice is not None for one in into):
                return None
        else:
            return None
        for one in callers:
            arrivals: Any = one.config.arrivals if one.kind == "producer" else None  # type: ignore[attr-defined]
            if arrivals is None or arrivals.process != "poisson":
                return None
            if arrivals.start != 0.0 or arrivals.stop is not None or arrivals.limit is not None:
                return None
            total += arrivals.rate
            producers.append(one.id)
    return (total, tuple(sorted(producers))) if total > 0.0 else None
