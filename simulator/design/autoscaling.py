"""The settings of an autoscaler: how many instances a pool of workers has, by what it has to do.

Rule and defaults are those of the Kubernetes HorizontalPodAutoscaler, which scales by utilization and, with
an external metric, by the backlog per instance, as KEDA (Kubernetes Event-driven Autoscaling) does: it
gives the HorizontalPodAutoscaler the queue length or the consumer lag, and turns the pool off and on.
"""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from simulator.design.distributions import Constant, DurationDistribution
from simulator.design.fields import Settings, Source, setting

HPA = Source(
    "Kubernetes documentation, Horizontal Pod Autoscaling",
    "https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/",
)


KEDA = Source(
    "KEDA documentation, Scaling deployments", "https://keda.sh/docs/latest/concepts/scaling-deployments/"
)


class AutoscalingSettings(Settings):
    """When instances come and go."""

    min_instances: int = setting(
        1,
        title="Fewest",
        help="Instances at least; 0 with a backlog: none while there is nothing to do.",
        unit="instances",
        source=KEDA,
        ge=0,
        le=10_000,
    )
    max_instances: int = setting(
        10, title="Most", help="Instances at most.", unit="instances", ge=1, le=10_000
    )
    metric: Literal["utilization", "backlog"] = setting(
        "utilization",
        title="Metric",
        help="What is kept near its target: the busy share of the workers since the last look, or the "
        "messages that wait for each instance (of a Kafka topic the lag of the consumer group).",
        source=KEDA,
    )
    target: float = setting(
        0.7,
        title="Target",
        help="Busy share from 0 to 1, or messages for each instance.",
        gt=0,
        le=1e9,
    )
    activation: float = setting(
        0.0,
        title="Activation",
        help="From no instance at all the first one comes when more messages wait than this.",
        unit="messages",
        source=KEDA,
        advanced=True,
        ge=0,
        le=1e9,
    )
    period: float = setting(
        15.0,
        title="Period",
        help="Time between two looks.",
        unit="s",
        widget="duration",
        source=HPA,
        gt=0,
        le=86_400,
    )
    tolerance: float = setting(
        0.1,
        title="Tolerance",
        help="Nothing changes while the metric is that near its target.",
        widget="probability",
        source=HPA,
        ge=0,
        le=1,
    )
    stabilization: float = setting(
        300.0,
        title="Scale-in stabilization",
        help="Instances go only when none of the looks of so long a time wanted more of them.",
        unit="s",
        widget="duration",
        source=HPA,
        ge=0,
        le=86_400,
    )
    start_time: DurationDistribution = setting(
        title="Start time",
        help="From the decision until a new instance works: machine, image, warm-up.",
        unit="s",
        widget="distribution",
        factory=lambda: Constant(value=60.0),
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.max_instances < self.min_instances:
            raise PydanticCustomError(
                "D104",
                "max_instances must not be below min_instances",
                {"field": "max_instances", "hint": f"set it to {self.min_instances} or more"},
            )
        if self.metric == "utilization" and self.min_instances == 0:
            raise PydanticCustomError(
                "D104",
                "no instance has no utilization: min_instances 0 is for the metric backlog",
                {"field": "min_instances", "hint": "set it to 1 or more, or choose the metric backlog"},
            )
        if self.metric == "utilization" and self.target > 1.0:
            raise PydanticCustomError(
                "D104",
                "the target of the utilization is a share from 0 to 1",
                {"field": "target", "hint": "such as 0.7, or choose the metric backlog"},
            )
        return self
