"""`aws.stepfunctions`: what the catalogue knows of it.

Every start reads the catalogue, so the interpreter and its checks are imported when a design needs them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from simulator.engine.node import Node as RunningNode
from simulator.engine.world import World
from simulator.graph.problem import Problem
from simulator.kinds.aws.stepfunctions.settings import (
    RedriveExecutionSettings,
    StateMachineSettings,
    StopExecutionSettings,
    TaskSettings,
)
from simulator.kinds.cost import CostItem, NoPrice, Usage
from simulator.kinds.kind import FaultKind, Kind, Trial, TrialRow

if TYPE_CHECKING:
    from simulator.design.document import Document, Edge, Node


def _build(world: World, id: str, settings: StateMachineSettings) -> RunningNode:
    from simulator.kinds.aws.stepfunctions.machine import StateMachine

    return StateMachine(world, id, settings)


def _check(document: Document, node: Node) -> list[Problem]:
    from simulator.kinds.aws.stepfunctions.checks import check

    return check(document, node)


def _share(document: Document, node: Node, edge: Edge) -> float:
    from simulator.kinds.aws.stepfunctions.share import share

    return share(document, node, edge)


def _rows(document: Document, node: Node, sample: Mapping[str, Any]) -> list[TrialRow]:
    from simulator.kinds.aws.stepfunctions.trial import rows

    return rows(document, node, sample)


def cost_items(usage: Usage) -> list[CostItem | NoPrice]:
    """Transitions of a standard workflow, a retry being one; requests and GB-seconds of an express one."""
    if usage.settings.type == "EXPRESS":
        started = usage.count("executions_started")
        gigabyte_seconds = usage.count("billed_mb_ms") / 1_024.0 / 1_000.0
        return [
            CostItem("aws.stepfunctions.express_requests", "requests", started),
            CostItem("aws.stepfunctions.express_duration", "compute", gigabyte_seconds),
        ]
    retries = usage.count("task_retries")
    return [
        CostItem("aws.stepfunctions.transitions", "requests", usage.count("state_transitions")),
        CostItem("aws.stepfunctions.transitions", "retries", retries),
    ]


TRIAL = Trial(
    title="Execution tester",
    summary="Give an input and what tasks answer, and see which tasks are called, by what way, to what end.",
    sample={
        "input": {"order": 7, "total": 120},
        "results": {"Name of a task": {"StatusCode": 200, "Payload": {}}},
        "errors": {"Name of another task": "Lambda.ServiceException"},
    },
    rows=_rows,
)

KIND = Kind(
    kind="aws.stepfunctions",
    title="AWS Step Functions",
    group="Services",
    category="service",
    summary="A state machine in Amazon States Language: tasks, choices, waits, retries, compensation.",
    docs="https://docs.aws.amazon.com/step-functions/latest/dg/welcome.html",
    settings=StateMachineSettings,
    build=_build,
    edge_settings={"invoke": TaskSettings, "publish": TaskSettings},
    check=_check,
    badges=("in_flight", "execution_time", "executions_failed"),
    faults=(
        FaultKind(
            "stop-executions",
            "Stop executions",
            "Open executions are stopped (StopExecution) and count as aborted.",
            settings=StopExecutionSettings,
            lasts=False,
        ),
        FaultKind(
            "redrive-executions",
            "Redrive executions",
            "Executions that did not succeed and are kept go on at the state that failed (RedriveExecution).",
            settings=RedriveExecutionSettings,
            lasts=False,
        ),
    ),
    share=_share,
    trial=TRIAL,
    cost=cost_items,
)
