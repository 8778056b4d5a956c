"""The age of the oldest message, looked at now and then as CloudWatch does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.engine.environment import Activity
from simulator.measurement.tally import Tally

if TYPE_CHECKING:
    from simulator.kinds.aws.sqs.queue import SqsQueue

#: Looks in one run, at most one each second; CloudWatch looks once a minute.
LOOKS = 500


class AgeSampler(Activity):
    """Notes the age of a queue's oldest message at equal distances of time."""

    __slots__ = ("interval", "queue", "tally")

    depends_on_order = False

    def __init__(self, queue: SqsQueue, duration: float) -> None:
        self.queue = queue
        self.interval = max(1.0, duration / LOOKS)
        self.tally = Tally()

    def start(self) -> None:
        """The first look is one interval after the start."""
        self.queue.env.at(self.interval, self)

    def occur(self, now: float) -> float:
        self.tally.add(self.queue.oldest_message_age(now))
        return now + self.interval
