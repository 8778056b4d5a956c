"""Rules of practice of RabbitMQ queues and their consumers (D570 to D579)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from simulator.graph.edits import SetSetting
from simulator.graph.rule import Finding, Rule
from simulator.kinds.rabbitmq.consume_settings import RabbitConsumeSettings

if TYPE_CHECKING:
    from simulator.design.document import Edge, Node
    from simulator.graph.look import Look

KIND = "rabbitmq.queue"
#: Prefetch for work that takes longer than its round trip (RabbitMQ documentation: 100 to 300 at high rates).
USUAL_PREFETCH = 10
#: Utilization from which on a queue without a limit is worth a word.
BUSY = 0.9
#: Faults of RabbitMQ that take a node away.
GONE = ("node-down", "broker-restart")
#: Publishes per second that the one process of a queue does about (RabbitMQ blog, 2024: 99,000 at best).
ONE_QUEUE = 30_000.0


def _readers(look: Look) -> Iterator[tuple[Node, Any, Edge, RabbitConsumeSettings]]:
    for node, settings in look.of_kind(KIND):
        for edge in look.out(node.id, "consume"):
            if isinstance(edge.settings, RabbitConsumeSettings):
                yield node, settings, edge, edge.settings


def unlimited_prefetch(look: Look) -> Iterator[Finding]:
    """Consumers that one of several instances can take all messages from."""
    for node, settings, edge, consume in _readers(look):
        others = len(look.out(node.id, "consume")) > 1
        instances = getattr(look.config(edge.target), "instances", None) or 1
        if consume.prefetch or consume.auto_ack or settings.x_queue_type == "stream":
            continue
        if not others and instances < 2:
            continue
        wanted = max(USUAL_PREFETCH, 2 * look.concurrency(edge.target))
        yield Finding(
            edge.id,
            f"prefetch 0: an instance of {edge.target} takes all that waits in {node.id}, and the others "
            "have nothing to do",
            "config.prefetch",
            f"set it to {wanted}",
            (SetSetting("edge", edge.id, ("prefetch",), wanted),),
        )


def automatic_acks(look: Look) -> Iterator[Finding]:
    """Messages that are gone when they are sent."""
    for _, settings, edge, consume in _readers(look):
        if not consume.auto_ack or settings.x_queue_type == "stream":
            continue
        wanted = max(USUAL_PREFETCH, 2 * look.concurrency(edge.target))
        yield Finding(
            edge.id,
            f"automatic acknowledgement: what {edge.target} has not finished when it stops is lost, and "
            "nothing holds the queue back when it is slow",
            "config.auto_ack",
            f"acknowledge when the work is done, with a prefetch of {wanted}",
            (
                SetSetting("edge", edge.id, ("auto_ack",), False),
                SetSetting("edge", edge.id, ("prefetch",), wanted),
            ),
        )


def requeue_loops(look: Look) -> Iterator[Finding]:
    """Failed work that is put back at once, without a limit."""
    for node, settings, edge, consume in _readers(look):
        if settings.x_queue_type == "stream" or consume.auto_ack or not consume.requeue:
            continue
        failure = getattr(look.config(edge.target), "failure", None)
        delay = getattr(failure, "redelivery_delay", None)
        counts = settings.delivery_limit >= 0 and consume.on_failure != "nack"
        if counts or look.failure(edge.target) <= 0.0 or delay is not None:
            continue
        letters = look.out(node.id, "dead-letter")
        yield Finding(
            edge.id,
            f"failed work of {edge.target} goes back to the head of {node.id} at once and without a limit: "
            "what always fails is delivered again and again, as fast as it fails",
            "config.requeue",
            "set requeue to false and draw a dead-letter edge, or use a quorum queue, which counts",
            (
                SetSetting("edge", edge.id, ("requeue",), False),
                *(() if letters else look.dead_letters(node.id, KIND)),
            ),
        )


def silent_drops(look: Look) -> Iterator[Finding]:
    """Queues that give messages up and lead the dead letters nowhere."""
    for node, settings in look.of_kind(KIND):
        if settings.x_queue_type == "stream" or look.out(node.id, "dead-letter"):
            continue
        reasons = []
        limit = settings.x_max_length is not None or settings.x_max_length_bytes is not None
        if limit and settings.x_overflow == "drop-head":
            reasons.append("its oldest messages when it is full")
        refused = [
            edge.target
            for edge in look.failing(node.id)
            if isinstance(edge.settings, RabbitConsumeSettings) and not edge.settings.requeue
        ]
        if refused:
            reasons.append(f"what {refused[0]} rejects")
        if settings.delivery_limit >= 0 and look.failing(node.id) and not refused:
            reasons.append(f"what failed more than {settings.delivery_limit} times")
        if reasons:
            yield Finding(
                node.id,
                f"{node.id} drops {' and '.join(reasons)}, and has no dead-letter exchange: it is lost "
                "without a word",
                "",
                "draw a dead-letter edge to a queue or an exchange",
                look.dead_letters(node.id, KIND),
            )


def classic_in_a_cluster(look: Look) -> Iterator[Finding]:
    """Classic queues that are to outlive a node and cannot."""
    for node, settings in look.of_kind(KIND):
        if settings.x_queue_type != "classic":
            continue
        if any(kind in GONE for kind, _ in look.faults(node.id)):
            given = settings.model_fields_set
            can_change = settings.x_overflow != "reject-publish-dlx" and settings.durable
            can_change = can_change and not given & {"x_max_priority", "x_queue_mode"}
            yield Finding(
                node.id,
                f"{node.id} is a classic queue on one node, and the design takes that node away: nobody can "
                "publish or read until it is back",
                "config.x-queue-type",
                "use a quorum queue: two of its three members are enough",
                (SetSetting("node", node.id, ("x-queue-type",), "quorum"),) if can_change else (),
            )


def unbounded(look: Look) -> Iterator[Finding]:
    """Queues without any limit whose readers are nearly full."""
    for node, settings in look.of_kind(KIND):
        has_limit = any(
            value is not None
            for value in (settings.x_max_length, settings.x_max_length_bytes, settings.x_message_ttl)
        )
        if has_limit or settings.x_queue_type == "stream":
            continue
        for edge in look.out(node.id, "consume"):
            load = look.loads.get(edge.target)
            if load is not None and load.utilization >= BUSY:
                yield Finding(
                    node.id,
                    f"{node.id} has no limit, and {edge.target} is busy {load.utilization:.0%} of the time: "
                    "the backlog grows until a memory or disk alarm blocks every publisher of the cluster",
                    "config.x-max-length",
                    "set x-max-length with x-overflow reject-publish, or add consumers",
                )
                break


def high_priorities(look: Look) -> Iterator[Finding]:
    """More priorities than a queue should have, or a prefetch that undoes them."""
    for node, settings in look.of_kind(KIND):
        highest = settings.x_max_priority
        if highest is not None and highest > 10:
            yield Finding(
                node.id,
                f"x-max-priority {highest}: every priority is a queue of its own in memory and on disk",
                "config.x-max-priority",
                "two to five are enough; what is above the highest counts as the highest",
                (SetSetting("node", node.id, ("x-max-priority",), 5),),
            )


def lone_active_consumers(look: Look) -> Iterator[Finding]:
    """A single active consumer that cannot keep up alone."""
    for node, settings in look.of_kind(KIND):
        if not settings.x_single_active_consumer:
            continue
        for edge in look.out(node.id, "consume"):
            busy = look.rate(node.id) * look.work(edge.target) / look.concurrency(edge.target)
            if busy >= 1.0:
                yield Finding(
                    node.id,
                    f"x-single-active-consumer: one instance of {edge.target} works and is offered "
                    f"{busy:.3g} times what it can do; the others only stand by",
                    "config.x-single-active-consumer",
                    "spread the keys over several queues with an x-consistent-hash exchange",
                )
                break


def one_queue_for_all(look: Look) -> Iterator[Finding]:
    """Queues with more messages than one process takes."""
    for node, settings in look.of_kind(KIND):
        rate = look.rate(node.id)
        if settings.x_queue_type != "stream" and rate > ONE_QUEUE:
            yield Finding(
                node.id,
                f"{rate:,.0f} msg/s come to {node.id}, and one queue is one process: about 30,000 to "
                "100,000 are the most",
                "",
                "spread them over several queues (x-consistent-hash), or use a stream",
            )


def undone_priorities(look: Look) -> Iterator[Finding]:
    """Priorities of messages that are handed out before the urgent ones come."""
    for node, settings, edge, consume in _readers(look):
        wanted = 2 * look.concurrency(edge.target)
        if settings.x_max_priority is None or consume.auto_ack or 0 < consume.prefetch <= 2 * wanted:
            continue
        held = "everything that waits" if not consume.prefetch else f"up to {consume.prefetch} messages"
        yield Finding(
            edge.id,
            f"{node.id} has priorities, and an instance of {edge.target} holds {held}: what is urgent waits "
            "behind what was handed out before",
            "config.prefetch",
            f"set it to {wanted}",
            (SetSetting("edge", edge.id, ("prefetch",), wanted),),
        )


_DOCS = "RabbitMQ documentation, "
RULES = (
    Rule(
        "D570",
        "warning",
        "Prefetch is unlimited and several consumers share a queue.",
        "The first instance gets everything that waits: the others are idle, its memory fills, and when it "
        "fails all of it is delivered again.",
        _DOCS + "Consumer Prefetch",
        "Set a prefetch of about twice what an instance works on at a time.",
        unlimited_prefetch,
    ),
    Rule(
        "D571",
        "warning",
        "Messages are acknowledged when they are sent.",
        "What a consumer has not finished when it stops is lost; nothing holds the broker back when it is "
        "slow.",
        _DOCS + "Consumer Acknowledgements (automatic mode is considered to be unsafe)",
        "Acknowledge when the work is done, with a prefetch.",
        automatic_acks,
    ),
    Rule(
        "D572",
        "warning",
        "Failed work is requeued at once and without a limit.",
        "A poison message goes back to the head and is delivered again at once: a loop that takes a "
        "processor and starves what waits behind.",
        _DOCS + "Negative Acknowledgements (requeue/redelivery loop); Quorum Queues, Poison Message Handling",
        "Reject without requeue into a dead-letter exchange, or use a quorum queue.",
        requeue_loops,
    ),
    Rule(
        "D573",
        "warning",
        "A queue gives messages up and has no dead-letter exchange.",
        "What is dropped for length, rejected or delivered too often is gone without an error anywhere.",
        _DOCS + "Dead Letter Exchanges; Queue Length Limit; Quorum Queues (delivery limit 20 since 4.0)",
        "Draw a dead-letter edge.",
        silent_drops,
    ),
    Rule(
        "D574",
        "warning",
        "A classic queue stands on a node that the design takes away.",
        "A classic queue is on one node: while that is away there is no queue, whatever the size of the "
        "cluster.",
        _DOCS + "Classic Queues; Quorum Queues",
        "Use a quorum queue.",
        classic_in_a_cluster,
    ),
    Rule(
        "D575",
        "hint",
        "A queue without a limit has readers that are nearly full.",
        "A long queue fills memory and disk, and the alarm then blocks every publisher of the cluster, "
        "those of other queues too.",
        _DOCS + "Memory and Disk Alarms; Queue Length Limit",
        "Set x-max-length with x-overflow reject-publish, or add consumers.",
        unbounded,
    ),
    Rule(
        "D576",
        "hint",
        "A queue has more than ten priorities.",
        "Each priority is an inner queue with its own memory, disk and processor cost.",
        _DOCS + "Priority Queue Support (two to four recommended)",
        "Use two to five.",
        high_priorities,
    ),
    Rule(
        "D577",
        "warning",
        "A single active consumer is offered more than it can do.",
        "Further instances only stand by: the backlog grows without bound.",
        _DOCS + "Single Active Consumer",
        "Spread the keys over several queues.",
        lone_active_consumers,
    ),
    Rule(
        "D578",
        "hint",
        "One queue gets more than one process does.",
        "A queue is one Erlang process on one processor; a faster machine hardly helps.",
        "RabbitMQ blog, August 2024: 99,000 messages/s of 12 bytes through one classic queue",
        "Use several queues or a stream.",
        one_queue_for_all,
    ),
    Rule(
        "D579",
        "hint",
        "A queue has priorities, and its consumers hold many messages.",
        "Priorities order what waits in the queue; what a consumer holds already is done first.",
        _DOCS + "Priority Queue Support (interaction with consumers)",
        "Set a prefetch of about twice what an instance works on at a time.",
        undone_priorities,
    ),
)
