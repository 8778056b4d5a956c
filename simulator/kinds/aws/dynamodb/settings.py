"""Settings of a DynamoDB table, under the names of its API."""

from __future__ import annotations

from math import ceil
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from simulator.design.distributions import DurationDistribution, LogNormal
from simulator.design.fields import Settings, Source, setting
from simulator.kinds.aws.dynamodb.units import (
    MOST_PARTITIONS,
    PARTITION_READ,
    PARTITION_SIZE,
    PARTITION_WRITE,
)

_GUIDE = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/"
_CREATE = Source(
    "Amazon DynamoDB API reference, CreateTable",
    "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html",
)
_WARM = Source(
    "Amazon DynamoDB developer guide, Warm throughput (from memory)", f"{_GUIDE}warm-throughput.html"
)
_GET = Source("Estimate: GetItem p50 2 to 5 ms, p99 10 to 20 ms")
_PUT = Source("Estimate: PutItem p50 4 to 8 ms, p99 15 to 40 ms")
_STREAM = Source("Estimate: a record reaches a Lambda handler after 0.2 s (p50), of which polling is half")
_TTL = Source("From memory: items are deleted within about 48 hours, usually minutes to hours")
_DAX = Source("Amazon DynamoDB developer guide, DAX: item cache with a TTL of 5 minutes", f"{_GUIDE}DAX.html")
_SCALING = Source("Amazon DynamoDB developer guide, Auto scaling", f"{_GUIDE}AutoScaling.html")

#: What one table may be given in us-east-1 without asking, units per second (from memory).
TABLE_QUOTA = 40_000

Units = Annotated[int, Field(ge=1, le=10_000_000)]


class IndexSettings(Settings):
    """A global secondary index: every write of an item is a write there too."""

    index_name: str = setting(
        "index",
        title="IndexName",
        help="Name of the index.",
        source=_CREATE,
        alias="IndexName",
        max_length=255,
    )
    distinct_keys: Annotated[int, Field(ge=1, le=10**9)] | None = setting(
        None,
        title="Distinct keys",
        help="Values of its partition key, such as 4 states of an order; empty: as many as the table has.",
        unit="keys",
    )
    item_share: float = setting(
        1.0,
        title="Projected share",
        help="Share of an item's size that is projected into it.",
        widget="probability",
        gt=0,
        le=1,
    )


class AutoScalingSettings(Settings):
    """Provisioned capacity that follows the load, minutes later."""

    target: float = setting(
        0.7,
        title="Target utilization",
        help="Two minutes above it let the capacity grow, fifteen below let it shrink.",
        source=_SCALING,
        widget="probability",
        ge=0.2,
        le=0.9,
    )
    maximum: Units = setting(
        1_000, title="Maximum", help="Most units of either sort.", unit="units/s", source=_SCALING
    )


class CacheSettings(Settings):
    """A cache in front of the table, as DAX: eventually consistent gets, written through."""

    item_ttl: float = setting(
        300.0,
        title="Item TTL",
        help="How long an item stays after it was read or written.",
        unit="s",
        widget="duration",
        source=_DAX,
        gt=0,
        le=1e9,
    )
    items: Annotated[int, Field(ge=1, le=10**8)] = setting(
        100_000, title="Items", help="Items it holds; the one used longest ago goes first.", unit="items"
    )
    latency: DurationDistribution = setting(
        title="Latency",
        help="Time of a hit.",
        unit="s",
        widget="distribution",
        source=Source("Estimate: microseconds in DAX, half a millisecond with the way there"),
        factory=lambda: LogNormal(p50=0.0005, p99=0.002),
    )


