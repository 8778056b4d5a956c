"""Messages that are worked on, for stages whose loop finds when the work on each ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from math import inf
from typing import TYPE_CHECKING, Self

import numpy as np

from simulator.engine.recursion import NO_NUMBERS
from simulator.measurement.level import NO_TIMES

if TYPE_CHECKING:
    from simulator.engine.recursion import Numbers, Passage
    from simulator.measurement.level import Times
    from simulator.measurement.ordering import KeyBook


@dataclass(slots=True)
class Columns:
    """Arrays of one length, in each of which a place is that of one message."""

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """The messages of all parts, one after the other."""
        if len(parts) == 1:
            return parts[0]
        return cls(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)))

    def parted(self, place: int) -> tuple[Self, Self]:
        """The messages before a position, and those from there on."""
        numbers = np.arange(len(getattr(self, fields(self)[0].name)))
        return self.chosen(numbers[:place]), self.chosen(numbers[place:])

    def chosen(self, rows: Numbers) -> Self:
        """The messages at these positions, in this order."""
        return type(self)(*(getattr(self, field.name)[rows] for field in fields(self)))


@dataclass(slots=True)
class WorkedRows(Columns):
    """Messages, mostly in order of arrival; arrays of one length."""

    #: From 0, in order of arrival.
    number: Numbers
    source: Numbers
    sequence: Numbers
    #: Numbers in the book of keys.
    keys: Numbers
    created: Times
    arrived: Times
    #: When they were done or given up, infinite where that is not known; seconds.
    ends: Times

    def __len__(self) -> int:
        return len(self.number)

    @staticmethod
    def of(passage: Passage, first: int, book: KeyBook) -> WorkedRows:
        """What has come, numbered from `first` on."""
        return WorkedRows(
            np.arange(first, first + len(passage)),
            passage.source,
            passage.sequence,
            book.numbers_of(passage.key),
            passage.created,
            passage.arrived,
            np.full(len(passage), inf),
        )

    def numbered(self, numbers: list[int]) -> Numbers:
        """The positions of messages by their numbers."""
        found: Numbers = self.number.searchsorted(np.array(numbers, dtype=np.int64))
        return found


NO_ROWS = WorkedRows(NO_NUMBERS, NO_NUMBERS, NO_NUMBERS, NO_NUMBERS, NO_TIMES, NO_TIMES, NO_TIMES)
