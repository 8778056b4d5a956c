"""The sender of a producer whose brokers may fail: requests in flight, retries, memory, quota.

Source of the rules: Apache Kafka documentation, producer configuration; `RecordAccumulator` and `Sender` of
the Java client: a batch that failed goes back to the head of its partition's queue, an idempotent producer
puts it in the order of its sequence numbers; no batch passes one whose backoff is running.
"""

from __future__ import annotations

from collections import deque
from math import inf
from typing import TYPE_CHECKING

from simulator.engine.environment import Activity
from simulator.engine.message import Message
from simulator.kinds.kafka.quotas import LONGEST_REQUEST_THROTTLE, paid_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulator.kinds.kafka.cluster import Cluster
    from simulator.kinds.kafka.producer_client import Batch, ProducerClient


class Sender:
    """Sends the batches of one producer, and again what was not acknowledged.

    Args:
        client: the producer.
        cluster: the brokers.
        draw: uniform variates on [0, 1) for the jitter of the backoff.
    """

    def __init__(self, client: ProducerClient, cluster: Cluster, draw: Callable[[], float]) -> None:
        settings = cluster.settings
        self.client = client
        self.cluster = cluster
        self.env = client.env
        self.topic = client.topic
        self._draw = draw
        self._acks = settings.acks
        self._is_idempotent = settings.is_idempotent
        self._retries = settings.retries
        self._backoff = settings.retry_backoff_ms / 1e3
        self._longest_backoff = max(settings.retry_backoff_max_ms, settings.retry_backoff_ms) / 1e3
        self._request_timeout = settings.request_timeout_ms / 1e3
        least = (settings.linger_ms + settings.request_timeout_ms) / 1e3
        self._delivery_timeout = max(settings.delivery_timeout_ms / 1e3, least)
        self._most_in_flight = settings.max_in_flight
        self._memory = float(settings.buffer_memory)
        self._longest_block = settings.max_block_ms / 1e3
        self._byte_rate = settings.producer_byte_rate
        percentage = settings.request_percentage
        #: Seconds of a broker's thread per second.
        self._request_rate = None if percentage is None else percentage / 100.0
        self._ratio = settings.compression_ratio
        self._batch_size = settings.batch_size * self._ratio
        #: Bytes of records that are not acknowledged.
        self.held = 0.0
        #: Records that wait for memory.
        self.blocked: deque[Message] = deque()
        #: By partition: batches to send, in the order in which they go.
        self.queues: dict[int, deque[Batch]] = {}
        #: By partition: batches not written yet, in the order in which they were made.
        self.unwritten: dict[int, list[Batch]] = {}
        self.in_flight: dict[int, int] = {}
        self._sequence = 0
        self._looks: dict[int, float] = {}
        self._misses: dict[int, int] = {}
        #: By broker: when its quotas of bytes and of request time are used up to (s), and until when the
        #: producer is throttled there.
        self._bytes_until: dict[int, float] = {}
        self._requests_until: dict[int, float] = {}
        self.throttled_until: dict[int, float] = {}
        self._is_throttled = False
        self.retried = 0
        self.blocked_records = 0

    # -- memory ----------------------------------------------------------------------------------
    def accept(self, message: Message) -> bool:
        """Take a record into the buffer; without room for it, it waits up to `max.block.ms`."""
        topic = self.topic
        if message.size > topic.max_size:
            topic.rejected += 1
            return False
        if not self.blocked and self.held + message.size <= self._memory:
            self.held += message.size
            return type(self.client).accept(self.client, message)
        now = self.env._now
        topic.accepted += 1
        topic.buffered.up(now)
        message.enqueued_at = now
        self.blocked_records += 1
        self.blocked.append(message)
        self.env.at(now + self._longest_block, _BlockEnds(self, message))
        return True

    def block_ends(self, message: Message, now: float) -> None:
        """A record has waited for memory as long as it may."""
        if message in self.blocked:
            self.blocked.remove(message)
            self.topic.buffered.down(now)
            self.cluster.lose([message], "buffer_full")

    def _release(self, batch: Batch, now: float) -> None:
        self.held -= sum(message.size for message in batch.messages)
        blocked = self.blocked
        while blocked and self.held + blocked[0].size <= self._memory:
            message = blocked.popleft()
            self.held += message.size
            self.topic.buffered.down(now)
            self.topic.accepted -= 1
            type(self.client).accept(self.client, message)

    # -- sending ---------------------------------------------------------------------------------
    def register(self, batch: Batch, now: float) -> None:
        """A batch is closed; from now on it is followed until it is acknowledged or given up."""
        batch.attempts = 0
        batch.broker = -1
        batch.ready_at = now
        batch.sequence = self._sequence
        self._sequence += 1
        batch.is_in_flight = batch.is_acked = batch.is_over = batch.is_committed = False
        # A record gets another time with its place in the log.
        batch.handed_over = [message.enqueued_at for message in batch.messages]
        batch.write = batch.waits_for = None
        self.unwritten.setdefault(batch.partition, []).append(batch)
        deadline = batch.handed_over[0] + self._delivery_timeout
        self.env.at(max(now, deadline), _Deadline(self, batch))

    def add(self, batch: Batch, now: float) -> None:
        """Send a batch when its turn comes; one that still waits takes the records of the next in."""
        queue = self.queues.setdefault(batch.partition, deque())
        last = queue[-1] if queue else None
        if last is not None and last.attempts == 0 and last.size + batch.size <= self._batch_size:
            last.messages += batch.messages
            last.handed_over += [message.enqueued_at for message in batch.messages]
            last.size += batch.size
            return
        self.register(batch, now)
        queue.append(batch)
        self.drain(batch.partition, now)

    def drain(self, partition: int, now: float) -> None:
        """Send what may be sent to one partition."""
        queue = self.queues.get(partition)
        while queue:
            batch = queue[0]
            if batch.ready_at > now:
                self._look_at(partition, batch.ready_at)
                return
            leader = self.cluster.leader_of(partition)
            if leader is None:
                misses = self._misses[partition] = self._misses.get(partition, 0) + 1
                self._look_at(partition, now + self._wait(misses))
                return
            self._misses.pop(partition, None)
            throttled_until = self.throttled_until.get(leader, now)
            if throttled_until > now:
                self._look_at(partition, throttled_until)
                return
            if self.in_flight.get(leader, 0) >= self._most_in_flight:
                return
            queue.popleft()
            self.in_flight[leader] = self.in_flight.get(leader, 0) + 1
            batch.broker = leader
            batch.is_in_flight = True
            batch.attempts += 1
            self.retried += batch.attempts > 1
            if self._acks != "0":
                self.env.at(now + self._request_timeout, _RequestTimeout(self, batch))
            request_time = self.cluster.request_time()
            self._pay(leader, batch.size, request_time, now)
            self.cluster.submit(batch, request_time, now)
            if self._acks == "0":
                self.acknowledged(batch, now)

    def _pay(self, broker: int, size: float, request_time: float, now: float) -> None:
        """The quotas: who has used more than they allow over the window waits until the mean is right."""
        until = now
        if self._byte_rate is not None:
            before = self._bytes_until.get(broker, -inf)
            until = self._bytes_until[broker] = paid_until(before, size / self._ratio, self._byte_rate, now)
        if self._request_rate is not None:
            before = self._requests_until.get(broker, -inf)
            paid = self._requests_until[broker] = paid_until(before, request_time, self._request_rate, now)
            until = max(until, min(paid, now + LONGEST_REQUEST_THROTTLE))
        if until > now:
            if not self._is_throttled:
                self._is_throttled = True
                self.topic.quota_throttles += 1
                self.topic.throttled_producers.up(now)
                self.env.at(until, _ThrottleEnds(self))
            self.throttled_until[broker] = until

    def throttle_ends(self, now: float) -> None:
        """The throttle time that was known is over; there may be more by now."""
        latest = max(self.throttled_until.values())
        if latest > now:
            self.env.at(latest, _ThrottleEnds(self))
        else:
            self._is_throttled = False
            self.topic.throttled_producers.down(now)

    def _look_at(self, partition: int, time: float) -> None:
        if not self.env._now < self._looks.get(partition, 0.0) <= time:
            self._looks[partition] = time
            self.env.at(time, _Look(self, partition))

    def _wait(self, attempts: int) -> float:
        """Backoff before an attempt: exponential, with a fifth of jitter."""
        wait = min(self._backoff * 2.0 ** min(attempts - 1, 30), self._longest_backoff)
        return wait * (0.8 + 0.4 * self._draw())

    # -- answers ---------------------------------------------------------------------------------
    def is_next(self, batch: Batch) -> bool:
        """Whether all batches before it are written: brokers refuse others of an idempotent producer."""
        waiting = self.unwritten[batch.partition]
        return not self._is_idempotent or not waiting or waiting[0].sequence >= batch.sequence

    def acknowledged(self, batch: Batch, now: float) -> None:
        """The producer hears that a batch is written as `acks` asks for."""
        if batch.is_acked or batch.is_over:
            return
        batch.is_acked = True
        for handed_over in batch.handed_over:
            self.topic.produce_latency.add(now - handed_over)
        self._release(batch, now)
        self._answered(batch, now)

    def failed(self, batch: Batch, now: float) -> None:
        """A request has failed in a way that another one may mend."""
        if not batch.is_in_flight or batch.is_acked:
            return
        batch.waits_for = None
        if batch.is_over or batch.attempts > self._retries:
            self.give_up(batch, now)
            return
        batch.ready_at = now + self._wait(batch.attempts)
        queue = self.queues.setdefault(batch.partition, deque())
        place = 0
        if self._is_idempotent:
            place = sum(other.sequence < batch.sequence for other in queue)
        queue.insert(place, batch)
        self._look_at(batch.partition, queue[0].ready_at)
        self._answered(batch, now)

    def give_up(self, batch: Batch, now: float) -> None:
        """The application gets an error; the records are lost unless they are in the log after all."""
        if batch.is_over or batch.is_acked:
            return
        batch.is_over = True
        queue = self.queues.get(batch.partition)
        if queue is not None and batch in queue:
            queue.remove(batch)
        self._release(batch, now)
        if batch.write is None and not self.cluster.is_arriving(batch):
            self.cluster.lose_batch(batch, "delivery_timeout", now)
        self._answered(batch, now)

    def request_timed_out(self, batch: Batch, attempt: int, now: float) -> None:
        """No answer for `request.timeout.ms`: the request counts as failed, whatever became of it."""
        if batch.is_in_flight and batch.attempts == attempt:
            self.failed(batch, now)

    def _answered(self, batch: Batch, now: float) -> None:
        if batch.is_in_flight:
            batch.is_in_flight = False
            self.in_flight[batch.broker] -= 1
        for partition in [number for number, queue in self.queues.items() if queue]:
            self.drain(partition, now)


