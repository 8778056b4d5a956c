"""`aws.stepfunctions`: what the catalogue knows of it."""

from __future__ import annotations

from simulator.kinds.aws.stepfunctions.checks import check
from simulator.kinds.aws.stepfunctions.machine import StateMachine
from simulator.kinds.aws.stepfunctions.settings import (
    StateMachineSettings,
    StopExecutionSettings,
    TaskSettings,
)
from simulator.kinds.aws.stepfunctions.share import share
from simulator.kinds.aws.stepfunctions.trial import TRIAL
from simulator.kinds.cost import CostItem, NoPrice, Usage
from simulator.kinds.kind import FaultKind, Kind


def cost_items(usage: Usage) -> list[CostItem | NoPrice]:
    """State transitions of a standard workflow, a retry being one; requests and duration of an express
    one.
    """
    if usage.settings.type == "EXPRESS":
        started = usage.count("executions_started")
        return [
            CostItem("aws.stepfunctions.express_requests", "requests", started),
            NoPrice("the duration of express workflows is billed by memory, which is not modelled"),
        ]
    retries = usage.count("task_retries")
    return [
        CostItem("aws.stepfunctions.transitions", "requests", usage.count("state_transitions")),
        CostItem("aws.stepfunctions.transitions", "retries", retries),
    ]


KIND = Kind(
    kind="aws.stepfunctions",
    title="AWS Step Functions",
    group="Services",
    category="service",
    summary="A state machine in Amazon States Language: tasks, choices, waits, retries, compensation.",
    docs="https://docs.aws.amazon.com/step-functions/latest/dg/welcome.html",
    settings=StateMachineSettings,
    build=StateMachine,
    edge_settings={"invoke": TaskSettings, "publish": TaskSettings},
    check=check,
    badges=("throughput", "execution_time", "executions_failed"),
    faults=(
        FaultKind(
            "stop-executions",
            "Stop executions",
            "Open executions are stopped (StopExecution) and count as aborted.",
            settings=StopExecutionSettings,
            lasts=False,
        ),
    ),
    share=share,
    trial=TRIAL,
    cost=cost_items,
)
