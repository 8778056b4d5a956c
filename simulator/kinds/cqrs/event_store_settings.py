"""Settings of an event store, and of the calls that are made to it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from simulator.design.distributions import Constant, CountDistribution, DurationDistribution, LogNormal
from simulator.design.edges import PublishSettings
from simulator.design.fields import Settings, Source, setting
from simulator.kinds.cost import MachineType

_DYNAMODB_LATENCY = Source(
    "Estimate: latencies of a key-value store in one region (GetItem p50 2 to 5 ms, PutItem p50 4 to 8 ms)"
)
_FOLD = Source("Estimate: a millisecond to fetch one event and apply it")


class EventStoreSettings(Settings):
    """A store of events: one stream for each aggregate, appended with the version that is expected."""

    append_latency: DurationDistribution = setting(
        title="Append latency",
        help="Time of one append, from the call until it is committed or refused.",
        unit="s",
        widget="distribution",
        source=_DYNAMODB_LATENCY,
        factory=lambda: LogNormal(p50=0.006, p99=0.025),
    )
    read_latency: DurationDistribution = setting(
        title="Read latency",
        help="Time of reading a stream or a snapshot, without its events.",
        unit="s",
        widget="distribution",
        source=_DYNAMODB_LATENCY,
        factory=lambda: LogNormal(p50=0.004, p99=0.015),
    )
    event_time: DurationDistribution = setting(
        title="Time per event",
        help="Time to fetch one event and apply it while an aggregate is loaded.",
        unit="s",
        widget="distribution",
        source=_FOLD,
        factory=lambda: Constant(value=0.001),
    )
    decide_time: DurationDistribution = setting(
        title="Decide time",
        help="Time a command works on the loaded aggregate before it appends.",
        unit="s",
        widget="distribution",
        factory=lambda: Constant(value=0.0),
    )
    snapshot_every: Annotated[int, Field(ge=1, le=10**9)] | None = setting(
        None,
        title="Snapshot every",
        help="Events after which a snapshot of the aggregate is taken; empty: never.",
        unit="events",
    )
    initial_events: int = setting(
        0,
        title="Events at the start",
        help="Events that every stream has when the run begins.",
        unit="events",
        ge=0,
        le=10**9,
    )
    concurrency: Annotated[int, Field(ge=1, le=1_000_000)] | None = setting(
        None,
        title="Concurrency",
        help="Commands and reads the store works on at a time, more wait; empty: no limit.",
        unit="calls",
        advanced=True,
    )
    partitions: int = setting(
        1,
        title="Partitions",
        help="Parts of the log that subscriptions read, each in its order; 1: one order over all streams.",
        unit="partitions",
        ge=1,
        le=1_000,
    )
    delivery_delay: DurationDistribution = setting(
        title="Delivery delay",
        help="Time from a commit until subscriptions may read the event.",
        unit="s",
        widget="distribution",
        factory=lambda: Constant(value=0.0),
    )
    event_size: CountDistribution | None = setting(
        None,
        title="Event size",
        help="Size of a stored event, for the cost; empty: that of the message.",
        unit="bytes",
        widget="bytes",
        advanced=True,
    )
    instance_type: MachineType | None = setting(
        None,
        title="Instance type",
        help="Machine of the store, for the cost: a line machine.TYPE of the prices, such as m7g.large; "
        "empty: no price.",
        advanced=True,
    )


class EventStoreCallSettings(Settings):
    """What a call to an event store does, and what its caller does when somebody else was faster."""

    operation: Literal["append", "load"] = setting(
        "append", title="Operation", help="append: a command that loads, decides and appends; load: a read."
    )
    expected_version: Literal["exact", "any"] = setting(
        "exact",
        title="Expected version",
        help="exact: the append fails when the stream has changed since it was loaded; any: it never fails, "
        "and nothing is loaded.",
    )
    events: CountDistribution = setting(
        title="Events",
        help="Events of one append.",
        unit="events",
        widget="distribution",
        factory=lambda: Constant(value=1.0),
    )
    max_attempts: int = setting(
        3,
        title="Attempts",
        help="Loads and appends of one command in all, after conflicts; then it is answered with an error.",
        unit="attempts",
        ge=1,
        le=1_000,
    )
    backoff: float = setting(
        0.05,
        title="Back-off",
        help="Longest wait before the second attempt, doubled for each further one; the wait is a uniform "
        "share of it (full jitter).",
        unit="s",
        widget="duration",
        advanced=True,
        ge=0,
        le=3_600,
    )
    backoff_cap: float = setting(
        2.0,
        title="Back-off cap",
        help="Longest wait before any attempt.",
        unit="s",
        widget="duration",
        advanced=True,
        ge=0,
        le=86_400,
    )


class EventStorePublishSettings(EventStoreCallSettings, PublishSettings):
    """What is published to an event store is appended, and nobody waits for it."""
