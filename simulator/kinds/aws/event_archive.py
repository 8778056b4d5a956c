"""The archive of a bus, and replays from it.

An archive is kept in columns, some 60 bytes for each event beside the payload, which equal events share. It
holds at most `MOST_EVENTS` events with `MOST_PAYLOADS` different payloads; more end the run with a sentence.
Source: Amazon EventBridge user guide, *Archiving and replaying events*.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from simulator.engine.environment import Activity
from simulator.engine.message import Key, Message
from simulator.engine.node import SimulationLimit

if TYPE_CHECKING:
    from simulator.engine.payload import Event
    from simulator.kinds.aws.eventbridge import EventBus
    from simulator.kinds.aws.eventbridge_settings import ReplaySettings

#: About 300 MB.
MOST_EVENTS = 5_000_000
#: Payloads with drawn numbers are all different: about 1 kB each.
MOST_PAYLOADS = 250_000
DAY = 86_400.0
MINUTE = 60.0
#: Replays of an account that run at a time (user guide, quotas).
MOST_REPLAYS = 10


class EventArchive:
    """Events by the time at which the bus accepted them.

    Args:
        bus: id of the bus, for messages.
        retention: seconds that events are kept; 0: for ever.
    """

    def __init__(self, bus: str, retention: float) -> None:
        self._bus = bus
        self.retention = retention
        #: Events that stood before the present first position and are gone.
        self._removed = 0
        self._begin()

    def _begin(self) -> None:
        self._times = array("d")
        self._created = array("d")
        self._sizes = array("d")
        self._sources = array("q")
        self._sequences = array("q")
        self._priorities = array("q")
        self._keys: list[Key] = []
        self._events = array("q")
        self._payloads: list[Event | None] = []
        self._payload_at: dict[int, int] = {}
        #: Position of the oldest event that is still kept.
        self._first = 0

    def __len__(self) -> int:
        return len(self._times) - self._first

    def keep(self, message: Message, now: float) -> None:
        """Store an event that the bus has just accepted."""
        if self.retention:
            self._forget(now)
        event = message.event
        # The payload itself is kept, so that its id stays its own.
        place = self._payload_at.get(id(event))
        if place is None:
            place = self._payload_at[id(event)] = len(self._payloads)
            self._payloads.append(event)
        if len(self._times) >= MOST_EVENTS or place >= MOST_PAYLOADS:
            raise SimulationLimit(
                f"the archive of {self._bus} would hold more than {MOST_EVENTS:,} events or "
                f"{MOST_PAYLOADS:,} different payloads: archive fewer events by an EventPattern, "
                "shorten the run, or draw the fields of the events from choices"
            )
        self._times.append(now)
        self._created.append(message.created)
        self._sizes.append(message.size)
        self._sources.append(message.source)
        self._sequences.append(message.sequence)
        self._priorities.append(message.priority)
        self._keys.append(message.key)
        self._events.append(place)

    def _forget(self, now: float) -> None:
        times, first = self._times, self._first
        while first < len(times) and times[first] + self.retention <= now:
            first += 1
        self._first = first
        if first and first == len(times):
            self._removed += first
            self._begin()
        elif first > 4096 and first > len(times) // 2:
            for column in (
                self._times,
                self._created,
                self._sizes,
                self._sources,
                self._sequences,
                self._priorities,
                self._keys,
                self._events,
            ):
                del column[:first]
            self._removed += first
            self._first = 0

    def window(self, start: float, end: float, now: float) -> Iterator[range]:
        """The numbers of the events from `start` on and before `end` (seconds) that are kept at `now`, minute
        by minute of event time.
        """
        times = self._times
        if self.retention:
            start = max(start, float(np.nextafter(now - self.retention, np.inf)))
        first, last = bisect_left(times, start, self._first), bisect_left(times, end, self._first)
        while first < last:
            following = (times[first] // MINUTE + 1.0) * MINUTE
            after = min(bisect_left(times, following), last)
            yield range(self._removed + first, self._removed + after)
            first = after

    def message(self, number: int) -> tuple[Message, Event | None] | None:
        """A copy of an archived event: the same origin, and a duplicate of what was delivered before.

        None for one that is not kept any more.
        """
        position = number - self._removed
        if position < self._first:
            return None
        copy = Message(
            self._sources[position],
            self._sequences[position],
            self._created[position],
            self._keys[position],
            self._sizes[position],
            self._priorities[position],
        )
        copy.duplicate = True
        return copy, self._payloads[self._events[position]]


class Replay(Activity):
    """One replay: minute by minute, in no particular order within a minute.

    Args:
        bus: where the events come again.
        numbers: of the events in the archive.
        rate: events per second.
    """

    __slots__ = ("archive", "bus", "gap", "name", "numbers", "rules")

    def __init__(
        self,
        bus: EventBus,
        archive: EventArchive,
        settings: ReplaySettings,
        numbers: Iterator[int],
        rate: float,
    ) -> None:
        self.bus = bus
        self.archive = archive
        self.name = settings.replay_name
        #: Names of the rules that the events are held to; empty: all.
        self.rules = frozenset(settings.filter_rules)
        self.numbers = numbers
        self.gap = 1.0 / rate

    def occur(self, now: float) -> float | None:
        for number in self.numbers:
            found = self.archive.message(number)
            if found is not None:
                self.bus.accept_replayed(*found, self)
                return now + self.gap
        self.bus.replay_ends()
        return None


def shuffled(minutes: Iterator[range], draw: Callable[[], float]) -> Iterator[int]:
    """The numbers of each minute in an order of chance.

    Args:
        draw: uniform variates.
    """
    order: list[int] = []
    for minute in minutes:
        places = np.argsort([draw() for _ in minute], kind="stable")
        order += [minute[place] for place in places.tolist()]
    return iter(order)