class DynamoDbSettings(Settings):
    """An Amazon DynamoDB table."""

    billing_mode: Literal["PAY_PER_REQUEST", "PROVISIONED"] = setting(
        "PAY_PER_REQUEST",
        title="BillingMode",
        help="On demand or provisioned.",
        source=_CREATE,
        alias="BillingMode",
    )
    read_capacity_units: Units = setting(
        5,
        title="ReadCapacityUnits",
        help="Provisioned: strongly consistent reads of up to 4 KB per second.",
        unit="units/s",
        source=_CREATE,
        alias="ReadCapacityUnits",
    )
    write_capacity_units: Units = setting(
        5,
        title="WriteCapacityUnits",
        help="Provisioned: writes of up to 1 KB per second.",
        unit="units/s",
        source=_CREATE,
        alias="WriteCapacityUnits",
    )
    auto_scaling: AutoScalingSettings | None = setting(
        None, title="Auto scaling", help="Provisioned: lets the capacity follow the load; empty: fixed."
    )
    warm_read: Units = setting(
        12_000,
        title="WarmThroughput.ReadUnitsPerSecond",
        help="On demand: reads it takes at once, twice its previous peak.",
        unit="units/s",
        source=_WARM,
        alias="WarmThroughput.ReadUnitsPerSecond",
    )
    warm_write: Units = setting(
        4_000,
        title="WarmThroughput.WriteUnitsPerSecond",
        help="On demand: writes it takes at once, twice its previous peak.",
        unit="units/s",
        source=_WARM,
        alias="WarmThroughput.WriteUnitsPerSecond",
    )
    max_read: Units | None = setting(
        None,
        title="OnDemandThroughput.MaxReadRequestUnits",
        help="On demand: most reads; empty: no limit of your own.",
        unit="units/s",
        source=_CREATE,
        alias="OnDemandThroughput.MaxReadRequestUnits",
        advanced=True,
    )
    max_write: Units | None = setting(
        None,
        title="OnDemandThroughput.MaxWriteRequestUnits",
        help="On demand: most writes; empty: no limit of your own.",
        unit="units/s",
        source=_CREATE,
        alias="OnDemandThroughput.MaxWriteRequestUnits",
        advanced=True,
    )
    adaptation_time: float = setting(
        1_800.0,
        title="Adaptation time",
        help="On demand: a new peak counts after this time; the table then takes twice as much.",
        unit="s",
        widget="duration",
        source=Source(
            "Amazon DynamoDB developer guide, On-demand mode (from memory)",
            f"{_GUIDE}on-demand-capacity-mode.html",
        ),
        advanced=True,
        ge=60,
        le=1e6,
    )
    split_after: float = setting(
        300.0,
        title="Split for heat after",
        help="A partition that is at its ceiling for so long is split.",
        unit="s",
        widget="duration",
        source=Source("Estimate: minutes of sustained heat"),
        advanced=True,
        ge=60,
        le=1e9,
    )
    stored: float = setting(
        0.0,
        title="Stored",
        help="Size of the table at the start: for its partitions of 10 GB and for the cost.",
        unit="GB",
        ge=0,
        le=1e9,
    )
    table_class: Literal["STANDARD", "STANDARD_INFREQUENT_ACCESS"] = setting(
        "STANDARD",
        title="TableClass",
        help="Infrequent access: dearer requests, cheaper storage.",
        source=_CREATE,
        alias="TableClass",
        advanced=True,
    )
    indexes: Annotated[list[IndexSettings], Field(max_length=20)] = setting(
        title="GlobalSecondaryIndexes",
        help="Each costs a write of its own for every write; a full one throttles the writes of the table.",
        source=_CREATE,
        alias="GlobalSecondaryIndexes",
        advanced=True,
        factory=list,
    )
    stream_view_type: Literal["KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES"] | None = setting(
        None,
        title="StreamViewType",
        help="What a record of the stream holds; needed when somebody reads the stream.",
        source=_CREATE,
        alias="StreamViewType",
    )
    stream_delay: DurationDistribution = setting(
        title="Stream delay",
        help="From a write until its record may be read.",
        unit="s",
        widget="distribution",
        source=_STREAM,
        advanced=True,
        factory=lambda: LogNormal(p50=0.1, p99=0.4),
    )
    time_to_live: Annotated[float, Field(gt=0, le=1e9)] | None = setting(
        None,
        title="Time to live",
        help="An item expires so long after it was written last; empty: never.",
        unit="s",
        widget="duration",
    )
    ttl_delay: DurationDistribution = setting(
        title="Deletion after expiry",
        help="From the expiry of an item until it is deleted.",
        unit="s",
        widget="distribution",
        source=_TTL,
        advanced=True,
        factory=lambda: LogNormal(p50=3_600.0, p99=172_800.0),
    )
    cache: CacheSettings | None = setting(
        None, title="Cache", help="A DAX cluster in front of it; empty: none."
    )
    get_latency: DurationDistribution = setting(
        title="GetItem latency",
        help="Of a get; a transaction takes twice as long.",
        unit="s",
        widget="distribution",
        source=_GET,
        factory=lambda: LogNormal(p50=0.004, p99=0.015),
    )
    put_latency: DurationDistribution = setting(
        title="PutItem latency",
        help="Of a put, update or delete; a transaction takes twice as long.",
        unit="s",
        widget="distribution",
        source=_PUT,
        factory=lambda: LogNormal(p50=0.006, p99=0.025),
    )
    query_latency: DurationDistribution = setting(
        title="Query latency",
        help="Of a query or scan of up to 1 MB.",
        unit="s",
        widget="distribution",
        source=Source("Estimate: a get and a half"),
        factory=lambda: LogNormal(p50=0.006, p99=0.025),
    )

    @property
    def shards(self) -> int:
        """Partitions at the start, and with them shards of the stream: the classic formula, from memory."""
        if self.billing_mode == "PAY_PER_REQUEST":
            count = max(ceil(self.warm_read / PARTITION_READ), ceil(self.warm_write / PARTITION_WRITE))
        else:
            read, write = self.read_capacity_units, self.write_capacity_units
            count = ceil(read / PARTITION_READ + write / PARTITION_WRITE)
        return min(MOST_PARTITIONS, max(count, ceil(self.stored / PARTITION_SIZE), 1))

    @model_validator(mode="after")
    def _a_table_has_a_quota(self) -> Self:
        if self.billing_mode == "PROVISIONED":
            most = max(self.read_capacity_units, self.write_capacity_units)
            if most > TABLE_QUOTA:
                raise PydanticCustomError(
                    "D104",
                    "a table may have at most {quota} units per second of either sort, got {most}",
                    {"quota": TABLE_QUOTA, "most": most},
                )
        elif self.auto_scaling is not None:
            raise PydanticCustomError("D206", "auto scaling needs BillingMode PROVISIONED")
        return self
