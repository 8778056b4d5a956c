"""`aws.lambda`: what the catalogue knows of it.

Every start reads the catalogue, so what runs and checks a function is imported when a design needs it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.design.calls import CallSettings
from simulator.engine.node import Node as RunningNode
from simulator.engine.world import World
from simulator.graph.problem import Problem
from simulator.kinds.aws.lambda_function.cost import cost_items
from simulator.kinds.aws.lambda_function.edge_settings import (
    FunctionFailureEdge,
    FunctionPublishSettings,
    MappingSettings,
)
from simulator.kinds.aws.lambda_function.settings import FunctionSettings
from simulator.kinds.kind import Kind

if TYPE_CHECKING:
    from simulator.design.document import Document, Node
    from simulator.engine.stage_plan import StagePlan


def _build(world: World, id: str, settings: FunctionSettings) -> RunningNode:
    from simulator.kinds.aws.lambda_function.function import LambdaFunction

    return LambdaFunction(world, id, settings)


def _check(document: Document, node: Node) -> list[Problem]:
    from simulator.kinds.aws.lambda_function.checks import check

    return check(document, node)


def _plan_stage(world: World, id: str) -> StagePlan | None:
    from simulator.kinds.aws.lambda_function.function_stage import plan_function

    return plan_function(world, id)


KIND = Kind(
    kind="aws.lambda",
    title="AWS Lambda function",
    group="Services",
    category="function",
    summary="A function: cold starts, concurrency, event source mappings, asynchronous retries.",
    docs="https://docs.aws.amazon.com/lambda/latest/dg/welcome.html",
    settings=FunctionSettings,
    build=_build,
    plan_stage=_plan_stage,
    edge_settings={
        "publish": FunctionPublishSettings,
        "invoke": CallSettings,
        "dead-letter": FunctionFailureEdge,
    },
    entering_settings={"consume": MappingSettings},
    check=_check,
    badges=("concurrent_executions", "throughput", "duration", "cold_starts", "throttles"),
    cost=cost_items,
)
