"""Sampled messages: which of all are followed, and what is kept of the way of each.

Every n-th message of each producer is followed, by its number, so that the same run follows the same
messages. Nobody knows before a run how many there will be: n doubles as soon as there are more than a limit,
and those that a larger n leaves out are let go.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from simulator.engine.environment import SimulationEnvironment
from simulator.engine.message import Key, Message

#: Messages followed in one run at most.
MOST_TRAILS = 1_000
#: Spans kept of one message at most: a loop or a storm of redeliveries ends there, and says so.
MOST_SPANS = 500

SpanKind = Literal["create", "send", "process", "serve"]


@dataclass(slots=True, eq=False)
class Span:
    """Something done for a message, from one time to another (simulated seconds).

    Args:
        kind: a producer made the message, a node sent it to a broker, a reader worked on it, or a node
            served a request or an event.
        node: who did it.
        place: the broker that it was sent to, or that it was read from.
        end: None while it goes on.
        events: what happened meanwhile: time, what, and where.
        links: other spans that it follows, and why: the attempt before a redelivery, the last attempt before
            a dead letter, the send whose copy it works on.
        deliveries: how often the broker has delivered the message, this time included; 0 where none did.
    """

    number: int
    parent: Span | None
    kind: SpanKind
    node: str
    start: float
    place: str = ""
    end: float | None = None
    ok: bool = True
    events: list[tuple[float, str, str]] = field(default_factory=list)
    links: list[tuple[Span, str]] = field(default_factory=list)
    deliveries: int = 0

    def note(self, now: float, what: str, where: str) -> None:
        """Something happened to the message on this part of its way."""
        if len(self.events) < MOST_SPANS:
            self.events.append((now, what, where))


class Trail:
    """The way of one message and of all its copies."""

    __slots__ = ("is_cut", "producer", "recorder", "sequence", "source", "spans")

    def __init__(self, recorder: TrailRecorder, producer: str, source: int, sequence: int) -> None:
        self.recorder = recorder
        self.producer = producer
        self.source = source
        self.sequence = sequence
        self.spans: list[Span] = []
        #: There were more spans than are kept.
        self.is_cut = False

    def begin(self, kind: SpanKind, node: str, parent: Span | None, start: float, place: str = "") -> Span:
        """A part of the way begins; beyond `MOST_SPANS` it is not kept."""
        span = Span(len(self.spans) + 1, parent, kind, node, start, place)
        if len(self.spans) < MOST_SPANS:
            self.spans.append(span)
        else:
            self.is_cut = True
        return span


class TrailRecorder:
    """Chooses the messages that are followed, and holds their trails.

    Args:
        limit: trails that are kept at most.
    """

    def __init__(self, limit: int = MOST_TRAILS) -> None:
        self.limit = limit
        #: Every message whose number is 1 more than a multiple of it is followed.
        self.stride = 1
        self.trails: list[Trail] = []
        self.env: SimulationEnvironment
        #: Latest service time (s) noted on a subscription, by its id.
        self.served: dict[str, float] = {}

    def follow(self, message: Message, producer: str) -> Message:
        """The message as it goes on its way: one that leaves a trail, where its number is chosen."""
        if (message.sequence - 1) % self.stride:
            return message
        trail = Trail(self, producer, message.source, message.sequence)
        self.trails.append(trail)
        now = self.env._now
        root = trail.begin("create", producer, None, now)
        root.end = now
        followed = SampledMessage(
            message.source, message.sequence, message.created, message.key, message.size, message.priority
        )
        followed.event = message.event
        followed.trail = trail
        followed.span = root
        followed.made_at = now
        while len(self.trails) > self.limit:
            self.stride *= 2
            self.trails = [one for one in self.trails if (one.sequence - 1) % self.stride == 0]
        return followed


class SampledMessage(Message):
    """A message that leaves a trail; its copies leave the same one."""

    __slots__ = ("attempt", "is_copy", "is_letter", "made_at", "span", "trail", "work")

    trail: Trail
    #: The part of the way that is behind it: what comes next follows from that.
    span: Span

    def __init__(
        self, source: int, sequence: int, created: float, key: Key, size: float, priority: int
    ) -> None:
        super().__init__(source, sequence, created, key, size, priority)
        #: When the sender made this copy, seconds.
        self.made_at = created
        #: What is being done for it, None while nobody works on it.
        self.work: Span | None = None
        #: The latest attempt to work on it that is over.
        self.attempt: Span | None = None
        #: It came to where it is as a dead letter.
        self.is_letter = False
        #: It is one of several copies of a send.
        self.is_copy = False

    def copy(self) -> Message:
        twin = self.offspring()
        twin.event = self.event
        twin.duplicate = self.duplicate
        assert isinstance(twin, SampledMessage)
        twin.attempt = self.attempt
        twin.is_letter = self.is_letter
        twin.is_copy = self.work is None
        journey = self.journey
        if journey is not None:
            twin.journey = journey
            journey.open_copies += 1
        return twin

    def offspring(self) -> Message:
        made = SampledMessage(self.source, self.sequence, self.created, self.key, self.size, self.priority)
        made.trail = self.trail
        made.span = self.work or self.span
        made.made_at = self.trail.recorder.env._now
        return made

    def end(self) -> None:
        work = self.work
        if work is not None and work.kind == "serve":
            self.close(self.trail.recorder.env._now)
        super().end()

    # -- the trail -------------------------------------------------------------------------------
    def note(self, what: str, where: str) -> None:
        """Something happens to it now."""
        (self.work or self.span).note(self.trail.recorder.env._now, what, where)

    def arrive(self, node: str) -> None:
        """A broker takes it: from a program that sends it, or from another broker."""
        now = self.trail.recorder.env._now
        if self.work is not None:  # whoever works on it has handed it over as it is
            self.span, self.work = self.work, None
        if self.span.kind != "send":
            self.span = self.trail.begin("send", self.span.node, self.span, self.made_at, node)
            self.span.end = now
            self.is_copy = False
        self.span.note(now, "arrived", node)

    def begin_work(self, node: str, kind: SpanKind, place: str = "") -> Span:
        """Somebody turns to it now, or has before."""
        if self.work is None:
            now = self.trail.recorder.env._now
            self.work = self.trail.begin(kind, node, self.span, now, place)
        return self.work

    def close(self, now: float, *, ok: bool = True) -> None:
        """The work on it is over."""
        work = self.work
        if work is not None:
            work.end = now
            work.ok = ok
            self.attempt, self.work = work, None