class _Look(Activity):
    """A backoff is over, or the producer asks again who leads."""

    __slots__ = ("partition", "sender")

    def __init__(self, sender: Sender, partition: int) -> None:
        self.sender = sender
        self.partition = partition

    def occur(self, now: float) -> None:
        self.sender.drain(self.partition, now)


class _ThrottleEnds(Activity):
    """The throttle time of a producer over its quota is over."""

    __slots__ = ("sender",)

    def __init__(self, sender: Sender) -> None:
        self.sender = sender

    def occur(self, now: float) -> None:
        self.sender.throttle_ends(now)


class _Deadline(Activity):
    """`delivery.timeout.ms` of a batch is over."""

    __slots__ = ("batch", "sender")

    def __init__(self, sender: Sender, batch: Batch) -> None:
        self.sender = sender
        self.batch = batch

    def occur(self, now: float) -> None:
        self.sender.give_up(self.batch, now)


class _RequestTimeout(Activity):
    """`request.timeout.ms` of one request is over."""

    __slots__ = ("attempt", "batch", "sender")

    def __init__(self, sender: Sender, batch: Batch) -> None:
        self.sender = sender
        self.batch = batch
        self.attempt = batch.attempts

    def occur(self, now: float) -> None:
        self.sender.request_timed_out(self.batch, self.attempt, now)


class _BlockEnds(Activity):
    """`max.block.ms` of one record is over."""

    __slots__ = ("message", "sender")

    def __init__(self, sender: Sender, message: Message) -> None:
        self.sender = sender
        self.message = message

    def occur(self, now: float) -> None:
        self.sender.block_ends(self.message, now)
