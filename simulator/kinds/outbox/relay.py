"""The relay of an outbox: reads rows that are committed, publishes them, then marks them.

Between publish and mark lies the window in which a crash makes it publish a batch once more: at least once.
"""

from __future__ import annotations

from collections import deque
from itertools import islice
from typing import TYPE_CHECKING

from simulator.engine.environment import Activity
from simulator.engine.message import Message

if TYPE_CHECKING:
    from simulator.kinds.outbox.node import OutboxNode


class Row:
    """An event in the outbox, committed together with what it tells of."""

    __slots__ = ("accepted_at", "committed_at", "due", "id", "is_published", "message", "number")

    def __init__(self, message: Message, id: int, accepted_at: float) -> None:
        self.message = message
        #: Given when the transaction began, as an auto-increment is.
        self.id = id
        self.accepted_at = accepted_at
        #: Position among the commits, and when the relay may see it.
        self.number = 0
        self.committed_at = self.due = 0.0
        self.is_published = False


class Relay(Activity):
    """One relay; at most one batch is under way."""

    __slots__ = ("_batch", "_is_marking", "_turn", "is_out", "last_id", "node", "rows")

    def __init__(self, node: OutboxNode) -> None:
        self.node = node
        self.rows: deque[Row] = deque()
        self.last_id = 0
        self.is_out = False
        self._batch: list[Row] = []
        self._is_marking = False
        #: Number of the present plan: what was planned before an outage finds nothing to do.
        self._turn = 0

    # -- what happens next -----------------------------------------------------------------------
    def plan(self, due: float) -> None:
        """Look, publish or mark at `due`."""
        self._turn += 1
        self.node.env.at(due, _Step(self, self._turn))

    def committed(self, row: Row, now: float) -> bool:
        """A row is there; False where the relay will never see it."""
        node = self.node
        if node.reads_ids and row.id <= self.last_id:
            return False
        row.due = now
        if not node.is_polled:
            row.due = max(now + node.log_delay(), self.rows[-1].due if self.rows else 0.0)
        is_first = not self.rows
        self.rows.append(row)
        if is_first and not node.is_polled and not self._batch and not self.is_out:
            self.plan(row.due)
        return True

    def step(self, turn: int, now: float) -> None:
        """What was planned is due."""
        if turn != self._turn or self.is_out:
            return
        if self._is_marking:
            self._mark(now)
        elif self._batch:
            self._publish(now)
        else:
            self.look(now)

    def look(self, now: float) -> None:
        """Read a batch; with none wait for the next look, or for the log."""
        node, size = self.node, self.node.settings.batch_size
        if node.reads_ids:
            self._batch = sorted(self.rows, key=lambda row: row.id)[:size]
        else:
            self._batch = [row for row in islice(self.rows, size) if row.due <= now]
        if self._batch:
            self.plan(now + node.publish_time())
        elif node.is_polled:
            self.plan(node.next_look(now))
        elif self.rows:
            self.plan(self.rows[0].due)

    def _publish(self, now: float) -> None:
        node = self.node
        done = 0
        for row in self._batch:
            is_first = not row.is_published
            if not node.publish(row, now):
                break
            done += 1
            if is_first:
                node.unpublished.down(now)
                node.told(row, now)
        node.present.note(now)
        is_refused = done < len(self._batch)
        self._batch = self._batch[:done]
        if not self._batch:
            self.plan(node.next_look(now))
        elif node.crashes():
            node.relay_crashes += 1
            self._batch = []
            self.plan(now + node.settings.restart_time)
        else:
            self._is_marking = True
            node.is_held_up = is_refused
            self.plan(now + node.mark_time())

    def _mark(self, now: float) -> None:
        node = self.node
        self._is_marking = False
        batch, self._batch = self._batch, []
        if node.reads_ids:
            gone = {id(row) for row in batch}
            self.rows = deque(row for row in self.rows if id(row) not in gone)
            self.last_id = batch[-1].id
        else:
            for _ in batch:
                self.rows.popleft()
        if node.settings.after_publish == "delete":
            for _ in batch:
                node.table.down(now)
        if node.is_held_up or (node.is_polled and len(batch) < node.settings.batch_size):
            self.plan(node.next_look(now))
        else:
            self.look(now)

    # -- faults ----------------------------------------------------------------------------------
    def fail(self) -> None:
        """The process is gone: what it has published and not marked it will publish again."""
        self.is_out = True
        self._turn += 1
        self._batch = []
        self._is_marking = False

    def recover(self, now: float) -> None:
        """It is back."""
        self.is_out = False
        self.look(now)


class _Step(Activity):
    __slots__ = ("_relay", "_turn")

    def __init__(self, relay: Relay, turn: int) -> None:
        self._relay = relay
        self._turn = turn

    def occur(self, now: float) -> None:
        self._relay.step(self._turn, now)
