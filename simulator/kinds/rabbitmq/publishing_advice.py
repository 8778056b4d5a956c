"""Rules of practice of publishing to RabbitMQ, its exchanges and streams (D580 to D589)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from simulator.graph.edits import SetSetting
from simulator.graph.rule import Finding, Rule
from simulator.kinds.rabbitmq.consume_settings import RabbitConsumeSettings
from simulator.kinds.rabbitmq.exchange_settings import BindingSettings, RabbitPublishSettings
from simulator.kinds.rabbitmq.topic_matching import matches

if TYPE_CHECKING:
    from simulator.design.document import Edge
    from simulator.graph.look import Look

QUEUE, EXCHANGE = "rabbitmq.queue", "rabbitmq.exchange"
GONE = ("node-down", "broker-restart")


def _publishes(look: Look, id: str) -> Iterator[tuple[Edge, RabbitPublishSettings]]:
    for edge in look.into(id, "publish"):
        if isinstance(edge.settings, RabbitPublishSettings):
            yield edge, edge.settings


def _queues_of(look: Look, id: str) -> list[str]:
    """The queue itself, or those that an exchange is bound to."""
    if look.document.node(id).kind == QUEUE:
        return [id]
    return [edge.target for edge in look.out(id, "publish") if look.document.node(edge.target).kind == QUEUE]


def without_confirms(look: Look) -> Iterator[Finding]:
    """Publishers of persistent messages, or of replicated queues, that do not hear what became of them."""
    for node, _ in look.of_kind(QUEUE, EXCHANGE):
        replicated = [id for id in _queues_of(look, node.id) if look.config(id).x_queue_type == "quorum"]
        for edge, publish in _publishes(look, node.id):
            if publish.confirms or not (publish.delivery_mode == 2 or replicated):
                continue
            what = (
                "messages are persistent" if publish.delivery_mode == 2 else f"{replicated[0]} is replicated"
            )
            yield Finding(
                edge.id,
                f"{what}, and {edge.source} does not ask for confirms: what the broker had not stored when "
                "it or the connection failed is lost, and nobody knows",
                "config.confirms",
                "set confirms",
                (SetSetting("edge", edge.id, ("confirms",), True),),
            )


def refused_unheard(look: Look) -> Iterator[Finding]:
    """Queues that refuse publishers who do not listen."""
    for node, settings in look.of_kind(QUEUE):
        limit = settings.x_max_length is not None or settings.x_max_length_bytes is not None
        if not limit or settings.x_overflow == "drop-head":
            continue
        for edge, publish in _publishes(look, node.id):
            if not publish.confirms:
                yield Finding(
                    edge.id,
                    f"{node.id} refuses what comes when it is full, and {edge.source} does not ask for "
                    "confirms: it takes every message for delivered",
                    "config.confirms",
                    "set confirms, and resends for what is refused",
                    (
                        SetSetting("edge", edge.id, ("confirms",), True),
                        SetSetting("edge", edge.id, ("resends",), max(5, publish.resends)),
                    ),
                )


def transient_messages(look: Look) -> Iterator[Finding]:
    """Transient messages in queues that the design has restarted."""
    for node, settings in look.of_kind(QUEUE):
        if settings.x_queue_type != "classic" or not any(kind in GONE for kind, _ in look.faults(node.id)):
            continue
        sources = [node.id, *(edge.source for edge in look.into(node.id, "publish"))]
        for source in dict.fromkeys(sources):
            for edge, publish in _publishes(look, source):
                is_direct = edge.target == node.id or look.document.node(edge.target).kind == EXCHANGE
                if publish.delivery_mode == 1 and is_direct:
                    yield Finding(
                        edge.id,
                        f"messages of {edge.source} are transient: the restart of {node.id} loses those "
                        "that wait",
                        "config.delivery_mode",
                        "set it to 2 (persistent), with confirms",
                        (
                            SetSetting("edge", edge.id, ("delivery_mode",), 2),
                            SetSetting("edge", edge.id, ("confirms",), True),
                        ),
                    )


def mixed_expirations(look: Look) -> Iterator[Finding]:
    """Queues whose messages have different times to live."""
    for node, _ in look.of_kind(QUEUE):
        given = {edge.id: publish.expiration for edge, publish in _publishes(look, node.id)}
        spans = set(given.values())
        if len(spans) > 1 and spans != {None}:
            shortest = min((span, id) for id, span in given.items() if span is not None)
            yield Finding(
                shortest[1],
                f"messages expire at the head of {node.id} only: those with {shortest[0]:,} ms wait behind "
                "others that live longer",
                "config.expiration",
                "use one queue for each time to live",
            )


def greedy_bindings(look: Look) -> Iterator[Finding]:
    """Bindings of a topic exchange that match everything, beside others that choose."""
    for node, settings in look.of_kind(EXCHANGE):
        bindings = [
            edge for edge in look.out(node.id, "publish") if isinstance(edge.settings, BindingSettings)
        ]
        keys = {edge.id: edge.settings.routing_key for edge in bindings}  # type: ignore[attr-defined]
        chosen = [key for key in keys.values() if key not in ("", "#")]
        if settings.routing_type != "topic" or not chosen:
            continue
        for edge in bindings:
            if keys[edge.id] == "#":
                yield Finding(
                    edge.id,
                    f"the binding # leads every message of {node.id} to {edge.target}, also those of types "
                    "that are published later",
                    "config.routing_key",
                    "bind the words that are meant",
                )


def late_stream_readers(look: Look) -> Iterator[Finding]:
    """Consumers of a stream that begin at its end."""
    for node, settings in look.of_kind(QUEUE):
        for edge in look.out(node.id, "consume") if settings.x_queue_type == "stream" else ():
            read = edge.settings
            if isinstance(read, RabbitConsumeSettings) and read.x_stream_offset == "next":
                yield Finding(
                    edge.id,
                    f"{edge.target} begins at the end of {node.id} whenever it attaches: what came while it "
                    "was away is passed over",
                    "config.x-stream-offset",
                    "take the setting away: it then goes on where it was",
                    (SetSetting("edge", edge.id, ("x-stream-offset",), "first"),),
                )


def _keys_of(look: Look, edge: Edge, publish: RabbitPublishSettings) -> set[str]:
    """The routing keys of what is sent along an edge; empty where they are only known in a run."""
    given = publish.routing_key
    if isinstance(given, dict):
        return set(given)
    if given is None:
        sender = look.config(edge.source)
        type = getattr(sender, "event", {}).get("type")
        has_keys = getattr(sender, "keys", True) is not None
        given = "{}" if has_keys or not isinstance(type, str) else type
    return set() if "{" in given else {given}


def unmatched_keys(look: Look) -> Iterator[Finding]:
    """Publishers of which no message matches a binding."""
    for node, settings in look.of_kind(EXCHANGE):
        bound = [
            edge.settings
            for edge in look.out(node.id, "publish")
            if isinstance(edge.settings, BindingSettings)
        ]
        if not bound or settings.alternate_exchange or settings.routing_type not in ("direct", "topic"):
            continue
        is_topic = settings.routing_type == "topic"
        for edge, publish in _publishes(look, node.id):
            keys = _keys_of(look, edge, publish)
            lost = sorted(
                key
                for key in keys
                if not any(
                    matches(one.routing_key, key) if is_topic else one.routing_key == key for one in bound
                )
            )
            if lost:
                yield Finding(
                    edge.id,
                    f"no binding of {node.id} matches the routing key {lost[0]!r} of {edge.source}: such "
                    "messages are dropped, and nobody is told",
                    "config.routing_key",
                    "bind a queue to it, name an alternate exchange, or look at what mandatory returns",
                )


def dead_letter_circles(look: Look) -> Iterator[Finding]:
    """Queues whose expired messages come back to them by way of dead-letter edges alone."""
    document = look.document
    for node, _ in look.of_kind(QUEUE):
        seen: list[str] = []
        following = [node.id]
        while following:
            id = following.pop()
            for edge in document.edges_from(id):
                is_way = edge.role == "dead-letter" or document.node(id).kind == EXCHANGE
                if is_way and edge.target not in seen:
                    seen.append(edge.target)
                    following.append(edge.target)
        queues = [one for one in (*seen, node.id) if document.node(one).kind == QUEUE]
        if node.id not in seen or node.id != min(queues):
            continue
        read = any(look.out(one, "consume") for one in queues)
        timed = all(look.config(one).x_message_ttl is not None for one in queues)
        if timed or not read:
            yield Finding(
                node.id,
                f"what expires in {node.id} comes back to it by dead letters alone: RabbitMQ drops a message "
                "that goes round without having been rejected",
                "config.x-dead-letter-exchange",
                "let one queue of the circle have no time to live, or let its dead letters end elsewhere",
            )


_DOCS = "RabbitMQ documentation, "
RULES = (
    Rule(
        "D580",
        "hint",
        "Messages are to be safe, and their publisher does not ask for confirms.",
        "Persistent messages and replicated queues protect what the broker has stored; only a confirm tells "
        "the publisher that it has.",
        _DOCS + "Publisher Confirms; Reliability Guide",
        "Set confirms.",
        without_confirms,
    ),
    Rule(
        "D581",
        "warning",
        "A full queue refuses messages of a publisher who does not ask for confirms.",
        "The refusal is a negative confirm: without confirms it is not sent, and the message is lost.",
        _DOCS + "Queue Length Limit (reject-publish)",
        "Set confirms and resends.",
        refused_unheard,
    ),
    Rule(
        "D582",
        "warning",
        "Transient messages wait in a queue that the design restarts.",
        "delivery_mode 1 is the default: a classic queue does not keep such messages over a restart.",
        _DOCS + "Classic Queues; Publishers (delivery mode)",
        "Set delivery_mode to 2, with confirms.",
        transient_messages,
    ),
    Rule(
        "D583",
        "hint",
        "Messages of one queue have different times to live.",
        "A message is taken out when it is at the head: one that is over waits, and is counted, behind "
        "others that live longer.",
        _DOCS + "Time-To-Live (per-message TTL, caveats)",
        "Use one queue for each time to live.",
        mixed_expirations,
    ),
    Rule(
        "D584",
        "hint",
        "A binding matches everything beside others that choose.",
        "Whatever anybody publishes later comes to its queue too, at the cost of a copy each.",
        _DOCS + "Exchanges (topic)",
        "Bind the words that are meant.",
        greedy_bindings,
    ),
    Rule(
        "D585",
        "hint",
        "A consumer of a stream begins at its end.",
        "x-stream-offset next, the default of the AMQP client, passes over everything that was there before.",
        _DOCS + "Streams (Consuming)",
        "Let it begin at the first message, or go on where it was.",
        late_stream_readers,
    ),
    Rule(
        "D586",
        "warning",
        "Expired messages go round by dead letters alone.",
        "The broker finds a message that comes back to a queue without a rejection on its way, and drops it "
        "without a word.",
        "RabbitMQ documentation, Dead Letter Exchanges (automatic cycle detection)",
        "Let one queue of the circle keep its messages, or let the dead letters end elsewhere.",
        dead_letter_circles,
    ),
    Rule(
        "D587",
        "warning",
        "No binding matches the routing key of a publisher.",
        "An exchange drops what matches nothing; without mandatory the publisher does not hear of it.",
        "RabbitMQ documentation, Publishers (unroutable message handling); Exchanges",
        "Bind a queue to the key, or name an alternate exchange.",
        unmatched_keys,
    ),
)
