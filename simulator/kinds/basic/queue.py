"""`queue`: the textbook queue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from simulator.design.distributions import DurationDistribution
from simulator.design.edges import DeadLetterSettings, PlainSettings
from simulator.design.fields import Settings, setting
from simulator.engine.line import Line
from simulator.engine.ordered_line import OrderedLine
from simulator.engine.world import World
from simulator.graph.problem import Problem
from simulator.kinds.basic.consumer import ConsumerSettings
from simulator.kinds.basic.queue_stage import plan_queue
from simulator.kinds.basic.traits import QUEUE_MAPPING
from simulator.kinds.cost import free_of_charge
from simulator.kinds.kind import Kind

if TYPE_CHECKING:
    from simulator.design.document import Document, Node


class QueueSettings(Settings):
    """The textbook queue: a waiting line with competing consumers."""

    discipline: Literal["fifo", "lifo", "priority"] = setting(
        "fifo",
        title="Discipline",
        help="Which waiting message is served next; priority: the highest, in order of arrival among equals.",
    )
    preemption: Literal["none", "resume"] = setting(
        "none",
        title="Preemption",
        help="resume: a message of higher priority interrupts a service, which goes on afterwards.",
        advanced=True,
    )
    capacity: Annotated[int, Field(ge=0, le=10**9)] | None = setting(
        None,
        title="Capacity",
        help="Waiting places, those in service not counted; empty means no limit, 0 a pure loss system.",
        unit="messages",
    )
    overflow: Literal["reject", "drop-oldest"] = setting(
        "reject", title="Overflow", help="What a full queue does with one more message."
    )
    ttl: DurationDistribution | None = setting(
        None,
        title="Time to live",
        help="A message that has waited this long since its acceptance expires; empty means never.",
        unit="s",
        widget="distribution",
    )
    dispatch: Literal["shared", "round-robin", "random"] = setting(
        "shared",
        title="Dispatch",
        help="One line for all servers, or a line for each: messages are dealt in turn or by chance.",
        advanced=True,
    )

    @model_validator(mode="after")
    def _preemption_needs_priorities(self) -> Self:
        if self.preemption == "resume" and self.discipline != "priority":
            raise PydanticCustomError("D206", "preemption resume needs the discipline priority")
        if self.preemption == "resume" and self.dispatch != "shared":
            raise PydanticCustomError("D206", "preemption resume needs the dispatch shared")
        return self

    @property
    def is_plain(self) -> bool:
        """First in, first out, one line, nothing expires."""
        return self.discipline == "fifo" and self.ttl is None and self.dispatch == "shared"


def build(world: World, id: str, settings: QueueSettings) -> Line:
    """The running queue."""
    is_dropping = settings.overflow == "drop-oldest"
    if settings.is_plain:
        return Queue(id, world.env, capacity=settings.capacity, drop_oldest=is_dropping)
    return OrderedQueue(
        id,
        world.env,
        capacity=settings.capacity,
        drop_oldest=is_dropping,
        discipline=settings.discipline,
        is_preemptive=settings.preemption == "resume",
        ttl=None if settings.ttl is None else world.draws(settings.ttl, id, "ttl"),
        dispatch=settings.dispatch,
        chance=world.uniform(id, "dispatch"),
    )


def _connect(line: Line, world: World) -> None:
    for edge in world.edges_from(line.id, "consume"):
        line.subscribe(world.subscribe(edge))
    for edge in world.edges_from(line.id, "dead-letter"):
        line.dead_letter = world.dead_letter_link(edge)
        settings = edge.settings
        assert isinstance(settings, DeadLetterSettings)
        line.max_receives = settings.max_receive_count


class Queue(Line):
    """A line with its subscribers and, where drawn, its dead-letter edge."""

    def connect(self, world: World) -> None:
        _connect(self, world)


class OrderedQueue(OrderedLine):
    """The same for the other disciplines."""

    def connect(self, world: World) -> None:
        _connect(self, world)


def check(document: Document, node: Node) -> list[Problem]:
    """What the consumers of a queue with special rules must not do (D283)."""
    settings = node.config
    assert isinstance(settings, QueueSettings)
    problems = []
    for edge in document.edges_from(node.id):
        target = document.node(edge.target)
        consumer = target.config
        if edge.role != "consume" or not isinstance(consumer, ConsumerSettings):
            continue
        for field, rule in _refusals(settings, consumer):
            problems.append(
                Problem(
                    "D283",
                    "error",
                    target.id,
                    f"config.{field}",
                    f"{target.id} reads from {node.id}, whose {rule} has no meaning with this setting",
                    f"take the setting away, or choose another {rule.split()[0]} at {node.id}",
                    f"{document.path_of(target)}.config.{field}",
                )
            )
    return problems


def _refusals(queue: QueueSettings, consumer: ConsumerSettings) -> list[tuple[str, str]]:
    refused = []
    if queue.preemption == "resume":
        rule = "preemption resume"
        if consumer.batch is not None:
            refused.append(("batch", rule))
        if consumer.setup_after_idle is not None:
            refused.append(("setup_after_idle", rule))
        if consumer.poll_interval > 0.0:
            refused.append(("poll_interval", rule))
    if queue.dispatch != "shared":
        rule = f"dispatch {queue.dispatch}"
        if consumer.instances is None:
            refused.append(("instances", rule))
        if consumer.poll_interval > 0.0:
            refused.append(("poll_interval", rule))
    return refused


KIND = Kind(
    kind="queue",
    title="Queue",
    group="Brokers",
    category="queue",
    summary="The textbook queue: a waiting line with competing consumers.",
    docs="",
    settings=QueueSettings,
    build=build,
    edge_settings={"consume": PlainSettings, "dead-letter": DeadLetterSettings},
    check=check,
    badges=("queue_length", "in_flight", "waiting_time"),
    swap=QUEUE_MAPPING,
    cost=free_of_charge,
    plan_stage=plan_queue,
)
