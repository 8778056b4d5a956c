"""A member of a consumer group, and how far the group has come in a partition."""

from __future__ import annotations

from collections import deque
from itertools import islice
from math import floor, inf
from typing import Any

from simulator.engine.broker import Subscription
from simulator.engine.endpoint import Server
from simulator.engine.message import Message
from simulator.kinds.kafka.log import PartitionLog
from simulator.kinds.kafka.settings import KafkaConsumeSettings
from simulator.kinds.kafka.sparse import GAP, Sparse


class Reader:
    """The consumer settings of one subscription, times in seconds."""

    __slots__ = (
        "attempts",
        "auto_commit_interval",
        "byte_rate",
        "commits_after_record",
        "commits_at_poll",
        "commits_before",
        "fetch_max_wait",
        "fetch_min_bytes",
        "heartbeat_interval",
        "is_explicit",
        "is_static",
        "lock_renewal",
        "max_poll_interval",
        "max_poll_records",
        "session_timeout",
        "skips_to_the_end",
    )

    def __init__(self, settings: KafkaConsumeSettings) -> None:
        commit = None if settings.auto_commit else settings.commit
        self.auto_commit_interval = settings.auto_commit_interval_ms / 1e3 if settings.auto_commit else inf
        self.commits_at_poll = commit == "after-batch"
        self.commits_after_record = commit == "after-record"
        self.commits_before = commit == "before-processing"
        self.max_poll_records = settings.max_poll_records
        self.max_poll_interval = settings.max_poll_interval_ms / 1e3
        self.session_timeout = settings.session_timeout_ms / 1e3
        self.heartbeat_interval = settings.heartbeat_interval_ms / 1e3
        self.is_static = settings.instance_id is not None
        self.fetch_min_bytes = settings.fetch_min_bytes
        self.fetch_max_wait = settings.fetch_max_wait_ms / 1e3
        self.skips_to_the_end = settings.auto_offset_reset == "latest"
        self.attempts = settings.attempts
        self.byte_rate = settings.consumer_byte_rate
        #: Of a share group: every record has its own acknowledgement; seconds between renewals of locks.
        self.is_explicit = settings.share_acknowledgement == "explicit"
        self.lock_renewal = settings.lock_renewal

    def commit_each_record(self) -> None:
        """The consumer commits what it acknowledges, whatever the edge says of commits."""
        self.auto_commit_interval = inf
        self.commits_at_poll = self.commits_before = False
        self.commits_after_record = True


class Kept(deque[Message]):
    """Records that were handed out; those committed are kept, so that a group may go back to them."""

    def __init__(self) -> None:
        super().__init__()
        #: Before the committed offset, without a gap.
        self.committed: deque[Message] = deque()

    def clear(self) -> None:
        self.committed.extend(self)
        super().clear()

    def popleft(self) -> Message:
        message = super().popleft()
        self.committed.append(message)
        return message


