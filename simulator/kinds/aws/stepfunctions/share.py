"""How many tasks of an execution go along each edge, before any run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from simulator.kinds.aws.asl.validation import errors_of, validate
from simulator.kinds.aws.stepfunctions.binding import edge_of, tasks_of
from simulator.kinds.aws.stepfunctions.settings import StateMachineSettings, TaskSettings

if TYPE_CHECKING:
    from simulator.design.document import Document, Edge, Node

#: Rounds through the states; a loop that goes on longer is cut there.
_ROUNDS = 50


def share(document: Document, node: Node, edge: Edge) -> float:
    """Tasks on the edge for each execution, where nothing fails.

    Every way out of a Choice counts the same, and every Map has one item: what a run will show better.
    """
    settings = node.config
    assert isinstance(settings, StateMachineSettings)
    if errors_of(validate(settings.definition)):
        return 0.0
    names = {
        one.id: one.settings.tasks
        for one in document.edges_from(node.id)
        if isinstance(one.settings, TaskSettings)
    }
    rates = dict(_visits(settings.definition, "", 1.0))
    return sum(
        rates.get(task.path, 0.0) for task in tasks_of(settings.definition) if edge_of(task, names) == edge.id
    )


def _visits(machine: Mapping[str, Any], path: str, rate: float) -> Iterator[tuple[str, float]]:
    """How often each state is entered for `rate` starts of a machine, those inside it included."""
    states: Mapping[str, Any] = machine["States"]
    total = dict.fromkeys(states, 0.0)
    moving = {machine["StartAt"]: rate}
    for _ in range(_ROUNDS):
        following: dict[str, float] = {}
        for name, amount in moving.items():
            total[name] += amount
            ways = _ways(states[name])
            for target in ways:
                following[target] = following.get(target, 0.0) + amount / len(ways)
        moving = following
        if not moving:
            break
    for name, state in states.items():
        place = f"{path}/States/{name}"
        yield place, total[name]
        for number, branch in enumerate(state.get("Branches", ())):
            yield from _visits(branch, f"{place}/Branches[{number}]", total[name])
        for field in ("ItemProcessor", "Iterator"):
            if field in state:
                yield from _visits(state[field], f"{place}/{field}", total[name])


def _ways(state: Mapping[str, Any]) -> list[str]:
    if state["Type"] == "Choice":
        default = [state["Default"]] if "Default" in state else []
        return [*(rule["Next"] for rule in state["Choices"]), *default]
    return [state["Next"]] if "Next" in state else []
