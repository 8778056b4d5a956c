"""`aws.sqs`: an Amazon SQS standard queue with the life cycle of its messages.

Life: delayed -> available -> in flight -> deleted, or available again when the visibility timeout ends,
or moved to the dead-letter queue; from any of these a message expires at the end of the retention period.
Sources: Amazon SQS API reference and developer guide.
"""

from __future__ import annotations

from collections import deque
from heapq import heapify, heappop, heappush
from itertools import count
from math import inf

from simulator.design.edges import DeadLetterSettings
from simulator.engine.broker import Broker, Subscription
from simulator.engine.endpoint import Server
from simulator.engine.link import Link
from simulator.engine.message import Message
from simulator.engine.timer import Timer
from simulator.engine.world import World
from simulator.kinds.aws.sqs_checks import check
from simulator.kinds.aws.sqs_settings import SqsConsumeSettings, SqsSettings
from simulator.kinds.aws.sqs_traits import SQS_MAPPING
from simulator.kinds.kind import Kind
from simulator.measurement.level import Level, Total
from simulator.measurement.tally import Tally

#: Messages in flight per queue; beyond it a receive fails with OverLimit (SQS developer guide, quotas).
IN_FLIGHT_LIMIT = 120_000
#: Seconds between two short polls of a worker that does nothing else: one call's round trip. An estimate;
#: AWS publishes no latency.
SHORT_POLL_GAP = 0.01


class _Reader:
    """The receive settings of one subscription."""

    __slots__ = ("gap", "max_messages", "visibility_timeout")

    def __init__(self, queue: SqsSettings, edge: SqsConsumeSettings, poll_interval: float) -> None:
        wait = queue.wait_time if edge.wait_time is None else edge.wait_time
        self.max_messages = edge.max_messages
        self.visibility_timeout = (
            queue.visibility_timeout if edge.visibility_timeout is None else edge.visibility_timeout
        )
        #: Seconds between two looks; 0: a long poll is open all the time and returns at once.
        self.gap = 0.0 if wait > 0.0 else max(poll_interval, SHORT_POLL_GAP)


