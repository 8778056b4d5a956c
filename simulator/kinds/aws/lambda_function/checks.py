"""What AWS refuses (D283), and what people come to regret (D380) of a function.

Sources: AWS Lambda API reference and developer guide, *Using Lambda with Amazon SQS* (visibility timeout of
at least six times the function timeout, maxReceiveCount of at least five).
"""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil
from typing import TYPE_CHECKING, Any

from simulator.graph.edits import Edit, SetSetting
from simulator.graph.problem import Problem, Severity
from simulator.kinds.aws.lambda_function.account import set_aside
from simulator.kinds.aws.lambda_function.edge_settings import QUEUES, FunctionFailureEdge, MappingSettings
from simulator.kinds.aws.lambda_function.events import is_event
from simulator.kinds.aws.lambda_function.settings import UNRESERVABLE, FunctionSettings

if TYPE_CHECKING:
    from simulator.design.document import Document, Edge, Node

#: Function timeouts that a queue's visibility timeout should cover.
VISIBILITY_FACTOR = 6
#: Receives before a dead letter that AWS advises with Lambda.
LEAST_RECEIVES = 5
_STREAM_ONLY = {
    "parallelization_factor": "ParallelizationFactor",
    "bisect": "BisectBatchOnFunctionError",
    "maximum_retry_attempts": "MaximumRetryAttempts",
    "maximum_record_age": "MaximumRecordAgeInSeconds",
}


def check(document: Document, node: Node) -> list[Problem]:
    """All problems of a function and its mappings."""
    settings = node.config
    assert isinstance(settings, FunctionSettings)
    problems = [*_concurrency(document, node, settings)]
    for edge in document.edges_into(node.id):
        if isinstance(edge.settings, MappingSettings):
            problems += _mapping(document, settings, edge, edge.settings)
    problems += _asynchronous(document, node)
    return problems


def _of_node(
    document: Document,
    node: Node,
    field: str,
    message: str,
    hint: str,
    severity: Severity = "warning",
    mend: tuple[Edit, ...] = (),
) -> Problem:
    path = document.path_of(node) + (f".config.{field}" if field else "")
    code = "D283" if severity == "error" else "D380"
    return Problem(code, severity, node.id, f"config.{field}" if field else "", message, hint, path, mend)


def _of_edge(
    document: Document,
    edge: Edge,
    field: str,
    message: str,
    hint: str,
    severity: Severity = "warning",
    mend: tuple[Edit, ...] = (),
) -> Problem:
    path = f"{document.path_of(edge)}.config.{field}"
    code = "D283" if severity == "error" else "D380"
    return Problem(code, severity, edge.id, f"config.{field}", message, hint, path, mend)


def _concurrency(document: Document, node: Node, settings: FunctionSettings) -> Iterator[Problem]:
    reserved, provisioned = settings.reserved_concurrency, settings.provisioned_concurrency
    field = "ReservedConcurrentExecutions"
    if reserved == 0:
        message = f"{node.id} has a reserved concurrency of 0: every invocation is throttled"
        yield _of_node(document, node, field, message, "empty it, or give it a number above 0")
    if reserved is not None and provisioned > reserved:
        message = f"{provisioned} provisioned environments are more than the {reserved} reserved executions"
        hint = f"at most {reserved}, or a larger ReservedConcurrentExecutions"
        yield _of_node(document, node, "ProvisionedConcurrentExecutions", message, hint, "error")
    functions = [one.config for one in document.nodes if isinstance(one.config, FunctionSettings)]
    limit = settings.account_concurrency
    if any(one.account_concurrency != limit for one in functions):
        message = "the functions of a design are of one account, and they disagree on its concurrency"
        yield _of_node(
            document, node, "account_concurrency", message, "give all of them the same number", "error"
        )
    aside = sum(set_aside(one) for one in functions)
    if set_aside(settings) and aside > limit - UNRESERVABLE:
        message = (
            f"the functions set {aside} executions aside; of {limit} of the account at most "
            f"{max(0, limit - UNRESERVABLE)} can be: {UNRESERVABLE} stay for the others"
        )
        name = field if reserved is not None else "ProvisionedConcurrentExecutions"
        yield _of_node(document, node, name, message, "reserve less, or raise Account concurrency", "error")


