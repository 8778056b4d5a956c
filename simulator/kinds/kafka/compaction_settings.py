"""The settings of log compaction.

Names, units and defaults are those of Apache Kafka 4 (kafka.apache.org/documentation, "Topic configs").
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator

from simulator.design.fields import Settings, setting
from simulator.kinds.kafka.sources import BROKER, LONGEST_MS, TOPIC


def _in_order(value: Any) -> Any:
    """`delete,compact` is the same as `compact,delete`; so is a list of the two."""
    parts = value if isinstance(value, list) else value.split(",") if isinstance(value, str) else None
    if parts is None or not all(isinstance(part, str) for part in parts):
        return value
    return ",".join(sorted(part.strip() for part in parts))


class CompactionSettings(Settings):
    """What the cleaner keeps of a log: what is young enough, the latest of every key, or both."""

    cleanup_policy: Annotated[Literal["delete", "compact", "compact,delete"], BeforeValidator(_in_order)] = (
        setting(
            "delete",
            title="cleanup.policy",
            help="delete: old segments go by retention; compact: of every key the latest record stays.",
            source=TOPIC,
            alias="cleanup.policy",
        )
    )
    min_cleanable_dirty_ratio: float = setting(
        0.5,
        title="min.cleanable.dirty.ratio",
        help="Share of a log's closed segments, in bytes, that must be new before the next cleaning.",
        source=TOPIC,
        alias="min.cleanable.dirty.ratio",
        advanced=True,
        ge=0.0,
        le=1.0,
    )
    min_compaction_lag_ms: int = setting(
        0,
        title="min.compaction.lag.ms",
        help="Age below which a record is not compacted away.",
        unit="ms",
        source=TOPIC,
        alias="min.compaction.lag.ms",
        advanced=True,
        ge=0,
        le=LONGEST_MS,
    )
    max_compaction_lag_ms: int = setting(
        LONGEST_MS,
        title="max.compaction.lag.ms",
        help="Age at which a record is cleaned whatever the dirty ratio; segments close by then.",
        unit="ms",
        source=TOPIC,
        alias="max.compaction.lag.ms",
        advanced=True,
        ge=1,
        le=LONGEST_MS,
    )
    delete_retention_ms: int = setting(
        86_400_000,
        title="delete.retention.ms",
        help="How long a tombstone stays after the cleaning that first met it.",
        unit="ms",
        source=TOPIC,
        alias="delete.retention.ms",
        advanced=True,
        ge=0,
        le=LONGEST_MS,
    )
    cleaner_backoff_ms: int = setting(
        15_000,
        title="log.cleaner.backoff.ms",
        help="Time between two looks for logs to compact (a setting of the brokers).",
        unit="ms",
        source=BROKER,
        alias="log.cleaner.backoff.ms",
        advanced=True,
        ge=1,
        le=LONGEST_MS,
    )
    tombstone_share: float = setting(
        0.0,
        title="Tombstone share",
        help="Share of the records whose value is null: they say that their key is deleted.",
        advanced=True,
        ge=0.0,
        le=1.0,
    )

    @property
    def is_compacted(self) -> bool:
        """Whether the cleaner takes superseded records out of the log."""
        return self.cleanup_policy != "delete"
