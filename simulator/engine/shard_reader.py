"""One reader of a sharded log: in order in every lane, one server at a time, and what fails blocks its lane.

A lane is a shard, or with a parallelization factor a part of its keys. Sources: Amazon DynamoDB developer
guide, *Change data capture for DynamoDB Streams*; AWS Lambda developer guide, *Using AWS Lambda with Amazon
DynamoDB* (order by shard; retried until success, expiry, or what the reader limits).
"""

from __future__ import annotations

from collections import deque
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any

from simulator.engine.broker import Broker, Subscription
from simulator.engine.endpoint import Server
from simulator.engine.environment import SimulationEnvironment
from simulator.engine.key_hash import point_of
from simulator.engine.message import Message
from simulator.engine.sharded_log import Shard, ShardedLog
from simulator.measurement.level import Level, Total, shift

if TYPE_CHECKING:
    from simulator.engine.world import World


class Lane:
    """What one reader has not read of a shard, or of a part of its keys."""

    __slots__ = ("again", "done", "held", "holder", "number", "pending", "shard")

    def __init__(self, shard: Shard, number: int) -> None:
        self.shard = shard
        self.number = number
        #: Offsets in order, and those whose work has failed (a heap): they come first.
        self.pending: deque[int] = deque()
        self.again: list[int] = []
        #: Who works on it, and on how many records.
        self.holder: Server | None = None
        self.held = 0
        #: One more than the highest offset whose work has been done.
        self.done = 0

    def head(self) -> int | None:
        """The offset that is next, None when everything is read or in hand."""
        again, pending = self.again, self.pending
        if again and (not pending or again[0] <= pending[0]):
            return again[0]
        return pending[0] if pending else None

    def pop(self) -> int:
        """Take the next offset off."""
        again, pending = self.again, self.pending
        if again and (not pending or again[0] <= pending[0]):
            return heappop(again)
        return pending.popleft()

    @property
    def unread(self) -> int:
        """Records that wait."""
        return len(self.pending) + len(self.again)


class _Held:
    """A record in the hands of a server."""

    __slots__ = ("committed", "entered", "lane", "offset", "round")

    def __init__(self, lane: Lane, offset: int, committed: float, entered: float, round: int) -> None:
        self.lane = lane
        self.committed = committed
        self.offset = offset
        self.entered = entered
        self.round = round


