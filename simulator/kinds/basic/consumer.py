"""`consumer`: a pool of workers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from simulator.design.autoscaling import HPA, AutoscalingSettings
from simulator.design.calls import BackOffSettings, CallSettings
from simulator.design.distributions import AnyDistribution, DurationDistribution, Exponential, Uniform
from simulator.design.edges import PublishSettings
from simulator.design.fields import Settings, Source, setting
from simulator.design.variate import Variate
from simulator.engine.autoscaler import Autoscaler
from simulator.engine.batch_consumer import BatchConsumer
from simulator.engine.careful_consumer import CarefulConsumer, Inbox, Retrying
from simulator.engine.endpoint import Consumer
from simulator.engine.link import Draw
from simulator.engine.message import Message
from simulator.engine.plain_server import lay_plain_servers
from simulator.engine.preemption import PreemptibleConsumer
from simulator.engine.request import Invocations
from simulator.engine.world import World
from simulator.graph.fault_checks import fixed_readers
from simulator.graph.problem import Problem
from simulator.kinds.cost import MachineType, instance_hours
from simulator.kinds.kind import FaultKind, Kind
from simulator.measurement.level import Level

if TYPE_CHECKING:
    from simulator.design.document import Document, Node


class FailureSettings(Settings):
    """How often the work fails."""

    probability: float = setting(
        0.0,
        title="Failure probability",
        help="Chance that one attempt fails and the message goes back to its broker.",
        widget="probability",
        ge=0,
        le=1,
    )


class ConsumerFailureSettings(FailureSettings):
    """How often the work fails, and when the broker hears of it."""

    redelivery_delay: DurationDistribution | None = setting(
        None,
        title="Redelivery delay",
        help="Time between a failure and its report to the broker; the message stays in flight meanwhile.",
        unit="s",
        widget="distribution",
        advanced=True,
    )


class BatchSettings(Settings):
    """How a worker takes several messages at a time."""

    max_size: int = setting(
        10, title="Largest batch", help="Messages of a full batch.", unit="messages", ge=1, le=100_000
    )
    max_wait: float = setting(
        0.0,
        title="Longest wait",
        help="How long a worker waits for a full batch, from its first message on; 0 means not at all.",
        unit="s",
        widget="duration",
        ge=0,
        le=86_400,
    )
    service: Literal["per-batch", "per-message"] = setting(
        "per-batch",
        title="Service",
        help="One service time for the whole batch, or the sum of one for each message.",
    )


_INBOX = Source("C. Richardson, Microservices Patterns (2018), ch. 3, Handling duplicate messages")


class InboxSettings(Settings):
    """How far back an idempotent consumer remembers what it has done."""

    window_messages: Annotated[int, Field(ge=1, le=10**9)] | None = setting(
        None,
        title="Window in messages",
        help="Ids of the last so many messages are kept; empty: of all.",
        unit="messages",
        source=_INBOX,
    )
    window_time: Annotated[float, Field(gt=0, le=31_536_000)] | None = setting(
        None,
        title="Window in time",
        help="How long an id is kept; empty: for ever.",
        unit="s",
        widget="duration",
    )
    lookup_time: float = setting(
        0.0,
        title="Look-up time",
        help="Time to look an id up and to store it, for every message.",
        unit="s",
        widget="duration",
        ge=0,
        le=3_600,
    )


class ConsumerSettings(Settings):
    """A pool of workers that take messages from brokers."""

    instances: Annotated[int, Field(ge=1, le=10_000)] | None = setting(
        1,
        title="Instances",
        help="Machines or containers of this consumer; empty means as many as there is work.",
        unit="instances",
    )
    concurrency: int = setting(
        1,
        title="Concurrency",
        help="Messages one instance works on at a time.",
        unit="messages",
        ge=1,
        le=10_000,
    )
    service_time: DurationDistribution = setting(
        title="Service time",
        help="Busy time of one worker for one message.",
        unit="s",
        widget="distribution",
        factory=lambda: Exponential(mean=0.05),
    )
    failure: ConsumerFailureSettings = setting(
        title="Failure", help="How often the work fails.", factory=ConsumerFailureSettings
    )
    retry: BackOffSettings | None = setting(
        None,
        title="Retry",
        help="Attempts of the worker itself, which holds the message meanwhile, before the broker hears of a "
        "failure; empty: one.",
        advanced=True,
    )
    idempotent: InboxSettings | None = setting(
        None,
        title="Idempotent",
        help="It remembers what it has done and gives a message that comes again no second effect; empty: "
        "no memory.",
        source=_INBOX,
        advanced=True,
    )
    batch: BatchSettings | None = setting(
        None,
        title="Batch",
        help="Take several messages at a time; empty means one.",
        advanced=True,
    )
    setup_after_idle: DurationDistribution | None = setting(
        None,
        title="Set-up after idle",
        help="Time a worker that was idle needs before it begins; the message waits meanwhile.",
        unit="s",
        widget="distribution",
        advanced=True,
    )
    poll_interval: float = setting(
        0.0,
        title="Poll interval",
        help="Pause between two looks into an empty broker; 0 means it is woken at once.",
        unit="s",
        widget="duration",
        advanced=True,
        ge=0,
        le=86_400,
    )
    autoscaling: AutoscalingSettings | None = setting(
        None,
        title="Autoscaling",
        help="Changes the number of instances by what there is to do; empty: it stays what it is.",
        source=HPA,
        advanced=True,
    )
    instance_type: MachineType | None = setting(
        None,
        title="Instance type",
        help="Machine of each instance, for the cost: a line machine.TYPE of the prices, such as m7g.large; "
        "empty: no price.",
        advanced=True,
    )


class ResizeSettings(Settings):
    """How many workers a consumer has from a moment on."""

    instances: Annotated[int, Field(ge=1, le=10_000)] | None = setting(
        None, title="Instances", help="Instances from now on; empty: as many as before.", unit="instances"
    )
    concurrency: Annotated[int, Field(ge=1, le=10_000)] | None = setting(
        None,
        title="Concurrency",
        help="Messages one instance works on at a time from now on; empty: as many as before.",
        unit="messages",
    )

    @model_validator(mode="after")
    def _something_changes(self) -> Self:
        if self.instances is None and self.concurrency is None:
            raise PydanticCustomError("D104", "instances or concurrency is missing: nothing would change")
        return self


class _Resizing(Consumer):
    """A consumer whose number of workers may change during a run."""

    instances = concurrency = 0
    #: Changes the number of instances; an attribute of its own only where there is one.
    autoscaler: Autoscaler | None = None

    def scale(self, world: World, settings: AutoscalingSettings) -> None:
        """Leave the number of instances to an autoscaler."""
        self.autoscaler = Autoscaler(
            world,
            self.id,
            settings,
            instances=self.instances,
            concurrency=self.concurrency,
            busy=self.busy,
            backlog=self._waiting_for_it,
            resize=self._have,
        )

    def _waiting_for_it(self) -> float:
        return sum(one.broker.unread() for one in self.inputs)

    def _have(self, instances: int) -> None:
        self.instances = instances
        self.resize(instances * self.concurrency)

    def start(self) -> None:
        super().start()
        if self.autoscaler is not None:
            self.autoscaler.begin()

    def plain_service(self, *, may_fail: bool = False) -> Variate | None:
        return None if self.autoscaler is not None else super().plain_service(may_fail=may_fail)

    def counts(self) -> dict[str, int]:
        found = super().counts()
        return found if self.autoscaler is None else {**found, **self.autoscaler.counts()}

    def levels(self) -> dict[str, Level]:
        found = super().levels()
        return found if self.autoscaler is None else {**found, "instances": self.autoscaler.running}

    def strike(self, fault: str, settings: Any) -> None:
        """`set`: other instances or another concurrency."""
        if fault != "set":
            super().strike(fault, settings)
            return
        assert isinstance(settings, ResizeSettings)
        self.instances = settings.instances or self.instances
        self.concurrency = settings.concurrency or self.concurrency
        self.resize(self.instances * self.concurrency)


def _connect(consumer: Consumer, world: World) -> None:
    consumer.outlet = world.outlet(consumer.id)
    consumer.is_sending_on = bool(consumer.outlet)
    calls = world.calls_from(consumer.id)
    if calls:
        consumer.invocations = Invocations(world.env, calls)


class ConsumerNode(_Resizing):
    """A consumer as drawn."""

    def connect(self, world: World) -> None:
        _connect(self, world)

    def start(self) -> None:
        lay_plain_servers(self)
        super().start()


class CarefulConsumerNode(_Resizing, CarefulConsumer):
    """A consumer with an inbox or retries of its own."""

    def connect(self, world: World) -> None:
        _connect(self, world)


class BatchConsumerNode(_Resizing, BatchConsumer):
    """A consumer that works in batches."""

    def connect(self, world: World) -> None:
        _connect(self, world)


class PreemptibleConsumerNode(PreemptibleConsumer):
    """A consumer of a queue with preemption."""

    def connect(self, world: World) -> None:
        _connect(self, world)


def build(world: World, id: str, settings: ConsumerSettings) -> Consumer:
    """The running consumer."""
    failure = settings.failure
    fails = None
    if failure.probability > 0.0:
        chance = world.message_draws(Uniform(low=0.0, high=1.0), id, "failure")

        def fails(message: Message) -> bool:
            return chance(message) < failure.probability

    shared: dict[str, Any] = {
        "servers": None if settings.instances is None else settings.instances * settings.concurrency,
        "service_time": world.message_draws(settings.service_time, id, "service"),
        "fails": fails,
        "poll_interval": settings.poll_interval,
        "setup": _draws(world, settings.setup_after_idle, id, "setup"),
        "redelivery_delay": _draws(world, failure.redelivery_delay, id, "redelivery delay"),
    }
    batch = settings.batch
    sources = [world.document.node(edge.source).config for edge in world.edges_into(id, "consume")]
    made: ConsumerNode | BatchConsumerNode | CarefulConsumerNode
    if batch is not None:
        made = BatchConsumerNode(
            id,
            world.env,
            **shared,
            max_size=batch.max_size,
            max_wait=batch.max_wait,
            is_per_message=batch.service == "per-message",
        )
    elif settings.idempotent is not None or settings.retry is not None:
        memory = settings.idempotent
        made = CarefulConsumerNode(
            id,
            world.env,
            **shared,
            inbox=None if memory is None else Inbox(memory.window_messages, memory.window_time),
            lookup_time=0.0 if memory is None else memory.lookup_time,
            retrying=_retrying(world, id, settings),
        )
    elif any(getattr(source, "preemption", "none") == "resume" for source in sources):
        return PreemptibleConsumerNode(id, world.env, **shared)
    else:
        made = ConsumerNode(id, world.env, **shared)
        made.service_distribution = settings.service_time
        made.failure_probability = failure.probability
    made.instances, made.concurrency = settings.instances or 0, settings.concurrency
    if settings.autoscaling is not None:
        made.scale(world, settings.autoscaling)
    return made


def _retrying(world: World, id: str, settings: ConsumerSettings) -> Retrying | None:
    """Further attempts draw from streams of their own: those of the first stay what they were."""
    if settings.retry is None:
        return None
    chance, probability = world.uniform(id, "retry failure"), settings.failure.probability
    return Retrying(
        settings.retry,
        world.uniform(id, "back-off"),
        world.draws(settings.service_time, id, "retry service"),
        lambda: chance() < probability,
    )


def _draws(world: World, distribution: AnyDistribution | None, id: str, purpose: str) -> Draw | None:
    return None if distribution is None else world.draws(distribution, id, purpose)


def check(document: Document, node: Node) -> list[Problem]:
    """A batch has no single message to call a service for, to retry or to remember (D283)."""
    settings = node.config
    assert isinstance(settings, ConsumerSettings)
    if settings.autoscaling is not None:
        obstacles = fixed_readers(document, node.id, by_autoscaler=True)
        path = f"{document.path_of(node)}.config.autoscaling"
        if obstacles:
            return [
                Problem(
                    "D283",
                    "error",
                    node.id,
                    "config.autoscaling",
                    f"{node.id} has autoscaling: {why}",
                    hint,
                    path,
                )
                for why, hint in obstacles
            ]
    sources = [document.node(edge.source) for edge in document.edges_into(node.id) if edge.role == "consume"]
    preempted = [one.id for one in sources if getattr(one.config, "preemption", "none") == "resume"]
    for field in ("retry", "idempotent"):
        if getattr(settings, field) is not None and (settings.batch is not None or preempted):
            other = "works in batches" if settings.batch is not None else f"is interrupted by {preempted[0]}"
            return [
                Problem(
                    "D283",
                    "error",
                    node.id,
                    f"config.{field}",
                    f"{node.id} {other} and has {field}: that is for messages worked on one at a time",
                    f"take {field} away, or the other",
                    f"{document.path_of(node)}.config.{field}",
                )
            ]
    if settings.batch is None or not any(edge.role == "invoke" for edge in document.edges_from(node.id)):
        return []
    return [
        Problem(
            "D283",
            "error",
            node.id,
            "config.batch",
            f"{node.id} works in batches and invokes a service: calls are made for single messages",
            "take the batch away, or publish to a queue that the service's work reads from",
            f"{document.path_of(node)}.config.batch",
        )
    ]


KIND = Kind(
    kind="consumer",
    title="Consumer",
    group="Consumers",
    category="consumer",
    summary="A pool of workers that take messages from a broker.",
    docs="",
    settings=ConsumerSettings,
    build=build,
    edge_settings={"publish": PublishSettings, "invoke": CallSettings},
    check=check,
    can_pause=True,
    badges=("utilization", "throughput", "service_time"),
    faults=(
        FaultKind(
            "set",
            "Change of workers",
            "There are more or fewer workers from now on; those too many finish what they hold.",
            settings=ResizeSettings,
            lasts=False,
            resizes=True,
        ),
    ),
    cost=instance_hours,
)
