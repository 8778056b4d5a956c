"""The settings of `rabbitmq.queue` and of consuming from it."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from simulator.design.distributions import Constant, DurationDistribution, LogNormal
from simulator.design.fields import Source, setting
from simulator.kinds.rabbitmq.cluster_settings import ClusterSettings

_QUEUES = Source("RabbitMQ documentation, Queues", "https://www.rabbitmq.com/docs/queues")
_LENGTH = Source("RabbitMQ documentation, Queue Length Limit", "https://www.rabbitmq.com/docs/maxlength")
_TTL = Source("RabbitMQ documentation, Time-To-Live", "https://www.rabbitmq.com/docs/ttl")
_DLX = Source("RabbitMQ documentation, Dead Letter Exchanges", "https://www.rabbitmq.com/docs/dlx")
_QUORUM = Source("RabbitMQ documentation, Quorum Queues", "https://www.rabbitmq.com/docs/quorum-queues")
_PRIORITY = Source("RabbitMQ documentation, Priority Queues", "https://www.rabbitmq.com/docs/priority")
_CONSUMERS = Source("RabbitMQ documentation, Consumers", "https://www.rabbitmq.com/docs/consumers")
_MEASURED = Source("Headrace's measurement of RabbitMQ 3.10.8, one node, 1 KB messages; docs/kinds")

Count = Annotated[int, Field(ge=0, le=10**9)]
#: Arguments that only one queue type knows, with the type.
ONLY = {
    "x_queue_mode": ("x-queue-mode", "classic"),
    "x_max_priority": ("x-max-priority", "classic"),
    # Since RabbitMQ 4.3 the queue looks, no longer the channel (rabbitmq-server, issue 16983); 4.3.2 refuses
    # it elsewhere (pull request 16557).
    "x_consumer_timeout": ("x-consumer-timeout", "quorum"),
    "x_delivery_limit": ("x-delivery-limit", "quorum"),
    "x_dead_letter_strategy": ("x-dead-letter-strategy", "quorum"),
    "x_quorum_initial_group_size": ("x-quorum-initial-group-size", "quorum"),
    "x_max_age": ("x-max-age", "stream"),
}
#: Arguments that a stream does not know.
NOT_IN_STREAMS = {
    "x_message_ttl": "x-message-ttl",
    "x_max_length": "x-max-length",
    "x_expires": "x-expires",
    "x_dead_letter_exchange": "x-dead-letter-exchange",
    "x_dead_letter_routing_key": "x-dead-letter-routing-key",
}
#: Seconds of the units of x-max-age.
AGES = {"Y": 365 * 86_400, "M": 30 * 86_400, "D": 86_400, "h": 3_600, "m": 60, "s": 1}
#: Nodes that a cluster may have here.
MOST_NODES = 9
#: Time a delivery may be unacknowledged when nothing else is said (`consumer_timeout`), ms.
CONSUMER_TIMEOUT = 1_800_000
#: Deliveries that may fail in a quorum queue when nothing else is said (RabbitMQ 4.0 and later).
DELIVERY_LIMIT = 20


_NOT_A_STREAM = "take it away, or set x-queue-type to classic or quorum"


class RabbitQueueSettings(ClusterSettings):
    """A RabbitMQ queue: classic on one node, or quorum with a replicated log."""

    x_queue_type: Literal["classic", "quorum", "stream"] = setting(
        "classic",
        title="x-queue-type",
        help="classic: one node; quorum: replicated by Raft; stream: a log that every consumer reads whole.",
        source=_QUEUES,
        alias="x-queue-type",
    )
    x_queue_mode: Literal["default", "lazy"] | None = setting(
        None,
        title="x-queue-mode",
        help="Ignored since RabbitMQ 3.12: every classic queue keeps most of its messages on disk alone.",
        source=Source("RabbitMQ documentation, Lazy Queues", "https://www.rabbitmq.com/docs/lazy-queues"),
        alias="x-queue-mode",
        advanced=True,
    )
    durable: bool = setting(
        True, title="durable", help="Persistent messages survive a restart.", source=_QUEUES
    )
    x_message_ttl: Annotated[int, Field(ge=0, le=2**32 - 1)] | None = setting(
        None,
        title="x-message-ttl",
        help="Time a message may wait; it leaves when that is over and it is at the head.",
        unit="ms",
        source=_TTL,
        alias="x-message-ttl",
    )
    x_expires: Annotated[int, Field(ge=1, le=2**32 - 1)] | None = setting(
        None,
        title="x-expires",
        help="The queue is deleted, with what is in it, when it has had no consumer for so long.",
        unit="ms",
        source=_TTL,
        alias="x-expires",
        advanced=True,
    )
    x_max_length: Count | None = setting(
        None,
        title="x-max-length",
        help="Ready messages the queue holds; those delivered and not acknowledged are not counted.",
        unit="messages",
        source=_LENGTH,
        alias="x-max-length",
    )
    x_max_length_bytes: Annotated[int, Field(ge=0, le=10**15)] | None = setting(
        None,
        title="x-max-length-bytes",
        help="Bytes of ready message bodies the queue holds.",
        unit="bytes",
        source=_LENGTH,
        alias="x-max-length-bytes",
    )
    x_overflow: Literal["drop-head", "reject-publish", "reject-publish-dlx"] = setting(
        "drop-head",
        title="x-overflow",
        help="What a full queue does: lose its oldest, or refuse the newest.",
        source=_LENGTH,
        alias="x-overflow",
    )
    x_dead_letter_exchange: Annotated[str, Field(max_length=255)] | None = setting(
        None,
        title="x-dead-letter-exchange",
        help="Where dead letters go; the dead-letter edge says it, this may repeat it.",
        source=_DLX,
        alias="x-dead-letter-exchange",
        advanced=True,
    )
    x_dead_letter_routing_key: Annotated[str, Field(max_length=255)] | None = setting(
        None,
        title="x-dead-letter-routing-key",
        help="Routing key of dead letters; empty: the one they were published with.",
        source=_DLX,
        alias="x-dead-letter-routing-key",
    )
    x_dead_letter_strategy: Literal["at-most-once", "at-least-once"] | None = setting(
        None,
        title="x-dead-letter-strategy",
        help="at-least-once keeps a dead letter until its target has confirmed it; empty: at-most-once.",
        source=_QUORUM,
        alias="x-dead-letter-strategy",
        advanced=True,
    )
    x_max_priority: Annotated[int, Field(ge=1, le=255)] | None = setting(
        None,
        title="x-max-priority",
        help="Highest priority of a classic queue; empty: priorities are not looked at.",
        source=_PRIORITY,
        alias="x-max-priority",
        advanced=True,
    )
    x_single_active_consumer: bool = setting(
        False,
        title="x-single-active-consumer",
        help="Only one consumer gets messages; the next one when it is gone.",
        source=_CONSUMERS,
        alias="x-single-active-consumer",
        advanced=True,
    )
    x_consumer_timeout: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = setting(
        None,
        title="x-consumer-timeout",
        help="Time a delivery may be unacknowledged in a quorum queue before its consumer is cancelled; "
        "empty: 1,800,000, 0: any.",
        unit="ms",
        source=_CONSUMERS,
        alias="x-consumer-timeout",
        advanced=True,
    )
    x_delivery_limit: Annotated[int, Field(ge=-1, le=10**6)] | None = setting(
        None,
        title="x-delivery-limit",
        help="Failed deliveries a quorum queue allows; empty: 20, -1: any number.",
        unit="deliveries",
        source=_QUORUM,
        alias="x-delivery-limit",
    )
    x_quorum_initial_group_size: Literal[1, 3, 5, 7] | None = setting(
        None,
        title="x-quorum-initial-group-size",
        help="Members of a quorum queue; empty: 3. A majority must be up.",
        unit="nodes",
        source=_QUORUM,
        alias="x-quorum-initial-group-size",
        advanced=True,
    )
    x_max_age: Annotated[str, Field(pattern=r"^[1-9][0-9]{0,8}[YMDhms]$")] | None = setting(
        None,
        title="x-max-age",
        help="How long a stream keeps messages: a number with Y, M, D, h, m or s; empty: for ever.",
        source=Source("RabbitMQ documentation, Streams", "https://www.rabbitmq.com/docs/streams"),
        alias="x-max-age",
        advanced=True,
    )
    node: int = setting(
        1,
        title="Cluster node",
        help="Node of the cluster that the queue is on; of a replicated one the first leader's.",
        advanced=True,
        ge=1,
        le=MOST_NODES,
    )
    publish_time: float = setting(
        0.00001,
        title="Publish time",
        help="Time of the queue's process for one publish.",
        unit="s",
        source=_MEASURED,
        advanced=True,
        ge=0,
        le=1,
    )
    deliver_time: float = setting(
        0.000029,
        title="Deliver time",
        help="Time of the queue's process for one delivery.",
        unit="s",
        source=_MEASURED,
        advanced=True,
        ge=0,
        le=1,
    )
    acknowledge_time: float = setting(
        0.000067,
        title="Acknowledge time",
        help="Time of the queue's process for one acknowledgement.",
        unit="s",
        source=_MEASURED,
        advanced=True,
        ge=0,
        le=1,
    )
    fsync_latency: DurationDistribution = setting(
        title="fsync latency",
        help="Time until a persistent message of a durable classic queue is on disk.",
        unit="s",
        widget="distribution",
        source=_MEASURED,
        advanced=True,
        factory=lambda: LogNormal(p50=0.00043, p99=0.00124),
    )
    commit_latency: DurationDistribution = setting(
        title="Raft commit latency",
        help="Time until a majority has written an entry of a quorum queue's log.",
        unit="s",
        widget="distribution",
        source=Source("An estimate for three nodes in one region; RabbitMQ publishes none"),
        advanced=True,
        factory=lambda: LogNormal(p50=0.002, p99=0.01),
    )
    election_time: DurationDistribution = setting(
        title="Election time",
        help="Time a quorum queue is away when its leader fails and a majority is up.",
        unit="s",
        widget="distribution",
        source=Source("An estimate: detection and vote, 1 to 10 s"),
        advanced=True,
        factory=lambda: Constant(value=5.0),
    )
    members_down: int = setting(
        1,
        title="Members down in an outage",
        help="Members of a quorum queue that an outage takes, the leader among them.",
        unit="nodes",
        advanced=True,
        ge=1,
        le=7,
    )

    @model_validator(mode="after")
    def _arguments_fit_the_type(self) -> Self:
        for name, (argument, type) in ONLY.items():
            if getattr(self, name) is not None and self.x_queue_type != type:
                raise PydanticCustomError(
                    "D206",
                    "{argument} is for {type} queues only; x-queue-type is {given}",
                    {
                        "argument": argument,
                        "type": type,
                        "given": self.x_queue_type,
                        "field": argument,
                        "hint": f"take it away, or set x-queue-type to {type}",
                    },
                )
        if self.x_dead_letter_strategy == "at-least-once" and self.x_overflow != "reject-publish":
            raise PydanticCustomError(
                "D206",
                "x-dead-letter-strategy at-least-once needs x-overflow reject-publish: with {given} the "
                "broker falls back to at-most-once",
                {"given": self.x_overflow, "field": "x-overflow", "hint": "set it to reject-publish"},
            )
        if self.x_queue_type == "quorum" and self.x_overflow == "reject-publish-dlx":
            raise PydanticCustomError(
                "D206",
                "x-overflow reject-publish-dlx is for classic queues only",
                {"field": "x-overflow", "hint": "set it to reject-publish or drop-head"},
            )
        if self.x_queue_type != "classic" and not self.durable:
            raise PydanticCustomError(
                "D206",
                "a {type} queue is always durable: durable must be true",
                {"type": self.x_queue_type, "field": "durable", "hint": "take it away"},
            )
        if self.x_queue_type == "stream":
            for name, argument in NOT_IN_STREAMS.items():
                if getattr(self, name) is not None:
                    raise PydanticCustomError(
                        "D206",
                        "a stream has no {argument}",
                        {"argument": argument, "field": argument, "hint": _NOT_A_STREAM},
                    )
            if self.x_overflow != "drop-head" or self.x_single_active_consumer:
                argument = "x-overflow" if self.x_overflow != "drop-head" else "x-single-active-consumer"
                raise PydanticCustomError(
                    "D206",
                    "a stream has neither x-overflow nor x-single-active-consumer here",
                    {"field": argument, "hint": _NOT_A_STREAM},
                )
        return self

    @property
    def delivery_limit(self) -> int:
        """Failed deliveries that are allowed, -1 for any number."""
        if self.x_queue_type != "quorum":
            return -1
        return DELIVERY_LIMIT if self.x_delivery_limit is None else self.x_delivery_limit

    @property
    def consumer_timeout(self) -> float:
        """Seconds that a delivery may be unacknowledged, 0 for any time."""
        if self.x_queue_type != "quorum":
            return 0.0
        given = self.x_consumer_timeout
        return (CONSUMER_TIMEOUT if given is None else given) / 1000.0

    @property
    def members(self) -> int:
        """Nodes that hold the queue."""
        return 1 if self.x_queue_type == "classic" else self.x_quorum_initial_group_size or 3

    @property
    def max_age_ms(self) -> int | None:
        """`x-max-age` in milliseconds."""
        return None if self.x_max_age is None else int(self.x_max_age[:-1]) * AGES[self.x_max_age[-1]] * 1000