class ShardReader(Broker):
    """The unread part of a log, as one reader sees it.

    `Server.receipt` identifies a delivery; `Message.receipt` is the position of the record in the whole log
    and `Message.accepted_at` the time of its commit. A delivery ends with `acknowledge`, `reject` (it comes
    again, before everything behind it) or `give_up` (it never comes again).

    Args:
        id: of the line in the ledgers, such as `table:e3`.
        log: what is read, from its present end on.
        parallelization_factor: lanes of each shard; a key always takes the same one.
    """

    category = "queue"

    def __init__(
        self, id: str, env: SimulationEnvironment, log: ShardedLog, parallelization_factor: int = 1
    ) -> None:
        super().__init__(id, env)
        self.log = log
        self.factor = parallelization_factor
        self.subscriptions: list[Subscription] = []
        self.lanes: list[list[Lane]] = []
        self.queue_length = Level()
        self.held = Level()
        self.present = Total(self.queue_length, self.held)
        self.redelivered = 0
        self.receives = 0
        #: Deliveries of what had been read before a rewind.
        self.replayed = 0
        self.departures = 0
        self.residence_sum = 0.0
        #: Lanes with something to take that nobody works on, first come, first served.
        self._ready: dict[Lane, None] = {}
        self._lane_of: dict[Server, Lane] = {}
        self._holding: dict[int, _Held] = {}
        self._attempts: dict[tuple[int, int], int] = {}
        self._receipt = 0
        self._round = 0
        self._rewound_at = 0.0
        for shard in log.shards:
            self.opened(shard)
        log.readers.append(self)

    def subscribe(self, subscription: Subscription) -> None:
        self.subscriptions = [subscription]

    # -- what the log tells ----------------------------------------------------------------------
    def opened(self, shard: Shard) -> None:
        """There is one more shard."""
        self.lanes.append([Lane(shard, number) for number in range(self.factor)])
        for subscription in self.subscriptions:
            subscription.consumer.lanes_opened(self.factor)

    def committed(self, shard: Shard, now: float) -> None:
        """A record was written to the end of a shard."""
        offset = shard.end - 1
        self.accepted += 1
        self._lane_for(shard, offset).pending.append(offset)
        self.queue_length.up(now)
        self.present.note(now)

    def appeared(self, shard: Shard, now: float) -> None:
        """A record of a shard may be read now."""
        for lane in self.lanes[shard.number]:
            self._offer(lane, now)
            if lane.holder is not None:
                self._fill_up(lane, now)
        self._wake(now)

    def _fill_up(self, lane: Lane, now: float) -> None:
        """A server that waits for its batch to fill up gets what has come to its lane."""
        if "take" in self.__dict__:
            return
        subscription = self.subscriptions[0]
        consumer = subscription.consumer
        if lane.holder in consumer.idle:
            consumer.wake(subscription, now, consumer.poll_interval, lane.holder)

    def lose_record(self, shard: Shard, offset: int, now: float) -> None:
        """The oldest record of a shard is about to be forgotten."""
        lane = self._lane_for(shard, offset)
        if lane.head() != offset:
            return
        lane.pop()
        record = shard.record(offset)
        self.queue_length.down(now)
        self.expired += 1
        self._depart(max(record.time, self._rewound_at if offset < lane.done else 0.0), now)
        self.lose(record.message.copy())
        if lane.head() is None:
            self._ready.pop(lane, None)

    def accept(self, message: Message) -> bool:
        raise TypeError(f"{self.id} reads a log: nothing is published to it")

    # -- deliveries ------------------------------------------------------------------------------
    def take(self, subscription: Subscription, server: Server) -> Message | None:
        now = self.env._now
        lane = self._lane_of.get(server)
        if lane is None:
            if not self._ready:
                return None
            lane = next(iter(self._ready))
            del self._ready[lane]
        offset = lane.head()
        if offset is None:
            return None
        record = lane.shard.record(offset)
        if record.visible_at > now:
            return None
        lane.pop()
        lane.holder = server
        lane.held += 1
        self._lane_of[server] = lane
        message = record.message.copy()
        message.accepted_at = record.time
        message.receipt = record.position
        if record.about is not None:
            message.envelope = record.about
        message.receive_count = self._attempts.get((lane.shard.number, offset), 0) + 1
        entered = record.time
        if offset < lane.done:
            message.duplicate = True
            entered = max(entered, self._rewound_at)
            self.replayed += 1
        self._receipt = receipt = self._receipt + 1
        server.receipt = receipt
        self._holding[receipt] = _Held(lane, offset, record.time, entered, self._round)
        self.receives += 1
        subscription.total += 1
        self.queue_length.down(now)
        self.held.up(now)
        return message

    def acknowledge(self, message: Message, receipt: int) -> None:
        self.delivered += 1
        self._finish(receipt)
        message.end()

    def reject(self, message: Message, receipt: int) -> None:
        """Its work has failed: it comes again, before everything behind it."""
        now = self.env._now
        held = self._holding.pop(receipt)
        lane = held.lane
        self.held.down(now)
        message.end()
        if held.round != self._round or held.offset < lane.shard.base:
            # A rewind has put it back already, or it has outlived its retention.
            self.dropped += 1
            self._depart(held.entered, now)
        else:
            self._attempts[lane.shard.number, held.offset] = message.receive_count
            self.redelivered += 1
            heappush(lane.again, held.offset)
            self.queue_length.up(now)
        self._let_go(lane, now)

    def give_up(self, message: Message, receipt: int, *, is_dead_letter: bool = False) -> None:
        """The reader goes on without it: what it was sent to, if anything, is the reader's business."""
        if is_dead_letter:
            self.dead_lettered += 1
        else:
            self.dropped += 1
        self._finish(receipt)
        if is_dead_letter:
            for flow in self.flows_beyond(message.source):
                flow.dead_lettered += 1
            message.end()
        else:
            self.lose(message)

    def _finish(self, receipt: int) -> None:
        now = self.env._now
        held = self._holding.pop(receipt)
        lane = held.lane
        self.held.down(now)
        self._depart(held.entered, now)
        lane.done = max(lane.done, held.offset + 1)
        if held.round == self._round:
            self._attempts.pop((lane.shard.number, held.offset), None)
        self._let_go(lane, now)

    def _let_go(self, lane: Lane, now: float) -> None:
        lane.held -= 1
        if lane.held:
            return
        if lane.holder is not None:
            del self._lane_of[lane.holder]
            lane.holder = None
        if lane.head() is not None:
            self._offer(lane, now)
        elif lane.shard.is_closed:
            for child in self.lanes:
                if child[0].shard.parent is lane.shard:
                    for one in child:
                        self._offer(one, now)
        self._wake(now)

    def _offer(self, lane: Lane, now: float) -> None:
        """Let servers take from a lane if there is something for them."""
        if lane.holder is not None or lane in self._ready:
            return
        offset = lane.head()
        if offset is None or lane.shard.record(offset).visible_at > now:
            return
        parent = lane.shard.parent
        if parent is not None and any(one.held or one.unread for one in self.lanes[parent.number]):
            return
        self._ready[lane] = None

    def _wake(self, now: float) -> None:
        """Idle servers begin with the lanes that are ready."""
        if not self.subscriptions or "take" in self.__dict__:
            return
        subscription = self.subscriptions[0]
        consumer = subscription.consumer
        for _ in range(len(self._ready)):
            if not consumer.idle or not self._ready:
                return
            consumer.wake(subscription, now, consumer.poll_interval)

    def _lane_for(self, shard: Shard, offset: int) -> Lane:
        lanes = self.lanes[shard.number]
        if self.factor == 1:
            return lanes[0]
        key = shard.record(offset).message.key
        return lanes[int(point_of(("lane", key)) * self.factor)]

    def _depart(self, entered: float, now: float) -> None:
        self.departures += 1
        self.residence_sum += now - entered

    # -- going back ------------------------------------------------------------------------------
    def rewind(self, places: dict[tuple[int, int], int] | None = None) -> int:
        """Read again from the beginning, or from some places; returns how many records come again.

        What is in hand is finished; the records come again all the same.

        Args:
            places: offset by (shard, lane); lanes that are not named stay where they are. None: all of them
                from the first record that is kept.
        """
        now = self.env._now
        before = sum(lane.unread for lanes in self.lanes for lane in lanes)
        self._round += 1
        self._rewound_at = now
        for lanes in self.lanes:
            shard = lanes[0].shard
            start = shard.base
            offsets: list[list[int]] = [[] for _ in lanes]
            for offset in range(start, shard.end):
                lane = self._lane_for(shard, offset)
                at = start if places is None else places.get((shard.number, lane.number), lane.done)
                if offset >= at:
                    offsets[lane.number].append(offset)
            for lane, found in zip(lanes, offsets, strict=True):
                lane.pending = deque(found)
                lane.again.clear()
                self._ready.pop(lane, None)
        after = sum(lane.unread for lanes in self.lanes for lane in lanes)
        self.accepted += after - before
        shift(self.queue_length, now, after - before)
        self.present.note(now)
        self._attempts.clear()
        for lanes in self.lanes:
            for lane in lanes:
                self._offer(lane, now)
        self._wake(now)
        return after - before

    def places(self) -> dict[tuple[int, int], int]:
        """One more than the highest offset that is done, by (shard, lane): what a checkpoint says."""
        return {(lane.shard.number, lane.number): lane.done for lanes in self.lanes for lane in lanes}

    # -- measures --------------------------------------------------------------------------------
    def waiting(self) -> int:
        return self.queue_length.value

    def in_flight(self) -> int:
        return self.held.value

    def age(self, now: float) -> float:
        """Age of the oldest record not read (s), the iterator age; 0 with none."""
        heads = [
            lane.shard.record(offset).time
            for lanes in self.lanes
            for lane in lanes
            if (offset := lane.head()) is not None
        ]
        return now - min(heads) if heads else 0.0

    def oldest_open(self, now: float) -> float:
        """Age of the oldest record that is unread or in hand (s); 0 when all work is done."""
        held = [now - one.committed for one in self._holding.values()]
        return max(self.age(now), max(held, default=0.0))

    def counts(self) -> dict[str, int]:
        return {**super().counts(), "redelivered": self.redelivered, "receives": self.receives}

    def rows(self, limit: int) -> list[dict[str, Any]]:
        """Unread records of the lanes that have the most of them, for the node's own view."""
        lanes = sorted((lane for lanes in self.lanes for lane in lanes), key=lambda lane: -lane.unread)
        return [
            {
                "shard": lane.shard.number,
                "lane": lane.number if self.factor > 1 else None,
                "done": lane.done,
                "unread": lane.unread,
                "in_hand": lane.held,
            }
            for lane in sorted(lanes[:limit], key=lambda lane: (lane.shard.number, lane.number))
        ]


def connect_readers(world: World, id: str, log: ShardedLog) -> list[ShardReader]:
    """A reader of the log for each consume edge of the node `id`, subscribed, with as many lanes a shard as
    the edge says.
    """
    readers = []
    for edge in world.edges_from(id, "consume"):
        own: Any = getattr(world.document.node(edge.target).config, "parallelization_factor", 1)  # of a pipe
        lanes: int = getattr(edge.settings, "parallelization_factor", own)
        reader = ShardReader(f"{id}:{edge.id}", world.env, log, lanes)
        reader.find_flows = world.nodes[edge.target].find_flows
        subscription = world.subscribe(edge)
        subscription.broker = reader
        reader.subscribe(subscription)
        readers.append(reader)
    return readers
