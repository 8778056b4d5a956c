"""Which parts of a design advance by recursion (`simulator.engine.recursion`), and which need events.

A queue becomes a stage when nothing but first in, first out by identical servers can happen to it: it is
plain and unlimited, one consumer reads it, and that one neither fails, calls, sets up, polls nor pauses; what
it sends on goes at once to other stages, by one way to each. No fault is planned, no copy can come twice and
no client waits for one. Service times or arrival times must have a density: then no message comes at the
very time at which a service ends, and the order of events at one time need not be known. For the same reason
services must be longer than what the clock can tell apart.
"""

from __future__ import annotations

from itertools import chain
from math import ulp
from typing import Any

from simulator.design.arrivals import Closed, OpenArrivals
from simulator.design.distributions import Variate
from simulator.engine.endpoint import Consumer
from simulator.engine.line import Line
from simulator.engine.link import Link, Outlet
from simulator.engine.ordered_line import OrderedLine
from simulator.engine.recursion import Onward, Recursion, Source, Stage
from simulator.engine.world import World
from simulator.graph.build import Graph, downstream_order, graph_of, upstream
from simulator.kinds.basic.consumer import ConsumerSettings
from simulator.kinds.basic.producer import Producer
from simulator.kinds.basic.queue import Queue
from simulator.kinds.basic.topic import Topic

#: One service in so many may seem to take no time.
RARE = 1e8


def lay_stages(world: World) -> Recursion | None:
    """Put stages and sources in the place of events wherever nothing can be told from it."""
    if world.document.faults or any(getattr(link, "duplication", 0.0) > 0.0 for link in world.links):
        return None
    graph = graph_of(world.document)
    lines = {
        line: service_time
        for id in downstream_order(graph)
        if isinstance(line := world.nodes[id], Queue)
        and (service_time := _service_time(line, world)) is not None
        and _is_orderly(id, service_time, graph, world)
    }
    ways = _ways_onward(lines, world)
    stages: dict[Line, Stage] = {}
    # From the ends of the design to its beginnings: a stage must know the stages it feeds.
    for line, way in reversed(ways.items()):
        consumer = line.subscriptions[0].consumer
        draws = world.many_draws(lines[line], consumer.id, "service")
        onward = way.onward(stages) if consumer.is_sending_on else None
        stages[line] = stage = Stage(world.env, line, draws, onward)
        line.__dict__["accept"] = stage.intake()
    if not stages:
        return None
    sources = [
        source
        for producer in world.nodes.values()
        if isinstance(producer, Producer)
        for source in _source(producer, stages, world)
    ]
    return Recursion(world.env, list(reversed(stages.values())), sources)


def _service_time(line: Queue, world: World) -> Variate | None:
    """The service time where only first in, first out by identical servers can happen, else None."""
    if line.capacity is not None or len(line.subscriptions) != 1:
        return None
    consumer = line.subscriptions[0].consumer
    settings = world.document.node(consumer.id).config
    is_plain = (
        consumer.size is not None
        and len(consumer.inputs) == 1
        and consumer.fails is None
        and consumer.setup is None
        and consumer.invocations is None
        and consumer.poll_interval <= 0.0
    )
    if not is_plain or not isinstance(settings, ConsumerSettings) or settings.batch is not None:
        return None
    return settings.service_time if _takes_time(settings.service_time, world.duration) else None


def _takes_time(service_time: Variate, duration: float) -> bool:
    """Whether a service ends later than it began, on a clock that has come to `duration` (seconds)."""
    if service_time.has_bounded_density():
        return service_time.mean() > ulp(duration) * RARE
    return service_time.minimum() > ulp(duration) * 4


def _is_orderly(id: str, service_time: Variate, graph: Graph, world: World) -> bool:
    """Whether nothing before the line makes second copies, waits for what becomes of a message, or makes
    messages come at the very time at which a service ends.
    """
    has_density = service_time.has_bounded_density()
    for name in upstream(graph, id):
        node = world.nodes[name]
        if isinstance(node, Producer):
            arrivals = node.settings.arrivals
            if not isinstance(arrivals, OpenArrivals) or not (has_density or arrivals.has_density()):
                return False
        elif isinstance(node, Consumer):
            if node.fails is not None or not has_density:
                return False
        elif not isinstance(node, Line | OrderedLine | Topic):
            return False
    return True


class _Way:
    """Everything that messages from one place pass at once."""

    def __init__(self) -> None:
        self.links: list[Link] = []
        self.topics: list[Topic] = []
        self.lines: list[Line] = []

    def onward(self, stages: dict[Line, Stage]) -> Onward:
        """The same with the stages at the ends."""
        return Onward(self.links, [*self.topics], [stages[line] for line in self.lines])


def _way(outlet: Outlet, ends: Any, world: World) -> _Way | None:
    """The way along all edges of `outlet`; None when there is more on it than plain links, topics without
    readers of their own and `ends`, or when messages come to one of them by another way too.
    """
    way = _Way()
    open_outlets = [outlet]
    while open_outlets:
        links = open_outlets.pop(0).plain
        if links is None:
            return None
        for link in links:
            target = link.target
            if sum(other.target is target for other in world.links) > 1:
                return None
            way.links.append(link)
            if isinstance(target, Topic) and not target.lines:
                way.topics.append(target)
                open_outlets.append(target.outlet)
            elif isinstance(target, Line) and target in ends:
                way.lines.append(target)
            else:
                return None
    return way


def _ways_onward(lines: dict[Queue, Variate], world: World) -> dict[Queue, _Way]:
    """The lines that can be stages, each with the way that messages go on from its consumer."""
    ways = dict.fromkeys(lines, _Way())
    while True:
        found: dict[Queue, _Way] = {}
        for line in ways:
            consumer = line.subscriptions[0].consumer
            way = _way(consumer.outlet, ways, world) if consumer.is_sending_on else _Way()
            if way is not None:
                found[line] = way
        if len(found) == len(ways):
            return found
        ways = found


def _source(producer: Producer, stages: dict[Line, Stage], world: World) -> list[Source]:
    """The source in the place of a producer, where all it makes goes straight to stages by one way."""
    arrivals = producer.settings.arrivals
    if producer.calls or isinstance(arrivals, Closed) or not producer.outlet:
        return []
    way = _way(producer.outlet, stages, world)
    if way is None:
        return []
    world.env.withdraw(lambda activity: getattr(activity, "producer", None) is producer)
    times = arrivals.times(world.streams.generator(producer.id, "arrivals"), horizon=world.duration)
    onward = way.onward(stages)
    return [Source(producer, producer.source, chain.from_iterable(times), producer.key, onward)]
