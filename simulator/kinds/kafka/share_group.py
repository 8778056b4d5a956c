"""A share group: several members take records of the same partition, each for a limited time.

A record is available, acquired by a member (for `group.share.record.lock.duration.ms`), then acknowledged,
available again (released, or its lock ran out), or archived (rejected, or delivered
`group.share.delivery.count.limit` times). There is no order, and no offset to commit. Sources: KIP-932,
KIP-1222; Apache Kafka documentation, "Share groups", broker and group configuration.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from heapq import heappop, heappush
from itertools import count
from typing import TYPE_CHECKING

from simulator.engine.broker import Subscription
from simulator.engine.endpoint import Server
from simulator.engine.environment import Activity
from simulator.engine.link import Draw
from simulator.engine.message import Message
from simulator.kinds.kafka.group import ConsumerGroup
from simulator.kinds.kafka.log import PartitionLog
from simulator.kinds.kafka.member import Cursor, Member
from simulator.kinds.kafka.share_membership import ShareMembership
from simulator.kinds.kafka.states import DONE, IN_FLIGHT, WAITING
from simulator.measurement.level import shift

if TYPE_CHECKING:
    from simulator.engine.world import World


class SharedRecord:
    """A record between the start offset and the end offset of a share group's partition."""

    __slots__ = ("deliveries", "holder", "is_over", "locked_until", "message", "offset", "partition")

    def __init__(self, message: Message, partition: SharedPartition, offset: int) -> None:
        self.message = message
        self.partition = partition
        self.offset = offset
        #: How often it was acquired.
        self.deliveries = 0
        #: Who has acquired it, None while it is available.
        self.holder: Member | None = None
        #: When its lock runs out (s).
        self.locked_until = 0.0
        #: Acknowledged or archived.
        self.is_over = False


class SharedPartition:
    """Records in flight in one partition; what comes after them is in the cursor's `fresh`."""

    __slots__ = ("cursor", "in_flight", "released", "unfinished")

    def __init__(self, cursor: Cursor) -> None:
        self.cursor = cursor
        #: From the start offset on, in the order of the log; the first is not over.
        self.in_flight: deque[SharedRecord] = deque()
        #: Those of them that are available again, the first of the log first.
        self.released: list[tuple[int, int, SharedRecord]] = []
        #: Those of them that are not over.
        self.unfinished = 0


