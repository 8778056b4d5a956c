"""What a state machine of a design must be, and what people come to regret.

Source: Step Functions developer guide, *Choosing workflow type*, *Best practices*; the list of regrets is
that of the collected facts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal

from simulator.graph.problem import Problem
from simulator.kinds.aws.asl.tasks import is_activity
from simulator.kinds.aws.asl.validation import validate
from simulator.kinds.aws.stepfunctions.binding import Task, edge_of, tasks_of
from simulator.kinds.aws.stepfunctions.settings import StateMachineSettings, TaskSettings

if TYPE_CHECKING:
    from simulator.design.document import Document, Edge, Node

#: Errors of Lambda that pass by themselves (Best practices, *Handle transient Lambda service exceptions*).
TRANSIENT = frozenset(
    {"Lambda.ServiceException", "Lambda.AWSLambdaException", "Lambda.SdkClientException", "States.ALL"}
    | {"Lambda.TooManyRequestsException", "States.TaskFailed"}
)


def check(document: Document, node: Node) -> list[Problem]:
    """Findings of validation, tasks that nothing answers, and practice."""
    settings = node.config
    assert isinstance(settings, StateMachineSettings)
    place = f"{document.path_of(node)}.config.definition"
    problems = [
        Problem(
            "D284" if finding.severity == "error" else "D360",
            finding.severity,
            node.id,
            f"config.definition{_dotted(finding.path)}",
            finding.said + (f" (at {finding.path})" if finding.path else ""),
            finding.hint,
            f"{place}{_dotted(finding.path)}",
        )
        for finding in validate(settings.definition)
    ]
    if any(problem.severity == "error" for problem in problems):
        return problems
    edges = [edge for edge in document.edges_from(node.id) if edge.role in ("invoke", "publish")]
    tasks = list(tasks_of(settings.definition))

    def told(
        severity: Literal["error", "warning", "hint"], code: str, path: str, message: str, hint: str
    ) -> Problem:
        return Problem(
            code,
            severity,
            node.id,
            f"config.definition{_dotted(path)}",
            message,
            hint,
            f"{place}{_dotted(path)}",
        )

    problems += [told("error", "D284", *found) for found in _binding(tasks, edges, settings)]
    problems += _redrive(document, node, settings)
    problems += [told("warning", "D360", *found) for found in _regrets(settings, tasks)]
    problems += list(_edges(document, tasks, edges))
    return problems


def _redrive(document: Document, node: Node, settings: StateMachineSettings) -> Iterator[Problem]:
    """A redrive where none is possible."""
    place = f"{document.path_of(node)}.config"
    if settings.redrive is not None and settings.type == "EXPRESS":
        yield Problem(
            "D284",
            "error",
            node.id,
            "config.redrive",
            "an express execution cannot be redriven",
            "set type to STANDARD, or leave redrive out",
            f"{place}.redrive",
        )
    for number, fault in enumerate(document.faults):
        if fault.node == node.id and fault.kind == "redrive-executions" and settings.redrive is None:
            yield Problem(
                "D360",
                "warning",
                node.id,
                "config.redrive",
                f"{node.id} keeps no executions that did not succeed, so there is nothing to redrive",
                "set redrive on the state machine, such as {attempts: 1}",
                f"faults[{number}]",
            )


def _dotted(path: str) -> str:
    return path.replace("/", ".")


def _binding(
    tasks: list[Task], edges: list[Edge], settings: StateMachineSettings
) -> Iterator[tuple[str, str, str]]:
    names = {edge.id: _settings(edge).tasks for edge in edges}
    by_id = {edge.id: edge for edge in edges}
    for task in tasks:
        found = edge_of(task, names)
        if found is None:
            yield (
                task.path,
                f"the task {task.state!r} ({task.resource}) is bound to nothing",
                f"lead an edge to what does it, with tasks: [{task.state}]",
            )
            continue
        if is_activity(task.resource):
            if settings.type == "EXPRESS":
                yield (
                    f"{task.path}/Resource",
                    "an express workflow has no activities",
                    "set type to STANDARD, or call the service",
                )
            elif by_id[found].role == "publish":
                yield (
                    f"{task.path}/Resource",
                    f"workers poll for the tasks of {task.state!r}, and {by_id[found].target} takes messages",
                    "lead an invoke edge to the service that the workers are",
                )
            continue
        pattern = task.resource.rpartition(".")[2]
        if settings.type == "EXPRESS" and pattern in ("sync", "sync:2", "waitForTaskToken"):
            yield (
                f"{task.path}/Resource",
                f"an express workflow has no .{pattern}",
                "set type to STANDARD, or use the request-response pattern",
            )
        elif pattern.startswith("sync") and by_id[found].role == "publish":
            yield (
                f"{task.path}/Resource",
                f"{task.state!r} waits for a job (.{pattern}), and {by_id[found].target} takes messages",
                "invoke a service or a state machine, or wait for a task token",
            )
    if settings.type == "EXPRESS":
        for path, state in _states(settings.definition, ""):
            config = (state.get("ItemProcessor") or {}).get("ProcessorConfig") or {}
            if state.get("Type") == "Map" and config.get("Mode") == "DISTRIBUTED":
                yield path, "an express workflow has no distributed Map", "set type to STANDARD"


def _edges(document: Document, tasks: list[Task], edges: list[Edge]) -> Iterator[Problem]:
    """Edges that no task takes, and names on edges that no task has."""
    names = {edge.id: _settings(edge).tasks for edge in edges}
    taken = {edge_of(task, names) for task in tasks}
    known = frozenset().union(*(task.names for task in tasks)) if tasks else frozenset()
    for edge in edges:
        place = document.path_of(edge)
        strange = [name for name in names[edge.id] if name not in known]
        if strange:
            message = f"{edge.id} names {strange[0]!r}, which no task of the machine is or calls"
            hint = "name a Task state, its Resource, or what its Parameters name"
            yield Problem("D360", "warning", edge.id, "config.tasks", message, hint, f"{place}.config.tasks")
        elif edge.id not in taken:
            message, hint = f"no task goes along {edge.id}", "name its tasks, or drop the edge"
            yield Problem("D360", "warning", edge.id, "config.tasks", message, hint, place)


def _settings(edge: Edge) -> TaskSettings:
    settings = edge.settings
    assert isinstance(settings, TaskSettings)
    return settings


def _states(machine: Mapping[str, Any], path: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, state in machine["States"].items():
        place = f"{path}/States/{name}"
        yield place, state
        for number, branch in enumerate(state.get("Branches", ())):
            yield from _states(branch, f"{place}/Branches[{number}]")
        for field in ("ItemProcessor", "Iterator"):
            if field in state:
                yield from _states(state[field], f"{place}/{field}")


def _regrets(settings: StateMachineSettings, tasks: list[Task]) -> Iterator[tuple[str, str, str]]:
    for task in tasks:
        state = task.definition
        if "Type" not in state:
            continue
        bounds = state.keys() & {
            "TimeoutSeconds",
            "TimeoutSecondsPath",
            "HeartbeatSeconds",
            "HeartbeatSecondsPath",
        }
        if task.resource.endswith(".waitForTaskToken") and not bounds:
            yield (
                task.path,
                f"{task.state!r} waits for a callback without a time-out or a heartbeat: up to a year",
                "set HeartbeatSeconds, or TimeoutSeconds",
            )
        names = {name for rule in state.get("Retry", ()) for name in rule["ErrorEquals"]}
        if ":lambda:" in task.resource and not names & TRANSIENT:
            yield (
                task.path,
                f"{task.state!r} calls Lambda and does not retry its passing errors",
                (
                    "add a Retry for Lambda.ServiceException, Lambda.AWSLambdaException, "
                    "Lambda.SdkClientException "
                    "and Lambda.TooManyRequestsException"
                ),
            )
    for path, state in _states(settings.definition, ""):
        if state["Type"] == "Choice" and "Default" not in state:
            yield path, "the Choice has no Default: what matches no rule fails the execution", "add a Default"
