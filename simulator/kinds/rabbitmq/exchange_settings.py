"""The settings of `rabbitmq.exchange`, of its bindings, and of publishing to RabbitMQ."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, JsonValue, model_validator
from pydantic_core import PydanticCustomError

from simulator.design.distributions import DurationDistribution
from simulator.design.edges import PublishSettings
from simulator.design.fields import Settings, Source, setting
from simulator.kinds.rabbitmq.bindings import X_MATCH, ExchangeType, RoutingType

_EXCHANGES = Source("RabbitMQ documentation, Exchanges", "https://www.rabbitmq.com/docs/exchanges")
_PUBLISHERS = Source("RabbitMQ documentation, Publishers", "https://www.rabbitmq.com/docs/publishers")
_CONFIRMS = Source("RabbitMQ documentation, Publisher Confirms", "https://www.rabbitmq.com/docs/confirms")
_HASH = Source(
    "RabbitMQ consistent hash exchange plugin",
    "https://github.com/rabbitmq/rabbitmq-server/tree/main/deps/rabbitmq_consistent_hash_exchange",
)

_DELAYED = Source(
    "RabbitMQ delayed message exchange plugin",
    "https://github.com/rabbitmq/rabbitmq-delayed-message-exchange",
)


def _fits_a_short_string(text: str) -> str:
    """AMQP 0-9-1's short strings have 255 bytes at most, in UTF-8."""
    if len(text.encode()) > 255:
        raise PydanticCustomError(
            "D104", "it has {given} bytes in UTF-8, at most 255 are allowed", {"given": len(text.encode())}
        )
    return text


Word = Annotated[str, Field(max_length=255), AfterValidator(_fits_a_short_string)]


class ExchangeSettings(Settings):
    """A RabbitMQ exchange: copies each message to the queues whose bindings it matches."""

    type: ExchangeType = setting(
        "topic", title="type", help="How bindings are matched with messages.", source=_EXCHANGES
    )
    alternate_exchange: Annotated[str, Field(max_length=64)] | None = setting(
        None,
        title="alternate-exchange",
        help="Exchange that gets what no binding matches; draw an edge to it too.",
        source=_EXCHANGES,
        alias="alternate-exchange",
        advanced=True,
    )
    hash_header: Word | None = setting(
        None,
        title="hash-header",
        help="Header to hash instead of the routing key (x-consistent-hash).",
        source=_HASH,
        alias="hash-header",
        advanced=True,
    )

    x_delayed_type: RoutingType | None = setting(
        None,
        title="x-delayed-type",
        help="How an x-delayed-message exchange matches bindings when the delay of a message is over.",
        source=_DELAYED,
        alias="x-delayed-type",
        advanced=True,
    )

    @property
    def routing_type(self) -> RoutingType:
        """How bindings are matched."""
        if self.type == "x-delayed-message":
            assert self.x_delayed_type is not None
            return self.x_delayed_type
        return self.type

    @model_validator(mode="after")
    def _arguments_fit_the_type(self) -> Self:
        if (self.x_delayed_type is not None) != (self.type == "x-delayed-message"):
            raise PydanticCustomError(
                "D206", "x-delayed-type is for the type x-delayed-message, which cannot do without it"
            )
        if self.hash_header is not None and self.routing_type != "x-consistent-hash":
            raise PydanticCustomError(
                "D206",
                "hash-header is for the type x-consistent-hash only",
                {"field": "hash-header", "hint": "take it away, or set type to x-consistent-hash"},
            )
        return self


_SAY_WHICH = "all: every header must match; any: one is enough; -with-x: headers that begin with x- count too"


class BindingSettings(Settings):
    """A binding of an exchange to a queue or another exchange."""

    routing_key: Word = setting(
        "",
        title="routing_key",
        help="Binding key; topic: words, * and #; x-consistent-hash: the weight.",
        source=_EXCHANGES,
    )
    arguments: dict[Word, JsonValue] = setting(
        title="arguments",
        help="Headers that must match, with x-match all, any, all-with-x or any-with-x.",
        source=_EXCHANGES,
        advanced=True,
        factory=dict,
    )

    @model_validator(mode="after")
    def _x_match_is_known(self) -> Self:
        mode: Any = self.arguments.get("x-match", "all")
        if mode not in X_MATCH:
            raise PydanticCustomError(
                "D106",
                "x-match is one of {known}, not {mode}",
                {"known": ", ".join(X_MATCH), "mode": mode, "field": "arguments", "hint": _SAY_WHICH},
            )
        return self


class RabbitPublishSettings(PublishSettings):
    """How a sender publishes to RabbitMQ on this edge."""

    routing_key: Word | dict[Word, Annotated[float, Field(gt=0)]] | None = setting(
        None,
        title="routing_key",
        help="Text with {key}, {type}, {source}, {detail.NAME}, or keys with weights; empty: the "
        "message's key, else its event type.",
        source=_PUBLISHERS,
    )
    headers: dict[Word, JsonValue] = setting(
        title="headers",
        help="Header fields of every message; {detail.NAME} is the field of its event.",
        source=_PUBLISHERS,
        advanced=True,
        factory=dict,
    )
    mandatory: bool = setting(
        False,
        title="mandatory",
        help="What no binding matches is returned to the sender instead of dropped without a word.",
        source=_PUBLISHERS,
        advanced=True,
    )
    delivery_mode: Literal[1, 2] = setting(
        1,
        title="delivery_mode",
        help="1: transient, 2: persistent (kept over a restart by durable queues).",
        source=_PUBLISHERS,
    )
    expiration: Annotated[int, Field(ge=0, le=2**32 - 1)] | None = setting(
        None,
        title="expiration",
        help="Per-message time to live; it ends at the head of the queue.",
        unit="ms",
        source=Source("RabbitMQ documentation, Time-To-Live", "https://www.rabbitmq.com/docs/ttl"),
        advanced=True,
    )
    confirms: bool = setting(
        False, title="Publisher confirms", help="The broker confirms every message.", source=_CONFIRMS
    )
    confirm_window: Annotated[int, Field(ge=1, le=1_000_000)] | None = setting(
        None,
        title="Confirm window",
        help="Messages that may be unconfirmed; further ones wait in the sender. Empty: no limit.",
        unit="messages",
        source=_CONFIRMS,
    )
    confirm_round_trip: DurationDistribution | None = setting(
        None,
        title="Confirm round trip",
        help="Time a publish and its confirm are under way, beside the edge's delay; empty: none.",
        unit="s",
        widget="distribution",
        advanced=True,
    )

    resends: int = setting(
        0,
        title="Resends",
        help="How often the application publishes a message again that the broker has not confirmed (nack).",
        advanced=True,
        ge=0,
        le=1_000_000,
    )
    resend_delay: float = setting(
        1.0,
        title="Resend delay",
        help="Time from a nack to the next publish.",
        unit="s",
        advanced=True,
        ge=0,
        le=86_400,
    )

    @model_validator(mode="after")
    def _a_window_needs_confirms(self) -> Self:
        if self.confirm_window is not None and not self.confirms:
            raise PydanticCustomError(
                "D206",
                "a confirm window needs confirms: true",
                {"field": "confirms", "hint": "set it to true"},
            )
        if self.resends and not self.confirms:
            raise PydanticCustomError(
                "D206",
                "resends need confirms: true; without them no nack comes back",
                {"field": "confirms", "hint": "set it to true"},
            )
        return self
