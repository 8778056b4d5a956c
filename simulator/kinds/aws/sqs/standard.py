"""A standard queue: at least once, in enqueue order as far as nothing is redelivered."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from heapq import heappop, heappush
from math import inf

from simulator.engine.broker import Subscription
from simulator.engine.endpoint import Server
from simulator.engine.message import Message
from simulator.engine.timer import Timer
from simulator.engine.world import World
from simulator.kinds.aws.sqs.envelope import envelope_of
from simulator.kinds.aws.sqs.queue import SqsQueue
from simulator.kinds.aws.sqs.quotas import CHUNK
from simulator.kinds.aws.sqs.redrive import AttributeSettings
from simulator.kinds.aws.sqs.settings import SqsSettings


class StandardQueue(SqsQueue):
    """The order of enqueue, and what has come back before what was enqueued after it."""

    def __init__(self, world: World, id: str, settings: SqsSettings) -> None:
        super().__init__(world, id, settings)
        #: Available messages that were never received, in enqueue order.
        self._fresh: deque[Message] = deque()
        #: Available again, or moved here from another queue: (enqueue time, ordinal, message).
        self._returned: list[tuple[float, int, Message]] = []
        self._is_delaying = self._delays()
        self._undeleted_draw: Callable[[], float] | None = None
        if settings.undeleted_probability > 0.0:
            self._undeleted_draw = world.uniform(id, "undeleted")
        self._poll_draw: Callable[[], float] | None = None
        if settings.short_poll_share < 1.0:
            self._poll_draw = world.uniform(id, "short poll")
        self._poll_timer = Timer(world.env, self._poll_again)

    # -- sending ---------------------------------------------------------------------------------
    def accept(self, message: Message) -> bool:
        """SendMessage: refused only when larger than MaximumMessageSize."""
        if message.size > self._small:
            if not self.has_room(message):
                return False
            self.requests.sent_chunks(message.size)
        now = self.env._now
        # `admit`, written out: once per message.
        self.accepted += 1
        message.accepted_at = now
        message.enqueued_at = now
        message.receive_count = 0
        message.receipt = 0
        message.processed = False
        if self._expires_in_run:
            self._retention_timer.arm(now + self.settings.retention)
        if self._is_delaying:
            self.store(message, now)
        else:
            self._make_available(message, now)
        inside = self.accepted - self.departures
        present = self.present
        if inside > present.peak:
            present.peak = inside
            present.peak_at = now
        return True

    def _delays(self) -> bool:
        """Whether a new message may have to wait until it is available."""
        return self.latency is not None or self.settings.delay_seconds > 0.0

    def set_attributes(self, changed: AttributeSettings) -> None:
        """Another delay holds for later messages alone."""
        super().set_attributes(changed)
        self._is_delaying = self._delays()

    def store(self, message: Message, now: float, delay: float | None = None) -> None:
        message.enqueued_at = now
        if self._expires_in_run:
            self._retention_timer.arm(now + self.settings.retention)
        waits = self.settings.delay_seconds if delay is None else delay
        if self.latency is not None:
            waits += self.latency()
        if waits > 0.0:
            self._hold_back(message, now, now + waits)
        else:
            self._make_available(message, now)

    def accept_dead_letter(self, message: Message) -> bool:
        """What another SQS queue has given up keeps the time of its first enqueue for the retention."""
        now = self.env._now
        enqueued_at = message.enqueued_at
        envelope = envelope_of(message)
        self.moved_in += 1
        self.admit(message, now)
        if envelope is not None and envelope.origin is not None:
            message.enqueued_at = enqueued_at
        self._keep_until_expiry(message, now)
        self._store_again(message)
        self._becomes_available(now)
        self.note_present(now)
        return True

    def _make_available(self, message: Message, now: float) -> None:
        self._fresh.append(message)
        self._becomes_available(now)

    def _make_available_again(self, message: Message, now: float) -> None:
        self._store_again(message)
        self._becomes_available(now)

    def _store_again(self, message: Message) -> None:
        heappush(self._returned, (message.enqueued_at, next(self._ordinal), message))

    def _becomes_available(self, now: float) -> None:
        level = self.available
        value = level.value
        level.area += value * (now - level.since)
        level.since = now
        level.value = value = value + 1
        if value > level.peak:
            level.peak = value
            level.peak_at = now
        self.wake_reader(now)

    # -- receiving -------------------------------------------------------------------------------
    def take(self, subscription: Subscription, server: Server) -> Message | None:
        available = self.available.value
        if not available:
            return None
        held = self._held
        if len(held) >= self.in_flight_limit:
            self.over_limit += 1
            return None
        reader = self.readers[subscription]
        most = reader.max_messages
        if self._poll_draw is not None and reader.is_short_polling:
            most = self._seen(min(most, available), available, self._poll_draw())
            if not most:
                self._poll_timer.arm(self.env._now + reader.gap)
                return None
        now = self.env._now
        message = self._next_available(now)
        if message is None:
            return None
        deadline = now + reader.visibility_timeout
        server.receipt = self._hand_over(message, reader, deadline, now)
        requests = self.requests
        requests.receive += 1
        size = message.size
        if most > 1 and self.available.value:
            batch = server.batch
            while most > 1 and len(held) < self.in_flight_limit:
                further = self._next_available(now)
                if further is None:
                    break
                batch.append((further, self._hand_over(further, reader, deadline, now)))
                size += further.size
                most -= 1
        if size > CHUNK:
            requests.received_chunks(size)
        self._received(deadline)
        if self.losses is not None and self.losses.take(reader, [(message, server.receipt), *server.batch]):
            server.batch.clear()
            return self.take(subscription, server)
        return message

    def _seen(self, most: int, available: int, point: float) -> int:
        """How many of `most` messages a short poll returns: one sees each of the available messages with
        the probability `short_poll_share`, independently, so that their number is binomial.
        """
        share = self.settings.short_poll_share
        # Of so many messages it sees ten or more for all that can be told.
        if available * share > 100.0:
            return most
        term = (1.0 - share) ** available
        reached = term
        seen = 0
        while point >= reached and seen < most:
            term *= (available - seen) / (seen + 1) * share / (1.0 - share)
            reached += term
            seen += 1
        return seen

    def _poll_again(self, now: float) -> None:
        """A short poll has missed what was there: an idle worker polls once more."""
        if self.available.value:
            self.wake_reader(now)

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
            level = self.available
            value = level.value
            level.area += value * (now - level.since)
            level.since = now
            level.value = value - 1
            if message.enqueued_at + self.settings.retention <= now:
                self.expire(message, now)
            elif self.dead_letter is not None and message.receive_count >= self.max_receive_count:
                self._give_up(message, now)
            else:
                return message

    # -- ends ------------------------------------------------------------------------------------
    def acknowledge(self, message: Message, receipt: int) -> None:
        held = self._held
        if self._work or self._changed or self._undeleted_draw or receipt not in held:
            super().acknowledge(message, receipt)
            return
        # `Deletes.call` and `delete`, written out: once per message.
        del held[receipt]
        now = self.env._now
        self.requests.delete += 1
        level = self.in_flight_level
        value = level.value
        level.area += value * (now - level.since)
        level.since = now
        level.value = value - 1
        self.leaves_flight(message)
        message.receipt = -1
        self.delivered += 1
        self.departures += 1
        self.residence_sum += now - message.accepted_at
        if message.journey is not None:
            message.end()
        if len(held) == self.in_flight_limit - 1 and self.available.value:
            self.wake_reader(now)

    def delete(self, message: Message, receipt: int) -> bool:
        """Also works after the visibility timeout as long as nobody has received the message since; an older
        handle changes nothing (Amazon SQS API reference, DeleteMessage).
        """
        now = self.env._now
        held = self._held
        if held.pop(receipt, None) is not None:
            self.in_flight_level.down(now)
            if self._changed:
                self._changed.pop(receipt, None)
        elif message.receipt == receipt:
            # Available again and not received since: it leaves `_returned` when its turn comes.
            self.leaves_available(message)
            self.available.down(now)
            self._leave(message, now)
            return True
        else:
            self.end_expired(receipt)
            return True
        self.leaves_flight(message)
        if self._undeleted_draw is not None and self._undeleted_draw() < self.settings.undeleted_probability:
            self._make_available_again(message, now)
            return True
        self._leave(message, now)
        if len(held) == self.in_flight_limit - 1 and self.available.value:
            self.wake_reader(now)
        return True

    def _expire_available(self, now: float) -> float:
        fresh, returned = self._fresh, self._returned
        while fresh and self.is_too_old(fresh[0], now):
            self.available.down(now)
            self.expire(fresh.popleft(), now)
        while returned and (returned[0][2].receipt < 0 or self.is_too_old(returned[0][2], now)):
            message = heappop(returned)[2]
            if message.receipt >= 0:
                self.available.down(now)
                self.expire(message, now)
        return self.oldest_available()

    def keep_letter(self, message: Message) -> None:
        """Hold a dead letter that is counted already."""
        self._store_again(message)

    def forget_letters(self) -> float:
        """Hold none of the letters any more, which stay counted; returns when the oldest was sent, s."""
        oldest = self.oldest_available()
        self._fresh.clear()
        self._returned.clear()
        return oldest

    def leaves_available(self, message: Message) -> None:
        """An available message was deleted."""

    def forget(self, message: Message) -> None:
        """Nothing else knows of a message in flight or delayed."""

    def oldest_available(self) -> float:
        fresh, returned = self._fresh, self._returned
        while returned and returned[0][2].receipt < 0:
            heappop(returned)
        return min(fresh[0].enqueued_at if fresh else inf, returned[0][0] if returned else inf)

    def pop_available(self, now: float) -> Message | None:
        fresh, returned = self._fresh, self._returned
        oldest = self.oldest_available()
        if oldest == inf:
            return None
        self.available.down(now)
        return heappop(returned)[2] if returned and returned[0][0] == oldest else fresh.popleft()

    def remove_available(self, now: float) -> list[Message]:
        taken = [message for _, _, message in sorted(self._returned) if message.receipt >= 0]
        taken += self._fresh
        self._returned.clear()
        self._fresh.clear()
        for _ in taken:
            self.available.down(now)
        return taken
