"""Rules about what becomes of messages on their way: dead letters, retention, catching up, two writes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from simulator.graph.edits import AddObjective, SetSetting
from simulator.graph.figures import seconds
from simulator.graph.rule import Finding, Rule
from simulator.graph.walks import reachable
from simulator.kinds.catalogue import KINDS

if TYPE_CHECKING:
    from simulator.design.document import Document, Node
    from simulator.graph.look import Look

#: Categories of nodes that write and publish by themselves.
_WORKERS = ("consumer", "service", "function")
#: Categories that hold what was published.
_BROKERS = ("queue", "topic", "bus")
#: Times an outage lasts that catching up with it may take.
SLOW_DRAIN = 10.0
#: Outage for which catching up is reckoned where the design declares none, seconds.
SHORT_OUTAGE = 600.0


def without_dead_letters(look: Look) -> Iterator[Finding]:
    """Textbook queues whose readers fail at times, and which have no dead-letter queue."""
    for node, _ in look.of_kind("queue"):
        failing = look.failing(node.id)
        if failing and not look.out(node.id, "dead-letter"):
            yield Finding(
                node.id,
                f"work of {failing[0].target} fails at times and {node.id} has no dead-letter queue: what "
                "always fails comes again for ever",
                "",
                "draw a dead-letter edge to another queue",
                look.dead_letters(node.id, "queue", edge={"maxReceiveCount": 5}),
            )


def _kept(node: Node, config: Any) -> tuple[float, str, float, float] | None:
    """For how long (s) a broker keeps what nobody reads, its setting, units per second, the most it takes."""
    if node.kind == "aws.sqs":
        return config.retention, "MessageRetentionPeriod", 1.0, 1_209_600.0
    if node.kind == "kafka.topic" and config.retention_ms >= 0 and "delete" in config.cleanup_policy:
        return config.retention_ms / 1e3, "retention.ms", 1e3, 1e15
    if node.kind == "rabbitmq.queue" and config.x_message_ttl is not None:
        return config.x_message_ttl / 1e3, "x-message-ttl", 1e3, 2.0**32 - 1
    return None


def short_retention(look: Look) -> Iterator[Finding]:
    """Brokers that forget what waits before a reader that is away has come back."""
    for node in look.document.nodes:
        config: Any = node.config
        kept = _kept(node, config)
        if kept is None or (node.kind == "rabbitmq.queue" and look.out(node.id, "dead-letter")):
            continue
        span, setting, factor, most = kept
        readers = {edge.target for edge in look.out(node.id, "consume")}
        outages = [(*look.outage(id), id) for id in sorted(readers)]
        declared = [one for one in outages if one[1]]
        if not outages:
            continue
        longest, is_declared, reader = max(declared or outages)
        if span > longest:
            continue
        wanted = min(2.0 * longest * factor, most)
        reason = (
            f"the design has {reader} away for {seconds(longest)}"
            if is_declared
            else f"an outage of {reader} of {seconds(longest)} is usual"
        )
        yield Finding(
            node.id,
            f"{node.id} keeps messages for {seconds(span)}, and {reason}: what waits longer is lost",
            f"config.{setting}",
            f"set {setting} to {wanted:,.0f} or more",
            (SetSetting("node", node.id, (setting,), int(wanted)),) if wanted > longest * factor else (),
        )


def unwatched_dead_letters(look: Look) -> Iterator[Finding]:
    """Dead-letter queues that nobody reads and no objective is about."""
    document = look.document
    watched = {objective.node for objective in document.objectives}
    sources = {
        objective.node or objective.source
        for objective in document.objectives
        if objective.metric.partition(".")[0] == "dead_lettered"
    }
    for node in document.nodes:
        letters = look.into(node.id, "dead-letter")
        others = [edge for edge in document.edges_into(node.id) if edge.role != "dead-letter"]
        if KINDS[node.kind].category != "queue":
            continue  # an exchange hands on what it gets, and has its own rules
        if not letters or others or document.edges_from(node.id) or node.id in watched:
            continue
        if any(edge.source in reachable(document, one) for one in sources if one for edge in letters):
            continue
        yield Finding(
            node.id,
            f"nobody reads {node.id} and no objective watches it: what {letters[0].source} gives up is found "
            "when somebody misses it",
            "",
            f"add an objective such as dead_lettered of {letters[0].source} equals 0, as an alarm would be, "
            "or let somebody read the queue",
            _alarm(document, letters[0].source),
        )


def _alarm(document: Document, source: str) -> tuple[AddObjective, ...]:
    """The objective that no dead letter comes from a node; none where the node does not count them."""
    if KINDS[document.node(source).kind].category not in ("queue", "topic", "bus"):
        return ()
    return (AddObjective({"metric": "dead_lettered", "node": source, "equals": 0}),)


def returned_dead_letters(look: Look) -> Iterator[Finding]:
    """Dead-letter queues that lead back into the queue they come from."""
    document = look.document
    for node in document.nodes:
        letters = look.into(node.id, "dead-letter")
        for reading in look.out(node.id, "consume") if letters else ():
            for onward in document.edges_from(reading.target):
                source = next((edge.source for edge in letters if edge.source == onward.target), None)
                if source is None or onward.role != "publish":
                    continue
                routing = onward.routing()
                if routing.probability is not None or routing.choice is not None or routing.delay is not None:
                    continue
                yield Finding(
                    onward.id,
                    f"{reading.target} sends every dead letter of {source} back to {source} at once: what "
                    "always fails goes round",
                    "to",
                    "send back only what has been mended (a probability), later (a delay), or by hand",
                )


def slow_catch_up(look: Look) -> Iterator[Finding]:
    """Readers that need many times as long to catch up as they were away (T lambda / (mu - lambda))."""
    for id, load in look.loads.items():
        node = look.document.node(id)
        reads = look.into(id, "consume")
        if (
            not reads
            or KINDS[node.kind].category not in ("consumer", "view")
            or not 0.0 < load.utilization < 1.0
        ):
            continue
        outage, is_declared = look.outage(id)
        outage = outage if is_declared else SHORT_OUTAGE
        drain = outage * load.utilization / (1.0 - load.utilization)
        if drain <= SLOW_DRAIN * outage:
            continue
        yield Finding(
            id,
            f"{id} is busy {load.utilization:.1%} of the time: after an outage of {seconds(outage)} it takes "
            f"{seconds(drain)} to catch up",
            "config.instances",
            f"{int(load.erlang / 0.8) + 1} workers would be busy 80 % of the time and catch up in four "
            "outages",
            _more_instances(look, node, load.erlang),
        )


def _more_instances(look: Look, node: Node, erlang: float) -> tuple[SetSetting, ...]:
    """More instances, where no log bounds them by its partitions and no order by one worker."""
    config: Any = node.config
    sources = {look.document.node(edge.source).kind for edge in look.into(node.id, "consume")}
    if node.kind != "consumer" or sources & {"kafka.topic", "aws.dynamodb", "event-store"}:
        return ()
    return (SetSetting("node", node.id, ("instances",), int(erlang / 0.8 / config.concurrency) + 1),)


def dual_writes(look: Look) -> Iterator[Finding]:
    """Workers that write to a store and publish beside it, in two steps that can part."""
    document = look.document
    for node in document.nodes:
        if KINDS[node.kind].category not in _WORKERS:
            continue
        writes = [
            edge.target
            for edge in document.edges_from(node.id)
            if KINDS[document.node(edge.target).kind].category == "store"
            and getattr(edge.settings, "operation", "append") not in ("get", "query", "transact-get", "load")
        ]
        tells = [
            edge.target
            for edge in look.out(node.id, "publish")
            if KINDS[document.node(edge.target).kind].category in _BROKERS
        ]
        if writes and tells:
            yield Finding(
                node.id,
                f"{node.id} writes to {writes[0]} and publishes to {tells[0]} in two steps: a crash between "
                "them loses the event, or tells of a change that was never made",
                "",
                f"publish what the stream of {writes[0]} says (change data capture), or by way of an outbox",
            )


RULES = (
    Rule(
        "D503",
        "hint",
        "Work fails at times and its queue has no dead-letter queue.",
        "A message that fails whenever it is tried (a poison message) comes again for ever and takes the "
        "workers from those that could be done.",
        "Hohpe and Woolf, Enterprise Integration Patterns, 2003, Dead Letter Channel",
        "Draw a dead-letter edge to a queue that somebody looks at.",
        without_dead_letters,
    ),
    Rule(
        "D504",
        "warning",
        "Messages are kept for less time than the longest outage of their reader.",
        "What waits longer than the retention disappears without a word: a night or a weekend without the "
        "reader loses data. Without a declared pause or outage a day is taken, in which somebody notices, "
        "mends and deploys.",
        "Amazon SQS developer guide, MessageRetentionPeriod; Apache Kafka documentation, retention.ms; "
        "RabbitMQ documentation, Time-To-Live",
        "Keep messages for at least twice the longest outage.",
        short_retention,
    ),
    Rule(
        "D505",
        "hint",
        "A dead-letter queue that nobody watches.",
        "What was given up waits there until its retention is over, and then it is gone: a dead-letter queue "
        "without an alarm or a plan for its messages is a slow way of losing them.",
        "Amazon SQS developer guide, Using dead-letter queues, Monitoring with CloudWatch; Nygard, Release "
        "It!, 2018, chapter 4",
        "Let an objective watch it, as an alarm would, or let somebody read it.",
        unwatched_dead_letters,
    ),
    Rule(
        "D506",
        "warning",
        "Dead letters are sent back to where they came from, all of them and at once.",
        "What made them fail is still there: they go round between queue and dead-letter queue, with every "
        "try paid for.",
        "Amazon SQS developer guide, Using dead-letter queues (redrive after the cause is mended)",
        "Redrive by hand, with a delay, or only what was mended.",
        returned_dead_letters,
    ),
    Rule(
        "D507",
        "hint",
        "A reader that was away needs ten times as long to catch up.",
        "The backlog of an outage of length T drains in T times lambda / (mu - lambda): near full load hours "
        "for minutes, and everybody waits in the mean time.",
        "Backlog of a fluid queue after an outage, T lambda / (mu - lambda): Kleinrock, Queueing Systems, "
        "volume 2, 1976, section 2.7",
        "Plan for a utilization of 80 % at the most.",
        slow_catch_up,
    ),
    Rule(
        "D508",
        "hint",
        "A worker writes to a store and publishes an event in two steps (dual write).",
        "A crash between the two loses the event, or announces what was rolled back; no retry mends it, as "
        "nobody knows that it happened.",
        "Richardson, Microservices Patterns, 2018, section 3.3 (Transactional messaging: outbox, log "
        "tailing)",
        "Publish from the store's stream, or write the event into an outbox in the same transaction.",
        dual_writes,
    ),
)
