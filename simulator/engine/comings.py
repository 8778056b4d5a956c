"""Messages that are known beforehand, brought to a broker by an event for each: for stages that give way.

A stage that comes to something it does not model gives way to the events for a while
(`simulator.engine.ahead_stage`). Those who send to it go on to tell it ahead of time what will come.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from simulator.engine.environment import Activity, SimulationEnvironment
from simulator.engine.message import Message
from simulator.engine.recursion import NO_NUMBERS, Numbers, Passage, is_order_sure, merged_passages
from simulator.engine.stage_plan import EventsNeeded
from simulator.measurement.level import NO_TIMES

if TYPE_CHECKING:
    from simulator.engine.message import Key
    from simulator.engine.node import Acceptor

#: Brokers that can be stages ask for neither: the same size and priority for all messages.
SIZE = 0.0
PRIORITY = 0


def message_of(source: int, sequence: int, key: Key, created: float, accepted_at: float) -> Message:
    """A message of which a stage knows what it needs; it was accepted by its broker."""
    message = Message(source, sequence, created, key, SIZE, PRIORITY)
    message.accepted_at = message.enqueued_at = accepted_at
    return message


def messages_of(passage: Passage) -> list[Message]:
    """Messages that a broker has accepted, in this order."""
    return [
        message_of(*row)
        for row in zip(
            passage.source.tolist(),
            passage.sequence.tolist(),
            listed(passage.key),
            passage.created.tolist(),
            passage.arrived.tolist(),
            strict=True,
        )
    ]


def passage_of(messages: Sequence[Message]) -> Passage:
    """Messages that a broker has accepted, in this order."""
    return Passage(
        np.array([message.source for message in messages], dtype=np.int64),
        np.array([message.sequence for message in messages], dtype=np.int64),
        [message.key for message in messages],
        np.array([message.created for message in messages], dtype=float),
        np.array([message.accepted_at for message in messages], dtype=float),
    )


def listed(keys: Sequence[Key] | Numbers) -> Sequence[Key]:
    """Keys as plain objects."""
    return keys.tolist() if isinstance(keys, np.ndarray) else keys


class Comings(Activity):
    """Brings messages to a broker when they come.

    Args:
        broker: whose `accept` gets them; what it refuses is lost.
    """

    __slots__ = (
        "_arrived",
        "_broker",
        "_created",
        "_env",
        "_keys",
        "_passage",
        "_place",
        "_sequence",
        "_source",
    )

    def __init__(self, env: SimulationEnvironment, broker: Acceptor) -> None:
        self._env = env
        self._broker = broker
        self._know(_NOTHING)

    def _know(self, passage: Passage) -> None:
        self._passage = passage
        self._place = 0
        self._source = passage.source.tolist()
        self._sequence = passage.sequence.tolist()
        self._keys = listed(passage.key)
        self._created = passage.created.tolist()
        self._arrived = passage.arrived.tolist()

    def tell(self, passages: list[Passage]) -> None:
        """More will come, each of these in order of arrival.

        Raises:
            EventsNeeded: when some have come already, or several at one time.
        """
        more = [passage for passage in passages if len(passage)]
        if not more:
            return
        passage = merged_passages([self.left(), *more])
        if passage.arrived[0] < self._env.now:
            raise EventsNeeded("messages are not known before they come")
        if not is_order_sure(passage):
            raise EventsNeeded("messages come at one time, and their order matters")
        self._know(passage)
        self._env.at(self._arrived[0], self)

    def left(self) -> Passage:
        """What has not come; it comes no more."""
        self._env.withdraw(lambda activity: activity is self)
        left = self._passage.rows(self._place, len(self._passage))
        self._know(_NOTHING)
        return left

    def occur(self, now: float) -> float | None:
        place = self._place
        self._place = place = place + 1
        message = message_of(
            self._source[place - 1],
            self._sequence[place - 1],
            self._keys[place - 1],
            self._created[place - 1],
            now,
        )
        # By events a message comes here with the event that sends it, which is counted where it is sent.
        self._env.events -= 1
        broker = self._broker
        if not broker.accept(message):
            broker.lose(message)
        return self._arrived[place] if place < len(self._arrived) else None


_NOTHING = Passage(NO_NUMBERS, NO_NUMBERS, [], NO_TIMES, NO_TIMES)
