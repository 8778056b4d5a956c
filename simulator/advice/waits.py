"""Rules about settings that hold messages back: waits against objectives, retries that come together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from simulator.graph.edits import SetSetting
from simulator.graph.figures import seconds
from simulator.graph.rule import Finding, Rule
from simulator.graph.walks import reachable, upstream

if TYPE_CHECKING:
    from simulator.design.document import Document
    from simulator.graph.look import Look

#: Part of an objective's limit that a single setting may take before it is worth a word.
PART = 0.5


def _waits(document: Document, nodes: set[str]) -> Iterator[tuple[str, str, float]]:
    """What holds messages back on the way through `nodes`: element, setting, seconds."""
    for node in document.nodes:
        config: Any = node.config
        if node.id not in nodes:
            continue
        if node.kind == "kafka.topic":
            yield node.id, "linger.ms", config.linger_ms / 1e3
        elif node.kind == "aws.sqs":
            yield node.id, "DelaySeconds", config.delay_seconds
        elif node.kind == "consumer" and config.batch is not None:
            yield node.id, "batch.max_wait", config.batch.max_wait
    for edge in document.edges:
        if edge.source in nodes and edge.target in nodes and edge.role != "dead-letter":
            window = getattr(edge.settings, "batching_window", None)
            if window:
                yield edge.id, "MaximumBatchingWindowInSeconds", window
            delay = edge.delay()
            if delay is not None:
                yield edge.id, "delay", delay.mean()


def held_back(look: Look) -> Iterator[Finding]:
    """Settings that alone take most of what an objective allows for the whole way."""
    document = look.document
    told: set[str] = set()
    for objective in document.objectives:
        source, target, limit = objective.source, objective.target, objective.below
        if not (source and target and limit) or not objective.metric.startswith("end_to_end_latency."):
            continue
        between = (reachable(document, source) | {source}) & (upstream(document, target) | {target})
        for element, setting, wait in _waits(document, between):
            if wait >= PART * limit and element not in told:
                told.add(element)
                yield Finding(
                    element,
                    f"{setting} of {element} holds messages back for up to {seconds(wait)}, and all of the "
                    f"way from {source} to {target} may take {seconds(limit)}",
                    f"config.{setting}",
                    "lower it, or allow the flow more time",
                )


def together(look: Look) -> Iterator[Finding]:
    """Retries whose waits are all alike."""
    elements = [
        *(("node", node.id, node.config) for node in look.document.nodes),
        *(("edge", edge.id, edge.settings) for edge in look.document.edges),
    ]
    for on, id, settings in elements:
        retry = getattr(settings, "retry", None)
        if getattr(retry, "jitter", None) == "none" and getattr(retry, "max_attempts", 1) > 1:
            yield Finding(
                id,
                f"{id} tries again after waits that are all alike: what failed together comes again together",
                "config.retry.jitter",
                "set full jitter",
                (SetSetting("node" if on == "node" else "edge", id, ("retry", "jitter"), "full"),),
            )


RULES = (
    Rule(
        "D509",
        "warning",
        "A setting holds messages back for most of the time that an objective allows.",
        "Lingering, batching windows and delays save requests and cost latency: no server and no broker can "
        "give that time back.",
        "Apache Kafka documentation, linger.ms; AWS Lambda developer guide, Batching behavior; Amazon SQS "
        "developer guide, Delay queues",
        "Lower it below the limit of the objective, or allow the flow more time.",
        held_back,
    ),
    Rule(
        "D510",
        "hint",
        "Retries without jitter.",
        "Callers that failed at the same moment wait equally long and come again at the same moment: the "
        "peaks that broke the service are made again and again.",
        "Brooker, Exponential Backoff And Jitter, AWS Architecture Blog, 2015",
        "Set full jitter.",
        together,
    ),
)
