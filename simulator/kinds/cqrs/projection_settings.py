"""Settings of a projection, of queries against it, and of what can be done to it."""

from __future__ import annotations

from typing import Literal

from simulator.design.distributions import DurationDistribution, Exponential, LogNormal
from simulator.design.fields import Settings, Source, setting
from simulator.kinds.basic.consumer import ConsumerFailureSettings
from simulator.kinds.cost import MachineType

_READ_LATENCY = Source("Estimate: GetItem of a key-value store, p50 2 to 5 ms, p99 10 to 20 ms")


class ProjectionSettings(Settings):
    """A read model made of events, and the process that keeps it up to date."""

    instances: int = setting(
        1,
        title="Instances",
        help="Processes that apply events.",
        unit="instances",
        ge=1,
        le=10_000,
    )
    concurrency: int = setting(
        1,
        title="Concurrency",
        help="Events one instance applies at a time; what is read in one order needs one worker.",
        unit="workers",
        ge=1,
        le=10_000,
    )
    service_time: DurationDistribution = setting(
        title="Apply time",
        help="Time to apply one event to the view and commit it.",
        unit="s",
        widget="distribution",
        factory=lambda: Exponential(mean=0.01),
    )
    failure: ConsumerFailureSettings = setting(
        title="Failure",
        help="How often applying an event fails; it is tried again, and what is behind it waits.",
        factory=ConsumerFailureSettings,
    )
    checkpoint_every: int = setting(
        1,
        title="Checkpoint every",
        help="Events after which the position is stored. 1: with every change of the view, in one "
        "transaction. After a crash events since the checkpoint are read again.",
        unit="events",
        ge=1,
        le=10**9,
    )
    replay_time: DurationDistribution | None = setting(
        None,
        title="Replay time",
        help="Time to apply one event that is read again (a rebuild, what follows a checkpoint); empty: the "
        "apply time.",
        unit="s",
        widget="distribution",
    )
    read_time: DurationDistribution = setting(
        title="Read time",
        help="Time to answer a query.",
        unit="s",
        widget="distribution",
        source=_READ_LATENCY,
        factory=lambda: LogNormal(p50=0.004, p99=0.015),
    )
    poll_interval: float = setting(
        0.0,
        title="Poll interval",
        help="Pause between two looks into a source with nothing new; 0: it is woken at once.",
        unit="s",
        widget="duration",
        advanced=True,
        ge=0,
        le=86_400,
    )
    instance_type: MachineType | None = setting(
        None,
        title="Instance type",
        help="Machine of each instance, for the cost: a line machine.TYPE of the prices, such as m7g.large; "
        "empty: no price.",
        advanced=True,
    )


class RebuildSettings(Settings):
    """How a view is built anew from the first event."""

    mode: Literal["side-by-side", "in-place"] = setting(
        "side-by-side",
        title="Mode",
        help="side-by-side: a second view catches up while queries see the old one, then they switch; "
        "in-place: the view begins empty.",
    )
    rate: float = setting(
        1_000.0,
        title="Rate",
        help="Events per second that a second view applies.",
        unit="events/s",
        widget="rate",
        gt=0,
        le=1e9,
    )


class SlowSettings(Settings):
    """A projection that is slower than usual."""

    factor: float = setting(
        3.0, title="Factor", help="Applying an event takes so many times as long.", gt=0, le=1e6
    )
