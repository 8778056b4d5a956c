"""Records of a partition among which a cleaner leaves gaps."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from math import inf
from typing import TYPE_CHECKING

from simulator.engine.message import Message
from simulator.kinds.kafka.states import DONE

if TYPE_CHECKING:
    from simulator.kinds.kafka.member import Cursor

#: Stands for any record that compaction has taken: offsets do not move up, and nobody reads it. It is always
#: DONE, older than every record, and without size.
GAP = Message(-1, 0, -inf, None, 0.0, 0)
GAP.receipt = DONE


class Sparse(deque[Message]):
    """What a group has still to read of a partition, gaps included.

    It is true while there is a record to read, and `popleft` hands out the next one; the gaps before it go
    where the record goes, to what is polled. Its length is one of offsets.
    """

    def __init__(self, cursor: Cursor) -> None:
        super().__init__()
        self._cursor = cursor
        #: Records, without gaps.
        self.live = 0

    def __bool__(self) -> bool:
        return self.live > 0

    def extend(self, messages: Iterable[Message]) -> None:
        for message in messages:
            self.append(message)

    def append(self, message: Message) -> None:
        super().append(message)
        self.live += message is not GAP

    def appendleft(self, message: Message) -> None:
        super().appendleft(message)
        self.live += message is not GAP

    def extendleft(self, messages: Iterable[Message]) -> None:
        for message in messages:
            self.appendleft(message)

    def pop(self) -> Message:  # type: ignore[override]
        message = super().pop()
        self.live -= message is not GAP
        return message

    def popleft(self) -> Message:
        while (message := super().popleft()) is GAP:
            self._cursor.polled.append(GAP)
        self.live -= 1
        return message

    def pass_over(self) -> Message:
        """Take away what is at the position, be it a gap."""
        message = super().popleft()
        self.live -= message is not GAP
        return message

    def erase(self, place: int) -> Message:
        """Make a gap of what is at `place`; returns the record that was there."""
        message = self[place]
        if message is not GAP:
            self[place] = GAP
            self.live -= 1
        return message
