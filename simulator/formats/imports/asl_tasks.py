"""What the tasks of a state machine (Amazon States Language) call and send to.

Source: AWS Step Functions developer guide, *Integrating services*; states-language.net.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from simulator.formats.imports.asl_examples import ITEMS, examples_of, json_texts, number_texts
from simulator.formats.imports.asl_lists import giving_lists
from simulator.formats.imports.asl_trial import faults_of
from simulator.formats.imports.assumed_work import CALL, DEFAULT_TIMEOUT, function_work, handler_work
from simulator.formats.imports.aws_names import arn
from simulator.formats.imports.guessing import speaks_of_dead_letters
from simulator.formats.imports.intrinsics import External, Reference, is_external
from simulator.formats.imports.kept_out import without_secrets
from simulator.formats.imports.reading import Name, Origin, Part, Reading
from simulator.formats.imports.source_file import Path
from simulator.formats.imports.values import mapping, rows, text
from simulator.kinds.aws.asl.validation import errors_of, validate
from simulator.kinds.aws.stepfunctions.binding import Task, tasks_of

MOST_STATES = 10_000

#: By the integration of a task's resource: the service it goes to and the parameter that names the target.
_TARGETS = {
    "lambda:invoke": ("lambda", "FunctionName"),
    "sqs:sendMessage": ("sqs", "QueueUrl"),
    "sqs:sendMessageBatch": ("sqs", "QueueUrl"),
    "sns:publish": ("sns", "TopicArn"),
    "states:startExecution": ("states", "StateMachineArn"),
    "states:startSyncExecution": ("states", "StateMachineArn"),
    "events:putEvents": ("events", "EventBusName"),
    "kinesis:putRecord": ("kinesis", "StreamName"),
    "firehose:putRecord": ("firehose", "DeliveryStreamName"),
}
#: What a task asks of a table, by the action of its resource.
_OPERATIONS = {
    "getItem": "get",
    "batchGetItem": "get",
    "query": "query",
    "scan": "query",
    "putItem": "put",
    "updateItem": "update",
    "deleteItem": "delete",
    "batchWriteItem": "put",
}
#: Other names of services in the integrations of the AWS SDK.
_SDK_NAMES = {"sfn": "states", "eventbridge": "events"}
#: Services that tasks call and that are no kind: how they are called in a design.
_TITLES = {
    "apigateway": "API Gateway",
    "http": "HTTP endpoint",
    "ecs": "ECS tasks",
    "batch": "Batch jobs",
    "glue": "Glue jobs",
    "s3": "S3",
    "emr": "EMR",
    "eks": "EKS",
    "bedrock": "Model",
    "bedrockruntime": "Model",
}
_MODELS = ("bedrock", "bedrockruntime")
#: What the parameters of a task say of a resource that no file gives, the more telling ones first.
_TELLING = (
    ("QueueUrl", "sqs:sendMessage"),
    ("TopicArn", "sns:publish"),
    ("FunctionName", "lambda:invoke"),
    ("StateMachineArn", "states:startExecution"),
    ("Entries", "events:putEvents"),
    ("Item", "dynamodb:putItem"),
    ("UpdateExpression", "dynamodb:updateItem"),
    ("KeyConditionExpression", "aws-sdk:dynamodb:query"),
    ("Key", "dynamodb:getItem"),
    ("TableName", "aws-sdk:dynamodb:scan"),
)
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

    What a task calls and no file holds becomes a part that is assumed. A definition that the service would
    refuse is replaced by its tasks, one after another.
    """
    bound: dict[tuple[Name, str], list[str]] = {}
    states: dict[str, Name] = {}
    for at, state in states_of(definition, path):
        if state.get("Type") != "Task":
            continue
        name = str(at[-1])
        resource = _resource_of(name, state, substitutions)
        if isinstance(resource, str) and is_external(substituted(state.get("Resource"), substitutions)):
            reading.assumed(f"the task {name[:80]} is {_integration(resource)}, as its parameters say", *at)
        for call in _called(reading, resource, state, at):
            value = substituted(call.target, substitutions)
            found = find(value, call.service, f"what the task {name[:80]} calls")
            if found is None or found == part.name:
                continue
            if name in states:
                reading.not_modelled(f"the task {name[:80]} also sends to {found[1]}", *at)
                continue
            states[name] = found
            bound.setdefault((found, call.operation), []).append(name)
            reading.note("read", f"task {name}", *at)
    kept_out: set[str] = set()
    prepared = without_secrets(_prepared(definition, substitutions), kept_out)
    if kept_out:
        reading.not_modelled(
            f"{part.label}: what is named or looks like a secret, or the path of an address, is left out: "
            f"{', '.join(sorted(kept_out))[:150]}",
            *path,
        )
    faults = errors_of(validate(prepared))
    if faults:
        reading.not_understood(f"{part.label} would be refused: {faults[0]}", *path)
        assume_machine(reading, part, list(states.items()), path)
        return
    part.config["definition"] = prepared
    for task in tasks_of(prepared):
        if task.state not in states:
            found = states[task.state] = _stand_in(reading, part, task, path)
            bound.setdefault((found, ""), []).append(task.state)
    _link_tasks(reading, part, bound, prepared, path)


