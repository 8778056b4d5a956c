"""`projection`: a read model that events make, always a little behind, and the queries that see it.

With Poisson commits and exponential apply times a projection of one worker is an M/M/1 queue and its
staleness the sojourn time there: exponential with rate mu - lambda (L. Kleinrock, *Queueing Systems* I, 1975,
section 3.2). A query that comes d seconds after its own write then sees it with probability
1 - exp(-(mu - lambda) d).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simulator.engine.broker import Subscription
from simulator.engine.endpoint import Consumer
from simulator.engine.environment import Activity
from simulator.engine.link import Draw
from simulator.engine.message import Key, Message
from simulator.engine.request import Caller, Invocations, Responder
from simulator.engine.shard_reader import ShardReader
from simulator.engine.sharded_log import ShardedLog
from simulator.engine.world import World
from simulator.kinds.cqrs.projection_settings import ProjectionSettings, RebuildSettings, SlowSettings
from simulator.measurement.level import Level, Total
from simulator.measurement.tally import Tally

#: Rows of the node's own view.
LISTED = 12
#: Looks at the age of the view in one run, at most; there is one a second otherwise.
LOOKS = 5_000


class Projection(Consumer, Responder):
    """Applies events in order and answers queries from what it has applied.

    An event counts once: what is read again after a crash or in a rebuild is known by its position, changes
    the view of a reader no more and is not sent on.
    """

    category = "view"

    def __init__(self, world: World, id: str, settings: ProjectionSettings) -> None:
        failure = settings.failure
        chance = world.uniform(id, "failure")
        probability = failure.probability
        delay: Draw | None = None
        if failure.redelivery_delay is not None:
            delay = world.draws(failure.redelivery_delay, id, "redelivery delay")
        super().__init__(
            id,
            world.env,
            servers=settings.instances * settings.concurrency,
            service_time=self._apply_time,
            fails=(lambda _message: chance() < probability) if probability > 0.0 else None,
            poll_interval=settings.poll_interval,
            redelivery_delay=delay,
        )
        self._world = world
        self.settings = settings
        self._apply = world.draws(settings.service_time, id, "service")
        self._replay: Draw | None = None
        if settings.replay_time is not None:
            self._replay = world.draws(settings.replay_time, id, "replay")
        self._read_time = world.draws(settings.read_time, id, "read")
        self._factor = 1.0
        #: By log and key: the position of the latest event in the view.
        self._applied: dict[ShardedLog, dict[Key, int]] = {}
        self._logs: list[ShardedLog] = []
        self._checkpoints: dict[ShardReader, dict[tuple[int, int], int]] = {}
        self._since_checkpoint = 0
        self._is_out = False
        self._left_to_rebuild = 0
        self._rebuild_began = 0.0
        self.reads_taken = 0
        self.reads_answered = 0
        self.reads_refused = 0
        self.reads_under_way = Level()
        #: Queries of keys that were written, and those that saw the write.
        self.own_writes_sought = 0
        self.own_writes_seen = 0
        self.rebuilds = 0
        self.checkpoints = 0
        self.staleness = Tally()
        self.view_age = Tally()
        self.staleness_at_read = Tally()
        self.rebuild_time = Tally()
        self.read_latency = Tally()

    def connect(self, world: World) -> None:
        self.outlet = world.outlet(self.id)
        self.is_sending_on = bool(self.outlet)
        calls = [world.invoke_edge(edge) for edge in world.edges_from(self.id, "invoke")]
        if calls:
            self.invocations = Invocations(world.env, calls)

    def start(self) -> None:
        is_asked = any(self._world.edges_into(self.id, "invoke"))
        for reader in self._readers():
            if reader.log not in self._logs:
                self._logs.append(reader.log)
                self._applied[reader.log] = {}
            self._checkpoints[reader] = reader.places()
            if is_asked:
                reader.log.keep_history()
        if self._logs:
            look = _Look(self, max(1.0, self._world.duration / LOOKS))
            self.env.at(look.interval, look)

    def _readers(self) -> list[ShardReader]:
        return [one.broker for one in self.inputs if isinstance(one.broker, ShardReader)]

    # -- applying events -------------------------------------------------------------------------
    def _apply_time(self, message: Message) -> float:
        draw = self._replay if message.duplicate and self._replay is not None else self._apply
        return draw() * self._factor

    def complete(self, message: Message, subscription: Subscription, receipt: int, now: float) -> None:
        """The event is in the view: how old it is by now, and up to where the view goes."""
        self.delivered += 1
        is_again = message.duplicate or message.processed
        if is_again:
            self.duplicates += 1
        else:
            self.staleness.add(now - message.accepted_at)
            subscription.add_sojourn(now - message.accepted_at)
        self.flows[message.source].record(message, now)
        message.processed = True
        broker = subscription.broker
        if isinstance(broker, ShardReader):
            applied = self._applied[broker.log]
            if message.receipt > applied.get(message.key, -1):
                applied[message.key] = message.receipt
        if self.is_sending_on and not is_again:
            self.outlet.send(message.copy())
        broker.acknowledge(message, receipt)
        self._note_checkpoint()
        if is_again and self._left_to_rebuild:
            self._left_to_rebuild -= 1
            if not self._left_to_rebuild:
                self.rebuilt(self._rebuild_began, now)

    def _note_checkpoint(self) -> None:
        every = self.settings.checkpoint_every
        self._since_checkpoint += 1
        if self._since_checkpoint >= every:
            self._since_checkpoint = 0
            self.checkpoints += 1
            if every > 1:
                for reader in self._checkpoints:
                    self._checkpoints[reader] = reader.places()

    # -- queries ---------------------------------------------------------------------------------
    def accept(self, message: Message) -> bool:
        return self._enter(message, None)

    def request(self, message: Message, caller: Caller) -> None:
        if not self._enter(message, caller):
            caller.answer(self.env._now, False)

    def _enter(self, message: Message, caller: Caller | None) -> bool:
        if self._is_out:
            self.reads_refused += 1
            return False
        now = self.env._now
        self.reads_taken += 1
        self.reads_under_way.up(now)
        self._look_up(message, now)
        self.env.at(now + self._read_time(), _Query(self, message, caller, now))
        return True

    def _look_up(self, message: Message, now: float) -> None:
        """What the query sees of its key: how far behind it is, and whether its own write is in it.

        The own write is the commit of the same message, or, where the message of the query has written
        nothing itself, the latest commit of the key. A key that was never written is never behind.
        """
        key = message.key
        for log in self._logs:
            history = None if log.history is None else log.history.get(key)
            if history is None:
                continue
            applied = self._applied[log].get(key, -1)
            behind = history.oldest_after(applied)
            self.staleness_at_read.add(0.0 if behind is None else now - behind)
            own = log.written.get((message.source, message.sequence), history.positions[-1])
            self.own_writes_sought += 1
            self.own_writes_seen += applied >= own
            return

    def answer_query(self, query: _Query, now: float) -> None:
        """The answer goes back."""
        message, caller = query.message, query.caller
        self.reads_answered += 1
        self.reads_under_way.down(now)
        self.read_latency.add(now - query.asked_at)
        if caller is not None:
            caller.answer(now, True)
            return
        flow = self.flows.get(message.source)
        if flow is not None:
            flow.record(message, now)
        message.end()

    # -- faults and actions ----------------------------------------------------------------------
    def fail(self) -> None:
        """A crash: queries are refused, what is in hand goes back."""
        self._is_out = True
        super().fail()

    def recover(self) -> None:
        """It goes on from its last checkpoint."""
        self._is_out = False
        if self.settings.checkpoint_every > 1:
            for reader, places in self._checkpoints.items():
                reader.rewind(places)
        super().recover()

    def strike(self, fault: str, settings: Any) -> None:
        """`rebuild` makes the view anew from the first event; `slow` lets every event take longer."""
        if fault == "slow":
            assert isinstance(settings, SlowSettings)
            self._factor = settings.factor
        elif fault == "rebuild":
            assert isinstance(settings, RebuildSettings)
            self._rebuild(settings)
        else:
            super().strike(fault, settings)

    def lift(self, fault: str, settings: Any) -> None:
        if fault == "slow":
            self._factor = 1.0
        else:
            super().lift(fault, settings)

    def _rebuild(self, settings: RebuildSettings) -> None:
        now = self.env._now
        readers = self._readers()
        if not readers:
            self._world.note("fault", self.id, f"{self.id} has no source that could be read again")
        elif settings.mode == "side-by-side":
            self.env.at(now, _SecondView(self, readers, settings.rate, now))
        else:
            for applied in self._applied.values():
                applied.clear()
            self._rebuild_began = now
            self._left_to_rebuild = sum(reader.rewind() for reader in readers)

    def rebuilt(self, began: float, now: float) -> None:
        """The new view has caught up."""
        self.rebuilds += 1
        self.rebuild_time.add(now - began)
        self._world.note("fault", self.id, f"{self.id} is rebuilt, after {now - began:.4g} s")

    # -- measures --------------------------------------------------------------------------------
    def age(self, now: float) -> float:
        """How old the view is: seconds since the oldest commit that is not in it, 0 when it has all."""
        return max((reader.oldest_open(now) for reader in self._readers()), default=0.0)

    def counts(self) -> dict[str, int]:
        return {
            **super().counts(),
            "reads": self.reads_taken,
            "reads_refused": self.reads_refused,
            "own_writes_sought": self.own_writes_sought,
            "own_writes_seen": self.own_writes_seen,
            "checkpoints": self.checkpoints,
            "rebuilds": self.rebuilds,
        }

    def ledgers(self) -> dict[str, dict[str, int]]:
        """Events and queries each have an account of their own."""
        reads = dict.fromkeys(self.ledger(), 0)
        reads |= {
            "accepted": self.reads_taken,
            "delivered": self.reads_answered,
            "in_flight": self.reads_under_way.value,
        }
        return {self.id: self.ledger(), f"{self.id}:queries": reads}

    def levels(self) -> Mapping[str, Level | Total]:  # type: ignore[override]
        readers = self._readers()
        shown: dict[str, Level | Total] = {**super().levels()}
        if readers:
            shown["unread"] = Total(*(reader.present for reader in readers))
        return shown

    def tallies(self) -> dict[str, list[Tally]]:
        return {
            **super().tallies(),
            "staleness": [self.staleness],
            "view_age": [self.view_age],
            "staleness_at_read": [self.staleness_at_read],
            "read_latency": [self.read_latency],
            "rebuild_time": [self.rebuild_time],
        }

    def detail(self) -> Mapping[str, Any]:
        """How far the view goes, and where it would go on after a crash."""
        now = self.env._now
        readers = self._readers()
        return {
            "view_age": round(self.age(now), 3),
            "is_rebuilding": self._left_to_rebuild > 0,
            "left_to_rebuild": self._left_to_rebuild,
            "since_checkpoint": self._since_checkpoint,
            "positions": [
                {
                    "from": reader.id.partition(":")[0] if len(readers) > 1 else None,
                    **row,
                    "checkpoint": self._checkpoints[reader].get((row["shard"], row["lane"] or 0), 0)
                    if self.settings.checkpoint_every > 1
                    else None,
                }
                for reader in readers
                for row in reader.rows(LISTED)
            ],
        }


class _Query(Activity):
    """A query that is being answered."""

    __slots__ = ("asked_at", "caller", "message", "view")

    def __init__(self, view: Projection, message: Message, caller: Caller | None, asked_at: float) -> None:
        self.view = view
        self.message = message
        self.caller = caller
        self.asked_at = asked_at

    def occur(self, now: float) -> None:
        self.view.answer_query(self, now)


class _Look(Activity):
    """Notes how old the view is, from time to time."""

    __slots__ = ("interval", "view")

    def __init__(self, view: Projection, interval: float) -> None:
        self.view = view
        self.interval = interval

    def occur(self, now: float) -> float:
        self.view.view_age.add(self.view.age(now))
        return now + self.interval


class _SecondView(Activity):
    """A second view that catches up beside the first, at a rate of its own; then they switch."""

    __slots__ = ("began", "built", "rate", "readers", "view")

    def __init__(self, view: Projection, readers: list[ShardReader], rate: float, began: float) -> None:
        self.view = view
        self.readers = readers
        self.rate = rate
        self.began = began
        #: Events that are in the second view.
        self.built = 0

    def occur(self, now: float) -> float | None:
        in_log = sum(reader.log.size() for reader in self.readers)
        left = in_log - self.built
        if left <= 0:
            self.view.rebuilt(self.began, now)
            return None
        self.built = in_log
        return now + left / self.rate