class SqsQueue(Broker):
    """A standard queue: at least once, in enqueue order as far as nothing is redelivered."""

    category = "queue"

    def __init__(self, world: World, id: str, settings: SqsSettings) -> None:
        super().__init__(id, world.env)
        self.settings = settings
        self.latency = None
        if settings.delivery_latency.mean() > 0.0:
            self.latency = world.draws(settings.delivery_latency, id, "delivery latency")
        #: Available messages that were never received, in enqueue order.
        self._fresh: deque[Message] = deque()
        #: Available again, or moved here from another queue: (enqueue time, ordinal, message).
        self._returned: list[tuple[float, int, Message]] = []
        self._delayed: list[tuple[float, int, Message]] = []
        #: Messages in flight by receipt.
        self._held: dict[int, Message] = {}
        self._deadlines: list[tuple[float, int]] = []
        self._ordinal = count(1)
        self._receipt = count(1)
        self._delay_timer = Timer(world.env, self._delays_end)
        self._visibility_timer = Timer(world.env, self._timeouts_end)
        self._retention_timer = Timer(world.env, self._retention_ends)
        self._expires_in_run = settings.retention <= world.duration
        self.readers: dict[Subscription, _Reader] = {}
        self.subscriptions: list[Subscription] = []
        self.dead_letter: Link | None = None
        self.max_receive_count = 0
        self.available = Level()
        self.delayed = Level()
        self.in_flight_level = Level()
        self.present = Total(self.available, self.delayed, self.in_flight_level)
        self.redelivered = 0
        self.receives = 0
        self.receive_calls = 0
        self.over_limit = 0
        self.departures = 0
        self.residence_sum = 0.0
        self._turn = 0

    def connect(self, world: World) -> None:
        for edge in world.edges_from(self.id, "consume"):
            subscription = world.subscribe(edge)
            settings = edge.settings
            assert isinstance(settings, SqsConsumeSettings)
            self.subscriptions.append(subscription)
            poll_interval = subscription.consumer.poll_interval
            self.readers[subscription] = _Reader(self.settings, settings, poll_interval)
        for edge in world.edges_from(self.id, "dead-letter"):
            redrive = edge.settings
            assert isinstance(redrive, DeadLetterSettings)
            self.dead_letter = world.dead_letter_link(edge)
            self.max_receive_count = redrive.max_receive_count

    # -- sending ---------------------------------------------------------------------------------
    def accept(self, message: Message) -> bool:
        """SendMessage: refused only when larger than MaximumMessageSize."""
        if message.size > self.settings.maximum_message_size:
            self.rejected += 1
            return False
        now = self.env._now
        message.enqueued_at = now
        self._enter(message, now)
        delay = self.settings.delay_seconds
        if self.latency is not None:
            delay += self.latency()
        if delay > 0.0:
            self.delayed.up(now)
            visible_at = now + delay
            heappush(self._delayed, (visible_at, next(self._ordinal), message))
            self._delay_timer.arm(visible_at)
        else:
            self._fresh.append(message)
            self._becomes_available(now)
        self.present.note(now)
        return True

    def accept_dead_letter(self, message: Message) -> bool:
        """A standard dead-letter queue keeps the time of the first enqueue for the retention."""
        now = self.env._now
        self._enter(message, now)
        heappush(self._returned, (message.enqueued_at, next(self._ordinal), message))
        self._becomes_available(now)
        self.present.note(now)
        return True

    def _enter(self, message: Message, now: float) -> None:
        self.accepted += 1
        message.accepted_at = now
        message.receive_count = 0
        message.receipt = 0
        message.processed = False
        if self._expires_in_run or message.enqueued_at < now:
            self._retention_timer.arm(message.enqueued_at + self.settings.retention)

    def _becomes_available(self, now: float) -> None:
        self.available.up(now)
        self._wake_reader(now)

    def _wake_reader(self, now: float) -> None:
        subscriptions = self.subscriptions
        for step in range(len(subscriptions)):
            subscription = subscriptions[(self._turn + step) % len(subscriptions)]
            if subscription.consumer.idle:
                self._turn = (self._turn + step + 1) % len(subscriptions)
                subscription.consumer.wake(subscription, now, self.readers[subscription].gap)
                return

    def _delays_end(self, now: float) -> None:
        delayed = self._delayed
        while delayed and delayed[0][0] <= now:
            _, _, message = heappop(delayed)
            self.delayed.down(now)
            if self._is_too_old(message, now):
                self._expire(message, now)
                continue
            self._fresh.append(message)
            self._becomes_available(now)
        if delayed:
            self._delay_timer.arm(delayed[0][0])

    # -- receiving -------------------------------------------------------------------------------
    def take(self, subscription: Subscription, server: Server) -> Message | None:
        """ReceiveMessage: up to MaxNumberOfMessages become in flight; the rest goes to `server.batch`."""
        if not self.available.value:
            return None
        now = self.env._now
        reader = self.readers[subscription]
        deadline = now + reader.visibility_timeout
        first: Message | None = None
        for _ in range(reader.max_messages):
            if len(self._held) >= IN_FLIGHT_LIMIT:
                self.over_limit += 1
                break
            message = self._next_available(now)
            if message is None:
                break
            if message.receive_count:
                self.redelivered += 1
            message.receive_count += 1
            self.receives += 1
            subscription.total += 1
            receipt = next(self._receipt)
            message.receipt = receipt
            self.in_flight_level.up(now)
            self._held[receipt] = message
            heappush(self._deadlines, (deadline, receipt))
            if first is None:
                first, server.receipt = message, receipt
            else:
                server.batch.append((message, receipt))
        if first is not None:
            self.receive_calls += 1
            self._visibility_timer.arm(deadline)
            if len(self._deadlines) > 2 * len(self._held) + 64:
                self._forget_settled()
        return first

    def _next_available(self, now: float) -> Message | None:
        """The oldest available message; moves what was received too often, drops what is too old."""
        fresh, returned = self._fresh, self._returned
        while True:
            if returned and (not fresh or returned[0][0] <= fresh[0].enqueued_at):
                message = heappop(returned)[2]
                if message.receipt < 0:
                    continue
            elif fresh:
                message = fresh.popleft()
            else:
                return None
            self.available.down(now)
            if self._is_too_old(message, now):
                self._expire(message, now)
            elif self.dead_letter is not None and message.receive_count >= self.max_receive_count:
                self.dead_lettered += 1
                self._depart(message, now)
                # Whoever still works on it holds a receipt of this queue, which must not fit the other one.
                letter = message.copy()
                letter.enqueued_at = message.enqueued_at
                message.receipt = -1
                message.end()
                self.bury(letter, self.dead_letter)
            else:
                return message

    def _timeouts_end(self, now: float) -> None:
        deadlines, held = self._deadlines, self._held
        while deadlines and (deadlines[0][0] <= now or deadlines[0][1] not in held):
            _, receipt = heappop(deadlines)
            message = held.pop(receipt, None)
            if message is None:
                continue
            self.in_flight_level.down(now)
            if self._is_too_old(message, now):
                self._expire(message, now)
                continue
            heappush(self._returned, (message.enqueued_at, next(self._ordinal), message))
            self._becomes_available(now)
        if deadlines:
            self._visibility_timer.arm(deadlines[0][0])

    def acknowledge(self, message: Message, receipt: int) -> None:
        """DeleteMessage with the receipt handle of one receive.

        Also works after the visibility timeout as long as nobody has received the message since; an older
        handle changes nothing (Amazon SQS API reference, DeleteMessage).
        """
        now = self.env._now
        if self._held.pop(receipt, None) is not None:
            self.in_flight_level.down(now)
        elif message.receipt == receipt:
            # Available again and not received since: it leaves `_returned` when its turn comes.
            self.available.down(now)
        else:
            return
        message.receipt = -1
        self.delivered += 1
        self._depart(message, now)
        message.end()
        if len(self._held) == IN_FLIGHT_LIMIT - 1 and self.available.value:
            self._wake_reader(now)

    def reject(self, message: Message, receipt: int) -> None:
        """Failed work is not deleted: the message stays hidden until its visibility timeout ends."""

    # -- ends ------------------------------------------------------------------------------------
    def _is_too_old(self, message: Message, now: float) -> bool:
        return now - message.enqueued_at > self.settings.retention

    def _expire(self, message: Message, now: float) -> None:
        self.expired += 1
        message.receipt = -1
        self._depart(message, now)
        self.lose(message)

    def _depart(self, message: Message, now: float) -> None:
        self.departures += 1
        self.residence_sum += now - message.accepted_at

    def _retention_ends(self, now: float) -> None:
        retention = self.settings.retention
        fresh, returned = self._fresh, self._returned
        # Age is compared as time of enqueue + period, the sum the timer was set with.
        while fresh and fresh[0].enqueued_at + retention <= now:
            message = fresh.popleft()
            self.available.down(now)
            self._expire(message, now)
        while returned and (returned[0][2].receipt < 0 or returned[0][0] + retention <= now):
            message = heappop(returned)[2]
            if message.receipt >= 0:
                self.available.down(now)
                self._expire(message, now)
        oldest = min(
            fresh[0].enqueued_at if fresh else inf,
            returned[0][0] if returned else inf,
            min((message.enqueued_at for message in self._held.values()), default=inf),
            min((entry[2].enqueued_at for entry in self._delayed), default=inf),
        )
        # Messages in flight or delayed are looked at again when they return; never wake twice at one time.
        if oldest < inf and oldest + retention > now:
            self._retention_timer.arm(oldest + retention)

    def _forget_settled(self) -> None:
        """Drop deadlines of messages that were deleted in time, so that memory follows what is held."""
        self._deadlines = [entry for entry in self._deadlines if entry[1] in self._held]
        heapify(self._deadlines)

    def gap(self, subscription: Subscription) -> float:
        return self.readers[subscription].gap

    # -- measures --------------------------------------------------------------------------------
    def waiting(self) -> int:
        return self.available.value + self.delayed.value

    def in_flight(self) -> int:
        return self.in_flight_level.value

    def counts(self) -> dict[str, int]:
        return {**super().counts(), "redelivered": self.redelivered, "receives": self.receives}

    def levels(self) -> dict[str, Level | Total]:
        return {
            "queue_length": self.available,
            "delayed": self.delayed,
            "in_flight": self.in_flight_level,
            "in_system": self.present,
        }

    def tallies(self) -> dict[str, list[Tally]]:
        return {
            "waiting_time": [subscription.waiting for subscription in self.subscriptions],
            "sojourn_time": [subscription.sojourn for subscription in self.subscriptions],
        }

    def residence(self) -> tuple[int, float]:
        return self.departures, self.residence_sum


KIND = Kind(
    kind="aws.sqs",
    title="Amazon SQS queue",
    group="Brokers",
    category="queue",
    summary="Standard queue: at least once, visibility timeout, dead-letter queue, long polling.",
    docs="https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/welcome.html",
    settings=SqsSettings,
    build=SqsQueue,
    edge_settings={"consume": SqsConsumeSettings, "dead-letter": DeadLetterSettings},
    check=check,
    badges=("queue_length", "in_flight", "waiting_time"),
    swap=SQS_MAPPING,
)