def _link_tasks(
    reading: Reading,
    part: Part,
    bound: Mapping[tuple[Name, str], list[str]],
    definition: Mapping[str, Any],
    path: Path,
) -> None:
    """The edges of the tasks, by what they go to and ask there, with results made up."""
    examples = examples_of(definition)
    givers = giving_lists(definition)
    for (found, operation), names in bound.items():
        with_lists = [name for name in names if name in givers]
        for some in ([name for name in names if name not in givers], with_lists):
            if not some:
                continue
            config: dict[str, Any] = {"tasks": some}
            origins: dict[str, Origin] = {}
            if operation:
                config["operation"] = operation
            if some is with_lists:
                config["result"] = {"detail": [examples or "x"] * ITEMS}
                origins["result"] = Origin("guess", f"a list of {ITEMS}: a Map goes over all that they give")
            elif examples:
                config["result"] = {"detail": examples}
                origins["result"] = Origin("guess", "the fields that the machine reads, with made-up values")
            reading.link(part.name, found, path, None, config, origins=origins)
    if givers:
        reading.assumed(
            f"tasks of {part.label} that a Map goes over give a list of {ITEMS}: "
            f"{', '.join(sorted(givers))[:150]}",
            *path,
        )
    numbers = number_texts(definition)
    told: set[str] = set()
    for at, unknown in json_texts(definition):
        state = str(next((name for before, name in pairwise(at) if before == "States"), part.label))
        if unknown in numbers:
            reading.assumed(
                f"the text {unknown[:80]}, of which {state[:80]} reads JSON, is a number", *path, *at
            )
            continue
        told.add(state)
        reading.assumed(
            f"executions of {part.label} fail in {state[:80]}: it reads JSON out of the text "
            f"{unknown[:80]}, which nobody has; the source's event, or the result on the task's edge, can "
            "hold it",
            *path,
            *at,
        )
    if examples:
        reading.assumed(
            f"tasks of {part.label} give, and executions get, the fields that the machine reads, with values "
            f"made up: {', '.join(examples)}",
            *path,
        )
    for fault in faults_of(definition, examples, givers):
        if fault.state in told:
            continue
        how = (
            f"fail in {fault.state[:80]}: {fault.cause[:200]}"
            if fault.cause
            else (f"never end, and come to {fault.state[:80]} again and again")
        )
        reading.assumed(
            f"{fault.count} of {fault.trials} executions of {part.label} that were tried {how}; the source's "
            "event, or the result on a task's edge, can say more",
            *path,
        )


def assume_machine(reading: Reading, part: Part, calls: list[tuple[str, Name]], path: Path) -> None:
    """A definition that calls one after another; what is named like a place for failures gets those."""
    letters = [call for call in calls if speaks_of_dead_letters(f"{call[0]} {call[1][1]}")]
    steps = [call for call in calls if call not in letters] or letters
    names: dict[str, Name] = {}
    for key, name in [*steps, *(call for call in letters if call not in steps)]:
        names[_free(key, names)] = name
    line = list(names)[: len(steps)]
    after = list(names)[len(steps) :]
    states: dict[str, Any] = {}
    for position, state in enumerate(names):
        following = line[position + 1] if position + 1 < len(line) else None
        states[state] = {
            "Type": "Task",
            "Resource": CALL,
            **({"Next": following} if state in line and following else {"End": True}),
        }
        if state in line and after:
            states[state]["Catch"] = [{"ErrorEquals": ["States.ALL"], "Next": after[0]}]
    for state, following in pairwise(after):
        del states[state]["End"]
        states[state]["Next"] = following
    if not states:
        states = {"Work": {"Type": "Pass", "End": True}}
    part.config["definition"] = {"StartAt": next(iter(states)), "States": states}
    part.origins["definition"] = Origin("guess", "no file holds it")
    for state, name in names.items():
        reading.link(part.name, name, path, None, {"tasks": [state]})
    said = ", one after another" if len(line) > 1 else ""
    what = f"it calls {', '.join(line)}{said}" if line else "one state that does nothing stands for it"
    failing = f"; what fails goes to {', '.join(after)}" if after else ""
    reading.assumed(f"{part.label}, whose definition nobody has: {what}{failing}", *path)


def _free(key: str, taken: Mapping[str, Any]) -> str:
    """A name for a state, as short as states' names are."""
    stem = key[:70] or "Task"
    return next(
        name for name in (stem, *(f"{stem} {n}" for n in range(2, len(taken) + 3))) if name not in taken
    )


