"""Which edge a task goes to: what a Task state names, against what the edges say.

Source: Step Functions developer guide, *Integrating services*: a task names its service in Resource, and
what it calls there in its arguments.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

#: Fields of arguments that name what a task calls.
_NAMES = (
    "FunctionName",
    "QueueUrl",
    "TopicArn",
    "EventBusName",
    "StateMachineArn",
    "TableName",
    "ApiEndpoint",
)


@dataclass(frozen=True, slots=True)
class Task:
    """A Task state, or the reader or writer of a Map, somewhere in a definition.

    Args:
        state: name of the state.
        resource: its Resource.
        path: where it stands, as validation writes it.
        definition: the state itself.
        names: all that an edge may know it by.
    """

    state: str
    resource: str
    path: str
    definition: Mapping[str, Any]
    names: frozenset[str]


def tasks_of(machine: Mapping[str, Any], path: str = "") -> Iterator[Task]:
    """All tasks of a valid definition, those of inner machines included."""
    for name, state in machine["States"].items():
        place = f"{path}/States/{name}"
        kind = state["Type"]
        if kind == "Task":
            yield Task(name, state["Resource"], place, state, _names(name, state))
        elif kind == "Parallel":
            for number, branch in enumerate(state["Branches"]):
                yield from tasks_of(branch, f"{place}/Branches[{number}]")
        elif kind == "Map":
            field = "ItemProcessor" if "ItemProcessor" in state else "Iterator"
            yield from tasks_of(state[field], f"{place}/{field}")
            for part in ("ItemReader", "ResultWriter"):
                if "Resource" in state.get(part, {}):
                    inner = state[part]
                    yield Task(name, inner["Resource"], f"{place}/{part}", inner, _names(name, inner))


def _names(state: str, definition: Mapping[str, Any]) -> frozenset[str]:
    given = definition.get("Parameters", definition.get("Arguments"))
    found = {state, definition["Resource"]}
    if isinstance(given, Mapping):
        found |= {given[name] for name in _NAMES if isinstance(given.get(name), str)}
        entries = given.get("Entries")
        if isinstance(entries, list):
            found |= {
                entry["EventBusName"]
                for entry in entries
                if isinstance(entry, Mapping) and isinstance(entry.get("EventBusName"), str)
            }
    return frozenset(found)


def edge_of(task: Task, edges: Mapping[str, list[str]]) -> str | None:
    """The edge that a task takes: the first that has one of its names, else the one that names nothing.

    A name that is the state's own goes before the others.
    """
    for names in (frozenset({task.state}), task.names):
        for edge, tasks in edges.items():
            if names & set(tasks):
                return edge
    return next((edge for edge, tasks in edges.items() if not tasks), None)
