"""A FIFO queue: the order of each message group, deduplication, and quotas.

Inside a group only the contiguous prefix of visible messages can be received: a message in flight blocks
every later message of its group and none of the earlier ones. A receive takes what it can of the group at the
head of a rotating list before it goes on to the next; a group that was served goes behind.
"""

from __future__ import annotations

from collections import deque
from heapq import heappush, nlargest
from math import inf
from typing import TYPE_CHECKING, Any

from simulator.engine.broker import Subscription
from simulator.engine.endpoint import Server
from simulator.engine.message import Message
from simulator.engine.timer import Timer
from simulator.engine.world import World
from simulator.kinds.aws.sqs.deduplication import Deduplication
from simulator.kinds.aws.sqs.edge_settings import SqsPublishSettings
from simulator.kinds.aws.sqs.envelope import Envelope, envelope_of
from simulator.kinds.aws.sqs.fifo_sender import FifoSender
from simulator.kinds.aws.sqs.groups import Group, row_of
from simulator.kinds.aws.sqs.queue import SqsQueue
from simulator.kinds.aws.sqs.quotas import CALLS_PER_SECOND, CHUNK
from simulator.kinds.aws.sqs.reader import Reader
from simulator.kinds.aws.sqs.redrive import AttributeSettings
from simulator.kinds.aws.sqs.sender import Sender
from simulator.kinds.aws.sqs.settings import SqsSettings
from simulator.kinds.aws.sqs.throttle import Partition, Throttle

if TYPE_CHECKING:
    from simulator.design.document import Edge

#: Groups at the head of the list that a receive tries before it counts as throttled.
_TRIES = 16
#: Groups in a frame.
MOST_ROWS = 20


