"""The settings of share groups (KIP-932, KIP-1222) and of consumer quotas.

Names, units and defaults are those of Apache Kafka 4 (kafka.apache.org/documentation, "Configuration").
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from simulator.design.fields import Settings, setting
from simulator.kinds.kafka.sources import BROKER, CONSUMER, GROUP, QUOTAS


class ShareSettings(Settings):
    """What the brokers allow share groups."""

    share_lock_ms: int = setting(
        30_000,
        title="group.share.record.lock.duration.ms",
        help="How long a member of a share group has a record to itself (of the brokers).",
        unit="ms",
        source=BROKER,
        alias="group.share.record.lock.duration.ms",
        advanced=True,
        ge=15_000,
        le=60_000,
    )
    share_delivery_limit: int = setting(
        5,
        title="group.share.delivery.count.limit",
        help="Deliveries of a record to a share group, after which it is archived (of the brokers).",
        unit="1",
        source=BROKER,
        alias="group.share.delivery.count.limit",
        advanced=True,
        ge=2,
        le=10,
    )
    share_max_locks: int = setting(
        2_000,
        title="group.share.partition.max.record.locks",
        help="Records of one partition that a share group has in flight at most (of the brokers).",
        unit="messages",
        source=BROKER,
        alias="group.share.partition.max.record.locks",
        advanced=True,
        ge=100,
        le=4_000,
    )


class ShareReadSettings(Settings):
    """How the members of a share group read, and how much one member may read."""

    group_type: Literal["consumer", "share"] = setting(
        "consumer",
        title="Group type",
        help="consumer: every partition has one reader, and an offset; share (KIP-932): members take records "
        "of the same partitions, acknowledge each, and keep no order.",
    )
    share_acknowledgement: Literal["implicit", "explicit"] = setting(
        "implicit",
        title="share.acknowledgement.mode",
        help="Of a share group: the next poll acknowledges all of the last one, or every record its own.",
        source=CONSUMER,
        alias="share.acknowledgement.mode",
        advanced=True,
    )
    share_isolation_level: Literal["read_uncommitted", "read_committed"] = setting(
        "read_uncommitted",
        title="share.isolation.level",
        help="Of a share group: read_committed passes aborted records over, and waits for open transactions.",
        source=GROUP,
        alias="share.isolation.level",
        advanced=True,
    )
    share_renew_enable: bool = setting(
        True,
        title="share.renew.acknowledge.enable",
        help="Whether the brokers let members of the share group renew their locks.",
        source=GROUP,
        alias="share.renew.acknowledge.enable",
        advanced=True,
    )
    lock_renewal: Annotated[float, Field(gt=0, le=60)] | None = setting(
        None,
        title="Lock renewal",
        help="Of a share group: how often a member renews the locks of what it has not finished (RENEW); "
        "empty: never.",
        unit="s",
        advanced=True,
    )
    consumer_byte_rate: Annotated[float, Field(gt=0, le=1e15)] | None = setting(
        None,
        title="consumer_byte_rate",
        help="Quota of one member at each broker; one that reads more is throttled. Empty: none.",
        unit="bytes/s",
        source=QUOTAS,
        advanced=True,
    )

    @model_validator(mode="after")
    def _share_fits(self) -> Self:
        """`KafkaShareConsumer` refuses settings of consumer groups."""
        if self.group_type != "share":
            for field in _SHARED:
                if field in self.model_fields_set:
                    name = type(self).model_fields[field].alias or field
                    raise PydanticCustomError(
                        "D104",
                        "{name} is for share groups: set group_type to share",
                        {"name": str(name), "field": str(name), "hint": "take it away, or set group_type"},
                    )
            return self
        if self.lock_renewal is not None and self.share_acknowledgement != "explicit":
            raise PydanticCustomError(
                "D104", "lock_renewal needs share.acknowledgement.mode explicit: implicit can only accept"
            )
        if self.lock_renewal is not None and not self.share_renew_enable:
            raise PydanticCustomError("D104", "lock_renewal needs share.renew.acknowledge.enable true")
        for field in _NOT_SHARED:
            if field in self.model_fields_set:
                name = type(self).model_fields[field].alias or field
                raise PydanticCustomError(
                    "D104",
                    "{name} cannot be set for a share group: it has no offsets to commit and no partitions "
                    "of its own; take it away, or set group_type to consumer",
                    {"name": str(name), "field": str(name), "hint": "take it away"},
                )
        return self


#: What only a share group has a use for.
_SHARED = ("share_acknowledgement", "share_isolation_level", "share_renew_enable", "lock_renewal")
#: What a share group has no use for.
_NOT_SHARED = (
    "protocol",
    "remote_assignor",
    "strategy",
    "auto_commit",
    "auto_commit_interval_ms",
    "commit",
    "session_timeout_ms",
    "heartbeat_interval_ms",
    "instance_id",
    "fetch_min_bytes",
    "fetch_max_wait_ms",
    "auto_offset_reset",
    "isolation_level",
)
