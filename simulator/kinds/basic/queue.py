"""`queue`: the textbook queue."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from simulator.design.edges import DeadLetterSettings, PlainSettings
from simulator.design.fields import Settings, setting
from simulator.engine.line import Line
from simulator.engine.world import World
from simulator.kinds.kind import Kind


class QueueSettings(Settings):
    """The textbook queue: first in, first out, one line for all servers."""

    discipline: Literal["fifo"] = setting(
        "fifo", title="Discipline", help="Which waiting message is served next."
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


def build(world: World, id: str, settings: QueueSettings) -> Queue:
    """The running queue."""
    return Queue(id, world.env, capacity=settings.capacity, drop_oldest=settings.overflow == "drop-oldest")


class Queue(Line):
    """A line with its subscribers and, where drawn, its dead-letter edge."""

    def connect(self, world: World) -> None:
        for edge in world.edges_from(self.id, "consume"):
            self.subscribe(world.subscribe(edge))
        for edge in world.edges_from(self.id, "dead-letter"):
            self.dead_letter = world.dead_letter_link(edge)
            settings = edge.settings
            assert isinstance(settings, DeadLetterSettings)
            self.max_receives = settings.max_receive_count


KIND = Kind(
    kind="queue",
    title="Queue",
    group="Brokers",
    category="queue",
    summary="The textbook queue: first in, first out, competing consumers.",
    docs="",
    settings=QueueSettings,
    build=build,
    edge_settings={"consume": PlainSettings, "dead-letter": DeadLetterSettings},
    badges=("queue_length", "in_flight", "waiting_time"),
)
