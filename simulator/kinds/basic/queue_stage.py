"""When a textbook queue and its consumer can advance by recursion.

It can when nothing but first in, first out by identical servers can happen to it: the queue is plain, one
consumer reads it, and that one does nothing but serve. While the queue is full, and from a pause or an outage
of the consumer until its backlog is worked off, events do the work.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from simulator.design.distributions import Constant
from simulator.design.variate import Variate
from simulator.engine.endpoint import Consumer
from simulator.engine.expiring_stage import ExpiringStage
from simulator.engine.line import Line
from simulator.engine.line_stage import LineStage
from simulator.engine.node import Acceptor
from simulator.engine.ordered_line import OrderedLine
from simulator.engine.recursion import Joining, Onward
from simulator.engine.stage_plan import Part, StagePlan, takes_time
from simulator.engine.world import World

if TYPE_CHECKING:
    from simulator.design.document import Fault


class QueuePlan(StagePlan):
    """A stage in the place of one line and its only consumer."""

    is_joining = True

    def __init__(
        self, world: World, line: Line, consumer: Consumer, service_time: Variate, ttl: float | None
    ) -> None:
        super().__init__([consumer], [service_time], [line])
        self._world = world
        self._line = line
        self._ttl = ttl
        self.gives_way = line.capacity is not None or ttl is not None

    def outlasts(self, fault: Fault) -> bool:
        (consumer,) = self.consumers
        # What is given back in an outage may be given up.
        is_harmless = fault.kind == "pause" or (fault.kind == "outage" and self._line.dead_letter is None)
        return is_harmless and consumer.id in self._world.reached_once

    def lay(self, onward: Mapping[Consumer, Onward]) -> tuple[Part, Mapping[Acceptor, Joining]]:
        (consumer,), (service_time,) = self.consumers, self.service_times
        draws = self._world.many_draws(service_time, consumer.id, "service")
        env, line, ttl = self._world.env, self._line, self._ttl
        if ttl is None:
            stage = LineStage(env, line, draws, onward.get(consumer))
        else:
            assert isinstance(line, OrderedLine)
            stage = ExpiringStage(env, line, draws, onward.get(consumer), ttl)
        stage.take_over(self._line)
        return stage, {self._line: stage}


def plan_queue(world: World, id: str) -> StagePlan | None:
    """The plan for a queue, None where only events model it."""
    line = world.nodes[id]
    if not isinstance(line, Line):
        return None
    ttl = None
    if not line.is_plain:
        ttl = constant_ttl(world, line)
        if ttl is None:
            return None
    if len(line.subscriptions) != 1:
        return None
    consumer = line.subscriptions[0].consumer
    service_time = consumer.plain_service()
    if service_time is None or not takes_time(service_time, world.duration):
        return None
    if (line.capacity is not None or ttl is not None) and consumer.id not in world.reached_once:
        return None  # service times are drawn in turn, those of messages that have not begun among them
    return QueuePlan(world, line, consumer, service_time, ttl)


def constant_ttl(world: World, line: Line) -> float | None:
    """The time to live (seconds) of an unlimited line that is first in, first out but for that; None of
    others.
    """
    ttl = getattr(world.document.node(line.id).config, "ttl", None)
    is_simple = (
        isinstance(line, OrderedLine)
        and line.discipline == "fifo"
        and line.dispatch == "shared"
        and not line.is_preemptive
        and line.capacity is None
    )
    return ttl.value if is_simple and isinstance(ttl, Constant) else None
