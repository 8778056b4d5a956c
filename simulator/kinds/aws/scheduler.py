"""`aws.scheduler`: Amazon EventBridge Scheduler, a schedule that invokes one target.

Moment of the schedule -> flexible time window -> invoked within the minute -> delivered, or tried again by
the retry policy, or given up: to the dead-letter queue, or dropped.
Sources: Amazon EventBridge Scheduler user guide, *Schedule types*, *Flexible time windows*, *Quotas*; API
reference, CreateSchedule, RetryPolicy.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from simulator.engine.environment import Activity
from simulator.engine.message import Message
from simulator.engine.node import Acceptor, Node
from simulator.engine.payload import Event
from simulator.engine.world import World
from simulator.kinds.aws.eventbridge_targets import Delivery, RuleTarget
from simulator.kinds.aws.scheduler_checks import check
from simulator.kinds.aws.scheduler_settings import (
    INVOCATIONS,
    ScheduleDeadLetterSettings,
    SchedulerSettings,
    ScheduleTargetSettings,
    TargetGoneSettings,
)
from simulator.kinds.aws.second_quota import SecondQuota
from simulator.kinds.cost import CostItem, NoPrice, Usage
from simulator.kinds.kind import FaultKind, Kind
from simulator.measurement.level import Level
from simulator.measurement.tally import Tally
from simulator.quantities import format_duration

_NO_PAYLOAD = Event("", "", {})


class Scheduler(Node):
    """Schedules of one expression, each of which invokes the target once at every moment of it."""

    category = "producer"

    def __init__(self, world: World, id: str, settings: SchedulerSettings) -> None:
        super().__init__(id, world.env)
        self.settings = settings
        self._world = world
        self.source = world.producers.index(id)
        self.produced = 0
        self.invocations = SecondQuota(settings.invocations_quota or INVOCATIONS[settings.region])
        self.delayed_invocations = 0
        #: Its own deliveries never wait for the end of an outage; a bus's do.
        self.is_out = False
        self.held: list[Delivery] = []
        #: Invocations that wait for their next try.
        self.queue_length = Level()
        self.invocation_delay = Tally()
        self._offset = world.draws(settings.precision, id, "invocation precision")
        self._window = world.uniform(id, "flexible time window")
        self._size = world.draws(settings.size, id, "size")
        self._next_event = world.event_draws(settings.event, id) if settings.event else None
        self._target: RuleTarget | None = None
        self._next: float | None = None

    def connect(self, world: World) -> None:
        for edge in world.edges_from(self.id, "publish", "invoke"):
            found = world.node(edge.target, Acceptor)
            longest = getattr(world.document.node(edge.target).config, "maximum_message_size", None)
            self._target = RuleTarget(world, self, edge, found.entrance(edge.id), longest)
            world.links.append(self._target)
        for edge in world.edges_from(self.id, "dead-letter"):
            if self._target is not None:
                self._target.dead_letter = world.dead_letter_link(edge)

    def start(self) -> None:
        """The schedules of a Region share the quota of the first of them that was drawn."""
        for node in self._world.nodes.values():
            if isinstance(node, Scheduler) and node.settings.region == self.settings.region:
                self.invocations = node.invocations
                break
        moments = self.settings.times(self._world.duration)
        self._next = next(moments, None)
        if self._next is not None:
            self.env.at(self._next, _Clock(self, moments))

    # -- invocations -----------------------------------------------------------------------------
    def strikes(self, now: float, following: float | None) -> None:
        """A moment of the schedule: every schedule draws its own within the window and the minute."""
        self._next = following
        window = self.settings.flexible_time_window.seconds
        for _ in range(self.settings.schedules):
            due = now + self._offset()
            if window:
                due += window * self._window()
            self.env.at(due, _Invocation(self, now))

    def invoke(self, scheduled: float, now: float) -> None:
        """One schedule invokes the target, as far as the quota lets it."""
        message = self.make(now)
        event = _NO_PAYLOAD
        if self._next_event is not None:
            message.event = event = self._next_event()
        self.invocation_delay.add(now - scheduled)
        if self._target is None:
            self.lose(message)
        else:
            self._target.carry(message, event, now)

    def make(self, now: float) -> Message:
        """The next message."""
        self.produced += 1
        return Message(self.source, self.produced, now, None, self._size(), 0)

    def invoke_at(self, now: float) -> float:
        """When the quota lets one more invocation through."""
        due = self.invocations.reserve(now)
        if due > now:
            self.delayed_invocations += 1
        return due

    # -- faults ----------------------------------------------------------------------------------
    def strike(self, fault: str, settings: Any) -> None:
        assert isinstance(settings, TargetGoneSettings)
        if self._target is not None:
            self._target.refusal = settings.error_code.lower()

    def lift(self, fault: str, settings: Any) -> None:
        if self._target is not None:
            self._target.refusal = None

    # -- measures --------------------------------------------------------------------------------
    def waiting(self) -> int:
        return 0 if self._target is None else self._target.in_transit

    def ledger(self) -> dict[str, int]:
        """Of invocations; their deliveries stand in the ledger of the target."""
        self.accepted = self.delivered = self.produced
        return {**super().ledger(), "waiting": 0}

    def ledgers(self) -> dict[str, dict[str, int]]:
        found = super().ledgers()
        if self._target is not None:
            found[f"{self.id}:{self._target.id}"] = self._target.ledger()
        return found

    def counts(self) -> dict[str, int]:
        target = self._target
        return {
            "arrivals": self.produced,
            "completions": self.produced,
            "delayed_invocations": self.delayed_invocations,
            "delivery_retries": 0 if target is None else target.retries,
            "dead_lettered": 0 if target is None else target.dead_lettered,
            "dropped": 0 if target is None else target.dropped,
        }

    def edge_counts(self) -> dict[str, dict[str, int]]:
        if self._target is None:
            return {}
        # Nothing is matched here: what enters the edge is what was invoked.
        counts = self._target.counts()
        del counts["matched"]
        return {self._target.id: counts}

    def levels(self) -> dict[str, Level]:
        return {"queue_length": self.queue_length}

    def tallies(self) -> dict[str, list[Tally]]:
        found = {"invocation_delay": [self.invocation_delay]}
        if self._target is not None:
            found["delivery_latency"] = [self._target.delivery_latency]
        return found

    def detail(self) -> dict[str, Any]:
        following = self._next
        return {
            "expression": self.settings.schedule_expression,
            "next": None if following is None else self._clock_at(following),
            "in_the_run_at": None if following is None else format_duration(following),
            "on_their_way": self.waiting(),
        }

    def _clock_at(self, seconds: float) -> str:
        """What a clock in the schedule's time zone shows at a simulated time."""
        shown: datetime = self.settings.begin + timedelta(seconds=seconds)
        return f"{shown.astimezone(self.settings.zone):%Y-%m-%d %H:%M:%S}, {self.settings.timezone}"


