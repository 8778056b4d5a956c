"""`outbox`: a service that changes its database and tells of it, by an outbox or by two writes.

With an outbox the event is committed in the transaction of what it tells of, and a relay publishes it: at
least once, in the order of the commits. Two writes have a window between them in which a crash loses the
event, or leaves one of something that never was.

Source: C. Richardson, *Microservices Patterns* (2018), ch. 3.
"""

from __future__ import annotations

from math import floor
from typing import Any

from simulator.engine.environment import Activity
from simulator.engine.link import Link
from simulator.engine.message import Key, Message
from simulator.engine.request import Caller, Responder
from simulator.engine.world import World
from simulator.kinds.outbox.relay import Relay, Row
from simulator.kinds.outbox.settings import OutboxSettings
from simulator.measurement.level import Level, Total
from simulator.measurement.ordering import Flow
from simulator.measurement.tally import Tally


class OutboxNode(Responder):
    """Takes a message as a transaction and publishes it as the event of that transaction.

    A message is in flight during its transaction, waits as a row that is not published, and is delivered
    when it was published for the first time; rolled back, lost or a phantom it is `dropped`.
    """

    category = "service"

    def __init__(self, world: World, id: str, settings: OutboxSettings) -> None:
        super().__init__(id, world.env)
        self.settings = settings
        self.is_polled = settings.method == "polling"
        self.reads_ids = self.is_polled and settings.cursor == "id"
        self.commit_time = world.draws(settings.commit_time, id, "commit")
        self.publish_time = world.draws(settings.publish_time, id, "publish")
        self.mark_time = world.draws(settings.mark_time, id, "mark")
        self.log_delay = world.draws(settings.log_delay, id, "log")
        self.rolls_back = world.uniform(id, "rollback")
        self.chance = world.uniform(id, "crash")
        #: Flows that end here, by index of the producer.
        self.flows: dict[int, Flow] = {}
        self.links: list[Link] = []
        self.relay = None if settings.is_dual_write else Relay(self)
        #: Whether the broker has refused the rest of the batch.
        self.is_held_up = False
        self.unpublished = Level()
        self.busy = Level()
        self.table = Level()
        self.present = Total(self.unpublished, self.busy)
        self.begun = self.commits = 0
        self.committed = self.rolled_back = 0
        self.published = self.repeated = self.lost_events = self.phantoms = 0
        self.skipped = self.out_of_order = 0
        self.publish_refused = self.relay_crashes = 0
        self.publish_delay = Tally()
        self.sojourn_time = Tally()
        self.departures = 0
        self.residence_sum = 0.0
        self.open: dict[_Transaction, None] = {}
        self._latest: dict[Key, int] = {}

    def connect(self, world: World) -> None:
        self.links = [world.link(edge) for edge in world.edges_from(self.id, "publish")]

    def start(self) -> None:
        if self.relay is not None and self.is_polled:
            self.relay.plan(self.settings.poll_interval)

    def next_look(self, now: float) -> float:
        """When the relay looks next: at whole multiples of the interval."""
        interval = self.settings.poll_interval
        return (floor(now / interval + 1e-9) + 1) * interval

    def crashes(self) -> bool:
        """Whether the process crashes now, between two writes."""
        probability = self.settings.crash_probability
        return probability > 0.0 and self.chance() < probability

    # -- transactions ----------------------------------------------------------------------------
    def accept(self, message: Message) -> bool:
        return self._begin(message, None)

    def request(self, message: Message, caller: Caller) -> None:
        if not self._begin(message, caller):
            caller.answer(self.env._now, False)

    def _begin(self, message: Message, caller: Caller | None) -> bool:
        limit = self.settings.concurrency
        if limit is not None and self.busy.value >= limit:
            return self._refuse(message)
        now = self.env._now
        self.accepted += 1
        self.begun += 1
        self.busy.up(now)
        self.present.note(now)
        transaction = _Transaction(self, Row(message, self.begun, now), caller)
        self.open[transaction] = None
        is_late = self.settings.method == "publish-then-commit"
        self.env.at(now + (self.publish_time() if is_late else self.commit_time()), transaction)
        return True

    def is_committed(self) -> bool:
        """Whether the database commits; it is counted here."""
        if self.settings.rollback > 0.0 and self.rolls_back() < self.settings.rollback:
            self.rolled_back += 1
            return False
        self.committed += 1
        return True

    def row_is_there(self, row: Row, now: float) -> None:
        """The transaction has committed its row."""
        self.commits += 1
        row.number = self.commits
        row.committed_at = now
        assert self.relay is not None
        self.table.up(now)
        self.unpublished.up(now)
        if not self.relay.committed(row, now):
            self.skipped += 1
            self.unpublished.down(now)
            self.lose_event(row, now)

    def publish(self, row: Row, now: float) -> bool:
        """Send the event of a row; False when a broker refuses it."""
        for link in self.links:
            made = row.message.copy()
            made.duplicate = row.message.duplicate or row.is_published
            link.total += 1
            if not link.target.accept(made):
                made.end()
                self.publish_refused += 1
                return False
        if row.is_published:
            self.repeated += 1
            return True
        row.is_published = True
        self.published += 1
        return True

    def told(self, row: Row, now: float) -> None:
        """The event of a committed transaction is out for the first time."""
        self.delivered += 1
        self.publish_delay.add(now - row.committed_at)
        self._leave(row, now)
        key = row.message.key
        if row.number < self._latest.get(key, 0):
            self.out_of_order += 1
        else:
            self._latest[key] = row.number
        row.message.end()

    def lose_event(self, row: Row, now: float) -> None:
        """The transaction is committed, and nobody will hear of it."""
        self.lost_events += 1
        self.dropped += 1
        self._leave(row, now)
        own = self.flows.get(row.message.source)
        for flow in self.flows_beyond(row.message.source):
            if flow is not own:
                flow.lost += 1
        row.message.end()

    def undone(self, row: Row, now: float) -> None:
        """The transaction never was; an event that is out already is a phantom."""
        self.phantoms += row.is_published
        self.dropped += 1
        self._leave(row, now)
        self.lose(row.message)

    def _leave(self, row: Row, now: float) -> None:
        self.departures += 1
        self.residence_sum += now - row.accepted_at
        self.sojourn_time.add(now - row.accepted_at)

    def finish(self, transaction: _Transaction, now: float, ok: bool) -> None:
        """The caller has its answer."""
        del self.open[transaction]
        self.busy.down(now)
        self.present.note(now)
        message = transaction.row.message
        if transaction.caller is not None:
            transaction.caller.answer(now, ok)
        elif ok:
            flow = self.flows.get(message.source)
            if flow is not None:
                flow.record(message, now)

    # -- faults ----------------------------------------------------------------------------------
    def fail(self) -> None:
        """The process is down: transactions are cut off where they are, and the relay stops."""
        super().fail()
        self.__dict__["_begin"] = self._refuse_begin
        now = self.env._now
        for transaction in list(self.open):
            transaction.cut(now)
        if self.relay is not None:
            self.relay.fail()

    def recover(self) -> None:
        super().recover()
        del self.__dict__["_begin"]
        if self.relay is not None:
            self.relay.recover(self.env._now)

    def _refuse_begin(self, message: Message, caller: Caller | None) -> bool:
        return self._refuse(message)

    # -- measures --------------------------------------------------------------------------------
    def waiting(self) -> int:
        return self.unpublished.value

    def in_flight(self) -> int:
        return self.busy.value

    def counts(self) -> dict[str, int]:
        return {
            **super().counts(),
            "transactions_committed": self.committed,
            "transactions_rolled_back": self.rolled_back,
            "events_published": self.published,
            "events_repeated": self.repeated,
            "lost_events": self.lost_events,
            "phantom_events": self.phantoms,
            "rows_skipped": self.skipped,
            "published_out_of_order": self.out_of_order,
            "publish_refused": self.publish_refused,
            "relay_crashes": self.relay_crashes,
        }

    def levels(self) -> dict[str, Level | Total]:
        shown: dict[str, Level | Total] = {
            "queue_length": self.unpublished,
            "in_flight": self.busy,
            "in_system": self.present,
        }
        return shown if self.relay is None else {**shown, "outbox_rows": self.table}

    def tallies(self) -> dict[str, list[Tally]]:
        return {"publish_delay": [self.publish_delay], "sojourn_time": [self.sojourn_time]}

    def residence(self) -> tuple[int, float]:
        return self.departures, self.residence_sum

    def detail(self) -> dict[str, Any]:
        return {
            "outcomes": [
                {"transactions": "committed", "number": self.committed},
                {"transactions": "rolled back", "number": self.rolled_back},
                {"transactions": "told", "number": self.delivered},
                {"transactions": "told twice", "number": self.repeated},
                {"transactions": "never told (lost)", "number": self.lost_events},
                {"transactions": "told, and never were (phantoms)", "number": self.phantoms},
            ],
        }


