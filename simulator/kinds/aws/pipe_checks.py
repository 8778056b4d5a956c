"""What can be seen to be wrong with a pipe before a run (D283), and what is regretted later (D310)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.graph.problem import Problem
from simulator.kinds.aws.pipe_settings import PipeInvokeSettings, PipeSettings
from simulator.kinds.aws.pipe_sources import PIPE_SOURCES, TARGET_BATCHES, source_of, targets_of

if TYPE_CHECKING:
    from simulator.design.document import Document, Edge, Node

#: SQS gives no more than this of a FIFO queue to one execution (user guide, *SQS as a source*).
FIFO_BATCH = 10
_STREAM_ONLY = {
    "parallelization_factor": "ParallelizationFactor",
    "maximum_retry_attempts": "MaximumRetryAttempts",
    "maximum_record_age": "MaximumRecordAgeInSeconds",
}


def check(document: Document, node: Node) -> list[Problem]:
    """A pipe has one source that pipes read, at most one enrichment, and one target."""
    path = document.path_of(node)
    into = document.edges_into(node.id)
    found = [*_source(document, node, into), *_ends(document, node)]
    problems = [Problem("D283", "error", node.id, "", message, hint, path) for message, hint in found]
    if not problems:
        problems = [
            Problem("D283", "error", node.id, field, message, hint, f"{path}.{field}")
            for field, message, hint in _sizes(document, node)
        ]
        problems += _filter(document, node, path)
    return problems


def _source(document: Document, node: Node, into: list[Edge]) -> list[tuple[str, str]]:
    found = []
    if len(into) != 1:
        found.append((f"{node.id} has {len(into)} sources; a pipe has one", "draw a pipe for each source"))
    for edge in into:
        source = document.node(edge.source)
        rules = PIPE_SOURCES.get(source.kind)
        if rules is None:
            kinds = ", ".join(PIPE_SOURCES)
            found.append(
                (f"{node.id} reads a {source.kind}, and pipes read {kinds}", "read it with a consumer")
            )
        elif refusal := rules.refusal(source.config, edge.settings):
            found.append((f"{node.id} cannot read {source.id}: {refusal}", "change it, or use a consumer"))
    return found


def _ends(document: Document, node: Node) -> list[tuple[str, str]]:
    leaving = document.edges_from(node.id)
    calls = [edge.settings for edge in leaving if edge.role == "invoke"]
    final = sum(isinstance(one, PipeInvokeSettings) and one.purpose == "target" for one in calls)
    targets = final + len(targets_of(document, node.id))
    found = []
    dead = sum(edge.role == "publish" for edge in leaving) - len(targets_of(document, node.id))
    sources = [document.node(edge.source).kind for edge in document.edges_into(node.id)]
    if dead and not any(kind in PIPE_SOURCES and PIPE_SOURCES[kind].is_stream for kind in sources):
        found.append(
            (
                f"{node.id} has a dead-letter edge, and gives up nothing but batches of streams",
                "draw a dead-letter edge from the queue that it reads",
            )
        )
    if dead > 1:
        found.append((f"{node.id} has {dead} dead-letter edges; a pipe has one", "keep one of them"))
    if targets != 1:
        hint = "publish to a bus or topic that fans out"
        if not targets:
            hint = "lead it to a queue, topic or bus, or give what it invokes the purpose target"
        found.append((f"{node.id} has {targets} targets; a pipe has one", hint))
    if len(calls) - final > 1:
        found.append(
            (
                f"{node.id} invokes {len(calls) - final} services; a pipe has one enrichment",
                "let one call the others",
            )
        )
    return found


def _sizes(document: Document, node: Node) -> list[tuple[str, str, str]]:
    """Batches that the target or the source does not take, and more executions than there can be."""
    settings = node.config
    assert isinstance(settings, PipeSettings)
    source, rules = source_of(document, node.id)
    found = []
    size = settings.batch_size
    for edge in targets_of(document, node.id):
        target = document.node(edge.target)
        most = TARGET_BATCHES.get(target.kind)
        if size is not None and most is not None and size > most:
            found.append(
                (
                    "config.BatchSize",
                    f"BatchSize {size} is more than {target.id} ({target.kind}) takes at a time",
                    f"set it to {most} or less",
                )
            )
    if source.kind == "aws.sqs" and rules.is_ordered(source.config) and (size or 1) > FIFO_BATCH:
        found.append(
            (
                "config.BatchSize",
                f"BatchSize {size} is more than a FIFO queue gives at a time",
                f"set it to {FIFO_BATCH} or less",
            )
        )
    factor = settings.parallelization_factor if rules.is_stream else 1
    if not rules.is_stream:
        found += [
            (f"config.{field}", f"{field} is for streams; {source.id} is a {source.kind}", "leave it out")
            for name, field in _STREAM_ONLY.items()
            if name in settings.model_fields_set
        ]
    most = rules.most(source.config) * factor
    if settings.concurrency is not None and settings.concurrency > most:
        found.append(
            (
                "config.concurrency",
                f"{source.id} ({source.kind}) lets a pipe run {most} executions at a time",
                "leave it empty for the most there can be",
            )
        )
    return found


def _filter(document: Document, node: Node, path: str) -> list[Problem]:
    """A filter that looks where this source has nothing lets nothing through."""
    settings = node.config
    assert isinstance(settings, PipeSettings)
    source, rules = source_of(document, node.id)
    pattern = settings.filter_pattern
    if pattern is None or {rules.body, "$or", *rules.beside} & pattern.keys():
        return []
    others = ", ".join(sorted(pattern))
    message = f"the filter looks at {others}; what a {source.kind} holds stands under {rules.body}"
    field = "config.FilterPattern"
    hint = f"write {{{rules.body}: ...}}, or nothing is let through"
    return [Problem("D310", "warning", node.id, field, message, hint, f"{path}.{field}")]
