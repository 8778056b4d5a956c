"""The publisher's side of Amazon SNS: quotas and the SDK's retries, attributes, groups, deduplication.

Sources: Amazon SNS developer guide, *Message deduplication for FIFO topics*, *High throughput FIFO topics*;
AWS SDKs and Tools reference guide, *Retry behavior*.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from simulator.engine.environment import Activity
from simulator.engine.message import Message
from simulator.engine.node import Acceptor
from simulator.engine.payload import Event
from simulator.engine.token_bucket import TokenBucket
from simulator.kinds.aws.sdk_retry import SdkRetry
from simulator.kinds.aws.sns_settings import SnsPublishSettings

if TYPE_CHECKING:
    from simulator.engine.world import World
    from simulator.kinds.aws.sns import SnsTopic

#: Seconds for which SNS remembers what was published to a FIFO topic.
DEDUPLICATION_INTERVAL = 300.0


class Quotas:
    """The publish quotas of a topic; up to one second's worth may come at once.

    Args:
        rate: messages per second.
        byte_rate: bytes per second, None for no limit.
        group_rate: messages per second and message group, None for no limit.
    """

    __slots__ = ("_at", "_bytes", "_group_rate", "_groups", "_is_single", "_rate", "_tokens")

    def __init__(
        self, rate: float, *, byte_rate: float | None = None, group_rate: float | None = None
    ) -> None:
        # The first bucket is written out: it is asked once for every message.
        self._rate = rate
        self._tokens = rate
        self._at = 0.0
        self._is_single = byte_rate is None and group_rate is None
        self._bytes = None if byte_rate is None else TokenBucket(byte_rate)
        self._group_rate = group_rate
        self._groups: dict[str, TokenBucket] = {}

    def allow(self, now: float, size: float, group: str | None) -> bool:
        """Whether SNS takes one more publish now; it then counts."""
        tokens = self._tokens + (now - self._at) * self._rate
        self._at = now
        self._tokens = tokens = min(self._rate, tokens)
        if tokens < 1.0 - 1e-9 and tokens < self._rate:
            return False
        if self._is_single:
            self._tokens = tokens - 1.0
            return True
        if self._bytes is not None and not self._bytes.take(now, size):
            return False
        if self._group_rate is not None and group is not None:
            bucket = self._groups.get(group)
            if bucket is None:
                bucket = self._groups[group] = TokenBucket(self._group_rate)
            if not bucket.take(now):
                return False
        self._tokens -= 1.0
        return True


class Deduplication:
    """What was published to a FIFO topic in the last five minutes."""

    __slots__ = ("_known", "_order")

    def __init__(self) -> None:
        self._known: dict[Any, float] = {}
        self._order: deque[tuple[float, Any]] = deque()

    def is_known(self, id: Any, now: float) -> bool:
        """Whether a message with this id was published within the interval; if not, it is now."""
        order, known = self._order, self._known
        while order and order[0][0] + DEDUPLICATION_INTERVAL <= now:
            del known[order.popleft()[1]]
        if id in known:
            return True
        known[id] = now
        order.append((now, id))
        return False


def content_of(message: Message) -> str | None:
    """What content-based deduplication compares: the body; None without one: every message is another."""
    event = message.event
    if event is None:
        return None
    found: str | None = event.memo.get(content_of)
    if found is None:
        found = event.memo[content_of] = json.dumps(event.detail, sort_keys=True)
    return found


def attributes_size(event: Event | None) -> int:
    """Bytes of the message attributes: names, data types and values."""
    if event is None or not event.attributes:
        return 0
    found: int | None = event.memo.get(attributes_size)
    if found is None:
        found = 0
        for name, value in event.attributes.items():
            kind = (
                "String"
                if isinstance(value, str)
                else "String.Array"
                if isinstance(value, list)
                else "Number"
            )
            text = value if isinstance(value, str) else json.dumps(value)
            found += len(name.encode()) + len(kind) + len(text.encode())
        event.memo[attributes_size] = found
    return found


class Publisher(Acceptor):
    """Messages of one edge on their way to the topic: attributes, group and deduplication id."""

    category = "bus"

    def __init__(self, world: World, topic: SnsTopic, edge: str, settings: SnsPublishSettings) -> None:
        super().__init__(f"{topic.id}:{edge}", world.env)
        self.topic = topic
        self.client = SdkRetry(world.uniform(edge, "SDK back-off"), max_attempts=settings.max_attempts)
        self._attributes = settings.message_attributes
        given = settings.message_group_id
        self.group = _text_maker(given) if given is not None else None
        given = settings.message_deduplication_id
        self.deduplication_id = _text_maker(given) if given is not None else None

    def accept(self, message: Message) -> bool:
        if self._attributes:
            message.event = self._with_attributes(message.event)
        return self.topic.publish(message, self)

    def _with_attributes(self, event: Event | None) -> Event:
        if event is None:
            event = Event("", "", {})
        found: Event | None = event.memo.get(self)
        if found is None:
            found = event.memo[self] = with_attributes(event, self._attributes)
        return found

    def lose(self, message: Message) -> None:
        self.topic.lose(message)


def with_attributes(event: Event, given: Mapping[str, Any]) -> Event:
    """The event with further message attributes; `{field}` stands for a field that it has."""
    fields = fields_of(event)
    added = {}
    for name, value in given.items():
        if not (isinstance(value, str) and value[:1] == "{" and value[-1:] == "}"):
            added[name] = value
        elif value[1:-1] in fields:
            added[name] = fields[value[1:-1]]
    return Event(event.source, event.type, event.detail, {**event.attributes, **added})


def _text_maker(text: str) -> Callable[[Message], str]:
    """The text of a message with its key and the fields of its event in their places."""
    if "{" not in text:
        return lambda _message: text

    def make(message: Message) -> str:
        filled = text
        if message.event is not None:
            known: str | None = message.event.memo.get((_text_maker, text))
            if known is None:
                known = text
                for name, value in fields_of(message.event).items():
                    known = known.replace("{" + name + "}", str(value))
                message.event.memo[_text_maker, text] = known
            filled = known
        return filled.replace("{key}", "" if message.key is None else str(message.key))

    return make


def fields_of(event: Event) -> dict[str, Any]:
    """Texts, numbers and lists of an event by their dotted names."""
    found: dict[str, Any] = {}
    open_parts: list[tuple[str, dict[str, Any]]] = [("", event.as_data())]
    while open_parts:
        prefix, part = open_parts.pop()
        for name, value in part.items():
            if isinstance(value, dict):
                open_parts.append((f"{prefix}{name}.", value))
            elif isinstance(value, bool):
                found[prefix + name] = "true" if value else "false"  # SNS attributes know no booleans
            elif value is not None:
                found[prefix + name] = value
    return found


class Backoff:
    """Publishes that SNS has throttled and the senders' SDKs try again."""

    __slots__ = ("_topic", "dropped", "passed", "taken", "waiting")

    def __init__(self, topic: SnsTopic) -> None:
        self._topic = topic
        self.taken = 0
        self.passed = 0
        self.dropped = 0
        self.waiting = 0

    def begin(
        self, message: Message, publisher: Publisher | None, size: float, client: SdkRetry, wait: float
    ) -> None:
        """The first publish has been throttled; the next follows in `wait` seconds."""
        self.taken += 1
        self.waiting += 1
        env = self._topic.env
        env.at(env._now + wait, _PublishRetry(self, message, publisher, size, client))

    def again(self, retry: _PublishRetry, now: float) -> float | None:
        """Publish once more; returns when to try again."""
        topic, client = self._topic, retry.client
        retry.made += 1
        if topic.try_publish(retry.message, retry.publisher, retry.size, now):
            client.succeeded(retry.made)
            self.waiting -= 1
            self.passed += 1
            return None
        wait = client.wait(retry.made)
        if wait is not None:
            return now + wait
        self.waiting -= 1
        self.dropped += 1
        topic.rejected += 1
        topic.lose(retry.message)
        return None

    def ledger(self) -> dict[str, int]:
        """What the senders hold back."""
        return {
            "accepted": self.taken,
            "delivered": self.passed,
            "waiting": self.waiting,
            "in_flight": 0,
            "expired": 0,
            "dead_lettered": 0,
            "dropped": self.dropped,
        }


class _PublishRetry(Activity):
    __slots__ = ("backoff", "client", "made", "message", "publisher", "size")

    def __init__(
        self,
        backoff: Backoff,
        message: Message,
        publisher: Publisher | None,
        size: float,
        client: SdkRetry,
    ) -> None:
        self.backoff = backoff
        self.message = message
        self.publisher = publisher
        self.size = size
        self.client = client
        self.made = 1

    def occur(self, now: float) -> float | None:
        return self.backoff.again(self, now)
