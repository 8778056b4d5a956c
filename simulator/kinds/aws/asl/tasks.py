"""The Task state: what it asks of the world, and the events that tell of it.

Source: Amazon States Language specification, *Task State*; Step Functions developer guide, *Service
integration patterns* and *Error names* (a missed heartbeat shows as States.Timeout in the history).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from simulator.kinds.aws.asl import dataflow
from simulator.kinds.aws.asl.effects import CallTask, Effect, TaskRequest
from simulator.kinds.aws.asl.failures import TIMEOUT, StateFailure

if TYPE_CHECKING:
    from simulator.kinds.aws.asl.interpreter import Interpreter, Visit

_FUNCTION = re.compile(r"arn:[\w-]+:lambda:[\w-]*:\d*:function:")
_ACTIVITY = re.compile(r"arn:[\w-]+:states:[\w-]*:\d*:activity:")


def is_activity(resource: str) -> bool:
    """Whether workers that poll do the task."""
    return _ACTIVITY.match(resource) is not None


def prefix(resource: str) -> str:
    """How the events of a task begin: by what its Resource is."""
    if _FUNCTION.match(resource):
        return "LambdaFunction"
    return "Activity" if is_activity(resource) else "Task"


def call(interpreter: Interpreter, visit: Visit, attempt: int) -> Effect:
    """One attempt at the task: returns its result."""
    resource = visit.state["Resource"]
    token = ""
    if resource.endswith(".waitForTaskToken"):
        token = interpreter.around.uuid()
        visit.view.context = {**visit.view.context, "Task": {"Token": token}}
    arguments = dataflow.arguments(visit.state, visit.view, in_jsonata=visit.in_jsonata)
    timeout = dataflow.whole_number(visit.state, "TimeoutSeconds", visit.view, in_jsonata=visit.in_jsonata)
    heartbeat = dataflow.whole_number(
        visit.state, "HeartbeatSeconds", visit.view, in_jsonata=visit.in_jsonata
    )
    dataflow.bounded(arguments, resource)
    request = TaskRequest(visit.name, resource, arguments, token, attempt)
    history, events = interpreter.history, prefix(resource)
    history.record(f"{events}Scheduled")
    started: Callable[[], object] | None = None
    if events == "Activity":
        started = partial(history.record, "ActivityStarted")
    else:
        history.record(f"{events}Started")
    if events == "Task" and request.pattern != "request-response":
        history.record("TaskSubmitted")
    try:
        result = yield CallTask(request, timeout, heartbeat, started)
        dataflow.bounded(result, resource)
    except StateFailure as failure:
        history.record(f"{events}TimedOut" if failure.error == TIMEOUT else f"{events}Failed")
        raise
    except GeneratorExit:
        history.record("TaskStateAborted")
        raise
    history.record(f"{events}Succeeded")
    return result
