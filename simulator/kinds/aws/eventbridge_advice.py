"""Rules of practice of Amazon EventBridge (D540 to D549)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from simulator.graph.edits import SetSetting
from simulator.graph.figures import seconds
from simulator.graph.rule import Finding, Rule
from simulator.kinds.aws.eventbridge_rules import rules_of, target_of
from simulator.kinds.aws.eventbridge_settings import (
    PUT_EVENTS,
    PutEventsSettings,
    ReplaySettings,
    TargetDeadLetterSettings,
)

if TYPE_CHECKING:
    from simulator.graph.look import Look

#: Bytes of an event that are billed as one.
CHUNK = 65_536
RETENTION = 1_209_600


def without_dead_letters(look: Look) -> Iterator[Finding]:
    """Buses of which some targets have no dead-letter queue."""
    for node, _ in look.of_kind("aws.eventbridge"):
        named = {
            edge.settings.target
            for edge in look.out(node.id, "dead-letter")
            if isinstance(edge.settings, TargetDeadLetterSettings)
        }
        targets = look.out(node.id, "publish")
        without = [edge for edge in targets if edge.id not in named]
        if without and "" not in named:
            yield Finding(
                without[0].id,
                f"{len(without)} of {len(targets)} targets of {node.id} have no dead-letter queue: what "
                "cannot be delivered in 24 h, or ever, is dropped",
                "",
                f"draw a dead-letter edge from {node.id} to a standard aws.sqs",
                look.dead_letters(node.id, "aws.sqs", {"MessageRetentionPeriod": RETENTION}),
            )


def endless_archives(look: Look) -> Iterator[Finding]:
    """Archives that keep events for ever."""
    for node, settings in look.of_kind("aws.eventbridge"):
        if settings.archive is not None and settings.archive.retention_days == 0:
            yield Finding(
                node.id,
                f"the archive of {node.id} keeps every event for ever (RetentionDays 0), and is paid for as "
                "long",
                "config.Archive.RetentionDays",
                "set it to the longest time after which somebody replays",
            )


def catch_all_rules(look: Look) -> Iterator[Finding]:
    """Rules that match everything, on a bus whose other rules choose."""
    for node, _ in look.of_kind("aws.eventbridge"):
        patterns = {
            name: next(
                (target_of(edge).event_pattern for edge in edges if target_of(edge).event_pattern), None
            )
            for name, edges in rules_of(look.document, node.id).items()
        }
        if not any(patterns.values()):
            continue
        for name, edges in rules_of(look.document, node.id).items():
            pattern = patterns[name]
            if pattern is None or pattern == {"source": [{"prefix": ""}]}:
                yield Finding(
                    edges[0].id,
                    f"the rule to {edges[0].target} matches every event of {node.id}, also those that come "
                    "to the bus later",
                    "config.EventPattern",
                    "name the sources in the pattern",
                )


def above_put_quota(look: Look) -> Iterator[Finding]:
    """Senders that together call PutEvents more often than the account may."""
    told = set()
    for node, settings in look.of_kind("aws.eventbridge"):
        if settings.region in told:
            continue
        told.add(settings.region)
        quota = settings.put_events_quota or PUT_EVENTS[settings.region]
        calls = 0.0
        for other, config in look.of_kind("aws.eventbridge"):
            if config.region != settings.region:
                continue
            for edge in look.into(other.id, "publish"):
                entries = edge.settings.entries if isinstance(edge.settings, PutEventsSettings) else 1
                share = edge.routing().probability
                calls += look.rate(edge.source) * (1.0 if share is None else share) / entries
        if calls > quota:
            yield Finding(
                node.id,
                f"about {calls:,.0f} PutEvents calls a second come to the buses of {settings.region}, "
                f"{quota:,.0f} are allowed: the rest is refused",
                "config.put_events_quota",
                "send up to 10 events in one call (entries), or ask for a higher quota",
            )


def dear_events(look: Look) -> Iterator[Finding]:
    """Events that are billed as several."""
    for node, _ in look.of_kind("aws.eventbridge"):
        for edge in look.into(node.id, "publish"):
            size = getattr(look.config(edge.source), "size", None)
            if size is not None and size.mean() > CHUNK:
                yield Finding(
                    edge.source,
                    f"events of {size.mean():,.0f} bytes are billed as {int(-(-size.mean() // CHUNK))} each "
                    f"at {node.id}",
                    "config.size",
                    "keep the payload in an object store and send its address (claim check)",
                )


def replays_to_all(look: Look) -> Iterator[Finding]:
    """Replays that go to all rules of a bus with several."""
    for node, _ in look.of_kind("aws.eventbridge"):
        rules = rules_of(look.document, node.id)
        for _kind, fault in look.faults(node.id):
            if isinstance(fault, ReplaySettings) and not fault.filter_rules and len(rules) > 1:
                yield Finding(
                    node.id,
                    f"the replay goes to all {len(rules)} rules of {node.id}: every consumer does its work "
                    "again",
                    "",
                    "name the rules that need the events (FilterArns), and see that their consumers are "
                    "idempotent",
                )


def short_tries(look: Look) -> Iterator[Finding]:
    """Targets that are given up before the outage that the design declares of them is over."""
    for node, _ in look.of_kind("aws.eventbridge"):
        for edge in look.out(node.id, "publish"):
            age = target_of(edge).retry_policy.maximum_event_age
            outage, is_declared = look.outage(edge.target)
            if is_declared and age <= outage:
                wanted = min(86_400, int(2 * outage))
                yield Finding(
                    edge.id,
                    f"{edge.target} is away for {seconds(outage)} and events are given up after "
                    f"{seconds(age)}",
                    "config.RetryPolicy.MaximumEventAgeInSeconds",
                    f"set it to {wanted} or more",
                    (SetSetting("edge", edge.id, ("RetryPolicy", "MaximumEventAgeInSeconds"), wanted),)
                    if wanted > outage
                    else (),
                )


def deleting_filters(look: Look) -> Iterator[Finding]:
    """Pipes with a filter on a queue: what does not match is taken off it."""
    for node, settings in look.of_kind("aws.pipe"):
        for edge in look.into(node.id, "consume") if settings.filter_pattern is not None else ():
            others = [one.target for one in look.out(edge.source, "consume") if one.target != node.id]
            if look.document.node(edge.source).kind == "aws.sqs" and others:
                yield Finding(
                    node.id,
                    f"{node.id} deletes what its filter does not match from {edge.source}, which "
                    f"{others[0]} reads too: messages meant for it are gone",
                    "config.FilterPattern",
                    "give each reader a queue of its own",
                )


_GUIDE = "Amazon EventBridge user guide, "
RULES = (
    Rule(
        "D540",
        "hint",
        "A target of a bus has no dead-letter queue.",
        "What cannot be delivered within 24 hours, and at once what has no permission or no target, is "
        "dropped.",
        _GUIDE + "Using dead-letter queues to process undelivered events",
        "Draw a dead-letter edge from the bus to a standard SQS queue.",
        without_dead_letters,
    ),
    Rule(
        "D541",
        "hint",
        "An archive keeps events for ever.",
        "RetentionDays 0 is the default and means without end: the storage is paid for month by month and "
        "grows.",
        _GUIDE + "Archiving and replaying events",
        "Set RetentionDays to the longest time after which somebody replays.",
        endless_archives,
    ),
    Rule(
        "D542",
        "hint",
        "A rule matches every event of a bus whose other rules choose.",
        "Whatever anybody publishes later reaches its target too, what the target itself publishes included.",
        _GUIDE + "Best practices for event patterns",
        "Name the sources and types that the target is meant for.",
        catch_all_rules,
    ),
    Rule(
        "D543",
        "warning",
        "More PutEvents calls are made than the account may make.",
        "Calls above the quota are refused with ThrottlingException; what the SDK does not bring through in "
        "its attempts is lost.",
        _GUIDE + "Amazon EventBridge quotas",
        "Send up to 10 events in one call, or ask for a higher quota.",
        above_put_quota,
    ),
    Rule(
        "D544",
        "hint",
        "Events are above 64 KiB.",
        "Each 64 KiB begun is billed as one event.",
        "Amazon EventBridge pricing (64 KB chunks)",
        "Keep the payload in an object store and send its address (claim check).",
        dear_events,
    ),
    Rule(
        "D545",
        "hint",
        "A replay goes to all rules of a bus.",
        "Consumers that need nothing of it do their work again: mails go out twice, stock is booked twice.",
        _GUIDE + "Archiving and replaying events",
        "Name the rules in FilterArns.",
        replays_to_all,
    ),
    Rule(
        "D546",
        "warning",
        "Events are given up before the declared outage of their target is over.",
        "MaximumEventAgeInSeconds ends the tries: what was published early in the outage is dropped, or "
        "goes to the dead-letter queue.",
        _GUIDE + "How EventBridge retries delivering events",
        "Set MaximumEventAgeInSeconds above the longest outage, at most 86,400 s.",
        short_tries,
    ),
    Rule(
        "D547",
        "warning",
        "A pipe filters a queue that others read too.",
        "On a queue a message that does not match the filter is deleted, not left for somebody else.",
        _GUIDE + "Event filtering in Amazon EventBridge Pipes (Amazon SQS)",
        "Give each reader a queue of its own.",
        deleting_filters,
    ),
)
