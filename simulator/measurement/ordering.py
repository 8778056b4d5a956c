"""What arrives at the end of a flow: latency, order, duplicates and losses, from producer to consumer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simulator.measurement.tally import Tally

if TYPE_CHECKING:
    from simulator.engine.message import Key, Message


class Flow:
    """Everything one producer has sent that one consumer has finished.

    Order is judged per key at acknowledgement, the moment at which an effect has happened: a message is
    out of order when a later message of the same producer and key was acknowledged before. Messages
    without a key form one sequence. A duplicate is a message acknowledged once more by the same consumer;
    it counts neither as delivered nor for order.
    """

    __slots__ = (
        "consumer",
        "dead_lettered",
        "delivered",
        "duplicates",
        "latency",
        "latest",
        "lost",
        "out_of_order",
        "producer",
    )

    def __init__(self, producer: str, consumer: str) -> None:
        self.producer = producer
        self.consumer = consumer
        self.delivered = 0
        self.duplicates = 0
        self.out_of_order = 0
        #: Refused, dropped or expired at a node from which this consumer could have been reached.
        self.lost = 0
        #: Moved to a dead-letter queue on the way.
        self.dead_lettered = 0
        #: End-to-end latency, seconds from creation to acknowledgement.
        self.latency = Tally()
        #: By key (None for messages without one): the highest sequence acknowledged so far.
        self.latest: dict[Key, int] = {}

    def record(self, message: Message, now: float) -> None:
        """The consumer has acknowledged `message` at `now`."""
        if message.duplicate or message.processed:
            self.duplicates += 1
            return
        self.delivered += 1
        self.latency.add(now - message.created)
        sequence = message.sequence
        key = message.key
        if sequence < self.latest.get(key, 0):
            self.out_of_order += 1
        else:
            self.latest[key] = sequence

    def counts(self) -> dict[str, int]:
        """The cumulative counts by their names in the result."""
        return {
            "delivered": self.delivered,
            "duplicates": self.duplicates,
            "out_of_order": self.out_of_order,
            "lost": self.lost,
            "dead_lettered": self.dead_lettered,
        }


def out_of_order(
    latest: NDArray[np.int64], keys: NDArray[np.int64], sequences: NDArray[np.int64]
) -> NDArray[np.bool_] | None:
    """Which of many messages, in the order in which they were acknowledged, are out of order.

    Args:
        latest: by number of the key the highest sequence acknowledged so far (`Flow.latest`); brought up to
            date.
        keys: numbers of the keys.

    Returns:
        a flag for each message; None where all are in order.
    """
    small = keys.astype(np.uint16) if len(latest) <= 1 << 16 else keys  # sorted without comparing
    order = np.argsort(small, kind="stable")
    key, sequence = keys[order], sequences[order]
    is_other = key[1:] != key[:-1]
    first = np.concatenate(([0], np.flatnonzero(is_other) + 1))
    before = np.empty_like(sequence)
    before[1:] = sequence[:-1]
    before[first] = latest[key[first]]
    is_late = sequence < before
    last = np.concatenate((first[1:] - 1, [len(key) - 1]))
    if not is_late.any():
        latest[key[last]] = sequence[last]
        return None
    # What counts is the highest of a key, not the one before.
    number = np.cumsum(np.concatenate(([0], is_other)))
    span = int(max(sequence.max(), before.max())) + 1
    raised = sequence.copy()
    raised[first] = np.maximum(sequence[first], before[first])
    highest = np.maximum.accumulate(raised + number * span) - number * span
    before[1:] = highest[:-1]
    before[first] = latest[key[first]]
    latest[key[last]] = highest[last]
    flags = np.empty(len(key), dtype=np.bool_)
    flags[order] = sequence < before
    return flags