class ShareGroup(ConsumerGroup):
    """A share group on one topic.

    A record ends under one counter when its work is done for the first time (`delivered`), when it is
    archived (`dropped`, or dead-lettered over an edge), or when it is deleted (`expired`). What is delivered
    again after its lock ran out while the work went on is a redelivery of a record that has ended.

    Args:
        lock: `group.share.record.lock.duration.ms` in seconds.
        limit: `group.share.delivery.count.limit`.
        most: `group.share.partition.max.record.locks`.
        latency: draws of the time until a change of the members is known to all (s).
    """

    def __init__(
        self,
        world: World,
        id: str,
        logs: list[PartitionLog],
        *,
        lock: float,
        limit: int,
        most: int,
        latency: Draw,
    ) -> None:
        super().__init__(world, id, logs, strategy="range", initial_delay=0.0, latency=latency)
        self.lock = lock
        self.limit = limit
        self.most = most
        self.membership = self.coordinator = ShareMembership(self, latency)
        self.partitions = [SharedPartition(cursor) for cursor in self.cursors]
        #: By receipt: what is acquired.
        self._acquired: dict[int, SharedRecord] = {}
        self._receipts = count(1)
        self._entries = count()
        #: By member: receipts of what it has processed and not acknowledged.
        self._processed: dict[Member, list[int]] = {}
        self.lock_expiries = 0
        self.lock_renewals = 0
        self.archived = 0

    def add_partition(self, log: PartitionLog, now: float) -> None:
        super().add_partition(log, now)
        cursor = self.cursors[-1]
        cursor.is_hindered = cursor.is_out_of_range = False
        self.partitions.append(SharedPartition(cursor))
        self.membership.readers.append(deque())

    # -- records in ------------------------------------------------------------------------------
    def append(self, number: int, messages: Sequence[Message], now: float) -> None:
        """The log has new records; members that wait for them get them at once."""
        cursor = self.cursors[number]
        cursor.fresh.extend(messages)
        self.count_in(len(messages), now)
        self.offer(cursor, now)

    def offer(self, cursor: Cursor, now: float) -> None:
        """Let members that wait look, in turn."""
        partition = self.partitions[cursor.number]
        readers = self.membership.readers[cursor.number]
        for _ in range(len(readers)):
            if not self._has_some(partition):
                return
            readers.rotate(-1)
            if readers[-1].is_waiting:
                self.wake(readers[-1], now)

    def _has_some(self, partition: SharedPartition) -> bool:
        if partition.cursor.is_closed:
            return False
        return bool(partition.released) or (
            bool(partition.cursor.fresh) and len(partition.in_flight) < self.most
        )

    def lags(self) -> list[int]:
        return [
            len(cursor.fresh) + len(cursor.held_back) + partition.unfinished
            for cursor, partition in zip(self.cursors, self.partitions, strict=True)
        ]

    def members_by_partition(self) -> list[tuple[Member, ...]]:
        readers = self.membership.readers
        return [tuple(readers[cursor.number]) for cursor in self.cursors]

    def upcoming(self, cursor: Cursor, most: int) -> list[float]:
        """Sizes of the records that a poll of at most so many would take of a partition."""
        partition = self.partitions[cursor.number]
        again = [record.message.size for _, _, record in partition.released if not record.is_over][:most]
        room = max(0, self.most - len(partition.in_flight))
        return again + cursor.upcoming(min(most - len(again), room))

    # -- polls -----------------------------------------------------------------------------------
    def take(self, subscription: Subscription, server: Server) -> Message | None:
        """A poll: what the one before returned is acknowledged, where nothing else is said."""
        now = self.env._now
        member = self.by_server[server]
        member.last_poll = now
        if not member.is_known:
            self.coordinator.enter(member, now)
        self.acknowledge_processed(member, now)
        message = self._fetch(member, now)
        member.is_waiting = message is None
        return message

    def acknowledge_processed(self, member: Member, now: float) -> None:
        """Acknowledge what a member has processed."""
        for receipt in self._processed.pop(member, ()):
            record = self._acquired.pop(receipt, None)
            if record is not None:
                self._finish(record, now)

    def _fetch(self, member: Member, now: float) -> Message | None:
        """Acquire up to max.poll.records: those that are available again first."""
        server = member.server
        left = most = member.reader.max_poll_records
        first: Message | None = None
        receipts: list[int] = []
        moved = 0
        locked_until = now + self.lock
        cursors = member.cursors
        for step in range(len(cursors)):
            turn = (member.turn + step) % len(cursors)
            partition = self.partitions[cursors[turn].number]
            while left and self._has_some(partition):
                record = self._next(partition)
                if record is None:
                    break
                message = record.message
                self.bytes_out += int(message.size)
                record.deliveries += 1
                record.holder = member
                record.locked_until = locked_until
                if message.receive_count:
                    self.redelivered += 1
                message.receive_count += 1
                if message.receipt == WAITING:
                    message.receipt = IN_FLIGHT
                    moved += 1
                receipt = next(self._receipts)
                receipts.append(receipt)
                self._acquired[receipt] = record
                left -= 1
                if first is None:
                    first, server.receipt = message, receipt
                else:
                    server.batch.append((message, receipt))
            if not left:
                member.turn = turn
                break
        if first is None:
            return None
        self.receives += most - left
        member.subscription.total += most - left
        shift(self.queue_length, now, -moved)
        shift(self.held, now, moved)
        self.env.at(locked_until, _LocksEnd(self, receipts))
        if member.reader.lock_renewal is not None:
            self.env.at(now + member.reader.lock_renewal, _Renewal(self, member, receipts))
        return first

    def _next(self, partition: SharedPartition) -> SharedRecord | None:
        while partition.released:
            record = heappop(partition.released)[2]
            if not record.is_over:  # retention may have taken it
                return record
        cursor = partition.cursor
        if not cursor.fresh or len(partition.in_flight) >= self.most:
            return None
        message = cursor.fresh.popleft()
        if cursor.polled:  # gaps of a compacted log
            self.commit_position(cursor, self.env._now)
        record = SharedRecord(message, partition, cursor.position - 1)
        partition.in_flight.append(record)
        partition.unfinished += 1
        return record

    # -- ends of deliveries ----------------------------------------------------------------------
    def acknowledge(self, message: Message, receipt: int) -> None:
        """The work is done; the broker hears of it now, or with the member's next poll."""
        now = self.env._now
        if message.receipt != DONE:
            self._settle(message, now)
            self.delivered += 1
            message.end()
        record = self._acquired.get(receipt)
        if record is None:  # its lock has run out: InvalidRecordStateException
            return
        assert record.holder is not None
        if record.holder.reader.is_explicit and not record.holder.is_cut_off:
            del self._acquired[receipt]
            self._finish(record, now)
        else:
            self._processed.setdefault(record.holder, []).append(receipt)

    def reject(self, message: Message, receipt: int) -> None:
        """The work has failed: the member releases the record, or rejects it after its last attempt."""
        record = self._acquired.pop(receipt, None)
        if record is None:
            return
        now = self.env._now
        member = record.holder
        assert member is not None
        if not member.is_crashed:
            tries = message.receive_count
            if self.dead_letter is not None and tries >= self.max_receives:
                self._archive(record, now)
                return
            if member.reader.attempts is not None and tries >= member.reader.attempts:
                self._archive(record, now)
                return
        self._release(record, now)

    def locks_end(self, receipts: list[int], now: float) -> None:
        """The acquisition locks of one poll are over; what is not acknowledged is available again."""
        renewed: dict[float, list[int]] = {}
        for receipt in receipts:
            record = self._acquired.get(receipt)
            if record is None:
                continue
            if record.locked_until > now:
                renewed.setdefault(record.locked_until, []).append(receipt)
                continue
            del self._acquired[receipt]
            self.lock_expiries += 1
            self._release(record, now)
        for until, later in renewed.items():
            self.env.at(until, _LocksEnd(self, later))

    def renew(self, member: Member, receipts: list[int], now: float) -> list[int]:
        """A member asks for more time for what it has not finished; returns what that was.

        The lock lasts its whole duration again, and the delivery count stays (KIP-1222). Processes that
        stand still, or that reach no broker, ask for nothing.
        """
        held = [receipt for receipt in receipts if receipt in self._acquired]
        if not member.is_cut_off and not member.subscription.consumer.paused:
            for receipt in held:
                self._acquired[receipt].locked_until = now + self.lock
            self.lock_renewals += len(held)
        return held

    def release_all(self, member: Member, now: float) -> None:
        """A member's connection is gone: nothing it has acquired is its own any more."""
        self._processed.pop(member, None)
        for receipt in [number for number, one in self._acquired.items() if one.holder is member]:
            self._release(self._acquired.pop(receipt), now)

    def _release(self, record: SharedRecord, now: float) -> None:
        record.holder = None
        message = record.message
        if record.deliveries >= self.limit:
            self._archive(record, now)
            return
        if message.receipt == IN_FLIGHT:
            message.receipt = WAITING
            self.held.down(now)
            self.queue_length.up(now)
        if record.offset < record.partition.cursor.log.start:
            self._delete(record, now)
            return
        heappush(record.partition.released, (record.offset, next(self._entries), record))
        self.offer(record.partition.cursor, now)

    def _archive(self, record: SharedRecord, now: float) -> None:
        """Nobody gets the record any more: it goes to the dead-letter topic where there is one."""
        message = record.message
        self.archived += 1
        if message.receipt != DONE:
            if self.dead_letter is not None:
                self._settle(message, now)
                self.dead_lettered += 1
                message.processed = True
                twin = message.copy()
                message.end()
                self.bury(twin, self.dead_letter)
            else:
                self._give_up(message, now)
        self._finish(record, now)

    def _finish(self, record: SharedRecord, now: float) -> None:
        """A record is over; the start offset moves on to the first that is not."""
        partition = record.partition
        record.is_over = True
        record.holder = None
        partition.unfinished -= 1
        self.lag.down(now)
        in_flight = partition.in_flight
        was_full = len(in_flight) >= self.most
        while in_flight and in_flight[0].is_over:
            in_flight.popleft()
        if was_full and len(in_flight) < self.most:
            self.offer(partition.cursor, now)

    # -- deletions -------------------------------------------------------------------------------
    def forget_deleted(self, cursor: Cursor, now: float) -> None:
        """Retention has deleted records; what a member has acquired it may finish."""
        partition = self.partitions[cursor.number]
        start = cursor.log.start
        for record in list(partition.in_flight):
            if record.offset >= start:
                break
            if record.holder is None and not record.is_over:
                self._delete(record, now)
        gone = start - cursor.position
        for _ in range(min(gone, len(cursor.fresh))):
            self.let_go(cursor.pass_over(), now, is_expired=True)

    def _delete(self, record: SharedRecord, now: float) -> None:
        message = record.message
        if message.receipt != DONE:
            message.receipt = DONE
            self.queue_length.down(now)
            self.expired += 1
            self._depart(message, now)
            self.lose(message)
        self._finish(record, now)

    def rewind(self, cursor: Cursor, now: float, behind: int = 0) -> None:
        """There is no offset to go back to: what was acquired is released one by one."""


class _Renewal(Activity):
    """A member renews the locks of what one poll has acquired, again and again until all of it is over."""

    __slots__ = ("group", "member", "receipts")

    def __init__(self, group: ShareGroup, member: Member, receipts: list[int]) -> None:
        self.group = group
        self.member = member
        self.receipts = receipts

    def occur(self, now: float) -> float | None:
        self.receipts = self.group.renew(self.member, self.receipts, now)
        interval = self.member.reader.lock_renewal
        assert interval is not None
        return now + interval if self.receipts else None


class _LocksEnd(Activity):
    """`group.share.record.lock.duration.ms` of what one poll has acquired."""

    __slots__ = ("group", "receipts")

    def __init__(self, group: ShareGroup, receipts: list[int]) -> None:
        self.group = group
        self.receipts = receipts

    def occur(self, now: float) -> None:
        self.group.locks_end(self.receipts, now)
