"""The publisher's side: the channel on which an edge publishes, with confirms, credit and alarms."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from math import isfinite
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

from simulator.engine.environment import Activity
from simulator.engine.message import Message
from simulator.engine.node import Acceptor
from simulator.engine.timer import Timer
from simulator.kinds.rabbitmq.cluster import cluster_of
from simulator.kinds.rabbitmq.envelope import Envelope
from simulator.kinds.rabbitmq.exchange_settings import RabbitPublishSettings
from simulator.kinds.rabbitmq.publish_properties import header_maker, key_maker
from simulator.kinds.rabbitmq.resending import Publication, Resending
from simulator.measurement.level import Level, Total
from simulator.measurement.tally import Tally

if TYPE_CHECKING:
    from simulator.design.document import Edge
    from simulator.engine.link import Draw
    from simulator.engine.world import World

#: Envelopes kept by a channel; more different routing keys than this are made anew each time.
KEPT = 20_000
#: `confirmed_at` of a message that the broker refuses.
NACK = float("inf")
#: Why a channel holds its messages back: credit is used up, an alarm is on, the network is cut.
Hold = Literal["flow", "alarm", "partition"]
#: Publishes that may be unprocessed, and how many of them are processed before it goes on; (0, 0): no limit.
Credit = tuple[int, int]
NO_CREDIT: Credit = (0, 0)


class Backpressured(Protocol):
    """A queue that can be behind with what was published to it."""

    #: Channels that wait for this queue; while there are some, deliveries do not wait for the end of it.
    held_back: int


class Sink(Protocol):
    """Where a channel publishes to: an exchange, or a queue by way of the default exchange."""

    id: str
    #: When the message accepted last is safe; `NACK` when it is refused.
    confirmed_at: float
    #: When the queue turns to the message accepted last (seconds); what is in the past was taken at once.
    taken_at: float

    def accept(self, message: Message) -> bool: ...

    def lose(self, message: Message) -> None: ...

    def credit(self) -> Credit:
        """What a channel may have unprocessed at the queues of the message accepted last."""

    def behind(self) -> list[Backpressured]:
        """The queues of the message accepted last whose process is behind."""


@runtime_checkable
class Routing(Protocol):
    """A sink that makes copies for several queues."""

    def places(self) -> list[Acceptor]: ...


class PublishChannel(Acceptor):
    """Messages of one edge on their way into RabbitMQ: their envelopes, their confirms, what holds them back.

    With a confirm window no more than that many messages are unconfirmed; the others wait in the sender.
    A slot of the window is taken for the publish, the time until the message is safe, and the way back. They
    wait there too while credit is used up (flow control), while an alarm of the cluster is on, and while the
    network is cut.
    Source: RabbitMQ documentation, *Publisher Confirms*, *Flow Control*, *Memory and Disk Alarms*.

    Args:
        sink: the exchange, or the queue by way of the default exchange.
        edge: the publish edge.
        default_key: routing key where the edge gives none.
    """

    category = "topic"

    def __init__(
        self, world: World, sink: Acceptor, edge: Edge, channels: PublishChannels, default_key: str | None
    ) -> None:
        super().__init__(f"{sink.id}:{edge.id}", world.env)
        settings = edge.settings
        if not isinstance(settings, RabbitPublishSettings):
            settings = RabbitPublishSettings()
        self.sink: Sink = sink  # type: ignore[assignment]
        self.settings = settings
        self._key = key_maker(world, edge, settings, default_key)
        #: Makes the headers of a message whose event they are taken from, None where all have the same.
        self._headers = header_maker(settings.headers)
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
        self._resending = (
            Resending(self, settings.resends, settings.resend_delay) if settings.resends else None
        )
        self._pending: deque[Message] = deque()
        self.unconfirmed = 0
        self.confirmed = 0
        self.nacked = 0
        self.confirm_latency = Tally()
        self._channels = channels
        self._holds: set[Hold] = set()
        #: When the queues turn to the publishes they have not taken yet, seconds.
        self._untaken: deque[float] = deque()
        self._refill = Timer(world.env, self._credited)
        self._behind: list[Backpressured] = []

    @property
    def has_fixed_key(self) -> bool:
        """Whether all messages have the same routing key."""
        key = self.settings.routing_key
        return isinstance(key, str) and "{" not in key

    @property
    def is_plain(self) -> bool:
        """Whether the broker confirms nothing, and an envelope follows from the message's key at most."""
        settings = self.settings
        is_drawn = isinstance(settings.routing_key, dict)
        return not (settings.confirms or is_drawn or self._headers) and settings.expiration is None

    # -- publishing ------------------------------------------------------------------------------
    def accept(self, message: Message) -> bool:
        message.envelope = self.envelope_of(message)
        if not self.confirms:
            sink = self.sink
            taken = sink.accept(message)
            now = self.env._now
            if sink.taken_at > now:
                self._use_credit(now)
            return taken
        self.accepted += 1
        message.accepted_at = self.env._now
        if self.window is not None and self.unconfirmed >= self.window:
            self._pending.append(message)
        else:
            self._publish(message, self.env._now)
        return True

    def envelope_of(self, message: Message) -> Envelope:
        """The envelope that a message gets here."""
        key = self._key(message)
        if self._headers:
            event = message.event
            if event is None:
                return self._make_envelope(key, self._headers({}))
            known: Envelope | None = event.memo.get((self, key))
            if known is None:
                known = self._make_envelope(key, self._headers(event.as_data()))
                event.memo[self, key] = known
            return known
        found = self._envelopes.get(key)
        if found is None:
            found = self._make_envelope(key, self.settings.headers)
            if len(self._envelopes) < KEPT:
                self._envelopes[key] = found
        return found

    def _make_envelope(self, key: str, headers: Mapping[str, Any]) -> Envelope:
        settings = self.settings
        return Envelope(
            key,
            headers,
            is_persistent=settings.delivery_mode == 2,
            is_mandatory=settings.mandatory,
            expiration=settings.expiration,
        )

    def _publish(self, message: Message, now: float) -> None:
        self.delivered += 1
        self.unconfirmed += 1
        waiting_since = message.accepted_at
        sink = self.sink
        publication = None if self._resending is None else self._resending.keep(message)
        taken = sink.accept(message)
        safe_at = sink.confirmed_at if taken else NACK
        if not taken:
            sink.lose(message)
            message.envelope = None  # it is in no queue
        way = sum([draw() for draw in self._ways])
        due = (safe_at if isfinite(safe_at) else now) + way
        copies: list[Message] = getattr(sink, "copies", None) or [message]
        if publication is not None:
            places: list[Acceptor] = sink.places() if taken and isinstance(sink, Routing) else [sink]  # type: ignore[list-item]
            self._resending.note(publication, list(zip(copies, places, strict=False)))  # type: ignore[union-attr]
        self.env.at(due, _Confirm(self, waiting_since, isfinite(safe_at), copies, publication))
        if sink.taken_at > now:
            self._use_credit(now)

    def take_again(self, message: Message) -> None:
        """The application publishes a message again; its envelope is the one it had."""
        now = self.env._now
        self.accepted += 1
        message.accepted_at = now
        if self._holds or (self.window is not None and self.unconfirmed >= self.window):
            self._pending.append(message)
        else:
            self._publish(message, now)

    def settled(
        self, waiting_since: float, is_safe: bool, now: float, publication: Publication | None = None
    ) -> None:
        """The confirm, or its refusal, is back at the sender."""
        self.unconfirmed -= 1
        self.confirm_latency.add(now - waiting_since)
        if is_safe:
            self.confirmed += 1
        else:
            self.nacked += 1
        if publication is not None and self._resending is not None:
            self._resending.settled(publication, is_safe, now)
        self._go_on(now)

    def _go_on(self, now: float) -> None:
        """Publish what waits in the sender, as far as nothing holds it back."""
        pending = self._pending
        if not self.confirms:
            sink = self.sink
            while pending and not self._holds:
                message = pending.popleft()
                self.delivered += 1
                if not sink.accept(message):
                    sink.lose(message)
                if sink.taken_at > now:
                    self._use_credit(now)
            return
        while pending and not self._holds and (self.window is None or self.unconfirmed < self.window):
            self._publish(pending.popleft(), now)

    # -- what holds it back ----------------------------------------------------------------------
    def hold(self, reason: Hold, now: float) -> None:
        """Publish nothing from now on; what is sent waits in the sender."""
        if not self._holds:
            # Shadowing the method costs nothing per message while nothing is held back.
            self.__dict__["accept"] = self._keep
            self._channels.blocks += 1
            self._channels.blocked.up(now)
        self._holds.add(reason)

    def release(self, reason: Hold, now: float) -> None:
        """This reason is over; without another one publishing goes on."""
        if reason not in self._holds:
            return
        self._holds.remove(reason)
        if self._holds:
            return
        del self.__dict__["accept"]
        self._channels.blocked.down(now)
        self._go_on(now)

    def _keep(self, message: Message) -> bool:
        message.envelope = self.envelope_of(message)
        message.accepted_at = self.env._now
        self.accepted += 1
        self._pending.append(message)
        return True

    def _use_credit(self, now: float) -> None:
        """A queue could not turn to the message at once: without credit left the channel waits."""
        untaken = self._untaken
        while untaken and untaken[0] <= now:
            untaken.popleft()
        untaken.append(self.sink.taken_at)
        initial, more = self.sink.credit()
        if initial and len(untaken) >= initial and "flow" not in self._holds:
            self._behind = self.sink.behind()
            for queue in self._behind:
                queue.held_back += 1
            self.hold("flow", now)
            self._refill.arm(untaken[len(untaken) - initial + more - 1])

    def _credited(self, now: float) -> None:
        for queue in self._behind:
            queue.held_back -= 1
        self._behind = []
        self.release("flow", now)

    # -- measures --------------------------------------------------------------------------------
    def waiting(self) -> int:
        return len(self._pending)

    def lose(self, message: Message) -> None:
        self.sink.lose(message)


