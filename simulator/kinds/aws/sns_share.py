"""Which share of what is published to a topic a subscription gets, before any run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from simulator.design.event_template import template_of
from simulator.engine.payload import Event, Retyping, events
from simulator.engine.random_streams import RandomStreams
from simulator.kinds.aws.filter_policies import attribute_leaves, body_leaves, compile_policy
from simulator.kinds.aws.sns_publishing import with_attributes
from simulator.kinds.aws.sns_settings import SnsPublishSettings, SubscriptionSettings

if TYPE_CHECKING:
    from simulator.design.document import Document, Edge, Node

#: Events drawn from each producer to estimate a share: it is known to about 0.02.
SAMPLES = 500


def share(document: Document, node: Node, edge: Edge) -> float:
    """The share that the filter policy of `edge` lets through, estimated from the producers' templates."""
    settings = edge.settings
    if not isinstance(settings, SubscriptionSettings) or not settings.filter_policy:
        return 1.0
    matcher = compile_policy(settings.filter_policy)
    passed = total = 0.0
    for event, weight in published(document, node):
        on_body = settings.filter_policy_scope == "MessageBody"
        leaves = body_leaves(event.detail) if on_body else attribute_leaves(event.attributes)
        total += weight
        if leaves is not None and matcher.matches(leaves):
            passed += weight
    return passed / total if total else 1.0


def published(document: Document, node: Node) -> Iterator[tuple[Event, float]]:
    """Events as they come to the topic, with weights: those of the producers that publish there, and of all
    producers where a worker or service does.
    """
    streams = RandomStreams(1)
    for edge in document.edges_into(node.id):
        sender = document.node(edge.source)
        senders = (
            [sender]
            if hasattr(sender.config, "arrivals")
            else [one for one in document.nodes if hasattr(one.config, "arrivals")]
        )
        for producer in senders:
            config: Any = producer.config
            closed = config.arrivals.process == "closed"
            rate = 1.0 if closed else config.arrivals.mean_rate(document.simulation.duration)
            draw = events(template_of(config.event), streams, producer.id)
            change = edge.routing().event
            retyping = None if change is None else Retyping(template_of(change), streams, edge.id)
            given = edge.settings.message_attributes if isinstance(edge.settings, SnsPublishSettings) else {}
            for _ in range(SAMPLES):
                event = draw()
                if retyping is not None:
                    event = retyping(event)
                yield with_attributes(event, given) if given else event, rate
