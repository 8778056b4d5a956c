"""Settings of a saga with a coordinator, and of the edges its commands take."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from simulator.design.calls import RetrySettings
from simulator.design.distributions import Constant, DurationDistribution
from simulator.design.fields import Settings, Source, setting

Name = Annotated[str, Field(min_length=1, max_length=256)]
_RICHARDSON = Source("C. Richardson, Microservices Patterns (2018), ch. 4, Managing transactions with sagas")
_STORE = Source("Estimate: latency of a write to a key-value store in one region (p50 4 to 8 ms)")


class StepSettings(Settings):
    """One local transaction of a saga, and what undoes it."""

    name: Name = setting("step", title="Name", help="Name of the command that does it.", widget="command")
    compensation: Name | None = setting(
        None,
        title="Compensation",
        help="Name of the command that undoes it; empty: it is never undone.",
        widget="command",
        source=_RICHARDSON,
    )
    timeout: Annotated[float, Field(gt=0, le=86_400)] | None = setting(
        30.0,
        title="Timeout",
        help="How long an attempt waits for its reply, then its outcome is unknown; empty: for ever.",
        unit="s",
        widget="duration",
    )
    retry: RetrySettings | None = setting(
        None, title="Retry", help="Further attempts after an error or a timeout; empty: none."
    )
    pivot: bool = setting(
        False,
        title="Pivot",
        help="The point of no return: once it is done the saga is not undone, and later steps are retried.",
        source=_RICHARDSON,
    )


def _recovery() -> RetrySettings:
    return RetrySettings(max_attempts=8, wait=0.5, max_wait=30.0)


class SagaSettings(Settings):
    """A saga with a coordinator: it sends one command after the other, and undoes in reverse order."""

    steps: Annotated[list[StepSettings], Field(min_length=1, max_length=50)] = setting(
        title="Steps",
        help="The local transactions, in order.",
        source=_RICHARDSON,
        factory=lambda: [StepSettings(name="step", compensation="undo-step")],
    )
    state_time: DurationDistribution = setting(
        title="State time",
        help="Time to store where a saga stands, before every command.",
        unit="s",
        widget="distribution",
        source=_STORE,
        factory=lambda: Constant(value=0.005),
    )
    durable: bool = setting(
        True,
        title="Durable",
        help="Whether the state of sagas outlives an outage of the coordinator; if not, open ones are stuck.",
    )
    recovery: RetrySettings = setting(
        title="Recovery",
        help="Attempts at a compensation, and at a step after the pivot; then the saga is stuck.",
        factory=_recovery,
    )
    recovery_timeout: Annotated[float, Field(gt=0, le=86_400)] | None = setting(
        30.0,
        title="Recovery timeout",
        help="How long such an attempt waits for its reply; empty: for ever.",
        unit="s",
        widget="duration",
    )
    idempotent: bool = setting(
        True,
        title="Idempotent participants",
        help="Participants recognize a repeated command by its key; otherwise it takes effect once more.",
    )
    tombstones: bool = setting(
        True,
        title="Tombstones",
        help="Participants refuse a step that comes after its compensation; otherwise its effect stays.",
    )
    semantic_lock: bool = setting(
        False,
        title="Semantic lock",
        help="A saga starts when no other one of its key is open (the key of the message); others wait.",
        source=_RICHARDSON,
    )

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        names = [step.name for step in self.steps] + [
            step.compensation for step in self.steps if step.compensation is not None
        ]
        for name in names:
            if names.count(name) > 1:
                raise PydanticCustomError(
                    "D104",
                    "steps and compensations have names of their own, and {name} is given twice",
                    {"name": repr(name), "field": "steps", "hint": "give one of them another name"},
                )
        return self


class CommandSettings(Settings):
    """Which commands of a saga go along this edge, and how they are answered."""

    tasks: Annotated[list[Name], Field(max_length=100)] = setting(
        title="Tasks",
        help="Names of steps and compensations that go here. Empty: those that no other edge has.",
        factory=list,
    )
    refusal: float = setting(
        0.0,
        title="Refusal",
        help="Share of steps that are worked on and refused for good (a declined card): not tried again.",
        widget="probability",
        ge=0,
        le=1,
    )
    latency: DurationDistribution = setting(
        title="Latency",
        help="From the coordinator to the participant; the reply takes as long.",
        unit="s",
        widget="distribution",
        advanced=True,
        factory=lambda: Constant(value=0.0),
    )