def _mapping(
    document: Document, function: FunctionSettings, edge: Edge, mapping: MappingSettings
) -> Iterator[Problem]:
    source = document.node(edge.source)
    config: Any = source.config
    is_fifo = bool(getattr(config, "fifo_queue", False))
    size, window = mapping.batch_size or 10, mapping.batching_window or 0.0
    if source.kind == "aws.sqs":
        if is_fifo and (size > 10 or window > 0):
            field = "BatchSize" if size > 10 else "MaximumBatchingWindowInSeconds"
            message = f"{source.id} is a FIFO queue: a batch has 10 messages at most and no window"
            yield _of_edge(document, edge, field, message, "BatchSize 10 or less, no window", "error")
        elif size > 10 and window < 1:
            message = f"BatchSize {size} needs a MaximumBatchingWindowInSeconds of 1 s or more"
            hint = "set the window to 1 or more, or BatchSize to 10 or less"
            yield _of_edge(document, edge, "BatchSize", message, hint, "error")
        yield from _visibility(document, source, function, edge, window)
        yield from _dead_letters(document, source)
    if mapping.maximum_concurrency is not None or mapping.provisioned_pollers is not None:
        field = "MaximumConcurrency" if mapping.maximum_concurrency is not None else "ProvisionedPollerConfig"
        if source.kind != "aws.sqs":
            message = f"{field} is for SQS; {source.id} is a {source.kind}"
            yield _of_edge(document, edge, field, message, "leave it out", "error")
        if mapping.maximum_concurrency is not None and mapping.provisioned_pollers is not None:
            message = "MaximumConcurrency and ProvisionedPollerConfig exclude each other"
            yield _of_edge(document, edge, field, message, "leave one of them out", "error")
    reserved = function.reserved_concurrency
    if reserved and mapping.maximum_concurrency is not None and mapping.maximum_concurrency > reserved:
        message = (
            f"the mapping runs up to {mapping.maximum_concurrency} batches, the function {reserved}: "
            "the rest is throttled"
        )
        yield _of_edge(document, edge, "MaximumConcurrency", message, f"{reserved} or less")
    given = mapping.model_fields_set
    for name, field in _STREAM_ONLY.items():
        if name in given and source.kind in QUEUES:
            message = f"{field} is for streams; {source.id} is a {source.kind}"
            yield _of_edge(document, edge, field, message, "leave it out", "error")
    if size > 1 and not mapping.report_failures and function.failure.probability > 0.0:
        message = "one failure brings the whole batch again, what had succeeded too"
        field, hint = "ReportBatchItemFailures", "set ReportBatchItemFailures"
        mend = (SetSetting("edge", edge.id, (field,), True),)
        yield _of_edge(document, edge, field, message, hint, "hint", mend)
    if source.kind not in QUEUES and mapping.maximum_retry_attempts < 0 and not mapping.bisect:
        message = f"a record that always fails holds up its part of {source.id} until it expires"
        hint = "set MaximumRetryAttempts, a failure destination, and BisectBatchOnFunctionError"
        yield _of_edge(document, edge, "MaximumRetryAttempts", message, hint, "hint")


