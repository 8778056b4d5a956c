"""Schedules: EventBridge Scheduler's own, those of rules, and those of SAM functions (see ``aws_stack``).

Source: AWS CloudFormation template reference, AWS::Scheduler::Schedule and AWS::Events::Rule; AWS SAM
developer guide, *Schedule* and *ScheduleV2*.
"""

from __future__ import annotations

from typing import Any

from simulator.formats.imports.aws_stack import Resource, Stack
from simulator.formats.imports.reading import HANDLER, Name, Origin
from simulator.formats.imports.source_file import Path
from simulator.formats.imports.values import mapping, rate_of_schedule, text
from simulator.kinds.aws.schedule_expression import InvalidSchedule, parse
from simulator.kinds.aws.scheduler_checks import TARGETS

_WORDS = ("ScheduleExpressionTimezone", "StartDate", "EndDate")
_RETRY = ("MaximumRetryAttempts", "MaximumEventAgeInSeconds")
#: What stands for an expression that nobody can read.
ASSUMED_EXPRESSION = "rate(1 hour)"


def read_schedule(stack: Stack, resource: Resource) -> None:
    """``AWS::Scheduler::Schedule``."""
    properties = resource.properties
    target = mapping(properties.get("Target"))
    path = (*resource.path, "Properties")
    found = stack.find(target.get("Arn"), path, what="the target of a schedule")
    if found is None:
        return
    name = text(properties.get("Name")) or resource.id
    add_schedule(stack, name, properties, target, found, path)
    known = ("Name", "ScheduleExpression", "FlexibleTimeWindow", "State", "Target", "GroupName", *_WORDS)
    stack.rest(resource, *known)


def add_schedule(
    stack: Stack, name: str, given: dict[str, Any], target: dict[str, Any], found: Name, path: Path
) -> None:
    """A schedule that invokes a part; a producer at its rate where Scheduler has no such target.

    Args:
        given: ScheduleExpression and what else is said of it.
        target: RetryPolicy, DeadLetterConfig and SqsParameters.
    """
    expression = text(given.get("ScheduleExpression")).strip()
    kind = getattr(stack.part_of(found), "kind", "")
    id = stack.own(f"schedule {name} of {found[1]}")
    if kind not in (*TARGETS, HANDLER):
        rate = rate_of_schedule(expression) or 1.0 / 3600.0
        arrivals = {"arrivals": {"process": "constant", "rate": rate}}
        part = stack.reading.add("producer", f"Schedule {name}", [id], path, arrivals)
        part.origins["arrivals"] = Origin("imported", f"{expression[:80]} as a rate")
        stack.reading.assumed(f"the schedule {name} is a producer: Scheduler does not invoke a {kind}", *path)
        stack.reading.link(id, found, path)
        return
    config = stack.settings_in(given, name, path, (), (), _WORDS)
    config["ScheduleExpression"] = expression
    origins: dict[str, Origin] = {}
    try:
        parse(expression)
    except InvalidSchedule as invalid:
        config["ScheduleExpression"] = ASSUMED_EXPRESSION
        origins["ScheduleExpression"] = Origin("guess", "its expression was not understood")
        stack.reading.not_understood(f"the schedule {name}: {invalid}; {ASSUMED_EXPRESSION} is used", *path)
    if text(given.get("State")) == "DISABLED":
        config["State"] = "DISABLED"
    window = mapping(given.get("FlexibleTimeWindow"))
    if text(window.get("Mode")) == "FLEXIBLE":
        config["FlexibleTimeWindow"] = {
            "Mode": "FLEXIBLE",
            **stack.settings_in(window, name, (*path, "FlexibleTimeWindow"), ("MaximumWindowInMinutes",)),
        }
    part = stack.reading.add("aws.scheduler", f"Schedule {name}", [id], path, config, origins=origins)
    part.wanted_id = text(given.get("Name"))
    edge: dict[str, Any] = {}
    policy = stack.settings_in(mapping(target.get("RetryPolicy")), name, (*path, "RetryPolicy"), _RETRY)
    if policy:
        edge["RetryPolicy"] = policy
    group = text(mapping(target.get("SqsParameters")).get("MessageGroupId"))
    if group:
        edge["MessageGroupId"] = group
    if target.get("Input"):
        stack.reading.not_modelled(f"the constant Input of the schedule {name} (it may hold anything)", *path)
    stack.reading.link(id, found, path, None, edge)
    letters = mapping(target.get("DeadLetterConfig")).get("Arn")
    if letters is not None:
        queue = stack.find(letters, path, hint="sqs", what=f"the dead-letter queue of the schedule {name}")
        if queue is not None:
            stack.reading.link(id, queue, path, "dead-letter")
    stack.reading.note("read", f"schedule {name}: {expression[:80]}", *path)
