"""Settings of the producers that write to a topic: retries, order, memory, quotas.

Names, units and defaults are those of Apache Kafka 4 (kafka.apache.org/documentation, "Configuration").
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from simulator.design.distributions import Constant, DurationDistribution
from simulator.design.fields import Settings, setting
from simulator.kinds.kafka.sources import LONGEST_MS, PRODUCER, QUOTAS


class RetrySettings(Settings):
    """What a producer does when a write is not acknowledged."""

    enable_idempotence: bool = setting(
        True,
        title="enable.idempotence",
        help="Brokers drop a batch that is sent again, and keep the order of batches. Needs acks=all, "
        "retries and at most 5 requests in flight; without them, unless set, it is off.",
        source=PRODUCER,
        alias="enable.idempotence",
        advanced=True,
    )
    retries: int = setting(
        2**31 - 1,
        title="retries",
        help="How often a failed write is sent again, within delivery.timeout.ms.",
        source=PRODUCER,
        advanced=True,
        ge=0,
        le=2**31 - 1,
    )
    retry_backoff_ms: int = setting(
        100,
        title="retry.backoff.ms",
        help="Wait before the first retry; it doubles with every further one, give or take a fifth.",
        unit="ms",
        source=PRODUCER,
        alias="retry.backoff.ms",
        advanced=True,
        ge=0,
        le=LONGEST_MS,
    )
    retry_backoff_max_ms: int = setting(
        1_000,
        title="retry.backoff.max.ms",
        help="Longest wait before a retry.",
        unit="ms",
        source=PRODUCER,
        alias="retry.backoff.max.ms",
        advanced=True,
        ge=0,
        le=LONGEST_MS,
    )
    delivery_timeout_ms: int = setting(
        120_000,
        title="delivery.timeout.ms",
        help="Time after which a record that is not acknowledged is given up; at least linger.ms and "
        "request.timeout.ms together.",
        unit="ms",
        source=PRODUCER,
        alias="delivery.timeout.ms",
        advanced=True,
        ge=0,
        le=2**31 - 1,
    )
    request_timeout_ms: int = setting(
        30_000,
        title="request.timeout.ms",
        help="Time without an answer after which a request counts as failed.",
        unit="ms",
        source=PRODUCER,
        alias="request.timeout.ms",
        advanced=True,
        ge=1,
        le=2**31 - 1,
    )
    max_in_flight: int = setting(
        5,
        title="max.in.flight.requests.per.connection",
        help="Unanswered batches on the way to one broker; above 1 and without idempotence retries break "
        "the order.",
        unit="batches",
        source=PRODUCER,
        alias="max.in.flight.requests.per.connection",
        advanced=True,
        ge=1,
        le=2**31 - 1,
    )
    buffer_memory: int = setting(
        33_554_432,
        title="buffer.memory",
        help="Bytes a producer holds that are not acknowledged; when it is full, sending blocks.",
        unit="bytes",
        source=PRODUCER,
        alias="buffer.memory",
        advanced=True,
        ge=0,
        le=LONGEST_MS,
    )
    max_block_ms: int = setting(
        60_000,
        title="max.block.ms",
        help="How long a record waits for memory before it is given up.",
        unit="ms",
        source=PRODUCER,
        alias="max.block.ms",
        advanced=True,
        ge=0,
        le=LONGEST_MS,
    )
    compression_ratio: float = setting(
        1.0,
        title="Compression ratio",
        help="Bytes of records for one byte on the wire and in the log (compression.type).",
        advanced=True,
        ge=1.0,
        le=1_000.0,
    )
    partition_weights: (
        Annotated[list[Annotated[float, Field(ge=0, le=1e9)]], Field(min_length=1, max_length=10_000)] | None
    ) = setting(
        None,
        title="Partition weights",
        help="A custom partitioner (partitioner.class): shares of the partitions in keys, and in records "
        "without key. Empty: the default partitioner.",
        advanced=True,
    )
    transactional_id: Annotated[str, Field(min_length=1, max_length=249)] | None = setting(
        None,
        title="transactional.id",
        help="Producers write in transactions; needs idempotence. Empty: none.",
        source=PRODUCER,
        alias="transactional.id",
        advanced=True,
    )
    transaction_timeout_ms: int = setting(
        60_000,
        title="transaction.timeout.ms",
        help="Time after which the brokers abort a transaction that is still open.",
        unit="ms",
        source=PRODUCER,
        alias="transaction.timeout.ms",
        advanced=True,
        ge=1,
        le=900_000,
    )
    transaction_time: DurationDistribution = setting(
        title="Transaction time",
        help="From the first batch of a transaction until the application ends it.",
        unit="s",
        widget="distribution",
        advanced=True,
        factory=lambda: Constant(value=0.1),
    )
    abort_probability: float = setting(
        0.0,
        title="Abort probability",
        help="Share of the transactions that the application aborts.",
        advanced=True,
        ge=0.0,
        le=1.0,
    )
    producer_byte_rate: Annotated[float, Field(gt=0, le=1e15)] | None = setting(
        None,
        title="producer_byte_rate",
        help="Quota of one producer at each broker; one that writes more is throttled. Empty: none.",
        unit="bytes/s",
        source=QUOTAS,
        advanced=True,
    )
    request_percentage: Annotated[float, Field(gt=0, le=1e6)] | None = setting(
        None,
        title="request_percentage",
        help="Quota of one producer at each broker: share of one thread's time that its requests may take, "
        "in percent. Empty: none.",
        unit="%",
        source=QUOTAS,
        advanced=True,
    )
