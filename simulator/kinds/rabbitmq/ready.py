"""The ready messages of a queue, in the order in which they are delivered."""

from __future__ import annotations

from bisect import insort
from collections import deque
from collections.abc import Iterator
from heapq import heappop, heappush
from math import inf

from simulator.engine.message import Message
from simulator.kinds.rabbitmq.envelope import Envelope


class Entry:
    """A message in a queue: its place, when it expires, and how often it failed here."""

    __slots__ = (
        "delivered_at",
        "envelope",
        "expires_at",
        "failures",
        "hands",
        "is_begun",
        "is_lost",
        "level",
        "message",
        "ordinal",
    )

    def __init__(
        self, message: Message, envelope: Envelope, ordinal: int, level: int, expires_at: float
    ) -> None:
        self.message = message
        self.envelope = envelope
        #: Place in the order of arrival; a requeued message keeps it.
        self.ordinal = ordinal
        #: Priority level.
        self.level = level
        self.expires_at = expires_at
        #: Of the delivery that is not acknowledged.
        self.delivered_at = 0.0
        #: Failed deliveries, for the delivery limit.
        self.failures = 0
        #: A worker has begun with the latest delivery and has not answered.
        self.is_begun = False
        #: Workers that are still at it although their channel was closed.
        self.hands = 0
        #: The queue has lost it while they were.
        self.is_lost = False


class _Level:
    """Messages of one priority: those that never left, and those that came back."""

    __slots__ = ("fresh", "returned")

    def __init__(self) -> None:
        self.fresh: deque[Entry] = deque()
        self.returned: list[tuple[int, Entry]] = []

    def head(self) -> Entry | None:
        returned, fresh = self.returned, self.fresh
        if returned and (not fresh or returned[0][0] < fresh[0].ordinal):
            return returned[0][1]
        return fresh[0] if fresh else None

    def pop(self) -> Entry:
        returned, fresh = self.returned, self.fresh
        if returned and (not fresh or returned[0][0] < fresh[0].ordinal):
            return heappop(returned)[1]
        return fresh.popleft()


class ReadyMessages:
    """Highest priority first, then the order of arrival.

    A requeued message takes its original place again (classic queues), or, with `returns_first`, goes to a
    line of its own that is served before everything else in the order of return (quorum queues).
    """

    def __init__(self, *, returns_first: bool) -> None:
        self.count = 0
        self._returns: deque[Entry] | None = deque() if returns_first else None
        self._levels: dict[int, _Level] = {}
        #: Levels in use, the highest first (as negative numbers).
        self._order: list[int] = []

    def push(self, entry: Entry) -> None:
        """A new message, at the tail of its level."""
        self.count += 1
        self._level(entry.level).fresh.append(entry)

    def put_back(self, entry: Entry) -> None:
        """A message that was delivered and comes back."""
        self.count += 1
        if self._returns is not None:
            self._returns.append(entry)
        else:
            heappush(self._level(entry.level).returned, (entry.ordinal, entry))

    def _level(self, level: int) -> _Level:
        found = self._levels.get(level)
        if found is None:
            found = self._levels[level] = _Level()
            insort(self._order, -level)
        return found

    def pop(self) -> Entry:
        """The message to deliver next, or to drop when the queue is too long; there must be one."""
        if self._returns:
            return self._taken(self._returns.popleft())
        for negative in self._order:
            level = self._levels[-negative]
            if level.fresh or level.returned:
                return self._taken(level.pop())
        raise IndexError("no message is ready")

    def _taken(self, entry: Entry) -> Entry:
        self.count -= 1
        return entry

    def pop_expired(self, now: float) -> Iterator[Entry]:
        """The messages at the heads whose time is over at `now`."""
        while self._returns and self._returns[0].expires_at <= now:
            yield self._taken(self._returns.popleft())
        for level in self._levels.values():
            head = level.head()
            while head is not None and head.expires_at <= now:
                yield self._taken(level.pop())
                head = level.head()

    def next_expiry(self) -> float:
        """When the time of a message at a head is over, infinity without one."""
        heads = [level.head() for level in self._levels.values()]
        if self._returns:
            heads.append(self._returns[0])
        return min([head.expires_at for head in heads if head is not None], default=inf)

    def drop_transient(self) -> list[Entry]:
        """Take out the transient messages (a restart); returns them in order."""
        gone: list[Entry] = []
        for level in self._levels.values():
            entries = sorted([*level.fresh, *[entry for _, entry in level.returned]], key=_place)
            level.returned.clear()
            level.fresh = deque(entry for entry in entries if entry.envelope.is_persistent)
            gone += [entry for entry in entries if not entry.envelope.is_persistent]
        for entry in gone:
            self._taken(entry)
        return gone

    def drop_all(self) -> list[Entry]:
        """Take out everything; returns it in the order of delivery."""
        return [self.pop() for _ in range(self.count)]


def _place(entry: Entry) -> int:
    return entry.ordinal
