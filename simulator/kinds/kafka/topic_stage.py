"""Topics that advance by recursion: what takes the place of a topic and its groups, and when.

What a topic must be for it stands in `simulator.kinds.kafka.plain`. Records of a producer whose batches take
no time come in blocks; those of others come by the events of their batches, and only the groups' work is
computed.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import nan
from typing import TYPE_CHECKING, cast

import numpy as np

from simulator.design.distributions import Constant
from simulator.engine.stage_plan import Part, StagePlan, takes_time
from simulator.kinds.kafka.group_stage import GroupStage
from simulator.kinds.kafka.plain import is_read_by_recursion

if TYPE_CHECKING:
    from simulator.design.variate import Variate
    from simulator.engine.endpoint import Consumer
    from simulator.engine.node import Acceptor
    from simulator.engine.recursion import Intake, Numbers, Onward, Passage
    from simulator.engine.world import World
    from simulator.kinds.kafka.stage_records import Moves, Steps
    from simulator.kinds.kafka.topic import KafkaTopic
    from simulator.measurement.level import Level, Total


class TopicStage:
    """A topic with all its groups in the place of their events.

    Args:
        sums: levels of all groups together, by the name that a group has for its own; none for one group.
    """

    def __init__(
        self, topic: KafkaTopic, groups: list[GroupStage], sums: Mapping[str, Total], sizes: list[float]
    ) -> None:
        self._topic = topic
        self._groups = groups
        self._sums = sums
        self._sizes = sizes
        self._whole_sizes = np.nan_to_num(sizes).astype(np.int64)
        self._settled_to = -1.0

    @property
    def horizon(self) -> float:
        """How far the clock may go before the next `settle`, seconds."""
        return min(group.looks_at for group in self._groups)

    def accept_block(self, passage: Passage) -> None:
        """Records of a producer whose batches take no time."""
        topic = self._topic
        (client,) = topic.clients
        sizes = map(self._sizes.__getitem__, passage.source)
        partitions = np.array(client.partitions_of(passage.key, sizes))
        whole = self._whole_sizes[passage.source]
        written = np.bincount(partitions, whole).tolist()
        for partition, count in enumerate(np.bincount(partitions).tolist()):
            topic.logs[partition].end += count
            topic.logs[partition].written += written[partition]
        topic.accepted += len(passage)
        topic.delivered += len(passage)
        for group in self._groups:
            group.append_block(passage, partitions, whole)

    def settle(self, now: float) -> None:
        """Bring everything to the state at `now` (seconds)."""
        if now == self._settled_to and not any(group.has_fresh for group in self._groups):
            return
        self._settled_to = now
        moves = [group.settle(now) for group in self._groups]
        if self._sums and len(moves[0].times):
            self._note_sums(moves)
        for group, moved in zip(self._groups, moves, strict=True):
            levels = group.group
            levels.present.replay(moved.times, moved.ended)
            moved.queue_length.replay(levels.queue_length)
            moved.held.replay(levels.held)
            moved.lag.replay(levels.lag)

    def _note_sums(self, moves: list[Moves]) -> None:
        """`Total.note` after each record that came, for the levels of all groups together."""
        values = {
            "queue_length": self._whole("queue_length", moves),
            "held": self._whole("held", moves),
            "lag": self._whole("lag", moves),
        }
        values["present"] = values["queue_length"] + values["held"]
        times = moves[0].times
        for name, total in self._sums.items():
            highest = int(np.argmax(values[name]))
            if values[name][highest] > total.peak:
                total.peak = int(values[name][highest])
                total.peak_at = float(times[highest])

    def _whole(self, name: str, moves: list[Moves]) -> Numbers:
        """What a level of all groups was after each record that came."""
        whole = np.zeros(len(moves[0].times), dtype=np.int64)
        for group, moved in zip(self._groups, moves, strict=True):
            steps: Steps = getattr(moved, name)
            level: Level = getattr(group.group, name)
            whole += steps.values_after(moved.times, moved.turns, level.value)
        return whole


class TopicPlan(StagePlan):
    """A stage that might take the place of a topic."""

    def __init__(self, world: World, topic: KafkaTopic, service_times: Mapping[Consumer, Variate]) -> None:
        self._sizes = _constant_sizes(world, topic)
        is_fed_by_one = len(topic.clients) == 1 and topic.clients[0].is_instant
        # Sums of whole bytes are exact in any order.
        takes_all = all(size <= topic.max_size and size.is_integer() for size in self._sizes)
        entrances = topic.clients if is_fed_by_one and takes_all else []
        super().__init__([*service_times], [*service_times.values()], entrances)
        self._world = world
        self._topic = topic

    def lay(self, onward: Mapping[Consumer, Onward]) -> tuple[Part, Mapping[Acceptor, Intake]]:
        world, topic = self._world, self._topic
        draws = {
            consumer: world.many_draws(service_time, consumer.id, "service")
            for consumer, service_time in zip(self.consumers, self.service_times, strict=True)
        }
        groups = [GroupStage(group, draws, onward, world.duration) for group in topic.groups]
        stage = TopicStage(topic, groups, topic.hand_over_sums(), self._sizes)
        return stage, dict.fromkeys(self.entrances, stage)


def plan_topic(world: World, id: str) -> StagePlan | None:
    """The plan for a topic, None where only events model it."""
    topic = cast("KafkaTopic", world.nodes[id])
    has_retention = topic.rules.is_needed
    if not topic.groups or not is_read_by_recursion(world.document, id, has_retention=has_retention):
        return None
    service_times: dict[Consumer, Variate] = {}
    for subscription in topic.subscriptions:
        consumer = subscription.consumer
        service_time = consumer.plain_service()
        if service_time is None or not takes_time(service_time, world.duration):
            return None
        if consumer.id not in world.reached_once:
            return None  # draws in the order of services, which nobody knows beforehand
        service_times[consumer] = service_time
    return TopicPlan(world, topic, service_times)


def _constant_sizes(world: World, topic: KafkaTopic) -> list[float]:
    """By producer the size of its records, as far as they may come to the topic; NaN where sizes differ."""
    sizes = []
    for source, producer in enumerate(world.producers):
        size = getattr(world.document.node(producer).config, "size", None)
        is_needed = bool(topic.flows_beyond(source))
        sizes.append(size.value if isinstance(size, Constant) else nan if is_needed else 0.0)
    return sizes
