"""Small designs around one state machine, and its figures as plain numbers."""

from __future__ import annotations

from typing import Any

from simulator import Document, simulate
from tests.simulator.designs import at, design, node

INVOKE = "arn:aws:states:::lambda:invoke"
SEND = "arn:aws:states:::sqs:sendMessage"
CAUGHT = [{"ErrorEquals": ["States.ALL"], "Next": "Undone"}]
LONG_POLL = {"ReceiveMessageWaitTimeSeconds": 20}


def task(resource: str = INVOKE, **fields: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": resource, **({} if "Next" in fields else {"End": True}), **fields}


def states(**named: dict[str, Any]) -> dict[str, Any]:
    return {"StartAt": next(iter(named)), "States": named}


def flow(
    definition: dict[str, Any],
    *,
    times: tuple[float, ...] = (0.0,),
    service: dict[str, Any] | None = None,
    edge: dict[str, Any] | None = None,
    event: dict[str, Any] | None = None,
    duration: float = 1_000,
    faults: list[dict[str, Any]] | None = None,
    **config: Any,
) -> Document:
    """producer -> machine -> one service for all tasks."""
    return design(
        [
            node("shop", "producer", arrivals=at(*times), **({} if event is None else {"event": event})),
            node("machine", "aws.stepfunctions", definition=definition, **{"transition_time": 0, **config}),
            node("work", "service", **{"service_time": 1, **(service or {})}),
        ],
        ["shop->machine", "machine->work"],
        edge_configs={"machine->work": edge or {}},
        simulation={"duration": duration, "warmup": 0},
        faults=faults or [],
    )


def run(document: Document) -> dict[str, Any]:
    result = simulate(document)
    assert result["conservation"]["ok"]
    return result


def figures(document: Document, id: str = "machine") -> dict[str, Any]:
    """Figures of a node as plain numbers; of what was sampled, the mean."""
    found: dict[str, Any] = run(document)["nodes"][id]
    plain: dict[str, Any] = {}
    for name, value in found.items():
        while isinstance(value, dict) and "mean" in value:
            value = value["mean"]
        plain[name] = value
    return plain


def numbers(value: Any) -> Any:
    """What a result says, with every estimate as its plain mean."""
    if isinstance(value, dict) and "ci95" in value:
        return value["mean"]
    return {name: numbers(one) for name, one in value.items()} if isinstance(value, dict) else value