def _visibility(
    document: Document, source: Node, function: FunctionSettings, edge: Edge, window: float
) -> Iterator[Problem]:
    timeout: float = source.config.visibility_timeout  # type: ignore[attr-defined]
    needed = VISIBILITY_FACTOR * function.timeout + window
    if timeout < function.timeout:
        message = (
            f"{edge.target} may run {function.timeout} s, and {source.id} hides a message for {timeout:g} s"
        )
        yield _of_node(document, source, "VisibilityTimeout", message, f"{needed:g} s or more", "error")
    elif timeout < needed:
        message = (
            f"VisibilityTimeout {timeout:g} s is less than six times the Timeout of {edge.target} "
            f"({function.timeout} s): under throttling messages come again while their batch still waits"
        )
        mend = (
            (SetSetting("node", source.id, ("VisibilityTimeout",), ceil(needed)),) if needed <= 43_200 else ()
        )
        hint = f"{needed:g} s or more"
        yield _of_node(document, source, "VisibilityTimeout", message, hint, "warning", mend)


def _dead_letters(document: Document, source: Node) -> Iterator[Problem]:
    for edge in document.edges_from(source.id):
        count = getattr(edge.settings, "max_receive_count", None)
        if edge.role == "dead-letter" and count is not None and count < LEAST_RECEIVES:
            message = f"maxReceiveCount {count}: a few throttled receives give a message up that never ran"
            yield _of_edge(document, edge, "maxReceiveCount", message, f"{LEAST_RECEIVES} or more", "hint")


def _asynchronous(document: Document, node: Node) -> Iterator[Problem]:
    mappings = {edge.id for edge in document.edges_into(node.id) if edge.role == "consume"}
    failing = [
        edge for edge in document.edges_from(node.id) if isinstance(edge.settings, FunctionFailureEdge)
    ]
    for edge in failing:
        assert isinstance(edge.settings, FunctionFailureEdge)
        source = edge.settings.source
        if source and source not in mappings:
            message = f"{source!r} is no event source mapping of {node.id}"
            hint = f"its mappings are the edges {', '.join(sorted(mappings)) or '(none)'}"
            yield _of_edge(document, edge, "source", message, hint, "error")
        elif source and document.node(_edge(document, source).source).kind in QUEUES:
            message = f"the edge {source!r} reads a queue, whose own dead-letter queue takes what fails"
            hint = "draw a dead-letter edge from the queue, or name a stream"
            yield _of_edge(document, edge, "source", message, hint, "error")
    for edge in failing:
        yield from _destination(document, edge)
    is_async = any(is_event(document, edge) for edge in document.edges_into(node.id))
    if is_async and not any(edge.settings.source == "" for edge in failing):  # type: ignore[attr-defined]
        message = f"asynchronous events that {node.id} fails at three times are gone"
        hint = "draw a dead-letter edge to a queue: an on-failure destination"
        yield _of_node(document, node, "", message, hint, "hint")


#: Kinds that a destination on failure can be; a queue or topic of the textbook stands for S3.
_OF_EVENTS = ("aws.sqs", "aws.sns", "aws.eventbridge", "aws.lambda", "queue", "topic")
_OF_MAPPINGS = ("aws.sqs", "aws.sns", "queue", "topic")


def _destination(document: Document, edge: Edge) -> Iterator[Problem]:
    """A destination on failure that Lambda does not know, or a FIFO one."""
    source = getattr(edge.settings, "source", "")
    target = document.node(edge.target)
    mapping = next((one for one in document.edges if one.id == source), None)
    known = _OF_MAPPINGS if source else _OF_EVENTS
    if mapping is not None and document.node(mapping.source).kind == "kafka.topic":
        known = (*known, "kafka.topic")
    if target.kind not in known:
        what = "a mapping" if source else "asynchronous events"
        message = f"{target.id} is a {target.kind}, to which Lambda hands over nothing that {what} failed at"
        yield _of_edge(document, edge, "source", message, f"lead it to {', '.join(known)}", "error")
    elif getattr(target.config, "fifo_queue", False) or getattr(target.config, "fifo_topic", False):
        message = f"{target.id} is FIFO; destinations on failure are standard queues and topics"
        yield _of_edge(document, edge, "source", message, "make it a standard one", "error")


def _edge(document: Document, id: str) -> Edge:
    return next(edge for edge in document.edges if edge.id == id)
