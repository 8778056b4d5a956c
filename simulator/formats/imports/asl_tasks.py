"""What the tasks of a state machine (Amazon States Language) call and send to.

Source: AWS Step Functions developer guide, *Integrating services*; states-language.net.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from simulator.formats.imports.intrinsics import External, is_external
from simulator.formats.imports.reading import Name, Reading
from simulator.formats.imports.source_file import Path
from simulator.formats.imports.values import mapping, rows, text

MOST_STATES = 10_000

#: By the integration of a task's resource: the service it goes to and the parameter that names the target.
_TARGETS = {
    "lambda:invoke": ("lambda", "FunctionName"),
    "sqs:sendMessage": ("sqs", "QueueUrl"),
    "sns:publish": ("sns", "TopicArn"),
    "states:startExecution": ("states", "StateMachineArn"),
    "events:putEvents": ("events", "EventBusName"),
}
_SUBSTITUTION = re.compile(r"\$\{([^${}]{1,200})\}\Z")

#: Finds the name of a value, given the service it belongs to and a few words on what it is.
Find = Callable[[Any, str, str], Name | None]


def states_of(definition: Mapping[str, Any], path: Path = ()) -> Iterator[tuple[Path, dict[str, Any]]]:
    """All states with their paths, those of branches and of iterations included."""
    left: list[tuple[Path, Mapping[str, Any]]] = [(path, definition)]
    seen = 0
    while left:
        here, machine = left.pop()
        for name, state in mapping(machine.get("States")).items():
            seen += 1
            if not isinstance(state, dict) or seen > MOST_STATES:
                continue
            at = (*here, "States", name)
            yield at, state
            left += [
                ((*at, key), state[key])
                for key in ("Iterator", "ItemProcessor")
                if isinstance(state.get(key), dict)
            ]
            left += [
                ((*at, "Branches", position), branch)
                for position, branch in enumerate(rows(state.get("Branches")))
                if isinstance(branch, dict)
            ]


def link_tasks(
    reading: Reading,
    machine: Name,
    definition: Mapping[str, Any],
    path: Path,
    find: Find,
    substitutions: Mapping[str, Any],
) -> None:
    """Link a state machine with what its tasks call, each target once."""
    linked: set[Name] = set()
    for at, state in states_of(definition, path):
        if state.get("Type") != "Task":
            continue
        what = f"what the task {at[-1]} calls"
        resource = substituted(state.get("Resource"), substitutions)
        for service, value in _called(reading, resource, state, at):
            found = find(substituted(value, substitutions), service, what)
            if found is not None and found not in linked and found != machine:
                linked.add(found)
                reading.link(machine, found, at)
                reading.note("read", f"task {at[-1]}", *at)


def substituted(value: Any, substitutions: Mapping[str, Any]) -> Any:
    """A value with ``${Name}`` replaced; what nobody gives stays outside."""
    if isinstance(value, str) and (match := _SUBSTITUTION.match(value.strip())):
        return substitutions.get(match[1], External(match[1]))
    return value


def _called(reading: Reading, resource: Any, state: dict[str, Any], at: Path) -> Iterator[tuple[str, Any]]:
    if is_external(resource):
        yield "lambda", resource
        return
    name = text(resource)
    if not name.startswith("arn:"):
        reading.not_understood(f"the resource of the task {at[-1]}", *at)
        return
    if ":states:::" not in name:
        if ":lambda:" in name:
            yield "lambda", name
        else:
            reading.not_modelled(f"the task {at[-1]} uses {name.split(':')[2][:40]}", *at)
        return
    integration = name.split(":states:::", 1)[1].split(".")[0].removeprefix("aws-sdk:")
    target = _TARGETS.get(integration)
    parameters = mapping(state.get("Parameters")) or mapping(state.get("Arguments"))
    if target is None:
        reading.not_modelled(f"the task {at[-1]} uses {integration[:60]}", *at)
        return
    service, key = target
    holders = (
        [mapping(entry) for entry in rows(parameters.get("Entries"))] if service == "events" else [parameters]
    )
    for holder in holders:
        value = holder.get(key, "default" if service == "events" else None)
        if value is None:
            reading.not_understood(f"the task {at[-1]} names its {key} at run time", *at)
        else:
            yield service, value
