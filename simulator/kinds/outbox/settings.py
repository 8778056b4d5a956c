"""Settings of a service that changes its database and tells of it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from simulator.design.distributions import Constant, DurationDistribution, Uniform
from simulator.design.fields import Settings, Source, setting
from simulator.kinds.cost import MachineType

_RICHARDSON = Source(
    "C. Richardson, Microservices Patterns (2018), ch. 3: outbox, polling publisher, transaction log tailing"
)
_LOG = Source("Estimate: 50 to 500 ms from a commit until change data capture has read it")
_WRITE = Source("Estimate: latency of a write in one region (p50 4 to 8 ms)")


class OutboxSettings(Settings):
    """A service whose transactions must be told of: by an outbox and its relay, or by two writes."""

    method: Literal["polling", "log-tailing", "commit-then-publish", "publish-then-commit"] = setting(
        "polling",
        title="Method",
        help="An outbox that a relay polls, or whose log it tails; or two writes, one after the other.",
        source=_RICHARDSON,
    )
    commit_time: DurationDistribution = setting(
        title="Commit time",
        help="Time of a transaction, the row of the outbox included.",
        unit="s",
        widget="distribution",
        source=_WRITE,
        factory=lambda: Constant(value=0.005),
    )
    rollback: float = setting(
        0.0,
        title="Rollback",
        help="Share of transactions that the database rolls back.",
        widget="probability",
        ge=0,
        le=1,
    )
    publish_time: DurationDistribution = setting(
        title="Publish time",
        help="Time until the broker has confirmed; a relay sends a whole batch at once.",
        unit="s",
        widget="distribution",
        source=_WRITE,
        factory=lambda: Constant(value=0.005),
    )
    poll_interval: float = setting(
        1.0,
        title="Poll interval",
        help="Time between two looks of a polling relay; a full batch is followed by a look at once.",
        unit="s",
        widget="duration",
        source=_RICHARDSON,
        gt=0,
        le=86_400,
    )
    batch_size: int = setting(
        100, title="Batch size", help="Rows that the relay reads at a time.", unit="rows", ge=1, le=100_000
    )
    cursor: Literal["unpublished", "id"] = setting(
        "unpublished",
        title="Cursor",
        help="A polling relay reads the rows that are not marked, in the order of their commits; or those "
        "above the last id: a row that commits after a higher one is skipped.",
        advanced=True,
    )
    after_publish: Literal["delete", "mark"] = setting(
        "delete",
        title="After publish",
        help="The relay deletes what it has published, or marks it and leaves it in the table.",
    )
    mark_time: DurationDistribution = setting(
        title="Mark time",
        help="Time to delete or mark a batch after it was published.",
        unit="s",
        widget="distribution",
        source=_WRITE,
        advanced=True,
        factory=lambda: Constant(value=0.005),
    )
    log_delay: DurationDistribution = setting(
        title="Log delay",
        help="Time from a commit until a relay that tails the log has read it.",
        unit="s",
        widget="distribution",
        source=_LOG,
        factory=lambda: Uniform(low=0.05, high=0.5),
    )
    crash_probability: float = setting(
        0.0,
        title="Crash between two writes",
        help="Chance that the process crashes after the first of two writes: commit and publish, or publish "
        "and mark; of a relay for each batch.",
        widget="probability",
        ge=0,
        le=1,
    )
    restart_time: float = setting(
        5.0,
        title="Restart time",
        help="Time until a relay that has crashed is back.",
        unit="s",
        widget="duration",
        ge=0,
        le=86_400,
    )
    concurrency: Annotated[int, Field(ge=1, le=1_000_000)] | None = setting(
        None,
        title="Concurrency",
        help="Transactions at a time, more are refused; empty: no limit.",
        unit="transactions",
        advanced=True,
    )
    instance_type: MachineType | None = setting(
        None,
        title="Instance type",
        help="Machine of its database, for the cost: a line machine.TYPE of the prices, such as m7g.large; "
        "empty: no price.",
        advanced=True,
    )

    @property
    def is_dual_write(self) -> bool:
        """Whether nothing holds the two writes together."""
        return self.method in ("commit-then-publish", "publish-then-commit")
