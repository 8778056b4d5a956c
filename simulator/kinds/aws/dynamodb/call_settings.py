"""What is asked of a DynamoDB table on one edge."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from simulator.design.distributions import Constant, CountDistribution, DurationDistribution
from simulator.design.edges import PublishSettings
from simulator.design.fields import Settings, Source, setting

_RETRY = Source("AWS SDKs and tools reference guide, Retry behavior (attempts); base delay from memory")

READS = ("get", "query", "transact-get")
Operation = Literal["get", "put", "update", "delete", "query", "transact-get", "transact-write"]


class DynamoDbCallSettings(Settings):
    """What a caller asks of the table, and what it does when that fails."""

    operation: Operation = setting(
        "put", title="Operation", help="The key is that of the message; a query reads the items of the key."
    )
    item_size: CountDistribution | None = setting(
        None,
        title="Item size",
        help="Size of an item; empty: that of the message.",
        unit="bytes",
        widget="bytes",
    )
    items: CountDistribution = setting(
        title="Items",
        help="Items of a query or transaction; those of a transaction beyond the first meet nobody else.",
        unit="items",
        widget="distribution",
        factory=lambda: Constant(value=1.0),
    )
    consistent_read: bool = setting(
        False,
        title="ConsistentRead",
        help="A strongly consistent read costs twice as much and never comes from the cache.",
        alias="ConsistentRead",
    )
    condition: Literal["none", "not-exists", "version"] = setting(
        "none",
        title="Condition",
        help="not-exists: fails when there is an item; version: fails when it has changed since it was read.",
    )
    read_to_write: DurationDistribution = setting(
        title="Read to write",
        help="Time between the read of the version and the write that expects it.",
        unit="s",
        widget="distribution",
        factory=lambda: Constant(value=0.0),
        advanced=True,
    )
    conflict_attempts: int = setting(
        1,
        title="Attempts after conflicts",
        help="Writes of one call in all while the condition fails or a transaction is in the way.",
        unit="attempts",
        ge=1,
        le=100,
    )
    max_attempts: int = setting(
        3,
        title="max_attempts",
        help="Attempts of the SDK in all while the table throttles.",
        unit="attempts",
        source=_RETRY,
        ge=1,
        le=100,
    )
    retry_base: float = setting(
        0.05,
        title="Retry base",
        help="Longest wait before the second attempt, doubled for each further one, at most 20 s.",
        unit="s",
        widget="duration",
        source=_RETRY,
        advanced=True,
        ge=0,
        le=20,
    )

    @model_validator(mode="after")
    def _fits_the_operation(self) -> Self:
        if self.condition != "none" and self.operation in READS:
            raise PydanticCustomError(
                "D206",
                "a {operation} has no condition: take it away, or write",
                {"operation": self.operation},
            )
        if self.operation.startswith("transact") and self.items.mean() > 100:
            raise PydanticCustomError("D104", "a transaction has at most 100 items")
        return self


class DynamoDbPublishSettings(DynamoDbCallSettings, PublishSettings):
    """What is published to a table is written, and nobody waits for it."""

    @model_validator(mode="after")
    def _is_a_write(self) -> Self:
        if self.operation in READS:
            raise PydanticCustomError(
                "D206",
                "nobody waits for the answer of a {operation}: invoke the table",
                {"operation": self.operation},
            )
        return self
