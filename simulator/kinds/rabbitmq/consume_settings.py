"""The settings of consuming from a `rabbitmq.queue`."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from simulator.design.distributions import Constant, DurationDistribution
from simulator.design.fields import Settings, Source, setting
from simulator.kinds.rabbitmq.queue_settings import AGES

_PREFETCH = Source(
    "RabbitMQ documentation, Consumer Prefetch", "https://www.rabbitmq.com/docs/consumer-prefetch"
)
_CONFIRMS = Source(
    "RabbitMQ documentation, Consumer Acknowledgements", "https://www.rabbitmq.com/docs/confirms"
)
_STREAMS = Source("RabbitMQ documentation, Streams", "https://www.rabbitmq.com/docs/streams")
_MEASURED = Source("Headrace's measurement of RabbitMQ 3.10.8, one node, 1 KB messages; docs/kinds")


class StreamTime(Settings):
    """A place in a stream by time."""

    timestamp: float = setting(
        title="timestamp", help="Simulated time from which on messages are read.", unit="s", ge=0, le=1e9
    )


#: Where a consumer of a stream begins to read; an offset counts messages from 0.
StreamOffset = (
    Literal["first", "last", "next"]
    | Annotated[int, Field(ge=0, le=2**63 - 1)]
    | Annotated[str, Field(pattern=r"^[1-9][0-9]{0,8}[YMDhms]$")]
    | StreamTime
)


class RabbitConsumeSettings(Settings):
    """How a consumer reads from a RabbitMQ queue; each instance is one RabbitMQ consumer."""

    prefetch: int = setting(
        0,
        title="prefetch",
        help="Unacknowledged messages one instance may hold; 0: no limit (quorum: 2,000).",
        unit="messages",
        source=_PREFETCH,
        ge=0,
        le=65_535,
    )
    is_global: bool = setting(
        False,
        title="global",
        help="The prefetch holds for the channel: all queues that the instance reads from together.",
        source=_PREFETCH,
        alias="global",
        advanced=True,
    )
    auto_ack: bool = setting(
        False,
        title="Automatic acknowledgement",
        help="A message is gone when it is sent; what a crash catches is lost.",
        source=_CONFIRMS,
    )
    round_trip: DurationDistribution = setting(
        title="Round trip",
        help="Network and client time, to the consumer and back to the queue; half each way.",
        unit="s",
        widget="distribution",
        source=_MEASURED,
        factory=lambda: Constant(value=0.00023),
    )
    on_failure: Literal["reject", "nack", "close"] = setting(
        "reject",
        title="On failure",
        help="basic.reject or basic.nack of the message, or the channel closes (a crash).",
        source=_CONFIRMS,
    )
    requeue: bool = setting(
        True,
        title="requeue",
        help="A failed message goes back into the queue; otherwise it is dead-lettered.",
        source=_CONFIRMS,
    )
    x_priority: int = setting(
        0,
        title="x-priority",
        help="Consumers of a higher priority get messages first, while they are not blocked.",
        source=Source(
            "RabbitMQ documentation, Consumer Priorities", "https://www.rabbitmq.com/docs/consumer-priority"
        ),
        alias="x-priority",
        advanced=True,
        ge=-1000,
        le=1000,
    )
    x_stream_offset: StreamOffset | None = setting(
        None,
        title="x-stream-offset",
        help="Where a consumer of a stream begins whenever it attaches: first, last, next, an offset, an age "
        "such as 1h, or {timestamp: seconds}. Empty: the beginning, and after a stop where it was.",
        source=_STREAMS,
        alias="x-stream-offset",
        advanced=True,
    )
    attach_at: float = setting(
        0.0,
        title="Attach at",
        help="Simulated time at which the consumer of a stream attaches to it first.",
        unit="s",
        advanced=True,
        ge=0,
        le=1e9,
    )

    @model_validator(mode="after")
    def _a_channel_prefetch_needs_a_number(self) -> Self:
        if self.is_global and (self.auto_ack or not self.prefetch):
            raise PydanticCustomError(
                "D206",
                "global needs a prefetch of 1 or more and manual acknowledgement",
                {"field": "global", "hint": "set a prefetch, and auto_ack to false"},
            )
        return self

    @property
    def interval(self) -> float | None:
        """The age (s) from which on a stream is read, None where `x-stream-offset` is no age."""
        offset = self.x_stream_offset
        if not isinstance(offset, str) or offset in ("first", "last", "next"):
            return None
        return float(int(offset[:-1]) * AGES[offset[-1]])
