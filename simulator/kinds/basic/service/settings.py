"""The settings of `service`: its pool, its endpoints and their steps, how requests come to its instances."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from simulator.design.autoscaling import HPA, AutoscalingSettings
from simulator.design.distributions import Constant, DurationDistribution, Exponential
from simulator.design.fields import Settings, setting
from simulator.kinds.basic.consumer import FailureSettings
from simulator.kinds.cost import MachineType

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
#: An invoke edge of the service by its id, or by the id of the node at its end.
Callee = Annotated[str, Field(max_length=64)]


class CpuStep(Settings):
    """Work that needs a core."""

    step: Literal["cpu"] = "cpu"
    time: DurationDistribution = setting(
        title="Time",
        help="Time on a core.",
        unit="s",
        widget="distribution",
        factory=lambda: Constant(value=0.005),
    )


class IoStep(Settings):
    """Waiting for something that is no part of the design, such as a disk."""

    step: Literal["io"] = "io"
    time: DurationDistribution = setting(
        title="Time",
        help="Time until it is there.",
        unit="s",
        widget="distribution",
        factory=lambda: Constant(value=0.01),
    )


class CacheSettings(Settings):
    """Answers that are kept, by the key of the message."""

    ttl: float = setting(
        60.0,
        title="Time to live",
        help="How long an answer is good.",
        unit="s",
        widget="duration",
        gt=0,
        le=1e9,
    )
    max_entries: Annotated[int, Field(ge=1, le=10_000_000)] | None = setting(
        None,
        title="Entries",
        help="Answers kept at most; the one that was put in first goes. Empty: no limit.",
        unit="answers",
    )


class CallStep(Settings):
    """Calls of other services."""

    step: Literal["call"] = "call"
    to: list[Callee] = setting(
        title="To",
        help="Services that are called: ids of nodes, or of invoke edges.",
        widget="callees",
        min_length=1,
        max_length=100,
    )
    mode: Literal["parallel", "sequential"] = setting(
        "parallel", title="Mode", help="All at once, or one after the other."
    )
    optional: list[Callee] = setting(
        title="Optional",
        help="Those without whose answer the request goes on; it is then answered in part.",
        widget="callees",
        factory=list,
    )
    at_least: Annotated[int, Field(ge=1, le=100)] | None = setting(
        None,
        title="At least",
        help="Answers that are enough, the step ends then; empty: all but the optional ones.",
        unit="answers",
    )
    cache: CacheSettings | None = setting(
        None, title="Cache", help="Keeps complete answers by the key of the message; empty: none."
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        strangers = [one for one in self.optional if one not in self.to]
        if strangers:
            raise PydanticCustomError(
                "D283",
                "optional names what is not called: {strangers}",
                {
                    "strangers": ", ".join(strangers),
                    "field": "optional",
                    "hint": "call them, or take them out",
                },
            )
        if self.at_least is not None and self.optional:
            raise PydanticCustomError(
                "D283",
                "a call step has optional calls or at_least, not both",
                {"field": "at_least", "hint": "leave one of them empty"},
            )
        if self.at_least is not None and self.at_least > len(self.to):
            raise PydanticCustomError(
                "D283",
                "at_least is more than is called",
                {"field": "at_least", "hint": f"{len(self.to)} or fewer, or call more"},
            )
        return self


Step = Annotated[CpuStep | IoStep | CallStep, Field(discriminator="step")]


class EndpointSettings(Settings):
    """What is done for one sort of request."""

    name: Name = setting(title="Name", help="Its name in the measures, such as checkout.")
    types: list[Annotated[str, Field(max_length=200)]] = setting(
        title="Types", help="Event types of the requests it answers; empty: by weight.", factory=list
    )
    weight: float = setting(
        1.0,
        title="Weight",
        help="Its share of the requests whose type no endpoint names, in proportion.",
        ge=0,
        le=1e9,
    )
    steps: list[Step] = setting(
        title="Steps",
        help="What is done, one after the other: cpu, io or call.",
        min_length=1,
        max_length=100,
    )

    @property
    def calls(self) -> list[CallStep]:
        """Its steps that call."""
        return [step for step in self.steps if isinstance(step, CallStep)]

    def own_time(self) -> float:
        """Mean time (s) of its own work, without calls."""
        return sum(step.time.mean() for step in self.steps if not isinstance(step, CallStep))


class RateLimitSettings(Settings):
    """A token bucket at the door."""

    rate: float = setting(
        100.0, title="Rate", help="Requests per second in the long run.", unit="req/s", gt=0, le=1e9
    )
    burst: float = setting(
        100.0, title="Burst", help="Requests that may come at once.", unit="requests", ge=1, le=1e9
    )


class ServiceSettings(Settings):
    """A synchronous microservice: a bounded pool of workers behind a waiting line."""

    instances: int = setting(
        1,
        title="Instances",
        help="Machines or containers of this service.",
        unit="instances",
        ge=1,
        le=10_000,
    )
    concurrency: int = setting(
        10,
        title="Concurrency",
        help="Requests one instance works on at a time: its threads.",
        unit="requests",
        ge=1,
        le=10_000,
    )
    service_time: DurationDistribution = setting(
        title="Service time",
        help="The service's own work for one request, without the services it invokes; endpoints have steps "
        "instead.",
        unit="s",
        widget="distribution",
        factory=lambda: Exponential(mean=0.02),
    )
    failure: FailureSettings = setting(
        title="Failure", help="How often a request is answered with an error.", factory=FailureSettings
    )
    capacity: Annotated[int, Field(ge=0, le=10**9)] | None = setting(
        None,
        title="Capacity",
        help="Requests that may wait for a worker (at each instance with a line of its own); more are "
        "refused. Empty means no limit.",
        unit="requests",
        advanced=True,
    )
    endpoints: Annotated[list[EndpointSettings], Field(max_length=100)] = setting(
        title="Endpoints",
        help="Sorts of requests with steps of their own; empty: the service time, then every call in order.",
        advanced=True,
        factory=list,
    )
    cores: Annotated[int, Field(ge=1, le=1_024)] | None = setting(
        None,
        title="Cores",
        help="Cores of one instance, which cpu steps share; empty: as many as threads.",
        unit="cores",
        advanced=True,
    )
    asynchronous: bool = setting(
        False,
        title="Asynchronous",
        help="Whether a request gives its thread back while it waits for io or calls.",
        advanced=True,
    )
    load_balancing: Literal["shared", "random", "round-robin", "least-outstanding", "power-of-two"] = setting(
        "shared",
        title="Load balancing",
        help="One line for all instances, or a line at each and how the next request chooses.",
        advanced=True,
    )
    rate_limit: RateLimitSettings | None = setting(
        None,
        title="Rate limit",
        help="A token bucket: what comes faster is refused at once. Empty: none.",
        advanced=True,
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

    @property
    def is_simple(self) -> bool:
        """Whether all there is to it is one pool with one line and one sort of request."""
        return (
            not (self.endpoints or self.cores or self.asynchronous or self.rate_limit or self.autoscaling)
            and self.load_balancing == "shared"
        )

    def shares(self) -> list[float]:
        """The share of the requests of each endpoint, by the weights."""
        total = sum(one.weight for one in self.endpoints)
        count = len(self.endpoints)
        return [one.weight / total if total > 0.0 else 1.0 / count for one in self.endpoints]

    def own_time(self) -> float:
        """Mean time (s) of its own work on one request."""
        if not self.endpoints:
            return float(self.service_time.mean())
        return sum(share * one.own_time() for share, one in zip(self.shares(), self.endpoints, strict=True))


class SlowSettings(Settings):
    """How much slower a service is."""

    factor: float = setting(
        10.0, title="Factor", help="Its own work takes that many times as long.", gt=0, le=1e6
    )


class ErrorsSettings(Settings):
    """How often a service fails."""

    probability: float = setting(
        0.5,
        title="Probability",
        help="Chance that a request is answered with an error, whatever its own failure setting says.",
        widget="probability",
        ge=0,
        le=1,
    )
