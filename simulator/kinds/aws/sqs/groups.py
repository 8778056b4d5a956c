"""The messages of a FIFO queue by message group."""

from __future__ import annotations

from collections import deque
from collections.abc import Container
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulator.engine.message import Message
    from simulator.kinds.aws.sqs.throttle import Partition


class Group:
    """The messages of one group that were not deleted, in order.

    `front` were received before, `fresh` never; `hidden` counts those whose delay is not over.

    Args:
        partition: where the queue keeps it, and what calls may still be made there.
    """

    __slots__ = ("fresh", "front", "hidden", "id", "is_listed", "overtaken", "partition", "visible_from")

    def __init__(self, id: str, partition: Partition) -> None:
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

    def is_open(self, held: Container[int]) -> bool:
        """Whether its first message can be received: `held` are the receipts of those in flight."""
        return self.front[0].receipt not in held if self.front else bool(self.fresh)

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
        front = self.front
        place = 0 if front[0] is message else front.index(message)
        del front[place]
        if place < self.overtaken:
            self.overtaken -= 1
            return True
        self.overtaken = place
        return False

    def take_out(self, held: Container[int]) -> list[Message]:
        """Take all out but those in flight and delayed."""
        taken = [message for message in self.front if message.receipt not in held]
        taken += self.fresh
        for place in reversed(range(len(self.front))):
            if self.front[place].receipt not in held:
                self.leave_front(place)
        self.fresh.clear()
        self.is_listed = False
        return taken


def row_of(group: Group, held: Container[int]) -> dict[str, Any]:
    """What a frame shows of a group."""
    in_flight = sum(1 for message in group.front if message.receipt in held)
    return {
        "message_group": group.id,
        "waiting": len(group.front) + len(group.fresh) + group.hidden - in_flight,
        "in_flight": in_flight,
        "is_blocked": not group.is_open(held),
    }
