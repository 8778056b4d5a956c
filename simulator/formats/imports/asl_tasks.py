"""What the tasks of a state machine (Amazon States Language) call and send to.

Source: AWS Step Functions developer guide, *Integrating services*; states-language.net.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from simulator.formats.imports.aws_names import arn
from simulator.formats.imports.aws_stack import handler_work
from simulator.formats.imports.intrinsics import External, Reference, is_external
from simulator.formats.imports.reading import Name, Part, Reading
from simulator.formats.imports.source_file import Path
from simulator.formats.imports.values import mapping, rows, text
from simulator.kinds.aws.asl.validation import errors_of, validate
from simulator.kinds.aws.stepfunctions.binding import tasks_of

MACHINE = "aws.stepfunctions"
MOST_STATES = 10_000

#: By the integration of a task's resource: the service it goes to and the parameter that names the target.
_TARGETS = {
    "lambda:invoke": ("lambda", "FunctionName"),
    "sqs:sendMessage": ("sqs", "QueueUrl"),
    "sns:publish": ("sns", "TopicArn"),
    "states:startExecution": ("states", "StateMachineArn"),
    "events:putEvents": ("events", "EventBusName"),
}
_INSIDE = re.compile(r"\$\{([^${}]{1,200})\}")
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


def read_machine(
    reading: Reading,
    part: Part,
    definition: Mapping[str, Any],
    path: Path,
    find: Find,
    substitutions: Mapping[str, Any],
) -> None:
    """Make a part the state machine that a definition says, and link it with what its tasks call.

    Tasks that call what is no part of a design go to one service that stands for all of it. A definition that
    the service would refuse leaves the part what it is, and links it all the same.
    """
    called: dict[Name, list[str]] = {}
    states: list[str] = []
    for at, state in states_of(definition, path):
        if state.get("Type") != "Task":
            continue
        name = str(at[-1])
        resource = substituted(state.get("Resource"), substitutions)
        for service, value in _called(reading, resource, state, at):
            found = find(substituted(value, substitutions), service, f"what the task {name[:80]} calls")
            if found is not None and found != part.name and name not in states:
                called.setdefault(found, []).append(name)
                states.append(name)
                reading.note("read", f"task {name}", *at)
    prepared = _prepared(definition, substitutions)
    faults = errors_of(validate(prepared))
    if faults:
        reading.not_understood(f"{part.label} would be refused: {faults[0]}", *path)
        reading.assumed(f"{part.label}: one step of 0.2 s stands for the state machine", *path)
    else:
        part.kind = MACHINE
        part.config = {
            **{key: part.config[key] for key in ("type",) if key in part.config},
            "definition": prepared,
        }
        part.origins = {}
        reading.assumed(
            f"executions of {part.label} get no input but what the sender's event says: give it the fields "
            "that the machine reads",
            *path,
        )
        if any(task.state not in states for task in tasks_of(prepared)):
            others = ("other services of", part.label)
            config, origins = handler_work(0.05)
            reading.add("service", f"Other services of {part.label}", [others], path, config, origins=origins)
            reading.assumed(
                f"one service answers the other tasks of {part.label}, in 50 ms on average", *path
            )
            called[others] = []
    for target, names in called.items():
        config = {} if faults or not names else {"tasks": names}
        reading.link(part.name, target, path, None, config, is_guess=bool(faults))


def _prepared(value: Any, substitutions: Mapping[str, Any]) -> Any:
    """A definition without ``${Name}``: what is named there is written in its place."""
    if isinstance(value, dict):
        return {
            str(key): _resource(item, substitutions) if key == "Resource" else _prepared(item, substitutions)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_prepared(item, substitutions) for item in value]
    if isinstance(value, Reference):
        return value.resource
    if isinstance(value, External):
        return value.name
    if isinstance(value, str) and "${" in value:
        return _INSIDE.sub(lambda match: _written(substitutions.get(match[1], match[1])), value)
    return value


def _written(value: Any) -> str:
    if isinstance(value, Reference):
        return value.resource
    return value.name if isinstance(value, External) else str(value)[:2_000]


def _resource(value: Any, substitutions: Mapping[str, Any]) -> Any:
    """The Resource of a task: a function that the template only names gets an ARN."""
    found = substituted(value, substitutions)
    return arn("lambda", _written(found)) if is_external(found) else _prepared(found, substitutions)


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
