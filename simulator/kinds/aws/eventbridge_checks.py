"""What can be seen to be wrong, or unwise, in the rules and targets of a bus before a run.

Sources: Amazon EventBridge user guide, quotas, *Event bus targets*, *Using dead-letter queues*.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from simulator.graph.problem import Problem, Severity
from simulator.kinds.aws.eventbridge_loops import loop_problems
from simulator.kinds.aws.eventbridge_rules import rules_of, target_of
from simulator.kinds.aws.eventbridge_settings import (
    BusSettings,
    ReplaySettings,
    TargetDeadLetterSettings,
    TargetRefusalSettings,
)

if TYPE_CHECKING:
    from simulator.design.document import Document, Edge, Node

BUS = "aws.eventbridge"
#: Kinds that a rule may send to; the textbook queue and topic stand for any target.
TARGETS = ("aws.sqs", "aws.sns", BUS, "service", "queue", "topic", "aws.stepfunctions", "aws.lambda")
#: Targets of a rule, rules of a bus, and of these with wildcards (user guide, quotas).
MOST_TARGETS, MOST_RULES, MOST_WILDCARD_RULES = 5, 300, 30
#: Regions where a bus has fewer rules (user guide, quotas).
FEWER_RULES = {"af-south-1": 100, "eu-south-1": 100}


def check(document: Document, node: Node) -> list[Problem]:
    """Limits, targets and dead-letter queues that AWS refuses (D283), loops, and practice (D340)."""
    settings = node.config
    assert isinstance(settings, BusSettings)
    rules = rules_of(document, node.id)
    problems = [
        *_rule_problems(document, node, settings, rules),
        *_shared_quota(document, node, settings),
        *_fault_problems(document, node, settings, rules),
    ]
    for edge in document.edges_from(node.id):
        if edge.role == "publish":
            problems += _target_problems(document, node, edge)
        elif edge.role == "dead-letter":
            problems += _dead_letter_problems(document, node, edge)
    problems += _silent_senders(document, node, rules)
    return problems + loop_problems(document, node)


def _rule_problems(
    document: Document, node: Node, settings: BusSettings, rules: dict[str, list[Edge]]
) -> Iterator[Problem]:
    most = FEWER_RULES.get(settings.region, MOST_RULES)
    if len(rules) > most:
        yield _at_node(
            document,
            node,
            "",
            f"{node.id} has {len(rules)} rules; a bus in {settings.region} has at most {most}",
            "give targets of one pattern the same RuleName, or use a second bus",
        )
    with_wildcards = 0
    for name, edges in rules.items():
        patterns: list[str] = []
        for edge in edges:
            pattern = target_of(edge).event_pattern
            if pattern is not None:
                patterns.append(json.dumps(pattern, sort_keys=True))
        with_wildcards += '"wildcard":' in "".join(patterns)
        if len(edges) > MOST_TARGETS:
            yield _at_edge(
                document,
                edges[MOST_TARGETS],
                "config.RuleName",
                f"the rule {name} has {len(edges)} targets; a rule has at most {MOST_TARGETS}",
                "make a second rule with the same pattern, or put an SNS topic between",
            )
        if len(set(patterns)) > 1:
            yield _at_edge(
                document,
                edges[-1],
                "config.EventPattern",
                f"the targets of the rule {name} have different patterns, and a rule has one",
                "leave the pattern out on all but one, or give each its own RuleName",
            )
        if len({target_of(edge).state == "DISABLED" for edge in edges}) > 1:
            yield _at_edge(
                document,
                edges[-1],
                "config.State",
                f"the rule {name} is disabled on some of its edges",
                "set the same State on all edges of a rule",
            )
    if with_wildcards > MOST_WILDCARD_RULES:
        yield _at_node(
            document,
            node,
            "",
            f"{with_wildcards} rules of {node.id} use wildcards; a bus has at most {MOST_WILDCARD_RULES}",
            "use prefix or suffix where that is enough",
        )


def _shared_quota(document: Document, node: Node, settings: BusSettings) -> Iterator[Problem]:
    """The quotas belong to the account: buses of one Region cannot have different ones."""
    for other in document.nodes:
        if other.id == node.id:
            return
        config = other.config
        if not isinstance(config, BusSettings) or config.region != settings.region:
            continue
        for field in ("put_events_quota", "invocations_quota"):
            if getattr(config, field) != getattr(settings, field):
                yield _at_node(
                    document,
                    node,
                    f"config.{field}",
                    f"{node.id} and {other.id} share the quotas of {settings.region}, and {field} differs",
                    "set it to the same value on all buses of the Region",
                )
        return


def _target_problems(document: Document, node: Node, edge: Edge) -> Iterator[Problem]:
    target = document.node(edge.target)
    settings = target_of(edge)
    if edge.target == node.id:
        yield _at_edge(
            document, edge, "to", f"{node.id} cannot be a target of its own rules", "name another bus"
        )
    if target.kind not in TARGETS:
        yield _at_edge(
            document,
            edge,
            "to",
            f"EventBridge has no target of the kind {target.kind}",
            "lead it to an aws.sqs, and read that with a consumer that publishes on",
        )
    if getattr(target.config, "fifo_queue", False):
        if settings.message_group_id is None:
            yield _at_edge(
                document,
                edge,
                "config.MessageGroupId",
                f"{target.id} is a FIFO queue: its target needs a MessageGroupId",
                "give a text, or a path such as $.detail.customer",
            )
        if getattr(target.config, "content_based_deduplication", True) is False:
            yield _at_edge(
                document,
                edge,
                "to",
                f"EventBridge sends no deduplication id, and {target.id} does not make one from the content",
                f"set ContentBasedDeduplication on {target.id}",
            )


def _dead_letter_problems(document: Document, node: Node, edge: Edge) -> Iterator[Problem]:
    queue = document.node(edge.target)
    if queue.kind != "aws.sqs" or getattr(queue.config, "fifo_queue", False):
        what = "a FIFO queue" if queue.kind == "aws.sqs" else f"a {queue.kind}"
        yield _at_edge(
            document,
            edge,
            "to",
            f"the dead-letter queue of a target is a standard SQS queue; {queue.id} is {what}",
            "lead it to a standard aws.sqs",
        )
    settings = edge.settings
    assert isinstance(settings, TargetDeadLetterSettings)
    if settings.target:
        yield from _known_target(document, node, settings.target, edge)


def _known_target(document: Document, node: Node, named: str, edge: Edge) -> Iterator[Problem]:
    known = [one.id for one in document.edges_from(node.id) if one.role == "publish"]
    if named not in known:
        yield _at_edge(
            document,
            edge,
            "config.target",
            f"no target of {node.id} is at the end of an edge {named!r}",
            f"the edges to its targets are {', '.join(known) or 'not drawn yet'}",
        )


def _fault_problems(
    document: Document, node: Node, settings: BusSettings, rules: dict[str, list[Edge]]
) -> Iterator[Problem]:
    for position, fault in enumerate(document.faults):
        if fault.node != node.id:
            continue
        path = f"faults[{position}]"
        config = fault.settings
        if isinstance(config, ReplaySettings):
            if settings.archive is None:
                message = f"{node.id} has no archive to replay from"
                yield Problem("D283", "error", node.id, "", message, "give the bus an Archive", path)
            for name in config.filter_rules:
                if name not in rules:
                    message = f"{node.id} has no rule {name!r} to replay to"
                    hint = f"its rules are {', '.join(rules) or 'not drawn yet'}"
                    yield Problem("D283", "error", node.id, "", message, hint, f"{path}.config.FilterArns")
        elif isinstance(config, TargetRefusalSettings) and config.target:
            known = [edge.id for edges in rules.values() for edge in edges]
            if config.target not in known:
                message = f"no target of {node.id} is at the end of an edge {config.target!r}"
                hint = f"the edges to its targets are {', '.join(known) or 'not drawn yet'}"
                yield Problem("D283", "error", node.id, "", message, hint, f"{path}.config.target")


def _silent_senders(document: Document, node: Node, rules: dict[str, list[Edge]]) -> Iterator[Problem]:
    """Events that say nothing match no pattern."""
    has_patterns = any(target_of(edge).event_pattern for edges in rules.values() for edge in edges)
    for edge in document.edges_into(node.id) if has_patterns else ():
        config: Any = document.node(edge.source).config
        if hasattr(config, "event") and not config.event and edge.routing().event is None:
            yield _at_edge(
                document,
                edge,
                "from",
                f"{edge.source} sends events without source, type and detail, which no pattern matches",
                f"give {edge.source} an event template",
                severity="warning",
            )


def _at_node(document: Document, node: Node, field: str, message: str, hint: str) -> Problem:
    path = document.path_of(node) + (f".{field}" if field else "")
    return Problem("D283", "error", node.id, field, message, hint, path)


def _at_edge(
    document: Document, edge: Edge, field: str, message: str, hint: str, *, severity: Severity = "error"
) -> Problem:
    code = "D283" if severity == "error" else "D340"
    path = document.path_of(edge) + (f".{field}" if field else "")
    return Problem(code, severity, edge.id, field, message, hint, path)
