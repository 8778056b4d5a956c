"""Tasks of ECS: code that polls queues and calls what its role and its environment name (see ``aws_stack``).

Sources: AWS CloudFormation template reference, *AWS::ECS::TaskDefinition*, *AWS::ECS::Service*; service
authorization reference (actions of Amazon SQS and Kinesis).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from simulator.formats.imports.assumed_work import handler_work
from simulator.formats.imports.aws_events import add_clients
from simulator.formats.imports.aws_permissions import (
    Call,
    allowed_by,
    link_call,
    named_by_variable,
    policies_of_role,
)
from simulator.formats.imports.aws_stack import Resource, Stack
from simulator.formats.imports.guessing import speaks_of_dead_letters
from simulator.formats.imports.intrinsics import Reference
from simulator.formats.imports.reading import HANDLER, Name, Origin, Part
from simulator.formats.imports.source_file import Path
from simulator.formats.imports.values import listed, mapping, rows, text, whole

#: Actions by which code takes messages.
_RECEIVING = ("sqs:receivemessage", "kinesis:getrecords", "kinesis:subscribetoshard")
_READS = re.compile(r"consum|worker|process|listen|subscri|handler|receiv|poll|job|sink|input", re.IGNORECASE)
_WRITES = re.compile(r"output|publish|produc|target|dest|send", re.IGNORECASE)
_POLLED = ("aws.sqs", "kafka.topic", "rabbitmq.queue", "queue")


def read_task(stack: Stack, resource: Resource) -> None:
    """``AWS::ECS::TaskDefinition``: read when all that it may name is known."""
    stack.tasks.append(resource)


def read_service(stack: Stack, resource: Resource) -> None:
    """``AWS::ECS::Service``: how many tasks run, and whether a load balancer stands before them."""
    stack.services.append(resource)


def link_tasks(stack: Stack) -> None:
    """Tasks that send or read become code with their edges; all others are listed."""
    of_task: dict[str, list[Resource]] = {}
    for service in stack.services:
        named = service.properties.get("TaskDefinition")
        if isinstance(named, Reference) and named.resource in {task.id for task in stack.tasks}:
            of_task.setdefault(named.resource, []).append(service)
        else:
            stack.reading.not_understood(
                f"{service.id}: its task definition is not in the file", *service.path, "Properties"
            )
    for task in stack.tasks:
        _link_task(stack, task, of_task.get(task.id, []))


def _link_task(stack: Stack, task: Resource, services: list[Resource]) -> None:
    wanted = list(_wanted(stack, task))
    fronted = [one for one in services if rows(one.properties.get("LoadBalancers"))]
    if not wanted:
        stack.reading.not_modelled(
            f"{task.id} ({task.type}): neither its role nor its environment names what carries messages",
            *task.path,
        )
        return
    given = task.properties.get("Family")
    label = services[0].construct or services[0].id if services else task.construct or task.id
    config, origins = handler_work(0.05, "the files hold no duration")
    counts = [whole(one.properties.get("DesiredCount")) for one in services]
    known = [count for count in counts if count]
    if known:
        config["instances"] = sum(known)
        origins["instances"] = Origin("imported", "DesiredCount of the service")
    part = stack.add(task, HANDLER, "", given if isinstance(given, str) and given else label, config)
    part.origins |= origins
    stack.reading.note("read", f"ECS task {part.label}", *task.path)
    stack.reading.assumed(f"{part.label} takes 0.05 s a message: the files hold no duration", *task.path)
    for name, call, way, why, path in wanted:
        _link(stack, part, name, call, way, why, path)
    for service in fronted:
        add_clients(stack, part, "LoadBalancer", service.path)


#: A part, what is asked of it, whether it is read ("" where nothing says so), what says it, and where.
_Wanted = tuple[Name, Call, str, str, Path]


def _wanted(stack: Stack, task: Resource) -> Iterator[_Wanted]:
    path = (*task.path, "Properties")
    role = task.properties.get("TaskRoleArn")
    if isinstance(role, Reference) and role.resource in stack.resources:
        for policy, place in policies_of_role(stack, stack.resources[role.resource]):
            for statement in rows(policy.get("Statement")):
                if isinstance(statement, dict) and statement.get("Effect") == "Allow":
                    yield from _allowed(stack, statement, place)
    for container in listed(task.properties.get("ContainerDefinitions")):
        row = mapping(container)
        for variable in rows(row.get("Environment", row.get("environment"))):
            entry = mapping(variable)
            key = text(entry.get("Name", entry.get("name")))
            if speaks_of_dead_letters(key):
                continue
            place = (*path, "ContainerDefinitions")
            name = named_by_variable(stack, key, entry.get("Value", entry.get("value")), place)
            if name is not None:
                way = "written" if _WRITES.search(key) else "read" if _READS.search(key) else ""
                yield name, Call(""), way, f"the variable {key[:60]}", place


def _allowed(stack: Stack, statement: dict[str, Any], place: Path) -> Iterator[_Wanted]:
    actions = [action.lower() for action in rows(statement.get("Action")) if isinstance(action, str)]
    takes = any(action in _RECEIVING for action in actions)
    calls = sorted(allowed_by(statement), key=lambda one: (one.service, one.operation))
    for target in rows(statement.get("Resource")):
        if isinstance(target, str) and ("*" in target or "/index/" in target):
            continue
        if takes:
            service = next(one for one in actions if one in _RECEIVING).split(":")[0]
            found = stack.find(target, place, hint=service, what="what a task may read")
            if found is not None:
                yield found, Call(service), "read", "the statement", place
        for call in calls:
            found = stack.find(target, place, hint=call.service, what="what a task may send to")
            if found is not None:
                way = "" if takes or f"{call.service}:*" in actions else "written"
                yield found, call, way, "the statement", place


def _link(stack: Stack, part: Part, name: Name, call: Call, way: str, why: str, path: Path) -> None:
    """The edge of one thing that a task names: it reads a queue, or sends to it, not both."""
    target = stack.part_of(name)
    if target is None:
        return
    known = any(
        other in target.names and own in part.names
        for link in stack.reading.links_at(part.name)
        for own, other in ((link.source, link.target), (link.target, link.source))
    )
    if known and target.kind != "aws.dynamodb":
        return
    is_read = way == "read" or (way == "" and _READS.search(part.label) is not None)
    if target.kind in _POLLED and is_read:
        config = {"group.id": part.label[:200]} if target.kind == "kafka.topic" else {}
        stack.reading.link(name, part.name, path, "consume", config)
        stack.reading.assumed(f"{part.label} reads {target.label}: {why} names it", *path)
        return
    link_call(stack, part, name, call, path, why)
