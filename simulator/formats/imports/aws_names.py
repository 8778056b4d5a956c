"""How AWS names things: ARNs and URLs, and the part of a design that stands for what they name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from simulator.formats.imports.reading import HANDLER, Name


@dataclass(frozen=True, slots=True)
class Service:
    """A service of AWS that messages go through.

    Args:
        space: the first half of its names.
        kind: the kind of node that stands for it.
        note: what is different there; empty when the kind is the service itself.
    """

    space: str
    kind: str
    note: str = ""


SERVICES: dict[str, Service] = {
    "sqs": Service("sqs", "aws.sqs"),
    "sns": Service("sns", "aws.sns"),
    "events": Service("events", "aws.eventbridge"),
    "lambda": Service("lambda", "aws.lambda"),
    "states": Service("states", "aws.stepfunctions", "one state that does nothing stands for its definition"),
    "kinesis": Service("kinesis", "kafka.topic", "a Kafka topic stands for the Kinesis stream"),
    "dynamodb": Service("dynamodb", "aws.dynamodb"),
    "api-destination": Service("api destination", "service"),
    "firehose": Service("firehose", HANDLER, "a service stands for the delivery stream"),
}

_SQS_URL = re.compile(
    r"^(?:sqs\.[a-z0-9-]+|[a-z0-9-]+\.queue|queue)\.amazonaws\.com(?:\.cn)?$|^localhost$|^sqs\."
)


def named_by(text: str) -> tuple[Service, str] | None:
    """The service and the name behind an ARN or the URL of a queue; None for any other text."""
    if text.startswith("arn:"):
        parts = text.split(":", 5)
        if len(parts) < 6:
            return None
        return _of_arn(parts[2], parts[5])
    if text.startswith(("https://", "http://")):
        try:
            url = urlsplit(text)
            host = url.hostname or ""
        except ValueError:
            return None
        if _SQS_URL.search(host) and url.path.count("/") >= 2:
            return SERVICES["sqs"], url.path.rsplit("/", 1)[-1]
    return None


def _of_arn(service: str, rest: str) -> tuple[Service, str] | None:
    if service in ("sqs", "sns"):
        return SERVICES[service], rest.split(":", 1)[0]
    if service == "events":
        kind, _, name = rest.partition("/")
        if kind == "event-bus":
            return SERVICES["events"], name
        if kind == "api-destination":
            return SERVICES["api-destination"], name.split("/", 1)[0]
        return None
    if service == "lambda" and rest.startswith("function:"):
        return SERVICES["lambda"], rest.split(":")[1]
    if service == "states" and rest.startswith("stateMachine:"):
        return SERVICES["states"], rest.split(":")[1]
    if service == "kinesis" and rest.startswith("stream/"):
        return SERVICES["kinesis"], rest.split("/")[1]
    if service == "dynamodb" and rest.startswith("table/"):
        return SERVICES["dynamodb"], rest.split("/")[1]
    if service == "firehose" and rest.startswith("deliverystream/"):
        return SERVICES["firehose"], rest.split("/")[1]
    return None


def arn(service: str, name: str) -> str:
    """An ARN for a resource that has none yet; `named_by` reads it back."""
    shape = {
        "events": "event-bus/{}",
        "lambda": "function:{}",
        "states": "stateMachine:{}",
        "kinesis": "stream/{}",
        "dynamodb": "table/{}",
        "firehose": "deliverystream/{}",
        "api-destination": "api-destination/{}",
    }.get(service, "{}")
    service_of = {"api-destination": "events"}.get(service, service)
    plain = name.replace(":", "-").replace("/", "-")
    return f"arn:aws:{service_of}:us-east-1:123456789012:{shape.format(plain)}"


def as_name(service: Service, name: str) -> Name:
    """The name that links use."""
    return (service.space, name)
