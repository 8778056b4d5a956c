"""Settings of a participant in a saga by events, and of the edges its events take."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from simulator.design.distributions import DurationDistribution, Exponential
from simulator.design.edges import PublishSettings
from simulator.design.fields import Settings, Source, setting
from simulator.kinds.cost import MachineType
from simulator.kinds.sagas.settings import Name

_RICHARDSON = Source("C. Richardson, Microservices Patterns (2018), ch. 4, Choreography-based sagas")
Types = Annotated[list[Name], Field(max_length=50)]


class ParticipantFailureSettings(Settings):
    """How often the work fails and comes again; a refusal is another thing."""

    probability: float = setting(
        0.0,
        title="Failure probability",
        help="Chance that one attempt fails and the event goes back to its broker.",
        widget="probability",
        ge=0,
        le=1,
    )


class ParticipantSettings(Settings):
    """A service that takes part in a saga by events: no coordinator, everybody reacts to the others."""

    saga: Name = setting(
        "saga", title="Saga", help="Its name: participants with the same one belong together."
    )
    reacts_to: Types = setting(
        title="Reacts to",
        help="Types of events that begin its local transaction.",
        source=_RICHARDSON,
        factory=lambda: ["Started"],
    )
    done_event: Name | None = setting(
        None, title="Done event", help="Type of the event that says it is done; empty: none is published."
    )
    refused_event: Name | None = setting(
        None, title="Refused event", help="Type of the event that says it is refused; empty: none."
    )
    refusal: float = setting(
        0.0,
        title="Refusal",
        help="Share of local transactions that are refused for good, such as a declined card.",
        widget="probability",
        ge=0,
        le=1,
    )
    compensates_on: Types = setting(
        title="Compensates on",
        help="Types of events upon which it undoes what it did; empty: it is never undone.",
        source=_RICHARDSON,
        factory=list,
    )
    compensated_event: Name | None = setting(
        None, title="Compensated event", help="Type of the event that says it is undone; empty: none."
    )
    timeout: Annotated[float, Field(gt=0, le=86_400)] | None = setting(
        None,
        title="Timeout",
        help="At the first participant: how long the saga may take before it is undone; empty: for ever.",
        unit="s",
        widget="duration",
    )
    timeout_event: Name | None = setting(
        None, title="Timeout event", help="Type of the event that says that the timeout is over."
    )
    instances: Annotated[int, Field(ge=1, le=10_000)] = setting(
        1, title="Instances", help="Machines or containers.", unit="instances"
    )
    concurrency: int = setting(
        10,
        title="Concurrency",
        help="Events one instance works on at a time.",
        unit="messages",
        ge=1,
        le=10_000,
    )
    service_time: DurationDistribution = setting(
        title="Service time",
        help="Time of a local transaction; events of other types are passed over at once.",
        unit="s",
        widget="distribution",
        factory=lambda: Exponential(mean=0.05),
    )
    compensation_time: DurationDistribution | None = setting(
        None,
        title="Compensation time",
        help="Time of a compensation; empty: the service time.",
        unit="s",
        widget="distribution",
        advanced=True,
    )
    failure: ParticipantFailureSettings = setting(
        title="Failure", help="How often the work fails and comes again.", factory=ParticipantFailureSettings
    )
    idempotent: bool = setting(
        True,
        title="Idempotent",
        help="It recognizes an event that comes once more; otherwise it takes effect once more.",
    )
    tombstones: bool = setting(
        True,
        title="Tombstones",
        help="It refuses a step that comes after its compensation; otherwise the effect stays.",
    )
    instance_type: MachineType | None = setting(
        None,
        title="Instance type",
        help="Machine of each instance, for the cost: a line machine.TYPE of the prices, such as m7g.large; "
        "empty: no price.",
        advanced=True,
    )

    @model_validator(mode="after")
    def _one_reaction_to_an_event(self) -> Self:
        both = sorted(set(self.reacts_to) & set(self.compensates_on))
        if both:
            raise PydanticCustomError(
                "D104",
                "{name} cannot both begin the local transaction and undo it",
                {"name": repr(both[0])},
            )
        if self.timeout is not None and self.timeout_event is None:
            raise PydanticCustomError("D101", "timeout_event is missing: nobody would hear of the timeout")
        return self

    def own_events(self) -> list[str]:
        """Types of the events it publishes."""
        named = (self.done_event, self.refused_event, self.compensated_event, self.timeout_event)
        return [name for name in named if name is not None]


class SagaPublishSettings(PublishSettings):
    """Which events of a participant take this edge."""

    events: Types = setting(
        title="Events", help="Types of its events that take this edge; empty: all of them.", factory=list
    )
