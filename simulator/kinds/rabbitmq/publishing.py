"""The publisher's side: the channel on which an edge publishes, with confirms."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from itertools import accumulate
from math import isfinite
from typing import TYPE_CHECKING, Any

from simulator.engine.environment import Activity
from simulator.engine.message import Message
from simulator.engine.node import Acceptor
from simulator.kinds.rabbitmq.envelope import Envelope
from simulator.kinds.rabbitmq.exchange_settings import RabbitPublishSettings
from simulator.measurement.tally import Tally

if TYPE_CHECKING:
    from simulator.design.document import Edge
    from simulator.engine.link import Draw
    from simulator.engine.world import World

#: Envelopes kept by a channel; more different routing keys than this are made anew each time.
KEPT = 20_000
#: `confirmed_at` of a message that the broker refuses.
NACK = float("inf")


def key_maker(
    world: World, edge: Edge, settings: RabbitPublishSettings, default_key: str | None
) -> Callable[[Message], str]:
    """The routing key of each message of an edge (see `RabbitPublishSettings.routing_key`).

    Args:
        default_key: used where the edge gives none; on the default exchange the name of the queue.
    """
    given = settings.routing_key if settings.routing_key is not None else default_key
    if isinstance(given, dict):
        keys = list(given)
        limits = list(accumulate(given.values()))
        draw = world.uniform(edge.id, "routing key")

        def weighted(_message: Message) -> str:
            point = draw() * limits[-1]
            return next((key for key, limit in zip(keys, limits, strict=True) if point < limit), keys[-1])

        return weighted
    if given is None:
        return _own_key
    text = given
    if "{" not in text:
        return lambda _message: text

    def filled(message: Message) -> str:
        event = message.event
        found = text
        if event is not None:
            known: str | None = event.memo.get((key_maker, text))
            if known is None:
                known = text
                for name, value in event_fields(event.as_data()).items():
                    known = known.replace("{" + name + "}", value)
                event.memo[key_maker, text] = known
            found = known
        return found.replace("{key}", "" if message.key is None else str(message.key))

    return filled


def _own_key(message: Message) -> str:
    """The message's key, else its event type, else nothing."""
    if message.key is not None:
        return str(message.key)
    return "" if message.event is None else message.event.type


def event_fields(event: Any, prefix: str = "") -> dict[str, str]:
    """The plain fields of an event by their dotted names, as text."""
    found: dict[str, str] = {}
    for name, value in event.items():
        if isinstance(value, dict):
            found.update(event_fields(value, f"{prefix}{name}."))
        elif isinstance(value, str | int | float):
            found[prefix + name] = str(value)
    return found


class PublishChannel(Acceptor):
    """Messages of one edge on their way into RabbitMQ: their envelopes, and the window of confirms.

    With a confirm window no more than that many messages are unconfirmed; the others wait in the sender.
    A slot of the window is taken for the publish, the time until the message is safe, and the way back.

    Args:
        sink: the exchange, or the queue by way of the default exchange.
        edge: the publish edge.
        default_key: routing key where the edge gives none.
    """

    category = "topic"

    def __init__(self, world: World, sink: Acceptor, edge: Edge, *, default_key: str | None = None) -> None:
        super().__init__(f"{sink.id}:{edge.id}", world.env)
        settings = edge.settings
        if not isinstance(settings, RabbitPublishSettings):
            settings = RabbitPublishSettings()
        self.sink = sink
        self.settings = settings
        self._key = key_maker(world, edge, settings, default_key)
        self._envelopes: dict[str, Envelope] = {}
        self.confirms = settings.confirms
        self.window = settings.confirm_window
        self._ways: list[Draw] = []
        if settings.confirms:
            if settings.confirm_round_trip is not None:
                self._ways.append(world.draws(settings.confirm_round_trip, edge.id, "confirm round trip"))
            if settings.delay is not None:
                self._ways += [
                    world.draws(settings.delay, edge.id, way) for way in ("confirm", "next publish")
                ]
        self._pending: deque[Message] = deque()
        self.unconfirmed = 0
        self.confirmed = 0
        self.nacked = 0
        self.confirm_latency = Tally()

    def accept(self, message: Message) -> bool:
        message.envelope = self._envelope(message)
        if not self.confirms:
            return self.sink.accept(message)
        self.accepted += 1
        message.accepted_at = self.env._now
        if self.window is not None and self.unconfirmed >= self.window:
            self._pending.append(message)
        else:
            self._publish(message, self.env._now)
        return True

    def _envelope(self, message: Message) -> Envelope:
        key = self._key(message)
        found = self._envelopes.get(key)
        if found is None:
            settings = self.settings
            found = Envelope(
                key,
                settings.headers,
                is_persistent=settings.delivery_mode == 2,
                is_mandatory=settings.mandatory,
                expiration=settings.expiration,
            )
            if len(self._envelopes) < KEPT:
                self._envelopes[key] = found
        return found

    def _publish(self, message: Message, now: float) -> None:
        self.delivered += 1
        self.unconfirmed += 1
        waiting_since = message.accepted_at
        sink = self.sink
        taken = sink.accept(message)
        safe_at: float = sink.confirmed_at if taken else NACK  # type: ignore[attr-defined]
        if not taken:
            sink.lose(message)
        way = sum([draw() for draw in self._ways])
        due = (safe_at if isfinite(safe_at) else now) + way
        copies: list[Message] = getattr(sink, "copies", None) or [message]
        self.env.at(due, _Confirm(self, waiting_since, isfinite(safe_at), copies))

    def settled(self, waiting_since: float, is_safe: bool, now: float) -> None:
        """The confirm, or its refusal, is back at the sender."""
        self.unconfirmed -= 1
        self.confirm_latency.add(now - waiting_since)
        if is_safe:
            self.confirmed += 1
        else:
            self.nacked += 1
        while self._pending and (self.window is None or self.unconfirmed < self.window):
            self._publish(self._pending.popleft(), now)

    def waiting(self) -> int:
        return len(self._pending)

    def lose(self, message: Message) -> None:
        self.sink.lose(message)


class _Confirm(Activity):
    __slots__ = ("channel", "copies", "is_safe", "since")

    def __init__(self, channel: PublishChannel, since: float, is_safe: bool, copies: list[Message]) -> None:
        self.channel = channel
        self.since = since
        self.is_safe = is_safe
        self.copies = copies

    def occur(self, now: float) -> None:
        # A copy that was lost before it was safe has no envelope any more.
        is_safe = self.is_safe and all(copy.envelope is not None for copy in self.copies)
        self.channel.settled(self.since, is_safe, now)


class PublishChannels:
    """All channels into one exchange or queue, and what they count together."""

    def __init__(self) -> None:
        self.all: list[PublishChannel] = []

    def waiting(self) -> int:
        """Messages that wait in senders for a confirm."""
        return sum([len(channel._pending) for channel in self.all])

    def ledgers(self) -> dict[str, dict[str, int]]:
        """The ledgers of the channels that hold messages back."""
        return {channel.id: channel.ledger() for channel in self.all if channel.confirms}

    def counts(self) -> dict[str, int]:
        """Confirmed and refused publishes."""
        with_confirms = [channel for channel in self.all if channel.confirms]
        if not with_confirms:
            return {}
        return {
            "confirmed": sum(channel.confirmed for channel in with_confirms),
            "nacked": sum(channel.nacked for channel in with_confirms),
        }

    def tallies(self) -> dict[str, list[Tally]]:
        """Confirm latencies (s), waiting in the sender included."""
        found = [channel.confirm_latency for channel in self.all if channel.confirms]
        return {"confirm_latency": found} if found else {}
