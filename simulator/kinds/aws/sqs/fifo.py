"""A FIFO queue: the order of each message group, deduplication, and quotas.

Inside a group only the contiguous prefix of visible messages can be received: a message in flight blocks
every later message of its group and none of the earlier ones. A receive takes what it can of the group at the
head of a rotating list before it goes on to the next; a group that was served goes behind.
"""

from __future__ import annotations

from collections import deque
from heapq import heappush, nlargest
from math import inf
from typing import Any

from simulator.engine.broker import Subscription
from simulator.engine.endpoint import Server
from simulator.engine.message import Message
from simulator.engine.timer import Timer
from simulator.engine.world import World
from simulator.kinds.aws.sqs.deduplication import Deduplication
from simulator.kinds.aws.sqs.edge_settings import SqsPublishSettings
from simulator.kinds.aws.sqs.envelope import Envelope, envelope_of
from simulator.kinds.aws.sqs.queue import SqsQueue
from simulator.kinds.aws.sqs.quotas import CALLS_PER_SECOND, CHUNK
from simulator.kinds.aws.sqs.reader import Reader
from simulator.kinds.aws.sqs.redrive import AttributeSettings
from simulator.kinds.aws.sqs.settings import SqsSettings
from simulator.kinds.aws.sqs.throttle import Throttle

#: Groups at the head of the list that a receive tries before it counts as throttled.
_TRIES = 16
#: Groups in a frame.
MOST_ROWS = 20


class Group:
    """The messages of one group that were not deleted, in order.

    `front` were received before, `fresh` never; `hidden` counts those whose delay is not over.

    Args:
        partition: where the queue keeps it.
    """

    __slots__ = ("fresh", "front", "hidden", "id", "is_listed", "overtaken", "partition", "visible_from")

    def __init__(self, id: str, partition: int) -> None:
        self.id = id
        self.partition = partition
        #: So many of `front`, from its first on, have been overtaken: a later message was deleted before.
        self.overtaken = 0
        self.front: list[Message] = []
        self.fresh: deque[Message] = deque()
        self.hidden = 0
        #: Whether it stands in the rotating list.
        self.is_listed = False
        #: When its latest message becomes visible: no later one does before.
        self.visible_from = 0.0

    def remove(self, message: Message) -> None:
        """The message, which is not delayed, leaves."""
        if self.fresh and self.fresh[0] is message:
            self.fresh.popleft()
        else:
            self.leave_front(self.front.index(message))

    def leave_front(self, place: int) -> None:
        """What stands at `place` of `front` leaves without having been deleted."""
        del self.front[place]
        if place < self.overtaken:
            self.overtaken -= 1

    def delete(self, message: Message) -> bool:
        """The message is deleted; whether a later one of the group was deleted before it."""
        place = self.front.index(message)
        del self.front[place]
        if place < self.overtaken:
            self.overtaken -= 1
            return True
        self.overtaken = place
        return False


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

    def needs_sender(self, settings: SqsPublishSettings) -> bool:
        return True

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
        if self._throttle.can_send(self._group_of(message).partition, now):
            return True
        self.throttled += 1
        return False

    def admit_call(self, messages: list[Message], now: float) -> tuple[list[Message], list[Message]]:
        """Each partition that the call writes to has a quota; entries of others pass."""
        if self.is_out:
            return [], messages
        answers: dict[int, bool] = {}
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
        """A repeat within five minutes is taken and not delivered."""
        group = self._group_of(message)
        envelope = message.envelope
        origin = (message.source, message.sequence)
        id: object = origin if envelope.deduplication is None else envelope.deduplication
        first = self._memory.first((group.id, id) if self._is_by_group else (id,), origin, now)
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
        if group is None:
            group = self._groups[id] = Group(id, self._throttle.partition_of(id))
        return group

    def _append(self, message: Message, group: Group, now: float) -> None:
        group.fresh.append(message)
        self.available.up(now)
        self._offer(group, now)

    def _make_available(self, message: Message, now: float) -> None:
        group = self._group_of(message)
        if message.receive_count == 0 and group.hidden and message.enqueued_at < now:
            group.hidden -= 1
        self._append(message, group, now)

    def _make_available_again(self, message: Message, now: float) -> None:
        self.available.up(now)
        self._offer(self._group_of(message), now)

    def _is_open(self, group: Group) -> bool:
        """Whether the group's first message can be received."""
        return group.front[0].receipt not in self._held if group.front else bool(group.fresh)

    def _offer(self, group: Group, now: float) -> None:
        """The group may have something to receive."""
        if group.is_listed:
            return
        if self._is_open(group):
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
        if not self._find_unthrottled(now):
            self.throttled += 1
            self._throttle_timer.arm(now + 1.0 / CALLS_PER_SECOND)
            return None
        reader = self.readers[subscription]
        deadline = now + reader.visibility_timeout
        received: list[tuple[Message, int]] = []
        while rotation and len(received) < reader.max_messages and len(self._held) < self.in_flight_limit:
            group = rotation.popleft()
            group.is_listed = False
            self._serve(group, reader, deadline, now, received)
            if self._is_open(group):
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
        """Bring a group whose partition takes another receive to the head of the list."""
        rotation = self._rotation
        throttle = self._throttle
        if throttle.can_receive(rotation[0].partition, now):
            return True
        if throttle.partitions == 1:
            return False
        rotation.rotate(-1)
        for _ in range(min(_TRIES, len(rotation)) - 1):
            if throttle.can_receive(rotation[0].partition, now):
                return True
            rotation.rotate(-1)
        return False

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
        if group is None:  # an expired handle: all of the group is gone
            return self._throttle.delete_at(self._throttle.partition_of(envelope.group), now)
        return self._throttle.delete_at(group.partition, now)

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
            if not self._is_open(group):
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
        held = self._held
        taken: list[Message] = []
        for group in self._groups.values():
            taken += [message for message in group.front if message.receipt not in held]
            taken += group.fresh
            for place in reversed(range(len(group.front))):
                if group.front[place].receipt not in held:
                    group.leave_front(place)
            group.fresh.clear()
            group.is_listed = False
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
        held = self._held
        rows = []
        for group in self.groups():
            in_flight = sum(1 for message in group.front if message.receipt in held)
            rows.append(
                {
                    "message_group": group.id,
                    "waiting": len(group.front) + len(group.fresh) + group.hidden - in_flight,
                    "in_flight": in_flight,
                    "is_blocked": not self._is_open(group),
                }
            )
        more = len(self._groups) - len(rows)
        return {
            **super().detail(),
            "order_violations": self.order_violations,
            "groups": rows,
            "more_groups": more,
        }