class _Confirm(Activity):
    __slots__ = ("channel", "copies", "is_safe", "publication", "since")

    def __init__(
        self,
        channel: PublishChannel,
        since: float,
        is_safe: bool,
        copies: list[Message],
        publication: Publication | None,
    ) -> None:
        self.channel = channel
        self.since = since
        self.is_safe = is_safe
        self.copies = copies
        self.publication = publication

    def occur(self, now: float) -> None:
        # A copy that was lost before it was safe has no envelope any more.
        is_safe = self.is_safe and all(copy.envelope is not None for copy in self.copies)
        self.channel.settled(self.since, is_safe, now, self.publication)


class PublishChannels:
    """All channels into one exchange or queue, and what they count together."""

    def __init__(self) -> None:
        self.all: list[PublishChannel] = []
        #: Channels that are blocked now, and how often one was.
        self.blocked = Level()
        self.blocks = 0

    def open(self, world: World, sink: Acceptor, edge: Edge, default_key: str | None = None) -> Acceptor:
        """Where the messages of an edge come in: a channel of their own; the sink where it is no publish."""
        if not isinstance(edge.settings, RabbitPublishSettings):
            return sink
        channel = PublishChannel(world, sink, edge, self, default_key)
        self.all.append(channel)
        cluster_of(world).publishers.append(channel)
        return channel

    def waiting(self) -> int:
        """Messages that wait in senders for a confirm, for credit, or for the end of an alarm."""
        return sum([len(channel._pending) for channel in self.all])

    def ledgers(self) -> dict[str, dict[str, int]]:
        """The ledgers of the channels that hold messages back, or did."""
        return {channel.id: channel.ledger() for channel in self.all if channel.confirms or channel.accepted}

    def counts(self) -> dict[str, int]:
        """Confirmed and refused publishes, and how often channels were blocked."""
        if not self.all:
            return {}
        with_confirms = [channel for channel in self.all if channel.confirms]
        if not with_confirms:
            return {"publisher_blocks": self.blocks}
        return {
            "publisher_blocks": self.blocks,
            "confirmed": sum(channel.confirmed for channel in with_confirms),
            "nacked": sum(channel.nacked for channel in with_confirms),
            "resent": sum(one._resending.resent for one in with_confirms if one._resending is not None),
        }

    def levels(self) -> dict[str, Level | Total]:
        """How many channels are blocked."""
        return {"blocked_publishers": self.blocked} if self.all else {}

    def tallies(self) -> dict[str, list[Tally]]:
        """Confirm latencies (s), waiting in the sender included."""
        found = [channel.confirm_latency for channel in self.all if channel.confirms]
        return {"confirm_latency": found} if found else {}