class _Clock(Activity):
    """The moments of a schedule."""

    __slots__ = ("moments", "scheduler")

    def __init__(self, scheduler: Scheduler, moments: Iterator[float]) -> None:
        self.scheduler = scheduler
        self.moments = moments

    def occur(self, now: float) -> float | None:
        following = next(self.moments, None)
        self.scheduler.strikes(now, following)
        return following


class _Invocation(Activity):
    """One schedule that will invoke its target."""

    __slots__ = ("scheduled", "scheduler")

    def __init__(self, scheduler: Scheduler, scheduled: float) -> None:
        self.scheduler = scheduler
        self.scheduled = scheduled

    def occur(self, now: float) -> None:
        self.scheduler.invoke(self.scheduled, now)


def cost_items(usage: Usage) -> list[CostItem | NoPrice]:
    """Invocations (Amazon EventBridge pricing); what the target charges for them stands at the target."""
    return [CostItem("aws.scheduler.invocations", "requests", usage.count("completions"))]


KIND = Kind(
    kind="aws.scheduler",
    title="Amazon EventBridge schedule",
    group="Producers",
    category="producer",
    summary="Invokes a target by rate, by cron or once: time zones, flexible window, retries.",
    docs="https://docs.aws.amazon.com/scheduler/latest/UserGuide/what-is-scheduler.html",
    settings=SchedulerSettings,
    build=Scheduler,
    edge_settings={
        "publish": ScheduleTargetSettings,
        "invoke": ScheduleTargetSettings,
        "dead-letter": ScheduleDeadLetterSettings,
    },
    check=check,
    badges=("throughput", "invocation_delay", "queue_length"),
    faults=(
        FaultKind(
            "target-refusal",
            "Target deleted or forbidden",
            "Invocations fail for good, without retries.",
            settings=TargetGoneSettings,
        ),
    ),
    cost=cost_items,
)
