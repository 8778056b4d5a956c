"""`consumer`: a pool of workers."""

from __future__ import annotations

from simulator.design.distributions import DurationDistribution, Exponential
from simulator.design.edges import PlainSettings, PublishSettings
from simulator.design.fields import Settings, setting
from simulator.engine.endpoint import Consumer
from simulator.engine.request import Invocations
from simulator.engine.world import World
from simulator.kinds.kind import Kind


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


class ConsumerSettings(Settings):
    """A pool of workers that take messages from brokers."""

    instances: int = setting(
        1,
        title="Instances",
        help="Machines or containers of this consumer.",
        unit="instances",
        ge=1,
        le=10_000,
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
    failure: FailureSettings = setting(
        title="Failure", help="How often the work fails.", factory=FailureSettings
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


class ConsumerNode(Consumer):
    """A consumer as drawn."""

    def connect(self, world: World) -> None:
        self.outlet = world.outlet(self.id)
        self.is_sending_on = bool(self.outlet)
        calls = [world.invoke_edge(edge) for edge in world.edges_from(self.id, "invoke")]
        if calls:
            self.invocations = Invocations(world.env, calls)


def build(world: World, id: str, settings: ConsumerSettings) -> ConsumerNode:
    """The running consumer."""
    probability = settings.failure.probability
    fails = None
    if probability > 0.0:
        uniform = world.uniform(id, "failure")

        def fails() -> bool:
            return uniform() < probability

    return ConsumerNode(
        id,
        world.env,
        servers=settings.instances * settings.concurrency,
        service_time=world.draws(settings.service_time, id, "service"),
        fails=fails,
        poll_interval=settings.poll_interval,
    )


KIND = Kind(
    kind="consumer",
    title="Consumer",
    group="Consumers",
    category="consumer",
    summary="A pool of workers that take messages from a broker.",
    docs="",
    settings=ConsumerSettings,
    build=build,
    edge_settings={"publish": PublishSettings, "invoke": PlainSettings},
    badges=("utilization", "throughput", "service_time"),
)
