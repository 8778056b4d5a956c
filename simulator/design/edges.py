"""The settings of edges: how messages leave a sender, and when a broker gives up on one."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any, Self, cast

from pydantic import Field, create_model, model_validator
from pydantic_core import PydanticCustomError

from simulator.design.distributions import DurationDistribution
from simulator.design.event_template import EventTemplate
from simulator.design.fields import Settings, Source, setting


class PublishSettings(Settings):
    """How messages leave a sender on this edge."""

    probability: Annotated[float, Field(ge=0, le=1)] | None = setting(
        None,
        title="Probability",
        help="Chance that a message also takes this edge, independent of the other edges.",
        widget="probability",
    )
    choice: Annotated[float, Field(gt=0, le=1e9)] | None = setting(
        None,
        title="Choice weight",
        help="Of the edges with a weight exactly one is taken, in proportion to the weights.",
    )
    delay: DurationDistribution | None = setting(
        None, title="Delay", help="Time a message spends on this edge.", unit="s", widget="distribution"
    )
    loss: float = setting(
        0.0,
        title="Loss",
        help="Chance that a message is lost on this edge.",
        widget="probability",
        advanced=True,
        ge=0,
        le=1,
    )
    duplication: float = setting(
        0.0,
        title="Duplication",
        help="Chance that a message that is not lost comes twice.",
        widget="probability",
        advanced=True,
        ge=0,
        le=1,
    )
    event: EventTemplate | None = setting(
        None,
        title="Event",
        help="What the message becomes on this edge: parts given here take the place of what it said.",
        widget="event",
        advanced=True,
    )

    @model_validator(mode="after")
    def _one_way_of_choosing(self) -> Self:
        if self.probability is not None and self.choice is not None:
            raise PydanticCustomError("D206", "an edge has a probability or a choice weight, not both")
        return self


class DeadLetterSettings(Settings):
    """When a message is moved to the dead-letter queue at the end of this edge."""

    max_receive_count: int = setting(
        10,
        title="maxReceiveCount",
        help="Deliveries after which the next attempt moves the message to the dead-letter queue.",
        source=Source(
            "Amazon SQS API reference, RedrivePolicy",
            "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html",
        ),
        ge=1,
        le=1000,
        alias="maxReceiveCount",
    )


class PlainSettings(Settings):
    """An edge without settings of its own."""


def settings_of_edge(leaving: type[Settings], entering: type[Settings] | None, role: str) -> type[Settings]:
    """The settings of an edge whose two ends may both have a say.

    Args:
        leaving: those that the kind at its start gives edges of this role.
        entering: those that the kind at its end asks for, None for none.
        role: of the edge. On a call both count: how the caller calls, and what is called. Who reads a broker
            in a way of its own says all of it.
    """
    if entering is None or issubclass(leaving, entering):
        return leaving
    if leaving is PublishSettings or leaving is PlainSettings or role == "consume":
        return entering
    return _both(leaving, entering) if role == "invoke" else leaving


@cache
def _both(leaving: type[Settings], entering: type[Settings]) -> type[Settings]:
    name = f"{leaving.__name__}And{entering.__name__}"
    made: Any = create_model(name, __base__=(leaving, entering), __doc__=entering.__doc__)
    return cast("type[Settings]", made)
