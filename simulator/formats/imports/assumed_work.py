"""Settings of code and resources that files say nothing about, and where they come from."""

from __future__ import annotations

from typing import Any

from simulator.formats.imports.aws_names import Service
from simulator.formats.imports.reading import HANDLER, Origin
from simulator.kinds.aws.lambda_function.settings import FunctionSettings

#: Seconds that a function may run where nothing is said.
DEFAULT_TIMEOUT = FunctionSettings().timeout
#: Seconds that a handler takes where nothing was measured: median and 99th percentile, those of `aws.lambda`.
_MEDIAN, _TAIL = 0.05, 0.3
#: The 99th percentile stays below this share of a short time limit, so that assumed work keeps it.
_SHARE_OF_TIMEOUT = 0.1

#: The Resource of a task of which nobody knows more than what it leads to.
CALL = "arn:aws:states:::aws-sdk:assumed:call"

Settings = tuple[dict[str, Any], dict[str, Origin]]


def handler_work(
    mean: float = 0.1, note: str = "the file holds no duration"
) -> tuple[dict[str, Any], dict[str, Origin]]:
    """Settings of code nobody has measured, and where they come from."""
    return (
        {"service_time": {"distribution": "exponential", "mean": mean}},
        {"service_time": Origin("guess", note)},
    )


def function_work(timeout: float, note: str = "the files hold no duration") -> Settings:
    """The handler of a function that may run `timeout` seconds: one duration for each invocation."""
    tail = min(_TAIL, _SHARE_OF_TIMEOUT * timeout)
    time = {"distribution": "lognormal", "p50": tail * _MEDIAN / _TAIL, "p99": tail}
    return {"service_time": time}, {"service_time": Origin("guess", note)}


def mentioned(service: Service, name: str) -> Settings:
    """The settings of what files name and do not define: those that its name tells, and assumed work."""
    if service.kind == HANDLER:
        return handler_work()
    if service.kind == "aws.lambda":
        return function_work(DEFAULT_TIMEOUT)
    is_fifo = name.endswith(".fifo")
    if service.kind == "aws.sqs" and is_fifo:
        return {"FifoQueue": True}, {}
    if service.kind == "aws.sns" and is_fifo:
        return {"FifoTopic": True}, {}
    return {}, {}