def _stand_in(reading: Reading, part: Part, task: Task, path: Path) -> Name:
    """The part that stands for a service no design has, or for what is named at run time only."""
    integration = _integration(task.resource)
    service = integration.split(":")[0] if integration else _of_resource(task.resource)
    if service == "lambda" and not integration.startswith("lambda:invoke"):
        service = "lambda API"  # it asks about functions, or changes them
    name = ("called by a machine", f"{service} of {part.label}")
    if reading.has(name):
        return name
    title = _TITLES.get(service, service.capitalize())
    if service == "lambda":
        config, origins = function_work(DEFAULT_TIMEOUT)
        reading.add("aws.lambda", f"Functions of {part.label}", [name], path, config, origins=origins)
        reading.assumed(f"one function stands for those that {part.label} names at run time", *path)
    elif service in _MODELS:
        reading.add("llm", f"{title} of {part.label}", [name], path)
        reading.assumed(f"a language model with default settings answers {part.label}", *path)
    elif service == "dynamodb":
        reading.add("aws.dynamodb", f"Tables of {part.label}", [name], path)
        reading.assumed(f"one table stands for those that {part.label} names in its transactions", *path)
    else:
        config, origins = handler_work(0.05)
        reading.add("service", f"{title} of {part.label}", [name], path, config, origins=origins)
        reading.assumed(f"{title} answers tasks of {part.label} in 50 ms on average", *path)
    return name


def _integration(resource: str) -> str:
    """``sqs:sendMessage`` of a resource of Step Functions, without pattern; empty for any other."""
    if ":states:::" not in resource:
        return ""
    service, _, action = (
        resource.split(":states:::", 1)[1].split(".", maxsplit=1)[0].removeprefix("aws-sdk:").partition(":")
    )
    return f"{_SDK_NAMES.get(service, service)}:{action}"


def _of_resource(resource: str) -> str:
    parts = resource.split(":")
    if "activity" in parts[5:6]:
        return f"activity {parts[-1][:60]}"
    return parts[2] if len(parts) > 2 and parts[2] else "other service"


def _prepared(value: Any, substitutions: Mapping[str, Any], state: Any = "") -> Any:
    """A definition, or one of its states, with names in the place of ``${Name}``."""
    if isinstance(value, dict):
        return {
            str(key): _resource(str(state), value, substitutions)
            if key == "Resource"
            else _prepared(item, substitutions, key)
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


def _resource(name: str, state: Mapping[str, Any], substitutions: Mapping[str, Any]) -> Any:
    """The Resource of a task: a function that the template only names gets an ARN."""
    found = _resource_of(name, state, substitutions)
    return arn("lambda", _written(found)) if is_external(found) else _prepared(found, substitutions)


def _resource_of(name: str, state: Mapping[str, Any], substitutions: Mapping[str, Any]) -> Any:
    """What the Resource of a task is, by its parameters where the definition leaves it to a template."""
    found = substituted(state.get("Resource"), substitutions)
    parameters = mapping(state.get("Parameters")) or mapping(state.get("Arguments"))
    given = {key.removesuffix(".$") for key in parameters}
    if not isinstance(found, External) or given <= {"Payload"}:
        return found
    integration = next((one for key, one in _TELLING if key in given), None)
    if integration is None or ("dynamodb" in integration and "TableName" not in given):
        return found
    if integration == "dynamodb:getItem" and re.search(
        "delete|remove", f"{name} {found.name}", re.IGNORECASE
    ):
        integration = "dynamodb:deleteItem"
    waits = ".waitForTaskToken" if "Task.Token" in str(parameters) else ""
    return f"arn:aws:states:::{integration}{waits}"


def substituted(value: Any, substitutions: Mapping[str, Any]) -> Any:
    """A value with ``${Name}`` replaced; what nobody gives stays outside.

    A longer text, such as an ARN, that has a resource of the template in it means that resource.
    """
    if not isinstance(value, str):
        return value
    if match := _SUBSTITUTION.match(value.strip()):
        return substitutions.get(match[1], External(match[1]))
    inside = [substitutions.get(name) for name in _INSIDE.findall(value)]
    if len(inside) == 1 and isinstance(inside[0], Reference):
        return inside[0]
    return _INSIDE.sub(lambda match: _written(substitutions.get(match[1], match[1])), value)


@dataclass(frozen=True, slots=True)
class _Call:
    """What one task calls: the service, what names the target there, and what is asked of a table."""

    service: str
    target: Any
    operation: str = ""


def _called(reading: Reading, resource: Any, state: dict[str, Any], at: Path) -> Iterator[_Call]:
    if is_external(resource):
        yield _Call("lambda", resource)
        return
    name = text(resource)
    if not name.startswith("arn:"):
        reading.not_understood(f"the resource of the task {at[-1]}", *at)
        return
    if ":states:::" not in name:
        if ":lambda:" in name:
            yield _Call("lambda", name)
        else:
            reading.not_modelled(f"the task {at[-1]} uses {name.split(':')[2][:40]}", *at)
        return
    integration = _integration(name)
    service, _, action = integration.partition(":")
    operation = _OPERATIONS.get(action, "") if service == "dynamodb" else ""
    target = ("dynamodb", "TableName") if operation else _TARGETS.get(integration)
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
        if value is None or (isinstance(value, str) and value.startswith("{%")):
            reading.not_understood(f"the task {at[-1]} names its {key} at run time", *at)
        else:
            yield _Call(service, value, operation)