class FifoQueue(SqsQueue):
    """First in, first out by message group, and each message once."""

    is_fifo = True

    def __init__(self, world: World, id: str, settings: SqsSettings) -> None:
        super().__init__(world, id, settings)
        self._groups: dict[str, Group] = {}
        #: Groups with something to receive.
        self._rotation: deque[Group] = deque()
        #: All messages by time of enqueue; those that are gone leave when their turn comes.
        self._by_age: deque[Message] = deque()
        self._memory = Deduplication()
        self._throttle = Throttle(settings)
        self._is_by_group = settings.deduplication_scope == "messageGroup"
        self._throttle_timer = Timer(world.env, self._may_call_again)
        #: Messages deleted after a later one of their group.
        self.order_violations = 0

    def make_sender(self, edge: Edge, settings: SqsPublishSettings) -> Sender:
        is_plain = settings.batch_size == 1 and settings.delay_seconds is None
        return (FifoSender if is_plain else Sender)(self, edge, settings)

    # -- sending ---------------------------------------------------------------------------------
    def accept(self, message: Message) -> bool:
        """SendMessage without a client: its group stands on it, or is its key."""
        envelope = envelope_of(message)
        if envelope is None or envelope.group is None:
            if message.key is None:
                self.rejected += 1
                return False
            message.envelope = Envelope(str(message.key))
        if not self.has_room(message):
            return False
        now = self.env._now
        self.admit(message, now)
        self.requests.sent_chunks(message.size)
        self.store(message, now)
        self.note_present(now)
        return True

    def admits(self, message: Message, now: float) -> bool:
        if self.is_out:
            return False
        if self._group_of(message).partition.send.take(now):
            return True
        self.throttled += 1
        return False

    def admit_call(self, messages: list[Message], now: float) -> tuple[list[Message], list[Message]]:
        """Each partition that the call writes to has a quota; entries of others pass."""
        if self.is_out:
            return [], messages
        answers: dict[Partition, bool] = {}
        passed: list[Message] = []
        refused: list[Message] = []
        for message in messages:
            partition = self._group_of(message).partition
            answer = answers.get(partition)
            if answer is None:
                answer = answers[partition] = self.admits(message, now)
            (passed if answer else refused).append(message)
        return passed, refused

    def store(self, message: Message, now: float, delay: float | None = None) -> None:
        self.put(message, self._group_of(message), now)

    def put(self, message: Message, group: Group, now: float) -> None:
        """A repeat within five minutes is taken and not delivered."""
        id: object = message.envelope.deduplication
        origin = (message.source, message.sequence)
        if id is None:
            id = origin
        first = self._memory.first((group.id, id) if self._is_by_group else id, origin, now)
        if first is not None:
            self.deduplicated += 1
            self.dropped += 1
            message.receipt = -1
            self.depart(message, now)
            # The same message once more is no loss; another message with the same id is.
            if first == origin:
                message.end()
            else:
                self.lose(message)
            self._discard(group)
            return
        message.enqueued_at = now
        self._note_age(message)
        if self._expires_in_run:
            self._retention_timer.arm(now + self.settings.retention)
        visible_from = now + self.settings.delay_seconds
        if self.latency is not None:
            visible_from = max(visible_from + self.latency(), group.visible_from)
            group.visible_from = visible_from
        if visible_from > now:
            group.hidden += 1
            self._hold_back(message, now, visible_from)
        else:
            self._append(message, group, now)

    def set_attributes(self, changed: AttributeSettings) -> None:
        """Another delay holds for messages, too, that wait for theirs to end."""
        super().set_attributes(changed)
        if changed.delay_seconds is None or not self._delayed:
            return
        groups: dict[str, float] = {}
        waiting = sorted(self._delayed, key=lambda entry: entry[1])
        self._delayed.clear()
        for _, ordinal, message in waiting:
            # Never before those ahead of it in its group.
            group = message.envelope.group
            due = groups[group] = max(message.enqueued_at + changed.delay_seconds, groups.get(group, 0.0))
            heappush(self._delayed, (due, ordinal, message))
        self._delay_timer.arm(self._delayed[0][0])

    def accept_dead_letter(self, message: Message) -> bool:
        """A FIFO dead-letter queue counts the age anew (developer guide, *dead-letter queue retention*)."""
        now = self.env._now
        envelope = envelope_of(message)
        if envelope is None or envelope.group is None:
            group = "" if message.key is None else str(message.key)
            message.envelope = Envelope(group, None, None if envelope is None else envelope.origin)
        return self.accept_moved(message, now)

    def accept_moved(self, message: Message, now: float) -> bool:
        self._note_age(message)
        return super().accept_moved(message, now)

    def _note_age(self, message: Message) -> None:
        by_age = self._by_age
        by_age.append(message)
        if len(by_age) > 2 * (self.accepted - self.departures) + 64:
            self._by_age = deque([one for one in by_age if one.receipt >= 0])

    def _group_of(self, message: Message) -> Group:
        id = message.envelope.group
        group = self._groups.get(id)
        return self.make_group(id) if group is None else group

    def make_group(self, id: str) -> Group:
        """The group, of which there was no message."""
        group = self._groups[id] = Group(id, self._throttle.partition_of(id))
        return group

    def _append(self, message: Message, group: Group, now: float) -> None:
        group.fresh.append(message)
        self.available.up(now)
        # `_offer`, written out; the group is not empty.
        if not group.is_listed and not (group.front and group.front[0].receipt in self._held):
            group.is_listed = True
            self._rotation.append(group)
            if not self.holds_wakes:
                self.wake_reader(now)

    def _make_available(self, message: Message, now: float) -> None:
        group = self._group_of(message)
        if message.receive_count == 0 and group.hidden and message.enqueued_at < now:
            group.hidden -= 1
        self._append(message, group, now)

    def _make_available_again(self, message: Message, now: float) -> None:
        self.available.up(now)
        self._offer(self._group_of(message), now)

    def _offer(self, group: Group, now: float) -> None:
        """The group may have something to receive."""
        if group.is_listed:
            return
        if group.is_open(self._held):
            group.is_listed = True
            self._rotation.append(group)
            self.wake_reader(now)
        else:
            self._discard(group)

    def _discard(self, group: Group) -> None:
        if not (group.front or group.fresh or group.hidden or group.is_listed):
            self._groups.pop(group.id, None)

    def has_receivable(self) -> bool:
        return bool(self._rotation)

    # -- receiving -------------------------------------------------------------------------------
    def take(self, subscription: Subscription, server: Server) -> Message | None:
        rotation = self._rotation
        if not rotation:
            return None
        now = self.env._now
        if len(self._held) >= self.in_flight_limit:
            self.over_limit += 1
            return None
        if not rotation[0].partition.receive.take(now) and not self._find_unthrottled(now):
            self.throttled += 1
            self._throttle_timer.arm(now + 1.0 / CALLS_PER_SECOND)
            return None
        reader = self.readers[subscription]
        deadline = now + reader.visibility_timeout
        if reader.max_messages == 1 and self.losses is None:
            # Mostly the first group has a message that is neither too old nor a dead letter.
            first = self._take_first(rotation[0], now)
            if first is not None:
                rotation.popleft().is_listed = False
                server.receipt = self._hand_over(first, reader, deadline, now)
                self.requests.receive += 1
                if first.size > CHUNK:
                    self.requests.received_chunks(first.size)
                self._received(deadline)
                return first
        received: list[tuple[Message, int]] = []
        while rotation and len(received) < reader.max_messages and len(self._held) < self.in_flight_limit:
            group = rotation.popleft()
            group.is_listed = False
            self._serve(group, reader, deadline, now, received)
            if group.is_open(self._held):
                # Only the ceiling of messages in flight leaves anything.
                group.is_listed = True
                rotation.appendleft(group)
            else:
                self._discard(group)
            if received and reader.is_by_group:
                break
        if not received:
            return None
        self.requests.receive += 1
        message, server.receipt = received[0]
        size = message.size if len(received) == 1 else sum([one.size for one, _ in received])
        if size > CHUNK:
            self.requests.received_chunks(size)
        self._received(deadline)
        if self.losses is not None and self.losses.take(reader, received):
            return self.take(subscription, server)
        if len(received) > 1:
            server.batch.extend(received[1:])
        return message

    def _find_unthrottled(self, now: float) -> bool:
        """Bring a group whose partition takes another receive to the head of the list, where that of the
        first takes none.
        """
        rotation = self._rotation
        if self._throttle.partitions == 1:
            return False
        rotation.rotate(-1)
        for _ in range(min(_TRIES, len(rotation)) - 1):
            if rotation[0].partition.receive.take(now):
                return True
            rotation.rotate(-1)
        return False

    def _take_first(self, group: Group, now: float) -> Message | None:
        """Take the first message of the group out of what is available, None where it is to be looked at more
        closely; no other of the group can be received then.
        """
        front = group.front
        if front:
            message = front[0]
            if message.receipt in self._held:
                return None
        elif group.fresh:
            message = group.fresh[0]
        else:
            return None
        if message.enqueued_at + self.settings.retention <= now or self._is_given_up(message):
            return None
        if not front:
            front.append(group.fresh.popleft())
        level = self.available
        value = level.value
        level.area += value * (now - level.since)
        level.since = now
        level.value = value - 1
        return message

    def _may_call_again(self, now: float) -> None:
        if self._rotation:
            self.wake_reader(now)

    def _serve(
        self,
        group: Group,
        reader: Reader,
        deadline: float,
        now: float,
        received: list[tuple[Message, int]],
    ) -> None:
        """Take from the visible prefix of the group what the receive has room for."""
        front, fresh, held = group.front, group.fresh, self._held
        most = reader.max_messages
        position = 0
        while len(received) < most and len(held) < self.in_flight_limit:
            if position < len(front):
                message = front[position]
                if message.receipt in held:
                    return
            elif fresh:
                message = fresh.popleft()
                front.append(message)
            else:
                return
            self.available.down(now)
            if self.is_too_old(message, now):
                group.leave_front(position)
                self.expire(message, now)
            elif self._is_given_up(message):
                # The rest of the group goes on: a dead letter breaks the strict order.
                group.leave_front(position)
                self._give_up(message, now)
            else:
                received.append((message, self._hand_over(message, reader, deadline, now)))
                position += 1

    # -- ends ------------------------------------------------------------------------------------
    def delete_at(self, message: Message, now: float) -> float:
        envelope = envelope_of(message)
        if envelope is None or envelope.group is None:
            return now
        group = self._groups.get(envelope.group)
        # With an expired handle all of the group may be gone.
        partition = self._throttle.partition_of(envelope.group) if group is None else group.partition
        return partition.delete.reserve(now)

    def acknowledge(self, message: Message, receipt: int) -> None:
        held = self._held
        if self._work or self._changed or held.get(receipt) is not message:
            super().acknowledge(message, receipt)
            return
        # `Deletes.call` and `delete`, written out: once per message.
        now = self.env._now
        group = self._groups[message.envelope.group]
        due = group.partition.delete.reserve(now)
        if due > now:
            self.deletes.delay(message, receipt, due)
            return
        self.requests.delete += 1
        del held[receipt]
        level = self.in_flight_level
        value = level.value
        level.area += value * (now - level.since)
        level.since = now
        level.value = value - 1
        if group.delete(message):
            self.order_violations += 1
        message.receipt = -1
        self.delivered += 1
        self.departures += 1
        self.residence_sum += now - message.accepted_at
        if message.journey is not None:
            message.end()
        if group.front or group.fresh:
            self._offer(group, now)
        elif not (group.hidden or group.is_listed):
            del self._groups[group.id]
        if len(held) == self.in_flight_limit - 1 and self._rotation:
            self.wake_reader(now)

    def delete(self, message: Message, receipt: int) -> bool:
        """With an expired handle an error (API reference, DeleteMessage)."""
        if self._held.get(receipt) is not message:
            self.end_expired(receipt)
            return False
        now = self.env._now
        del self._held[receipt]
        if self._changed:
            self._changed.pop(receipt, None)
        self.in_flight_level.down(now)
        group = self._group_of(message)
        if group.delete(message):
            self.order_violations += 1
        self._leave(message, now)
        self._offer(group, now)
        if len(self._held) == self.in_flight_limit - 1 and self._rotation:
            self.wake_reader(now)
        return True

    def forget(self, message: Message) -> None:
        group = self._group_of(message)
        if message.receive_count:
            group.leave_front(group.front.index(message))
        else:
            group.hidden -= 1
        self._offer(group, self.env._now)

    def _expire_available(self, now: float) -> float:
        by_age = self._by_age
        while by_age and (by_age[0].receipt < 0 or self.is_too_old(by_age[0], now)):
            message = by_age.popleft()
            if message.receipt >= 0:
                group = self._group_of(message)
                group.remove(message)
                self.available.down(now)
                self.expire(message, now)
                self._offer(group, now)
        return self.oldest_available()

    def oldest_available(self) -> float:
        by_age = self._by_age
        while by_age and by_age[0].receipt < 0:
            by_age.popleft()
        return by_age[0].enqueued_at if by_age else inf

    def oldest_message_age(self, now: float) -> float:
        return now - min(now, self.oldest_available())

    def pop_available(self, now: float) -> Message | None:
        rotation = self._rotation
        while rotation:
            group = rotation.popleft()
            group.is_listed = False
            if not group.is_open(self._held):
                self._discard(group)
                continue
            if group.front:
                message = group.front[0]
                group.leave_front(0)
            else:
                message = group.fresh.popleft()
            self.available.down(now)
            self._offer(group, now)
            return message
        return None

    def return_unmoved(self, message: Message, now: float) -> None:
        group = self._group_of(message)
        group.front.insert(0, message)
        if group.overtaken:
            group.overtaken += 1
        self.available.up(now)
        self._offer(group, now)

    def remove_available(self, now: float) -> list[Message]:
        self._memory.clear()
        taken: list[Message] = []
        for group in self._groups.values():
            taken += group.take_out(self._held)
        self._rotation.clear()
        for _ in taken:
            self.available.down(now)
        for group in list(self._groups.values()):
            self._discard(group)
        return taken

    def counts(self) -> dict[str, int]:
        return {**super().counts(), "order_violations": self.order_violations}

    def groups(self, most: int = MOST_ROWS) -> list[Group]:
        """The groups with most messages, the largest first."""
        return nlargest(most, self._groups.values(), key=lambda group: len(group.fresh) + len(group.front))

    def detail(self) -> dict[str, Any]:
        rows = [row_of(group, self._held) for group in self.groups()]
        return {
            **super().detail(),
            "order_violations": self.order_violations,
            "groups": rows,
            "more_groups": len(self._groups) - len(rows),
        }
