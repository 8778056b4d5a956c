"""A consumer's way to receive: polls, and the messages it has duties for while it works on them."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from simulator.design.fields import Settings
from simulator.engine.batch_consumer import BatchConsumer
from simulator.engine.broker import Subscription
from simulator.engine.endpoint import Consumer
from simulator.engine.timer import Timer
from simulator.kinds.aws.sqs.edge_settings import SqsConsumeSettings
from simulator.kinds.aws.sqs.quotas import LONGEST_HIDDEN
from simulator.kinds.aws.sqs.settings import SqsSettings

if TYPE_CHECKING:
    from simulator.engine.message import Message
    from simulator.kinds.aws.sqs.requests import Requests

#: Seconds between two short polls of a worker that does nothing else: one call's round trip. An estimate;
#: AWS publishes no latency.
SHORT_POLL_GAP = 0.01


class Reader:
    """The receive settings of one subscription, and the polls of its idle workers."""

    __slots__ = (
        "consumer",
        "delete_batch_size",
        "delete_due",
        "delete_linger",
        "delete_timer",
        "deletes",
        "empty_receives",
        "failure_backoff",
        "gap",
        "has_duties",
        "heartbeat",
        "heartbeat_extension",
        "is_by_group",
        "is_following",
        "is_short_polling",
        "max_messages",
        "response_loss",
        "retries_with_id",
        "subscription",
        "visibility_on_failure",
        "visibility_timeout",
        "wait_time",
        "woken_at",
    )

    def __init__(self, subscription: Subscription, queue: SqsSettings, edge: SqsConsumeSettings) -> None:
        self.subscription = subscription
        self.consumer = subscription.consumer
        wait = queue.wait_time if edge.wait_time is None else edge.wait_time
        self.wait_time = wait
        self.is_short_polling = wait <= 0.0
        self.max_messages = edge.max_messages
        self.response_loss = edge.response_loss
        self.retries_with_id = edge.receive_request_attempt_id
        #: FIFO: a receive returns messages of one message group.
        self.is_by_group = isinstance(edge, MappingReceives)
        self.visibility_timeout = (
            queue.visibility_timeout if edge.visibility_timeout is None else edge.visibility_timeout
        )
        #: Whether it receives with the queue's visibility timeout, and heartbeats begin that anew.
        self.is_following = (edge.visibility_timeout is None, edge.heartbeat_extension is None)
        #: Seconds between two looks; 0: a long poll is open all the time and returns at once.
        self.gap = 0.0 if wait > 0.0 else max(self.consumer.poll_interval, SHORT_POLL_GAP)
        self.empty_receives = 0
        #: When it last got something to do, seconds.
        self.woken_at = 0.0
        self.heartbeat = edge.heartbeat
        self.heartbeat_extension = (
            self.visibility_timeout if edge.heartbeat_extension is None else edge.heartbeat_extension
        )
        self.visibility_on_failure = edge.visibility_on_failure
        self.failure_backoff = edge.failure_backoff
        self.delete_batch_size = edge.delete_batch_size
        self.delete_linger = edge.delete_linger
        #: Deletes that wait for the batch to fill: (message, receipt).
        self.deletes: list[tuple[Message, int]] = []
        self.delete_timer: Timer | None = None
        self.delete_due = 0.0
        self.has_duties = (
            edge.heartbeat is not None or edge.visibility_on_failure is not None or edge.delete_batch_size > 1
        )

    def follow(self, visibility_timeout: float) -> None:
        """The queue has another visibility timeout (s)."""
        receives, heartbeats = self.is_following
        if receives:
            self.visibility_timeout = visibility_timeout
            if heartbeats:
                self.heartbeat_extension = visibility_timeout

    def wake(self, now: float) -> None:
        """Let an idle worker look; the polls it made while it was idle are known from that time."""
        consumer = self.consumer
        if consumer.pollers is not None:
            self.empty_receives += consumer.pollers * self.empty_polls(now - self.woken_at)
            self.woken_at = now
        elif consumer.size is not None:
            idle = now - consumer.idle[-1].idle_since
            if self.gap > 0.0 or idle >= self.wait_time:
                self.empty_receives += self.empty_polls(idle)
        consumer.wake(self.subscription, now, self.gap)

    def empty_polls(self, idle: float) -> int:
        """Receives that have returned nothing in `idle` seconds: long polls that ran out, or the looks of
        short polling, of which the first comes at once.
        """
        if self.gap > 0.0:
            return ceil(idle / self.gap - 1e-9) if idle > 0.0 else 0
        return int(idle / self.wait_time) if idle >= self.wait_time else 0

    def empty_receives_until(self, now: float) -> int:
        """All empty receives of its workers, those included that are idle at `now`."""
        consumer = self.consumer
        if consumer.pollers is not None:
            return self.empty_receives + consumer.pollers * self.empty_polls(now - self.woken_at)
        if consumer.size is None:
            return self.empty_receives
        return self.empty_receives + sum(
            self.empty_polls(now - server.idle_since) for server in consumer.idle
        )

    def timeout_after_failure(self, receive_count: int) -> float | None:
        """Visibility timeout (s) that failed work sets, None where it sets none."""
        first = self.visibility_on_failure
        if first is None:
            return None
        return float(min(first * self.failure_backoff ** (min(receive_count, 1_000) - 1), LONGEST_HIDDEN))


class Work:
    """One message in the hands of a reader with duties.

    Heartbeats are not events: a message is looked at when its timeout would end, and the heartbeats made
    until then are known from the time of the receive.

    Args:
        began: time of the receive, seconds.
        deadline: when the visibility timeout of the receive ends, seconds.
    """

    __slots__ = ("began", "deadline", "reader")

    def __init__(self, reader: Reader, began: float, deadline: float) -> None:
        self.reader = reader
        self.began = began
        self.deadline = deadline

    def _beats(self, now: float) -> int:
        """Heartbeats before `now` that came in time."""
        reader = self.reader
        interval = reader.heartbeat
        if interval is None or self.began + interval >= self.deadline:
            return 0
        # A heartbeat later than the extension of the one before finds the message in flight no more.
        if reader.heartbeat_extension <= interval:
            return min(1, int((now - self.began) / interval))
        beats = int((now - self.began) / interval)
        return min(beats, int(LONGEST_HIDDEN / interval))

    def hidden_until(self, now: float) -> float:
        """When the message becomes available, by the heartbeats made so far (seconds)."""
        reader = self.reader
        beats = self._beats(now)
        if not beats or reader.heartbeat is None:
            return self.deadline
        until = self.began + beats * reader.heartbeat + reader.heartbeat_extension
        return min(until, self.began + LONGEST_HIDDEN)

    def count_beats(self, now: float, requests: Requests) -> None:
        """Count the heartbeats of work that ends at `now`."""
        requests.change_visibility += self._beats(now)


class MappingReceives(SqsConsumeSettings):
    """How an event source mapping receives: long polls of 20 s, messages of one group."""


def receives_of(settings: Settings, consumer: Consumer) -> SqsConsumeSettings:
    """What the edge says; a mapping, which has settings of its own, fills its batch evenly."""
    if isinstance(settings, SqsConsumeSettings):
        return settings
    assert isinstance(consumer, BatchConsumer)
    size = consumer.max_size
    most = next(count for count in range(min(size, 10), 0, -1) if size % count == 0)
    return MappingReceives(max_messages=most, wait_time=20)
