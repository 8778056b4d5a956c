"""Edges on which messages travel one way, and the choice among them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from itertools import accumulate

from simulator.engine.environment import Activity, SimulationEnvironment
from simulator.engine.message import Message
from simulator.engine.node import Acceptor
from simulator.engine.payload import Retyping

Draw = Callable[[], float]


class Link:
    """An edge from a sender to a broker, with an optional random delay (seconds).

    At every instant `total + duplicated = arrived + lost + in_transit`. Each message draws its own delay, so
    that with a random one a later message may overtake an earlier one.
    """

    __slots__ = ("delay", "duplicated", "env", "id", "in_transit", "lost", "target", "total")

    def __init__(
        self, id: str, env: SimulationEnvironment, target: Acceptor, delay: Draw | None = None
    ) -> None:
        self.id = id
        self.env = env
        self.target = target
        self.delay = delay
        #: Messages that have entered the edge.
        self.total = 0
        self.in_transit = 0
        #: Lost on the edge, and second copies made by it (see `UnreliableLink`).
        self.lost = 0
        self.duplicated = 0

    @property
    def arrived(self) -> int:
        """Messages brought to the target, copies included, whether it took them or not."""
        return self.total - self.in_transit

    def send(self, message: Message) -> None:
        """Bring `message` to the target, now or after the delay; a refusal there loses it."""
        self.total += 1
        delay = self.delay
        if delay is None:
            target = self.target
            if not target.accept(message):
                target.lose(message)
        else:
            self.in_transit += 1
            env = self.env
            env.at(env._now + delay(), Arrival(self, message))

    def note_arrival(self) -> None:
        """A message that was in transit is at the target."""


class UnreliableLink(Link):
    """A link that loses some messages and brings some twice.

    A message is lost with probability `loss` (independent trials, as of a Bernoulli channel); one that is
    not lost comes a second time with probability `duplication`. Both copies draw their delay and the one
    that comes later is the duplicate, so that the consumer counts it as such.

    Args:
        loss: probability that a message is lost.
        duplication: probability that a message that is not lost comes twice.
        lose_draw, duplicate_draw: uniform variates on [0, 1), each of its own stream.
    """

    __slots__ = ("_arrived", "duplicate_draw", "duplication", "lose_draw", "loss")

    def __init__(
        self,
        id: str,
        env: SimulationEnvironment,
        target: Acceptor,
        delay: Draw | None,
        *,
        loss: float,
        duplication: float,
        lose_draw: Draw,
        duplicate_draw: Draw,
    ) -> None:
        super().__init__(id, env, target, delay)
        self.loss = loss
        self.duplication = duplication
        self.lose_draw = lose_draw
        self.duplicate_draw = duplicate_draw
        self._arrived = 0

    @property
    def arrived(self) -> int:
        return self._arrived

    def send(self, message: Message) -> None:
        self.total += 1
        if self.lose_draw() < self.loss:
            self.lost += 1
            self.target.lose(message)
            return
        delay = self.delay
        if self.duplicate_draw() >= self.duplication:
            self._carry(message, 0.0 if delay is None else delay())
            return
        self.duplicated += 1
        again = message.copy()
        again.duplicate = True
        first, second = (0.0, 0.0) if delay is None else sorted((delay(), delay()))
        self._carry(message, first)
        self._carry(again, second)

    def _carry(self, message: Message, delay: float) -> None:
        self.in_transit += 1
        arrival = Arrival(self, message)
        if self.delay is None:
            arrival.occur(self.env._now)
        else:
            self.env.at(self.env._now + delay, arrival)

    def note_arrival(self) -> None:
        self._arrived += 1


class RetypingLink(UnreliableLink):
    """A link on which a message becomes another event, such as OrderPlaced becoming OrderPaid.

    Args:
        retyping: makes the event that goes on.
        loss, duplication, lose_draw, duplicate_draw: as of an `UnreliableLink`.
    """

    __slots__ = ("retyping",)

    def __init__(
        self,
        id: str,
        env: SimulationEnvironment,
        target: Acceptor,
        delay: Draw | None,
        *,
        retyping: Retyping,
        loss: float,
        duplication: float,
        lose_draw: Draw,
        duplicate_draw: Draw,
    ) -> None:
        super().__init__(
            id,
            env,
            target,
            delay,
            loss=loss,
            duplication=duplication,
            lose_draw=lose_draw,
            duplicate_draw=duplicate_draw,
        )
        self.retyping = retyping

    def send(self, message: Message) -> None:
        message.event = self.retyping(message.event)
        super().send(message)


class DeadLetterLink(Link):
    """The edge from a broker to its dead-letter queue; it takes no time."""

    __slots__ = ()

    def send(self, message: Message) -> None:
        self.total += 1
        target = self.target
        if not target.accept_dead_letter(message):
            target.lose(message)


class Arrival(Activity):
    """The end of the way of a message on an edge with a delay."""

    __slots__ = ("link", "message")

    def __init__(self, link: Link, message: Message) -> None:
        self.link = link
        self.message = message

    def occur(self, now: float) -> None:
        link = self.link
        link.in_transit -= 1
        link.note_arrival()
        if not link.target.accept(self.message):
            link.target.lose(self.message)


class Outlet:
    """Where the messages of a sender go on: every plain edge gets a copy, an edge with `probability` gets
    one independently of the others, and of the edges with `choice` exactly one does (weights).

    Args:
        always: plain edges.
        independent: (probability, edge).
        choice: (weight, edge).
        draw: uniform variates on [0, 1) of the sender's own routing stream.
    """

    __slots__ = (
        "_copied",
        "_draw",
        "_independent",
        "_last",
        "_only",
        "_options",
        "_thresholds",
        "always",
    )

    def __init__(
        self,
        always: list[Link],
        independent: list[tuple[float, Link]],
        choice: list[tuple[float, Link]],
        draw: Draw,
    ) -> None:
        self.always = always
        self._independent = independent
        self._options = [link for _, link in choice]
        total = sum(weight for weight, _ in choice)
        self._thresholds = [reached / total for reached in accumulate(weight for weight, _ in choice)]
        self._draw = draw
        is_sole = len(always) == 1 and not independent and not choice
        self._only = always[0] if is_sole else None
        #: Where all messages take all of several edges: those that get a copy, and the one that does not.
        self._copied = tuple(always[:-1])
        self._last = None if independent or choice or not always else always[-1]

    @property
    def only(self) -> Link | None:
        """The plain link that every message takes at once, None where there is more to it."""
        link = self._only
        return link if type(link) is Link and link.delay is None else None

    @property
    def certain(self) -> list[Link] | None:
        """The links that every message takes, at once or late; None where there is chance or loss."""
        is_plain = all(type(link) is Link for link in self.always)
        return self.always if is_plain and not self._independent and not self._options else None

    def __bool__(self) -> bool:
        return bool(self.always or self._independent or self._options)

    def send(self, message: Message) -> None:
        """Send `message` on; the object itself goes to the last of the edges drawn."""
        only = self._only
        if only is not None:
            only.send(message)
            return
        last = self._last
        if last is not None:  # once per message: no list of those drawn
            for link in self._copied:
                link.send(message.copy())
            last.send(message)
            return
        chosen = list(self.always)
        draw = self._draw
        chosen += [link for probability, link in self._independent if draw() < probability]
        if self._options:
            # The last threshold may round to just under 1.
            index = min(bisect_right(self._thresholds, draw()), len(self._options) - 1)
            chosen.append(self._options[index])
        if not chosen:
            message.end()
            return
        for link in chosen[:-1]:
            link.send(message.copy())
        chosen[-1].send(message)
