"""What standard and FIFO queues of Amazon SQS have in common: the life cycle of a message.

Life: delayed -> available -> in flight -> deleted, or available again when the visibility timeout ends, or
moved to the dead-letter queue; from any of these a message expires at the end of the retention period.
Sources: Amazon SQS API reference and developer guide.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from heapq import heapify, heappop, heappush
from itertools import count
from typing import TYPE_CHECKING, Any

from simulator.design.edges import DeadLetterSettings
from simulator.engine.broker import Subscription
from simulator.engine.endpoint import Server
from simulator.engine.link import Link
from simulator.engine.message import Message
from simulator.engine.node import Acceptor
from simulator.engine.timer import Timer
from simulator.engine.world import World
from simulator.kinds.aws.sqs.age import AgeSampler
from simulator.kinds.aws.sqs.deletes import Deletes
from simulator.kinds.aws.sqs.edge_settings import SqsConsumeSettings, SqsPublishSettings
from simulator.kinds.aws.sqs.envelope import Envelope, envelope_of
from simulator.kinds.aws.sqs.lost_responses import LostResponses
from simulator.kinds.aws.sqs.quotas import CHUNK, IN_FLIGHT_LIMIT
from simulator.kinds.aws.sqs.reader import Reader, Work, receives_of
from simulator.kinds.aws.sqs.redrive import AttributeSettings, MoveTask, Purge
from simulator.kinds.aws.sqs.requests import Requests
from simulator.kinds.aws.sqs.sender import Sender
from simulator.kinds.aws.sqs.settings import SqsSettings
from simulator.kinds.aws.sqs.state import SqsState
from simulator.measurement.tally import Tally

if TYPE_CHECKING:
    from simulator.design.document import Edge


class SqsQueue(SqsState):
    """A queue of Amazon SQS; what is available, and in which order, is up to the two sorts."""

    category = "queue"
    is_fifo = False
    in_flight_limit = IN_FLIGHT_LIMIT

    def __init__(self, world: World, id: str, settings: SqsSettings) -> None:
        super().__init__(id, world.env, settings)
        self.latency = None
        if settings.delivery_latency.mean() > 0.0:
            self.latency = world.draws(settings.delivery_latency, id, "delivery latency")
        #: Waits for its delay to end: (visible from, ordinal, message).
        self._delayed: list[tuple[float, int, Message]] = []
        #: Messages in flight by receipt.
        self._held: dict[int, Message] = {}
        self._deadlines: list[tuple[float, int]] = []
        #: Visibility timeouts that were changed: when they end, by receipt.
        self._changed: dict[int, float] = {}
        #: Expired while somebody works on them, by receipt.
        self._expired_in_hand: dict[int, Message] = {}
        #: What readers with duties beyond receive and delete have in hand, by receipt.
        self._work: dict[int, Work] = {}
        self._ordinal = count(1)
        self._receipt = count(1)
        self._delay_timer = Timer(world.env, self._delays_end)
        self._visibility_timer = Timer(world.env, self._timeouts_end)
        self._retention_timer = Timer(world.env, self._retention_ends)
        self._expires_in_run = settings.retention <= world.duration
        self.readers: dict[Subscription, Reader] = {}
        self.senders: dict[str, Sender] = {}
        self.requests = Requests(self)
        self.deletes = Deletes(self)
        self.purge = Purge(self, world)
        self.move_task = MoveTask(self, world)
        self.ages = AgeSampler(self, world.duration)
        #: Queues that give this one their dead letters.
        self.is_dead_letter_queue = any(True for _ in world.edges_into(id, "dead-letter"))
        self.dead_letter: Link | None = None
        self.max_receive_count = 0
        self.is_out = False
        self.world = world
        self.losses: LostResponses | None = None
        #: Whether messages that become available wake nobody yet.
        self.holds_wakes = False
        self._turn = 0
        # A message of one chunk that is not too large needs no further look.
        self._small = float(min(settings.maximum_message_size, CHUNK))
        for edge in world.edges_into(id, "publish"):
            given = edge.settings
            asked = given if isinstance(given, SqsPublishSettings) else SqsPublishSettings()
            sender = self.make_sender(edge, asked)
            if sender is not None:
                self.senders[edge.id] = sender

    def make_sender(self, edge: Edge, settings: SqsPublishSettings) -> Sender | None:
        """The client that sends on an edge; None where that takes no more than handing the message over."""
        is_plain = settings.batch_size == 1 and settings.delay_seconds is None
        return None if is_plain and settings.message_group_id is None else Sender(self, edge, settings)

    def entrance(self, edge: str) -> Acceptor:
        return self.senders.get(edge, self)

    def connect(self, world: World) -> None:
        for edge in world.edges_from(self.id, "consume"):
            self._connect_reader(world, edge)
        for edge in world.edges_from(self.id, "dead-letter"):
            redrive = edge.settings
            assert isinstance(redrive, DeadLetterSettings)
            self.dead_letter = world.dead_letter_link(edge)
            self.max_receive_count = redrive.max_receive_count

    def _connect_reader(self, world: World, edge: Edge) -> None:
        subscription = world.subscribe(edge)
        self.add_reader(subscription, receives_of(edge.settings, subscription.consumer))

    def add_reader(self, subscription: Subscription, settings: SqsConsumeSettings) -> None:
        """Let the subscription receive from this queue."""
        self.subscriptions.append(subscription)
        self.readers[subscription] = Reader(subscription, self.settings, settings)
        if settings.response_loss > 0.0 and self.losses is None:
            self.losses = LostResponses(self, self.world.uniform(self.id, "lost responses"))

    def start(self) -> None:
        self.ages.start()

    # -- sending ---------------------------------------------------------------------------------
    @abstractmethod
    def store(self, message: Message, now: float, delay: float | None = None) -> None:
        """The SendMessage of an admitted message has come to the queue.

        Args:
            delay: DelaySeconds of the message, None for the queue's.
        """

    def admits(self, message: Message, now: float) -> bool:
        """Whether a send call with this message is taken, or refused and may be tried again."""
        return not self.is_out

    def admit_call(self, messages: list[Message], now: float) -> tuple[list[Message], list[Message]]:
        """Which entries of a send call are taken, and which are refused and may be tried again."""
        return ([], messages) if self.is_out else (messages, [])

    def accept_moved(self, message: Message, now: float) -> bool:
        """Take a message that was moved here from another queue: a fresh age, and available at once."""
        if self.is_out:
            self.rejected += 1
            return False
        self.moved_in += 1
        self.admit(message, now)
        self._keep_until_expiry(message, now)
        self._make_available(message, now)
        self.note_present(now)
        return True

    def _hold_back(self, message: Message, now: float, visible_at: float) -> None:
        self.delayed.up(now)
        heappush(self._delayed, (visible_at, next(self._ordinal), message))
        self._delay_timer.arm(visible_at)

    def _keep_until_expiry(self, message: Message, now: float) -> None:
        if self._expires_in_run or message.enqueued_at < now:
            self._retention_timer.arm(message.enqueued_at + self.settings.retention)

    def _delays_end(self, now: float) -> None:
        delayed = self._delayed
        while delayed and delayed[0][0] <= now:
            message = heappop(delayed)[2]
            if message.receipt < 0:
                continue
            self.delayed.down(now)
            self._make_available(message, now)
        if delayed:
            self._delay_timer.arm(delayed[0][0])

    @abstractmethod
    def _make_available(self, message: Message, now: float) -> None:
        """A message becomes available for the first time."""

    @abstractmethod
    def _make_available_again(self, message: Message, now: float) -> None:
        """A message in flight becomes available again."""

    def has_receivable(self) -> bool:
        """Whether a receive would return something."""
        return self.available.value > 0

    def wake_reader(self, now: float) -> None:
        """Something can be received: let an idle worker look."""
        if self.holds_wakes:
            return
        subscriptions = self.subscriptions
        if len(subscriptions) == 1:
            if subscriptions[0].consumer.idle:
                self.readers[subscriptions[0]].wake(now)
            return
        for step in range(len(subscriptions)):
            subscription = subscriptions[(self._turn + step) % len(subscriptions)]
            if subscription.consumer.idle:
                self._turn = (self._turn + step + 1) % len(subscriptions)
                self.readers[subscription].wake(now)
                return

    # -- receiving -------------------------------------------------------------------------------
    def _hand_over(self, message: Message, reader: Reader, deadline: float, now: float) -> int:
        """The message becomes in flight; returns its receipt."""
        if message.receive_count:
            self.redelivered += 1
        message.receive_count += 1
        self.receives += 1
        reader.subscription.total += 1
        receipt = next(self._receipt)
        message.receipt = receipt
        level = self.in_flight_level
        value = level.value
        level.area += value * (now - level.since)
        level.since = now
        level.value = value = value + 1
        if value > level.peak:
            level.peak = value
            level.peak_at = now
        self._held[receipt] = message
        heappush(self._deadlines, (deadline, receipt))
        if reader.has_duties:
            self._work[receipt] = Work(reader, now, deadline)
        return receipt

    def _received(self, deadline: float) -> None:
        """A receive has returned messages that are hidden until `deadline`."""
        timer = self._visibility_timer
        if deadline < timer.due:
            timer.arm(deadline)
        if len(self._deadlines) > 2 * len(self._held) + 64:
            self._forget_settled()

    def _is_given_up(self, message: Message) -> bool:
        return self.dead_letter is not None and message.receive_count >= self.max_receive_count

    def _give_up(self, message: Message, now: float) -> None:
        """Move the message, which is available no more, to the dead-letter queue."""
        dead_letter = self.dead_letter
        assert dead_letter is not None
        self.dead_lettered += 1
        self.depart(message, now)
        # Whoever still works on it holds a receipt of this queue, which must not fit the other one.
        letter = message.copy()
        letter.enqueued_at = message.enqueued_at
        before = envelope_of(message)
        letter.envelope = Envelope(
            None if before is None else before.group, None if before is None else before.deduplication, self
        )
        message.receipt = -1
        message.end()
        self.bury(letter, dead_letter)

    # -- visibility ------------------------------------------------------------------------------
    def change_visibility(self, message: Message, receipt: int, seconds: float) -> bool:
        """ChangeMessageVisibility: the timeout is `seconds` from now; False when it is not in flight."""
        self.requests.change_visibility += 1
        if self._held.get(receipt) is not message:
            return False
        now = self.env._now
        if seconds <= 0.0:
            del self._held[receipt]
            self._changed.pop(receipt, None)
            self._comes_back(message, now)
            return True
        self.hide_until(receipt, now + seconds)
        return True

    def hide_until(self, receipt: int, deadline: float) -> None:
        """The message in flight under `receipt` is hidden until `deadline` (seconds)."""
        self._changed[receipt] = deadline
        heappush(self._deadlines, (deadline, receipt))
        self._visibility_timer.arm(deadline)

    def _timeouts_end(self, now: float) -> None:
        deadlines, held, changed = self._deadlines, self._held, self._changed
        while deadlines and (deadlines[0][0] <= now or deadlines[0][1] not in held):
            receipt = heappop(deadlines)[1]
            if receipt not in held:
                continue
            if changed and changed.get(receipt, 0.0) > now:
                continue
            if self._work:
                work = self._work.get(receipt)
                if work is not None and (until := work.hidden_until(now)) > now:
                    heappush(deadlines, (until, receipt))
                    continue
            changed.pop(receipt, None)
            if self.losses is not None:
                self.losses.unheard.discard(receipt)
            self._comes_back(held.pop(receipt), now)
        if deadlines:
            self._visibility_timer.arm(deadlines[0][0])

    def _comes_back(self, message: Message, now: float) -> None:
        self.in_flight_level.down(now)
        self.leaves_flight(message)
        self._make_available_again(message, now)

    def leaves_flight(self, message: Message) -> None:
        """The message is in flight no more."""

    # -- ends of work ----------------------------------------------------------------------------
    def acknowledge(self, message: Message, receipt: int) -> None:
        """The work is done: DeleteMessage now, or with others in a batch."""
        if self._work:
            work = self._work.get(receipt)
            if work is not None and work.reader.delete_batch_size > 1:
                self.deletes.gather(message, receipt, work.reader)
                return
        self.deletes.call(message, receipt)

    @abstractmethod
    def delete(self, message: Message, receipt: int) -> bool:
        """One entry of a DeleteMessage call; False where the service answers with an error."""

    def reject(self, message: Message, receipt: int) -> None:
        """Failed work is not deleted: the message stays hidden until its visibility timeout ends, which the
        reader may change.
        """
        if self._expired_in_hand:
            self._lose_expired(receipt)
        work = self._work.pop(receipt, None) if self._work else None
        if work is None or self._held.get(receipt) is not message:
            return
        now = self.env._now
        work.count_beats(now, self.requests)
        timeout = work.reader.timeout_after_failure(message.receive_count)
        if timeout is not None:
            self.change_visibility(message, receipt, timeout)
        elif (until := work.hidden_until(now)) > work.deadline:
            self.hide_until(receipt, until)

    def settle_work(self, receipt: int, now: float) -> None:
        """The message under `receipt` is worked on no more."""
        work = self._work.pop(receipt, None)
        if work is not None:
            work.count_beats(now, self.requests)

    def _leave(self, message: Message, now: float) -> None:
        """The message was deleted."""
        message.receipt = -1
        self.delivered += 1
        self.depart(message, now)
        message.end()

    # -- ends ------------------------------------------------------------------------------------
    def _retention_ends(self, now: float) -> None:
        held = self._held
        for receipt, message in [item for item in held.items() if self.is_too_old(item[1], now)]:
            # Work on it that succeeds has been done all the same; only then nothing was lost.
            del held[receipt]
            self._changed.pop(receipt, None)
            self.settle_work(receipt, now)
            self.in_flight_level.down(now)
            self.leaves_flight(message)
            self.expired += 1
            message.receipt = -1
            self.depart(message, now)
            self.forget(message)
            if self.losses is not None and receipt in self.losses.unheard:
                self.losses.unheard.remove(receipt)
                self.lose(message)
            else:
                self._expired_in_hand[receipt] = message
        for _, _, message in self._delayed:
            if message.receipt >= 0 and self.is_too_old(message, now):
                self.delayed.down(now)
                self.forget(message)
                self.expire(message, now)
        oldest = self._expire_available(now)
        for message in self._hidden():
            oldest = min(oldest, message.enqueued_at)
        self._retention_timer.arm(oldest + self.settings.retention)

    def _hidden(self) -> Iterator[Message]:
        """Messages in flight and delayed."""
        yield from self._held.values()
        yield from (entry[2] for entry in self._delayed if entry[2].receipt >= 0)

    @abstractmethod
    def _expire_available(self, now: float) -> float:
        """Let available messages that are too old expire; returns the enqueue time of the oldest left."""

    @abstractmethod
    def forget(self, message: Message) -> None:
        """A message in flight or delayed leaves without having been deleted."""

    @abstractmethod
    def oldest_available(self) -> float:
        """Enqueue time of the oldest available message; infinite without."""

    @abstractmethod
    def pop_available(self, now: float) -> Message | None:
        """The next available message, without a receive (for a redrive task)."""

    @abstractmethod
    def remove_available(self, now: float) -> list[Message]:
        """All available messages, which are available no more."""

    def delete_at(self, message: Message, now: float) -> float:
        """When a delete that is called now comes through (seconds)."""
        return now

    def return_unmoved(self, message: Message, now: float) -> None:
        """Put back what `pop_available` gave."""
        self._make_available_again(message, now)

    def end_expired(self, receipt: int) -> None:
        """Work on a message that has expired meanwhile was done: nothing is lost."""
        message = self._expired_in_hand.pop(receipt, None) if self._expired_in_hand else None
        if message is not None:
            message.end()

    def _lose_expired(self, receipt: int) -> None:
        message = self._expired_in_hand.pop(receipt, None)
        if message is not None:
            self.lose(message)

    def _forget_settled(self) -> None:
        """Drop deadlines of messages deleted in time, so that memory follows what is held."""
        self._deadlines = [entry for entry in self._deadlines if entry[1] in self._held]
        heapify(self._deadlines)

    # -- faults and actions ----------------------------------------------------------------------
    def fail(self) -> None:
        super().fail()
        self.is_out = True

    def recover(self) -> None:
        self.is_out = False
        super().recover()

    def strike(self, fault: str, settings: Any) -> None:
        if fault == "purge":
            self.purge.strike()
        elif fault == "redrive":
            self.move_task.strike(settings)
        elif fault == "set":
            self.set_attributes(settings)
        else:
            super().strike(fault, settings)

    def set_attributes(self, changed: AttributeSettings) -> None:
        """SetQueueAttributes, at once (the service takes up to 60 s); what is in flight keeps its timeout."""
        self.settings = changed.applied_to(self.settings)
        if changed.visibility_timeout is not None:
            for reader in self.readers.values():
                reader.follow(changed.visibility_timeout)

    def take_out_all(self, now: float) -> list[Message]:
        """All messages, in flight and delayed ones too, which are counted at no level any more."""
        taken = self.remove_available(now)
        for receipt, message in list(self._held.items()):
            self.settle_work(receipt, now)
            self.in_flight_level.down(now)
            self.leaves_flight(message)
            self.forget(message)
            taken.append(message)
        self._held.clear()
        self._changed.clear()
        for _, _, message in self._delayed:
            if message.receipt >= 0:
                self.delayed.down(now)
                self.forget(message)
                taken.append(message)
        self._delayed.clear()
        return taken

    def gap(self, subscription: Subscription) -> float:
        return self.readers[subscription].gap

    def oldest_message_age(self, now: float) -> float:
        """Age of the oldest message that was not deleted, seconds; 0 without one."""
        oldest = min((message.enqueued_at for message in self._hidden()), default=now)
        return now - min(oldest, self.oldest_available())

    def counts(self) -> dict[str, int]:
        return {
            **super().counts(),
            "delete_errors": self.deletes.errors,
            "purged": self.purge.purged,
            "redriven": self.move_task.moved,
            "lost_responses": 0 if self.losses is None else self.losses.count,
            **self.requests.counts(),
        }

    def tallies(self) -> dict[str, list[Tally]]:
        return {**super().tallies(), "oldest_message_age": [self.ages.tally]}

    @abstractmethod
    def take(self, subscription: Subscription, server: Server) -> Message | None:
        """ReceiveMessage: up to MaxNumberOfMessages become in flight; the rest goes to `server.batch`."""
