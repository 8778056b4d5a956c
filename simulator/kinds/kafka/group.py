"""A consumer group on one topic: what its members read, commit and process."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, inf
from typing import TYPE_CHECKING

from simulator.engine.broker import Broker, Subscription
from simulator.engine.endpoint import Server
from simulator.engine.environment import Activity
from simulator.engine.link import Draw, Link
from simulator.engine.message import Message
from simulator.engine.timer import Timer
from simulator.kinds.kafka.coordinator import Coordinator
from simulator.kinds.kafka.faults import FaultListener
from simulator.kinds.kafka.log import PartitionLog
from simulator.kinds.kafka.member import Cursor, Kept, Member, Reader
from simulator.kinds.kafka.sparse import GAP
from simulator.kinds.kafka.states import DONE, IN_FLIGHT, WAITING
from simulator.measurement.level import Level, Total, shift
from simulator.measurement.tally import Tally

if TYPE_CHECKING:
    from simulator.engine.world import World


class ConsumerGroup(Broker):
    """One group: an offset for every partition, moved on by its members alone.

    Every record ends under exactly one counter, at the first of: processed (`delivered`), deleted before
    it was read (`expired`), skipped or lost (`dropped`), dead-lettered. What is processed again after a
    crash or a rebalance, because its offset was not committed, is a redelivery of a record that has ended.
    """

    category = "queue"

    def __init__(
        self,
        world: World,
        id: str,
        logs: list[PartitionLog],
        *,
        strategy: str,
        initial_delay: float,
        latency: Draw,
    ) -> None:
        super().__init__(id, world.env)
        self.cursors = [Cursor(number, log) for number, log in enumerate(logs)]
        self.subscriptions: list[Subscription] = []
        self.members: list[Member] = []
        self.by_server: dict[Server, Member] = {}
        self.readers: dict[Subscription, Reader] = {}
        self.coordinator = Coordinator(self, strategy, initial_delay, latency)
        self.dead_letter: Link | None = None
        self.max_receives = 0
        self.queue_length = Level()
        self.held = Level()
        self.present = Total(self.queue_length, self.held)
        self.lag = Level()
        #: Deliveries of a record after its first.
        self.redelivered = 0
        self.receives = 0
        #: Bytes that fetches have brought, before compression, each record in whole bytes.
        self.bytes_out = 0
        #: Records that compaction took before the group had read them; `expired` counts them too.
        self.compacted = 0
        self.departures = 0
        self.residence_sum = 0.0
        #: Looks for members that do not poll.
        self.overdue = Timer(world.env, self._look_for_overdue)
        #: More than there will ever be partitions; a receipt is the member times this plus the partition.
        self._width = 16_384
        self._duration = world.duration

    # -- making ----------------------------------------------------------------------------------
    def add_reader(self, subscription: Subscription, reader: Reader) -> None:
        """A consumer whose servers are members."""
        self.subscriptions.append(subscription)
        self.readers[subscription] = reader
        FaultListener(self, subscription.consumer)

    def start(self) -> None:
        """The group stands when the run begins: every member has its partitions."""
        for subscription in self.subscriptions:
            for server in subscription.consumer.idle:
                member = self.new_member(server, subscription, 0.0)
                member.is_known = True
                member.is_waiting = True
        self.coordinator.begin(0.0)
        shortest = min(reader.max_poll_interval for reader in self.readers.values())
        if shortest < self._duration:
            self.overdue.arm(shortest)

    def new_member(self, server: Server, subscription: Subscription, now: float) -> Member:
        """A process that has started; it is not in the group yet."""
        member = Member(len(self.members), server, subscription, self.readers[subscription], now)
        self.members.append(member)
        self.by_server[server] = member
        return member

    def add_partition(self, log: PartitionLog, now: float) -> None:
        """One more partition: nobody reads it yet, and no offset is committed in it."""
        cursor = Cursor(len(self.cursors), log)
        cursor.is_hindered = cursor.is_out_of_range = True
        if isinstance(self.cursors[0].polled, Kept):
            cursor.keep()
        self.cursors.append(cursor)
        self.coordinator.unassigned.up(now)

    # -- records in ------------------------------------------------------------------------------
    def accept(self, message: Message) -> bool:
        raise TypeError(f"{self.id} reads a log: records come by partition")

    def append(self, number: int, messages: Sequence[Message], now: float) -> None:
        """The log has new records; a member that waits for them gets them at once."""
        count = len(messages)
        self.accepted += count
        cursor = self.cursors[number]
        cursor.fresh.extend(messages)
        shift(self.queue_length, now, count)
        shift(self.lag, now, count)
        self.present.note(now)
        member = cursor.member
        if member is not None and member.is_waiting:
            if member.reader.fetch_min_bytes > 1:
                self._gather(member, sum(message.size for message in messages), now)
            else:
                self.wake(member, now)

    def count_in(self, count: int, now: float) -> None:
        """Records the group has to read, and cannot read yet (or, below 0, can from now on)."""
        self.accepted += count
        shift(self.queue_length, now, count)
        shift(self.lag, now, count)
        self.present.note(now)

    def offer(self, cursor: Cursor, now: float) -> None:
        """A partition can be read again: who reads it looks."""
        if cursor.fresh and cursor.member is not None and cursor.member.is_waiting:
            self.wake(cursor.member, now)

    def lags(self) -> list[int]:
        """By partition the log end offset less the committed offset."""
        return [cursor.lag for cursor in self.cursors]

    def members_by_partition(self) -> list[tuple[Member, ...]]:
        """Who reads each partition."""
        return [() if cursor.member is None else (cursor.member,) for cursor in self.cursors]

    def wake(self, member: Member, now: float) -> None:
        """Let a member that stands in a poll look again."""
        if member.is_idle():
            consumer = member.subscription.consumer
            consumer.wake(member.subscription, now, consumer.poll_interval, member.server)

    def _gather(self, member: Member, size: float, now: float) -> None:
        """A fetch waits for `fetch.min.bytes`, or until its time is over."""
        is_first = member.pending_bytes <= 0.0
        member.pending_bytes += size
        if member.pending_bytes >= member.reader.fetch_min_bytes:
            self.wake(member, now)
        elif is_first:
            self._let_fetch_end(member, now)

    def _let_fetch_end(self, member: Member, now: float) -> None:
        wait = member.reader.fetch_max_wait
        fetches = max(1, ceil((now - member.fetch_since) / wait - 1e-9))
        self.env.at(max(now, member.fetch_since + fetches * wait), _FetchEnds(self, member))

    # -- polls -----------------------------------------------------------------------------------
    def take(self, subscription: Subscription, server: Server) -> Message | None:
        """A poll: what the one before returned has been processed."""
        now = self.env._now
        member = self.by_server.get(server) or self.new_member(server, subscription, now)
        member.last_poll = now
        if not member.is_known:
            self.coordinator.enter(member, now)
        reader = member.reader
        if reader.commits_at_poll or now >= member.next_commit:
            self.commit(member, now)
        if member.must_join:
            self.coordinator.join(member, now)
        if member.to_revoke:
            self.coordinator.revoke(member, now)
        message = self._fetch(member, now)
        member.is_waiting = message is None
        if message is None and not member.commits_later and member.next_commit < inf:
            # An open poll commits too, when its time comes.
            member.commits_later = True
            self.env.at(member.next_commit, _IdleCommit(self, member))
        return message

    def commit_in_poll(self, member: Member, now: float) -> None:
        """The commit interval of a member is over; one that stands in a poll commits."""
        member.commits_later = False
        if member.is_waiting and now >= member.next_commit and member.is_idle():
            self.commit(member, now)

    def _fetch(self, member: Member, now: float) -> Message | None:
        """Up to max.poll.records of its partitions, one partition after the other."""
        reader = member.reader
        cursors = member.cursors
        if reader.fetch_min_bytes > 1 and not self._is_fetched(member, now):
            return None
        first: Message | None = None
        server = member.server
        left = most = reader.max_poll_records
        moved = fetched = 0
        count = len(cursors)
        for step in range(count):
            turn = (member.turn + step) % count
            cursor = cursors[turn]
            if cursor.is_hindered and not self._overcome(cursor, reader, now):
                continue
            fresh = cursor.fresh
            if not fresh:
                continue
            receipt = member.number * self._width + cursor.number
            while fresh and left:
                message = fresh.popleft()
                cursor.polled.append(message)
                fetched += int(message.size)
                if message.receive_count:
                    self.redelivered += 1
                message.receive_count += 1
                if message.receipt == WAITING:
                    message.receipt = IN_FLIGHT
                    moved += 1
                left -= 1
                if first is None:
                    first, server.receipt = message, receipt
                else:
                    server.batch.append((message, receipt))
            if not left:
                member.turn = turn
                break
        else:
            member.turn = (member.turn + 1) % count if count else 0
        if first is None:
            return None
        taken = most - left
        self.bytes_out += fetched
        self.receives += taken
        member.subscription.total += taken
        member.fetch_since = now
        shift(self.queue_length, now, -moved)
        shift(self.held, now, moved)
        if reader.commits_before:
            self.commit(member, now)
        return first

    def _is_fetched(self, member: Member, now: float) -> bool:
        """Whether the open fetch has come back: enough is there, or something and its time is over."""
        reader = member.reader
        there = sum(
            message.size for cursor in member.cursors if not cursor.is_closed for message in cursor.fresh
        )
        member.pending_bytes = there
        if there <= 0.0:
            return any(cursor.fresh for cursor in member.cursors)
        if there >= reader.fetch_min_bytes or now - member.fetch_since >= reader.fetch_max_wait - 1e-9:
            member.pending_bytes = 0.0
            return True
        self._let_fetch_end(member, now)
        return False

    def fetch_ends(self, member: Member, now: float) -> None:
        """The time of a member's fetch is over: it returns with what there is."""
        if member.is_waiting and any(cursor.fresh for cursor in member.cursors):
            self.wake(member, now)

    # -- offsets ---------------------------------------------------------------------------------
    def commit(self, member: Member, now: float) -> None:
        """Commit the positions in all partitions of the member."""
        done = 0
        for cursor in member.cursors:
            done += len(cursor.polled)
            cursor.polled.clear()
        if done:
            shift(self.lag, now, -done)
        member.next_commit = now + member.reader.auto_commit_interval

    def commit_position(self, cursor: Cursor, now: float) -> None:
        """Commit the position in one partition."""
        shift(self.lag, now, -len(cursor.polled))
        cursor.polled.clear()

    def rewind(self, cursor: Cursor, now: float, behind: int = 0) -> None:
        """Back to the committed offset, or `behind` records after it: what was handed out comes again."""
        back = 0
        fresh, polled = cursor.fresh, cursor.polled
        while len(polled) > behind:
            message = polled.pop()
            fresh.appendleft(message)
            if message.receipt == IN_FLIGHT:
                message.receipt = WAITING
                back += 1
        shift(self.held, now, -back)
        shift(self.queue_length, now, back)
        self.forget_deleted(cursor, now)

    def forget_deleted(self, cursor: Cursor, now: float) -> None:
        """Retention has deleted records: those before the position that are gone are lost to the group."""
        fresh = cursor.fresh
        gone = cursor.log.start - cursor.position
        if gone > 0:
            cursor.is_hindered = cursor.is_out_of_range = True
            for _ in range(min(gone, len(fresh))):
                self.let_go(cursor.pass_over(), now, is_expired=True)

    def _overcome(self, cursor: Cursor, reader: Reader, now: float) -> bool:
        """Whether a partition can be read after all; a position that is out of range is reset then."""
        if cursor.is_closed:
            return False
        cursor.is_hindered = False
        if cursor.is_out_of_range:
            self._reset(cursor, reader, now)
        return True

    def _reset(self, cursor: Cursor, reader: Reader, now: float) -> None:
        """`auto.offset.reset`: the offset wanted is no longer in the log."""
        cursor.is_out_of_range = False
        if reader.skips_to_the_end:
            while len(cursor.fresh):
                message = cursor.pass_over()
                cursor.note_skipped(message)
                self.let_go(message, now, is_expired=False)

    def let_go(self, message: Message, now: float, *, is_expired: bool) -> None:
        """A record that the group had still to read will never be read."""
        self.lag.down(now)
        if message.receipt == DONE:
            return
        message.receipt = DONE
        self.queue_length.down(now)
        if is_expired:
            self.expired += 1
        else:
            self.dropped += 1
        self._depart(message, now)
        self.lose(message)

    # -- ends of service -------------------------------------------------------------------------
    def acknowledge(self, message: Message, receipt: int) -> None:
        """A record has been processed; its offset is committed when the commit mode says so."""
        now = self.env._now
        member = self.members[receipt // self._width]
        if message.receipt != DONE:
            self._settle(message, now)
            self.delivered += 1
            message.end()
        if member.reader.commits_after_record:
            self.commit_one(self.cursors[receipt % self._width], member, message, now)

    def reject(self, message: Message, receipt: int) -> None:
        """The processing has failed: the member tries the record again before any other of it.

        A crash has no such consequence: the record comes again from the committed offset, if at all.
        """
        now = self.env._now
        member = self.members[receipt // self._width]
        cursor = self.cursors[receipt % self._width]
        if member.is_crashed:
            if message.receipt == IN_FLIGHT and (member.reader.commits_before or message in cursor.orphans):
                self._give_up(message, now)
            return
        tries = message.receive_count
        if self.dead_letter is not None and tries >= self.max_receives:
            if message.receipt != DONE:
                self._settle(message, now)
                self.dead_lettered += 1
                message.processed = True
                twin = message.copy()
                message.end()
                self.bury(twin, self.dead_letter)
        elif member.reader.attempts is not None and tries >= member.reader.attempts:
            if message.receipt != DONE:
                self._give_up(message, now)
        elif cursor.member is member:
            message.receive_count += 1
            self.redelivered += 1
            self.receives += 1
            member.subscription.total += 1
            member.server.batch.appendleft((message, receipt))
            return
        elif message in cursor.orphans and message.receipt == IN_FLIGHT:
            self._give_up(message, now)
        if member.reader.commits_after_record:
            self.commit_one(cursor, member, message, now)

    def commit_one(self, cursor: Cursor, member: Member, message: Message, now: float) -> None:
        polled = cursor.polled
        if cursor.member is not member or not polled:
            return
        while polled[0] is GAP:  # the last one is a record: gaps are polled with what follows them
            polled.popleft()
            self.lag.down(now)
        if polled[0] is message:
            polled.popleft()
            self.lag.down(now)

    def commit_processed(self, member: Member, now: float) -> None:
        """Commit what the member has processed and could not commit."""
        for cursor in member.cursors:
            while cursor.polled and cursor.polled[0].receipt == DONE:
                cursor.polled.popleft()
                self.lag.down(now)

    def _settle(self, message: Message, now: float) -> None:
        if message.receipt == IN_FLIGHT:
            self.held.down(now)
        else:
            self.queue_length.down(now)
        message.receipt = DONE
        self._depart(message, now)

    def _give_up(self, message: Message, now: float) -> None:
        self._settle(message, now)
        self.dropped += 1
        self.lose(message)
        message.processed = True

    def _depart(self, message: Message, now: float) -> None:
        self.departures += 1
        self.residence_sum += now - message.accepted_at

    # -- members that do not poll ----------------------------------------------------------------
    def watch_polls(self, now: float) -> None:
        """Look for overdue members when the shortest `max.poll.interval.ms` from now on is over."""
        shortest = min(reader.max_poll_interval for reader in self.readers.values())
        if now + shortest < self._duration:
            self.overdue.arm(now + shortest)

    def _look_for_overdue(self, now: float) -> None:
        """Members that have not polled for max.poll.interval.ms leave the group."""
        due = self._duration
        for member in self.members:
            if not member.is_known or member.is_crashed:
                continue
            limit = now if member.is_idle() else member.last_poll
            limit += member.reader.max_poll_interval
            if limit <= now:
                self.coordinator.leave(member, now)
            else:
                due = min(due, limit)
        if due < self._duration:
            self.overdue.arm(due)

    # -- faults of the brokers -------------------------------------------------------------------
    def recover(self) -> None:
        """The brokers are back: members go on where they were."""
        del self.__dict__["accept"], self.__dict__["accept_dead_letter"], self.__dict__["take"]
        now = self.env._now
        for member in list(self.by_server.values()):
            member.last_poll = now
            if member.is_idle():
                self.wake(member, now)

    # -- measures --------------------------------------------------------------------------------
    def unread(self) -> int:
        return self.lag.value

    def waiting(self) -> int:
        return self.queue_length.value

    def in_flight(self) -> int:
        return self.held.value

    def tallies(self) -> dict[str, list[Tally]]:
        return {
            "waiting_time": [subscription.waiting for subscription in self.subscriptions],
            "sojourn_time": [subscription.sojourn for subscription in self.subscriptions],
        }


class _IdleCommit(Activity):
    """The automatic commit of a member that stands in a poll."""

    __slots__ = ("group", "member")

    def __init__(self, group: ConsumerGroup, member: Member) -> None:
        self.group = group
        self.member = member

    def occur(self, now: float) -> None:
        self.group.commit_in_poll(self.member, now)


class _FetchEnds(Activity):
    """The longest time of a fetch is over."""

    __slots__ = ("group", "member")

    def __init__(self, group: ConsumerGroup, member: Member) -> None:
        self.group = group
        self.member = member

    def occur(self, now: float) -> None:
        self.group.fetch_ends(self.member, now)