class _Transaction(Activity):
    """One request on its way through its one or two writes."""

    __slots__ = ("caller", "is_cut", "is_half", "node", "row")

    def __init__(self, node: OutboxNode, row: Row, caller: Caller | None) -> None:
        self.node = node
        self.row = row
        self.caller = caller
        #: The first of two writes is done.
        self.is_half = False
        self.is_cut = False

    def occur(self, now: float) -> None:
        if self.is_cut:
            return
        method = self.node.settings.method
        if method == "commit-then-publish":
            self._commit_then_publish(now)
        elif method == "publish-then-commit":
            self._publish_then_commit(now)
        elif self.node.is_committed():
            self.node.finish(self, now, True)
            self.node.row_is_there(self.row, now)
        else:
            self.node.finish(self, now, False)
            self.node.undone(self.row, now)

    def _commit_then_publish(self, now: float) -> None:
        node, row = self.node, self.row
        if self.is_half:
            is_told = node.publish(row, now)
            node.finish(self, now, True)
            if is_told:
                node.told(row, now)
            else:
                node.lose_event(row, now)
        elif not node.is_committed():
            node.finish(self, now, False)
            node.undone(row, now)
        else:
            node.commits += 1
            row.number, row.committed_at = node.commits, now
            self.is_half = True
            if node.crashes():
                self.cut(now)
            else:
                node.env.at(now + node.publish_time(), self)

    def _publish_then_commit(self, now: float) -> None:
        node, row = self.node, self.row
        if self.is_half:
            ok = node.is_committed()
            node.finish(self, now, ok)
            if ok:
                row.committed_at = now
                node.told(row, now)
            else:
                node.undone(row, now)
        elif not node.publish(row, now):
            node.rolled_back += 1
            node.finish(self, now, False)
            node.undone(row, now)
        else:
            node.commits += 1
            row.number = node.commits
            self.is_half = True
            if node.crashes():
                self.cut(now)
            else:
                node.env.at(now + node.commit_time(), self)

    def cut(self, now: float) -> None:
        """The process crashes: what is committed stays, what is not is rolled back, what is out is out."""
        self.is_cut = True
        node, row = self.node, self.row
        node.finish(self, now, False)
        if self.is_half and node.settings.method == "commit-then-publish":
            node.lose_event(row, now)
        else:
            node.rolled_back += 1
            node.undone(row, now)
