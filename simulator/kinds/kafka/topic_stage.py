"""Topics that advance by recursion: what takes the place of a topic and its groups, and when.

What a topic must be for it stands in `simulator.kinds.kafka.plain`. Records of a producer whose batches take
no time come in blocks; those of others come by the events of their batches, and only the groups' work is
computed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import repeat
from math import inf, nan, nextafter
from typing import TYPE_CHECKING, cast

import numpy as np

from simulator.design.distributions import Constant
from simulator.engine.recursion import NO_NUMBERS
from simulator.engine.stage_plan import Part, StagePlan, takes_time
from simulator.kinds.kafka.group_stage import GroupStage
from simulator.kinds.kafka.plain import is_read_by_recursion
from simulator.kinds.kafka.stage_records import Block, ByPartition
from simulator.measurement.level import NO_TIMES, Timeline
from simulator.measurement.ordering import KeyBook

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
        sizes: by producer the size of its records, NaN where it differs.
        book: of the keys of the records.
    """

    def __init__(
        self,
        topic: KafkaTopic,
        groups: list[GroupStage],
        sums: Mapping[str, Total],
        sizes: list[float],
        book: KeyBook,
    ) -> None:
        self._topic = topic
        self._groups = groups
        self._sums = sums
        self._sizes = sizes
        self._whole_sizes = np.nan_to_num(sizes).astype(np.int64)
        self._has_one_size = len(set(self._whole_sizes.tolist())) == 1
        self._book = book
        #: By number of the key; -1 where no record of it has come yet.
        self._partition_of: Numbers = np.zeros(0, dtype=np.int64)
        #: Blocks of which some records have not come yet.
        self._coming: deque[_Coming] = deque()
        #: All records before this time are known; nothing is where records are told when they come.
        self._known_to = -inf
        self._settled_to = -1.0
        #: What the sums will be after each record that comes.
        self._sums_ahead = Timeline(NO_TIMES)
        self._values: dict[str, Numbers] = {}

    @property
    def horizon(self) -> float:
        """How far the clock may go before the next `settle`, seconds."""
        return min(group.looks_at for group in self._groups)

    def accept_block(self, passage: Passage) -> None:
        """Records of a producer whose batches take no time."""
        if not len(passage):
            return
        keys, partitions = self._places(passage)
        sizes = self._whole_sizes[passage.source]
        looks = self._topic.env.looks.between(passage.arrived[0], passage.arrived[-1])
        times = Timeline(passage.arrived, looks)
        self._coming.append(_Coming(ByPartition(times, partitions, len(self._topic.logs)), sizes))
        for group in self._groups:
            group.append_block(Block(passage, keys, partitions, sizes))

    def foresee(self, passage: Passage, until: float) -> None:
        """Records that will come; all that come before `until` (seconds) have been told."""
        self._known_to = inf if until == inf else nextafter(until, 0.0)
        self.accept_block(passage)

    def _places(self, passage: Passage) -> tuple[Numbers, Numbers]:
        """Numbers of the keys, and partitions."""
        (client,) = self._topic.clients
        keys = self._book.numbers_of(passage.key)
        fresh = range(len(self._partition_of), len(self._book.keys))
        if not isinstance(passage.key, np.ndarray) and None in passage.key:
            sizes = map(self._sizes.__getitem__, passage.source)
            return keys, np.array(client.partitions_of(passage.key, sizes), dtype=np.int64)
        if fresh:
            new_keys = self._book.keys[fresh.start :]
            places = client.partitions_of(new_keys, repeat(0.0, len(new_keys)))
            self._partition_of = np.concatenate((self._partition_of, np.array(places, dtype=np.int64)))
        return keys, self._partition_of[keys]

    def settle(self, now: float) -> None:
        """Bring everything to the state at `now` (seconds)."""
        if now == self._settled_to and not any(group.is_told for group in self._groups):
            return
        self._settled_to = now
        self._note_coming(now)
        looked = self.horizon
        moves = [group.work_ahead(min(max(now, self._known_to), looked)) for group in self._groups]
        known = [moved for moved in moves if moved is not None]
        if self._sums and known:
            self._note_sums(now)  # what was known before
            self._find_sums(known)
        if self._sums:
            self._note_sums(now)
        for group in self._groups:
            group.settle(now)

    def _note_coming(self, now: float) -> None:
        topic = self._topic
        while self._coming:
            coming = self._coming[0]
            part = coming.records.times.pass_to(now)
            count = part.stop - part.start
            if count:
                self._note_written(coming, part)
                topic.accepted += count
                topic.delivered += count
            if part.stop < len(coming.sizes):
                return
            self._coming.popleft()

    def _note_written(self, coming: _Coming, part: slice) -> None:
        logs, counts = self._topic.logs, coming.records.between(part)
        if self._has_one_size:  # whole bytes: the product is the sum
            size = int(coming.sizes[0])
            for log, records in zip(logs, counts, strict=True):
                log.end += records
                log.written += records * size
            return
        written = np.bincount(coming.records.partitions[part], coming.sizes[part], len(logs)).tolist()
        for log, records, size in zip(logs, counts, written, strict=True):
            log.end += records
            log.written += size

    def _find_sums(self, moves: list[Moves]) -> None:
        """What `Total.note` will find after each record that comes, for the levels of all groups together."""
        values = {name: self._whole(name, moves) for name in ("queue_length", "held", "lag")}
        values["present"] = values["queue_length"] + values["held"]
        self._values = values
        self._sums_ahead = Timeline(moves[0].times)

    def _note_sums(self, now: float) -> None:
        came = self._sums_ahead.pass_to(now)
        times = self._sums_ahead.times[came]
        for name, total in self._sums.items():
            total.note_highest(times, self._values[name][came] if len(times) else NO_NUMBERS)

    def _whole(self, name: str, moves: list[Moves]) -> Numbers:
        """What a level of all groups is after each record that comes."""
        whole = np.zeros(len(moves[0].times), dtype=np.int64)
        for group, moved in zip(self._groups, moves, strict=True):
            steps: Steps = getattr(moved, name)
            level: Level = getattr(group.group, name)
            whole += steps.values_after(moved.times, moved.turns, level.value)
        return whole


@dataclass(slots=True)
class _Coming:
    """Records that come to the topic."""

    records: ByPartition
    sizes: Numbers


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
        book = KeyBook()
        is_alone = len(topic.groups) == 1
        groups = [
            GroupStage(group, draws, onward, book, world.duration, is_alone=is_alone)
            for group in topic.groups
        ]
        stage = TopicStage(topic, groups, topic.hand_over_sums(), self._sizes, book)
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