class Cursor:
    """How far a group has come in one partition.

    `polled` holds what was handed out and is not committed, `fresh` what comes next: the committed offset
    is the end of the log less both, the position the end less `fresh` (and less what is held back).
    """

    __slots__ = (
        "fresh",
        "held_back",
        "is_closed",
        "is_hindered",
        "is_out_of_range",
        "log",
        "member",
        "number",
        "on_stage",
        "orphans",
        "polled",
    )

    def __init__(self, number: int, log: PartitionLog) -> None:
        self.number = number
        self.log = log
        self.fresh: deque[Message] = deque()
        self.polled: deque[Message] = deque()
        #: Records that a stage holds in the place of `fresh` and `polled`.
        self.on_stage = 0
        #: Who reads the partition, None while nobody does.
        self.member: Member | None = None
        #: Records above the last stable offset with their transactions; of a group that reads what is
        #: committed alone.
        self.held_back: deque[tuple[Message, Any]] | tuple[()] = ()
        #: Something keeps a poll from going on as usual: one of the two that follow.
        self.is_hindered = False
        #: Retention has deleted the record at the position.
        self.is_out_of_range = False
        #: Nobody leads the partition, so that nobody can read it.
        self.is_closed = False
        #: Handed out and not processed, and no longer in the log.
        self.orphans: set[Message] = set()

    def keep(self) -> None:
        """From now on the records before the committed offset are kept."""
        if not isinstance(self.polled, Kept):
            self.polled = Kept()

    def note_skipped(self, message: Message) -> None:
        """The position has passed a record that was not handed out."""
        if isinstance(self.polled, Kept):
            self.polled.committed.append(message)

    def upcoming(self, most: int) -> list[float]:
        """Sizes of the records that a poll of at most so many would take."""
        return [message.size for message in islice(self.fresh, most) if message is not GAP]

    def pass_over(self) -> Message:
        """Take away what is at the position, without handing it out; a gap where compaction has left one."""
        fresh = self.fresh
        return fresh.pass_over() if isinstance(fresh, Sparse) else fresh.popleft()

    @property
    def is_worth_a_poll(self) -> bool:
        """Whether a poll that is open would find a record, or a position to reset (`auto.offset.reset`)."""
        return bool(self.fresh) or self.is_out_of_range

    @property
    def lag(self) -> int:
        """Log end offset less committed offset, in records that still exist or that compaction took."""
        return self.on_stage + len(self.fresh) + len(self.polled) + len(self.held_back)

    @property
    def position(self) -> int:
        """Offset of the next record to be handed out."""
        return self.log.end - len(self.held_back) - len(self.fresh)


class Member:
    """One server of a consumer as a member of the group: single-threaded, as a Kafka consumer is.

    A restarted one is another member, unless its membership is static.
    """

    __slots__ = (
        "commits_later",
        "cursors",
        "expires_at",
        "fetch_since",
        "has_joined",
        "heartbeats_since",
        "is_crashed",
        "is_cut_off",
        "is_known",
        "is_waiting",
        "last_poll",
        "must_join",
        "next_commit",
        "number",
        "pending_bytes",
        "reader",
        "server",
        "subscription",
        "to_revoke",
        "turn",
    )

    def __init__(
        self, number: int, server: Server, subscription: Subscription, reader: Reader, now: float
    ) -> None:
        self.number = number
        self.server = server
        self.subscription = subscription
        self.reader = reader
        #: The partitions it reads, in ascending order.
        self.cursors: list[Cursor] = []
        #: Those it has to give up at its next poll (cooperative rebalance).
        self.to_revoke: list[Cursor] = []
        #: In the group, as the coordinator sees it.
        self.is_known = False
        self.is_crashed = False
        #: The network between it and the brokers is cut.
        self.is_cut_off = False
        #: It has heard of a rebalance and joins at its next poll.
        self.must_join = False
        self.has_joined = False
        #: Inside a poll that found nothing.
        self.is_waiting = False
        self.last_poll = now
        self.next_commit = now + reader.auto_commit_interval
        #: A commit is scheduled for the case that it stands in a poll then.
        self.commits_later = False
        self.heartbeats_since = now
        #: When its session ends; while it is crashed.
        self.expires_at = inf
        #: When the fetch that is open began, and what has come since it found too little.
        self.fetch_since = now
        self.pending_bytes = 0.0
        self.turn = 0

    def next_heartbeat(self, now: float) -> float:
        """Time of its first heartbeat not before `now`; the first of all is an interval after its joining."""
        interval = self.reader.heartbeat_interval
        beats = max(1, floor((now - self.heartbeats_since) / interval))
        due = self.heartbeats_since + beats * interval
        return due if due >= now else due + interval

    def last_heartbeat(self, now: float) -> float:
        """Time of its last heartbeat not after `now`."""
        interval = self.reader.heartbeat_interval
        return self.heartbeats_since + floor((now - self.heartbeats_since) / interval) * interval

    def is_idle(self) -> bool:
        """Whether its server stands in an open poll and may be woken."""
        consumer = self.subscription.consumer
        return not consumer.paused and self.server in consumer.idle
