"""Measured usage as an Infracost usage file: what a design would use in a month, by resource.

Keys are those of Infracost's resources (github.com/infracost/infracost, `internal/resources/aws`, their usage
schemas). Requests are billed ones: payloads of several chunks of 64 KB count several times.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simulator.design.document import Document, Node
from simulator.design.yaml_writing import write_yaml
from simulator.formats.exports.names import unique, words
from simulator.formats.exports.refusal import CannotExport

#: Resource of Terraform by kind.
RESOURCES = {
    "aws.sqs": "aws_sqs_queue",
    "aws.sns": "aws_sns_topic",
    "aws.eventbridge": "aws_cloudwatch_event_bus",
    "aws.lambda": "aws_lambda_function",
    "aws.stepfunctions": "aws_sfn_state_machine",
    "aws.dynamodb": "aws_dynamodb_table",
}
#: Key of the usage file by line of the prices.
_KEYS = {
    "aws.sqs.standard.requests": "monthly_requests",
    "aws.sqs.fifo.requests": "monthly_requests",
    "aws.sns.standard.publishes": "monthly_requests",
    "aws.sns.fifo.publishes": "monthly_requests",
    "aws.eventbridge.custom_events": "monthly_custom_events",
    "aws.eventbridge.archive_processing": "monthly_archive_processing_gb",
    "aws.eventbridge.archive_storage": "archive_storage_gb",
    "aws.lambda.requests": "monthly_requests",
    "aws.stepfunctions.transitions": "monthly_transitions",
    "aws.stepfunctions.express_requests": "monthly_requests",
    "aws.dynamodb.write_units": "monthly_write_request_units",
    "aws.dynamodb.read_units": "monthly_read_request_units",
    "aws.dynamodb.storage": "storage_gb",
    "aws.dynamodb.stream_reads": "monthly_streams_read_request_units",
}
#: Keys with fractions; Infracost reads all others as whole numbers.
_WITH_FRACTIONS = ("monthly_archive_processing_gb", "archive_storage_gb")
_DURATION = "aws.lambda.duration"
_EXPRESS = "aws.stepfunctions.express_duration"
#: Infracost multiplies the subscriptions of a topic by all that is published.
_HTTP = "aws.sns.http.deliveries"
_PAYLOAD = "aws.sns.fifo.payload_in"
#: MB that an express workflow is billed for at least, in which its duration is told.
_EXPRESS_MB = 64


def infracost(document: Document, result: Mapping[str, Any] | None) -> str:
    """The usage of every AWS resource that Infracost knows; what it does not is a comment.

    Raises:
        CannotExport: without a result, or when the design has no such resource.
    """
    nodes = [node for node in document.nodes if node.kind in RESOURCES]
    if not nodes:
        raise CannotExport("Infracost usage", "a queue, topic, bus, function, machine or table of AWS")
    if result is None or not result.get("cost"):
        raise CannotExport(
            "Infracost usage",
            message="an Infracost usage file says what was measured: give a result (--result), or export a "
            "finished run",
        )
    names = unique(((node.id, "_".join(words(node.id))) for node in nodes), "_")
    items: list[Mapping[str, Any]] = result["cost"]["items"]
    usage: dict[str, dict[str, float]] = {}
    left_out = []
    for node in nodes:
        amounts: dict[str, float] = {}
        rest: dict[str, float] = {}
        for item in items:
            if item["node"] != node.id:
                continue
            line = item["price"].removesuffix(".arm")
            if line in _KEYS:
                amounts[_KEYS[line]] = amounts.get(_KEYS[line], 0.0) + item["amount"]
            elif line in (_DURATION, _EXPRESS, _HTTP, _PAYLOAD):
                rest[line] = rest.get(line, 0.0) + item["amount"]
            elif item["amount"]:
                left_out.append(
                    f"# {node.id}: {item['amount']:,.0f} of {item['price']} a month have no key here"
                )
        found: dict[str, float] = {
            key: float(f"{amount:.3g}") if key in _WITH_FRACTIONS else round(amount)
            for key, amount in amounts.items()
        }
        if requests := amounts.get("monthly_requests"):
            found |= _of_each_request(node, requests, rest)
        usage[f"{RESOURCES[node.kind]}.{names[node.id]}"] = found
    text = write_yaml({"version": "0.1", "resource_usage": usage})
    return "\n".join(
        [f"# Usage of a month like the measured window of: {_one_line(document.name)}", *left_out, text]
    )


def _of_each_request(node: Node, requests: float, amounts: Mapping[str, float]) -> dict[str, float]:
    """What Infracost asks of a mean request, from the amounts of a month by line of the prices."""
    found: dict[str, float] = {}
    if seconds := amounts.get(_DURATION):
        gigabytes = node.config.memory_size / 1024.0  # type: ignore[attr-defined]
        found["request_duration_ms"] = round(seconds / gigabytes / requests * 1_000.0)
    if seconds := amounts.get(_EXPRESS):
        found["memory_mb"] = _EXPRESS_MB
        found["workflow_duration_ms"] = round(seconds / (_EXPRESS_MB / 1024.0) / requests * 1_000.0)
    if deliveries := amounts.get(_HTTP):
        found["http_subscriptions"] = max(1, round(deliveries / requests))
    if gigabytes := amounts.get(_PAYLOAD):
        found["request_size_kb"] = float(f"{gigabytes * 1e6 / requests:.3g}")
    return found


def _one_line(text: str) -> str:
    """A text that cannot end a comment."""
    return " ".join(text.split())
