"""Actions on a queue: a redrive task that takes dead letters back, a purge, and other attributes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from simulator.design.fields import Settings, Source, setting
from simulator.engine.environment import Activity
from simulator.kinds.aws.sqs.envelope import Envelope, envelope_of
from simulator.kinds.kind import FaultKind

if TYPE_CHECKING:
    from simulator.engine.world import World
    from simulator.kinds.aws.sqs.queue import SqsQueue
    from simulator.kinds.aws.sqs.settings import SqsSettings

#: Messages per second of a redrive task at most (API reference, StartMessageMoveTask).
FASTEST_MOVE = 500
#: Seconds in which no second purge is taken (API reference, PurgeQueue).
PURGE_PAUSE = 60.0

_MOVE = Source(
    "Amazon SQS API reference, StartMessageMoveTask",
    "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html",
)
_SET = Source(
    "Amazon SQS API reference, SetQueueAttributes",
    "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html",
)


class RedriveSettings(Settings):
    """A redrive task."""

    rate: Annotated[int, Field(ge=1, le=FASTEST_MOVE)] | None = setting(
        None,
        title="MaxNumberOfMessagesPerSecond",
        help="Messages moved per second; empty: the service chooses, here 500.",
        unit="msg/s",
        source=_MOVE,
        alias="MaxNumberOfMessagesPerSecond",
    )


REDRIVE = FaultKind(
    "redrive",
    "Redrive",
    "StartMessageMoveTask: the dead letters go back to the queues they come from.",
    RedriveSettings,
    lasts=False,
)


class AttributeSettings(Settings):
    """Attributes of a queue from a moment on."""

    visibility_timeout: Annotated[float, Field(ge=0, le=43_200)] | None = setting(
        None,
        title="VisibilityTimeout",
        help="Visibility timeout of receives from now on; empty: as before.",
        unit="s",
        source=_SET,
        alias="VisibilityTimeout",
    )
    delay_seconds: Annotated[float, Field(ge=0, le=900)] | None = setting(
        None,
        title="DelaySeconds",
        help="Delay from now on; on FIFO also of messages that wait for theirs to end. Empty: as before.",
        unit="s",
        source=_SET,
        alias="DelaySeconds",
    )

    @model_validator(mode="after")
    def _something_changes(self) -> Self:
        if self.visibility_timeout is None and self.delay_seconds is None:
            raise PydanticCustomError(
                "D104", "VisibilityTimeout or DelaySeconds is missing: nothing would change"
            )
        return self

    def applied_to(self, settings: SqsSettings) -> SqsSettings:
        """The settings of the queue with what changes."""
        return settings.model_copy(update=self.model_dump(exclude_none=True, by_alias=False))


SET = FaultKind(
    "set",
    "Change of attributes",
    "SetQueueAttributes: another visibility timeout or delay from now on.",
    AttributeSettings,
    lasts=False,
)
PURGE = FaultKind(
    "purge", "Purge", "PurgeQueue: every message is deleted, delayed and in flight too.", lasts=False
)


class MoveTask(Activity):
    """StartMessageMoveTask: one message after the other goes back to the queue it was received from, with a
    fresh retention period and receive count. One task at a time; it ends when nothing is available.
    """

    __slots__ = ("interval", "is_active", "moved", "queue", "world")

    def __init__(self, queue: SqsQueue, world: World) -> None:
        self.queue = queue
        self.world = world
        self.interval = 0.0
        self.is_active = False
        #: Messages moved so far, by all tasks.
        self.moved = 0

    def strike(self, settings: RedriveSettings) -> None:
        """Start a task."""
        queue = self.queue
        if not queue.is_dead_letter_queue:
            self.world.note("fault", queue.id, "redrive refused: it is not a dead-letter queue")
        elif self.is_active:
            self.world.note("fault", queue.id, "redrive refused: a task is active")
        else:
            self.is_active = True
            self.interval = 1.0 / (settings.rate or FASTEST_MOVE)
            queue.env.at(queue.env._now, self)

    def occur(self, now: float) -> float | None:
        queue = self.queue
        message = queue.pop_available(now)
        if message is None:
            self.is_active = False
            return None
        envelope = envelope_of(message)
        origin = None if envelope is None else envelope.origin
        if envelope is None or origin is None:
            self.is_active = False
            queue.return_unmoved(message, now)
            self.world.note("fault", queue.id, "redrive ended: a message has no source queue")
            return None
        self.moved += 1
        queue.delivered += 1
        queue.depart(message, now)
        again = message.copy()
        message.receipt = -1
        message.end()
        again.envelope = Envelope(envelope.group, envelope.deduplication)
        if not origin.accept_moved(again, now):
            origin.lose(again)
        return now + self.interval


class Purge:
    """PurgeQueue. AWS takes up to 60 seconds; here it is done at once."""

    def __init__(self, queue: SqsQueue, world: World) -> None:
        self.queue = queue
        self.world = world
        self.latest = -PURGE_PAUSE
        #: Messages deleted so far, by all purges.
        self.purged = 0

    def strike(self) -> None:
        """Delete everything, unless the last purge was less than 60 seconds ago."""
        queue = self.queue
        now = queue.env._now
        if now - self.latest < PURGE_PAUSE:
            self.world.note("fault", queue.id, "purge refused: one every 60 seconds")
            return
        self.latest = now
        for message in queue.take_out_all(now):
            self.purged += 1
            queue.drop(message, now)
