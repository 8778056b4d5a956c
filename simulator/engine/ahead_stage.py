"""What stages that work ahead of the clock have in common: being told, and taking what has happened.

A stage is told single messages when they come, or blocks of them as soon as they are drawn. As far as
arrivals are known it works out at once all that happens; that stands ready in order of time, and whoever
looks (a frame, a slice boundary) takes what has happened up to then.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from math import inf, nextafter
from typing import Generic, Protocol, TypeVar

import numpy as np

from simulator.engine.endpoint import Consumer
from simulator.engine.environment import SimulationEnvironment
from simulator.engine.message import Message
from simulator.engine.recursion import Numbers, Passage
from simulator.measurement.level import Times
from simulator.measurement.ordering import Deliveries, FlowOrder, KeyBook
from simulator.measurement.tally import Samples


class Ahead(Protocol):
    """All that happens up to a time."""

    @property
    def until(self) -> float:
        """That time, seconds."""


class Completions(Protocol):
    """Messages on which the work is done, in order of its ends; arrays of one length."""

    @property
    def source(self) -> Numbers:
        """Positions of their producers."""

    @property
    def sequence(self) -> Numbers:
        """Their ordinals at their producers."""

    @property
    def keys(self) -> Numbers:
        """Numbers in the book of keys."""

    @property
    def created(self) -> Times:
        """When they were made, seconds."""

    @property
    def arrived(self) -> Times:
        """When the broker accepted them, seconds."""

    @property
    def ends(self) -> Times:
        """When the work on them ended, seconds."""


A = TypeVar("A", bound=Ahead)


class AheadStage(ABC, Generic[A]):
    """One broker with the one consumer that reads it, in the place of their events."""

    def __init__(self, env: SimulationEnvironment, consumer: Consumer) -> None:
        self._env = env
        self._consumer = consumer
        #: Told since the last look: single messages, or blocks.
        self._messages: list[Message] = []
        self._times: list[float] = []
        self._blocks: list[Passage] = []
        #: All messages before this time are known; nothing is where they are told when they come.
        self._known_to = -inf
        self._book = KeyBook()
        self._order: dict[int, FlowOrder] = {}
        self._ahead: A | None = None

    @property
    def horizon(self) -> float:
        """How far the clock may go before the next `settle`: as far as it likes."""
        return inf

    def intake(self) -> Callable[[Message], bool]:
        """What takes the place of the broker's `accept`: it remembers, and works later."""
        message_came = self._messages.append
        time_came = self._times.append
        env = self._env

        def accept(message: Message) -> bool:
            message_came(message)
            time_came(env._now)
            return True

        return accept

    def accept_block(self, passage: Passage) -> None:
        """Take many messages that come here by one way, in order of arrival."""
        self._blocks.append(passage)

    def foresee(self, passage: Passage, until: float) -> None:
        """Messages that will come; all that come before `until` (seconds) have been told."""
        self._known_to = inf if until == inf else nextafter(until, 0.0)
        self._blocks.append(passage)

    def settle(self, now: float) -> None:
        """Bring everything to the state at `now` (seconds): all arrivals up to then have been told."""
        ahead = self._ahead
        if ahead is not None:
            self._follow(ahead, now)
        while self._blocks or self._messages or (self._is_open() and (ahead is None or ahead.until < now)):
            # More is told only when all that stood ready has passed; it makes room for what comes.
            self._ahead = ahead = None
            self._ahead = ahead = self._work_ahead(max(now, self._known_to))
            self._follow(ahead, now)

    def _told(self) -> list[Passage]:
        """What was told since the last look, in order of arrival."""
        told, self._blocks = self._blocks, []
        if self._messages:
            messages = self._messages
            told.append(
                Passage(
                    np.array([message.source for message in messages]),
                    np.array([message.sequence for message in messages]),
                    [message.key for message in messages],
                    np.array([message.created for message in messages]),
                    np.array(self._times),
                )
            )
            # The lists stay the same ones: their `append` is what takes the place of `accept`.
            messages.clear()
            self._times.clear()
        return told

    @abstractmethod
    def _is_open(self) -> bool:
        """Whether something goes on that has not ended by the end of what stands ready."""

    @abstractmethod
    def _work_ahead(self, until: float) -> A:
        """Find all that happens up to `until` (seconds), given that all up to now has been noted.

        It may be less than that; what is left is asked for when its time has come.
        """

    @abstractmethod
    def _follow(self, ahead: A, now: float) -> None:
        """Note what happens up to `now` (seconds), as the events would have."""

    def _deliveries(self, done: Completions, sojourn: Samples) -> list[Deliveries]:
        """What the flows will note of messages, in order of completion."""
        ends, source, created = done.ends, done.source, done.created
        if not len(ends):
            return []
        is_first = bool((created == done.arrived).all())  # then latencies are sojourn times
        sources = [int(source[0])]
        if not (source == sources[0]).all():
            sources = np.unique(source).tolist()
        made = []
        for one in sources:
            part = slice(None) if len(sources) == 1 else np.flatnonzero(source == one)
            order = self._order.get(one)
            if order is None:
                order = self._order[one] = FlowOrder(self._consumer.flows[one], self._book)
            is_whole = is_first and len(sources) == 1
            latency = sojourn if is_whole else Samples(ends[part] - created[part])
            made.append(order.deliveries(done.keys[part], done.sequence[part], ends[part], latency))
        return made
