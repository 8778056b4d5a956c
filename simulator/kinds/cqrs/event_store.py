"""`event-store`: streams of events by aggregate, appended with an expected version, read by subscriptions.

State is the fold of a stream: a command loads the stream (its latest snapshot and the events since), decides,
and appends. Of two commands that loaded the same version one appends, the other is refused (optimistic
concurrency) and, while it has attempts left, loads again. Source: G. Young, *CQRS Documents* (2010), event
storage; P. Helland, *Immutability Changes Everything* (CIDR 2015).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from simulator.engine.broker import Broker, Subscription
from simulator.engine.endpoint import Server
from simulator.engine.environment import Activity
from simulator.engine.key_hash import point_of
from simulator.engine.message import Key, Message
from simulator.engine.request import CalledByEdge, Caller, Responder
from simulator.engine.shard_reader import ShardReader, connect_readers
from simulator.engine.sharded_log import ShardedLog
from simulator.engine.world import World
from simulator.kinds.cqrs.event_store_settings import EventStoreCallSettings, EventStoreSettings
from simulator.measurement.level import Level, Total
from simulator.measurement.ordering import Flow
from simulator.measurement.tally import Tally

if TYPE_CHECKING:
    from simulator.engine.link import Draw

#: Rows of the node's own view.
LISTED = 12


class Stream:
    """The events of one aggregate: how many there are, and up to where its snapshot goes."""

    __slots__ = ("conflicts", "snapshot", "version")

    def __init__(self, version: int, snapshot: int) -> None:
        self.version = version
        self.snapshot = snapshot
        self.conflicts = 0


class EventStore(Broker, CalledByEdge):
    """Answers commands and reads, and lets every subscription go through the log at its own pace.

    An append counts as delivered once it is committed, as dropped when its attempts are used up. What
    subscriptions have not read stands in ledgers of their own.
    """

    category = "store"

    def __init__(self, world: World, id: str, settings: EventStoreSettings) -> None:
        super().__init__(id, world.env)
        self._world = world
        self.settings = settings
        self.append_latency = world.draws(settings.append_latency, id, "append")
        self.read_latency = world.draws(settings.read_latency, id, "read")
        self.event_time = world.draws(settings.event_time, id, "event")
        self.event_mean = settings.event_time.mean()
        self.decide_time = world.draws(settings.decide_time, id, "decide")
        delay: Draw | None = None
        if settings.delivery_delay.mean() > 0.0:
            delay = world.draws(settings.delivery_delay, id, "delivery")
        self.log = ShardedLog(world.env, settings.partitions, delay=delay)
        self.streams: dict[Key, Stream] = {}
        self.readers: list[ShardReader] = []
        self.subscriptions: list[Subscription] = []
        #: Flows of producers that call this store, by index of the producer.
        self.flows: dict[int, Flow] = {}
        self.doors: dict[str, _Door] = {}
        self.line: deque[_Call] = deque()
        self.queue_length = Level()
        self.busy = Level()
        self.present = Total(self.queue_length, self.busy)
        self.appended = 0
        self.conflicts = 0
        self.retries = 0
        self.conflicts_given_up = 0
        self.snapshots = 0
        self.loads = 0
        self.load_time = Tally()
        self.stream_length = Tally()
        self.events_replayed = Tally()
        self.sojourn_time = Tally()
        self.departures = 0
        self.residence_sum = 0.0

    def connect(self, world: World) -> None:
        self.readers = connect_readers(world, self.id, self.log)

    def door(self, edge: str, settings: Any) -> Responder:
        assert isinstance(settings, EventStoreCallSettings)
        made = self.doors[edge] = _Door(self, edge, settings, self._world)
        return made

    # -- calls -----------------------------------------------------------------------------------
    def begin(self, message: Message, caller: Caller | None, door: _Door) -> bool:
        """A call comes in."""
        now = self.env._now
        self.accepted += 1
        call = _Call(self, door, message, caller, now)
        limit = self.settings.concurrency
        if limit is not None and self.busy.value >= limit:
            self.line.append(call)
            self.queue_length.up(now)
        else:
            self.busy.up(now)
            call.load(now)
        self.present.note(now)
        return True

    def stream(self, key: Key) -> Stream:
        """The stream of an aggregate; one without a key is a stream of its own, `None`."""
        found = self.streams.get(key)
        if found is None:
            length, every = self.settings.initial_events, self.settings.snapshot_every
            found = self.streams[key] = Stream(length, 0 if every is None else length - length % every)
        return found

    def time_to_load(self, stream: Stream) -> float:
        """Seconds to read the snapshot and apply the events since; they are counted here."""
        events = stream.version - stream.snapshot
        self.loads += 1
        self.stream_length.add(float(stream.version))
        self.events_replayed.add(float(events))
        applying = (
            sum([self.event_time() for _ in range(events)]) if events <= 64 else events * self.event_mean
        )
        taken = self.read_latency() + applying
        self.load_time.add(taken)
        return taken

    def commit(self, call: _Call, events: int, now: float) -> None:
        """The events of a command become part of its stream and of the log."""
        message = call.message
        stream = call.stream
        every = self.settings.snapshot_every
        stream.version += events
        self.appended += events
        if every is not None and stream.version // every > stream.snapshot // every:
            stream.snapshot = stream.version - stream.version % every
            self.snapshots += 1
        shards = len(self.log.shards)
        shard = int(point_of(message.key) * shards) if shards > 1 else 0
        for _ in range(events):
            self.log.append(message, shard, now)

    def finish(self, call: _Call, now: float, ok: bool) -> None:
        """Answer a call, and begin the next that waits."""
        message, caller = call.message, call.caller
        self.departures += 1
        self.residence_sum += now - call.accepted_at
        if ok:
            self.delivered += 1
            self.sojourn_time.add(now - call.accepted_at)
        else:
            self.dropped += 1
        if caller is not None:
            caller.answer(now, ok)
        elif ok:
            flow = self.flows.get(message.source)
            if flow is not None:
                flow.record(message, now)
            message.end()
        else:
            self.lose(message)
        if self.line:
            self.queue_length.down(now)
            self.line.popleft().load(now)
        else:
            self.busy.down(now)

    def take(self, subscription: Subscription, server: Server) -> Message | None:
        raise TypeError(f"{self.id} is a log: its readers are asked")

    def acknowledge(self, message: Message, receipt: int) -> None:
        raise TypeError(f"{self.id} is a log: its readers are told")

    def reject(self, message: Message, receipt: int) -> None:
        raise TypeError(f"{self.id} is a log: its readers are told")

    # -- faults and actions ----------------------------------------------------------------------
    def fail(self) -> None:
        """An outage begins: calls are refused and subscriptions get nothing; calls under way are finished."""
        super().fail()
        self.__dict__["begin"] = self._refuse_call
        for reader in self.readers:
            reader.fail()

    def recover(self) -> None:
        super().recover()
        del self.__dict__["begin"]
        for reader in self.readers:
            reader.recover()

    def _refuse_call(self, message: Message, caller: Caller | None, door: _Door) -> bool:
        return self._refuse(message)

    def strike(self, fault: str, settings: Any) -> None:
        """`invalidate-snapshots`: a change of the schema makes all snapshots useless."""
        if fault != "invalidate-snapshots":
            super().strike(fault, settings)
        for stream in self.streams.values():
            stream.snapshot = 0

    # -- measures --------------------------------------------------------------------------------
    def waiting(self) -> int:
        return self.queue_length.value

    def in_flight(self) -> int:
        return self.busy.value

    def ledgers(self) -> dict[str, dict[str, int]]:
        return {self.id: self.ledger(), **{reader.id: reader.ledger() for reader in self.readers}}

    def counts(self) -> dict[str, int]:
        return {
            **super().counts(),
            "events_appended": self.appended,
            "conflicts": self.conflicts,
            "conflict_retries": self.retries,
            "conflicts_given_up": self.conflicts_given_up,
            "snapshots": self.snapshots,
            "loads": self.loads,
        }

    def levels(self) -> Mapping[str, Level | Total]:
        shown: dict[str, Level | Total] = {
            "queue_length": self.queue_length,
            "in_flight": self.busy,
            "in_system": self.present,
        }
        if self.readers:
            shown["unread"] = Total(*(reader.queue_length for reader in self.readers))
        return shown

    def tallies(self) -> dict[str, list[Tally]]:
        return {
            "sojourn_time": [self.sojourn_time],
            "load_time": [self.load_time],
            "stream_length": [self.stream_length],
            "events_replayed": [self.events_replayed],
        }

    def edge_counts(self) -> Mapping[str, Mapping[str, int]]:
        return {edge: door.counts() for edge, door in self.doors.items()}

    def residence(self) -> tuple[int, float]:
        return self.departures, self.residence_sum

    def detail(self) -> Mapping[str, Any]:
        """The streams with most conflicts, then events, and what every subscription has not read."""
        now = self.env._now
        hottest = sorted(
            self.streams.items(), key=lambda pair: (-pair[1].conflicts, -pair[1].version, repr(pair[0]))
        )
        return {
            "streams_in_all": len(self.streams),
            "events": self.log.position,
            "subscriptions": [
                {
                    "to": reader.subscriptions[0].consumer.id,
                    "unread": reader.waiting(),
                    "oldest_age": round(reader.age(now), 3),
                }
                for reader in self.readers[:LISTED]
            ],
            "streams": [
                {
                    "key": str(key),
                    "events": stream.version,
                    "since_snapshot": stream.version - stream.snapshot,
                    "conflicts": stream.conflicts,
                }
                for key, stream in hottest[:LISTED]
            ],
        }


class _Door(Responder):
    """One edge into the store: what is asked on it, and how often in vain."""

    def __init__(self, store: EventStore, edge: str, settings: EventStoreCallSettings, world: World) -> None:
        super().__init__(f"{store.id}:{edge}", store.env)
        self.store = store
        self.flows = store.flows
        self.settings = settings
        self.is_append = settings.operation == "append"
        self.is_checked = settings.expected_version == "exact"
        self.events = world.draws(settings.events, edge, "events")
        self.jitter = world.uniform(edge, "back-off")
        self.conflicts = 0
        self.retries = 0

    def accept(self, message: Message) -> bool:
        return self.store.begin(message, None, self)

    def request(self, message: Message, caller: Caller) -> None:
        if not self.store.begin(message, caller, self):
            caller.answer(self.env._now, False)

    def lose(self, message: Message) -> None:
        self.store.lose(message)

    def wait(self, attempts: int) -> float | None:
        """Seconds until the next attempt after so many, None when there is none left.

        Source: M. Brooker, *Exponential Backoff and Jitter*, AWS Architecture Blog (2015): full jitter.
        """
        settings = self.settings
        if attempts >= settings.max_attempts:
            return None
        longest = min(settings.backoff_cap, settings.backoff * 2.0 ** min(attempts - 1, 60))
        return self.jitter() * longest

    def counts(self) -> dict[str, int]:
        return {"conflicts": self.conflicts, "conflict_retries": self.retries}


class _Call(Activity):
    """One command or read on its way: load, decide and append, and again after a conflict."""

    __slots__ = (
        "accepted_at",
        "attempts",
        "caller",
        "door",
        "events",
        "expected",
        "is_waiting",
        "message",
        "store",
        "stream",
    )

    def __init__(
        self, store: EventStore, door: _Door, message: Message, caller: Caller | None, now: float
    ) -> None:
        self.store = store
        self.door = door
        self.message = message
        self.caller = caller
        self.accepted_at = now
        self.attempts = 0
        self.events = max(1, round(door.events())) if door.is_append else 0
        self.expected = 0
        self.is_waiting = False
        self.stream = store.stream(message.key)

    def load(self, now: float) -> None:
        """Begin an attempt: the version that is read now is the one that the append will expect."""
        store, door = self.store, self.door
        self.is_waiting = False
        self.attempts += 1
        self.expected = self.stream.version
        taken = store.time_to_load(self.stream) if door.is_checked or not door.is_append else 0.0
        if door.is_append:
            taken += store.decide_time() + store.append_latency()
        store.env.at(now + taken, self)

    def occur(self, now: float) -> None:
        store, door, stream = self.store, self.door, self.stream
        if self.is_waiting:
            self.load(now)
            return
        if not door.is_append:
            store.finish(self, now, True)
            return
        if not door.is_checked or stream.version == self.expected:
            store.commit(self, self.events, now)
            store.finish(self, now, True)
            return
        store.conflicts += 1
        door.conflicts += 1
        stream.conflicts += 1
        pause = door.wait(self.attempts)
        if pause is None:
            store.conflicts_given_up += 1
            store.finish(self, now, False)
            return
        store.retries += 1
        door.retries += 1
        self.is_waiting = True
        store.env.at(now + pause, self)
