"""The textbook queue as traits, and from traits."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from simulator.design.distributions import Constant
from simulator.kinds.traits import (
    Built,
    Note,
    Situation,
    SwapMapping,
    Traits,
    attempts_of,
    lost,
    translated,
    without_equivalent,
)

if TYPE_CHECKING:
    from simulator.design.document import Document, Edge, Node


def read_queue(document: Document, node: Node, _edges: Iterable[Edge]) -> Traits:
    """First in, first out by nature; other disciplines stand for themselves alone."""
    settings: Any = node.config  # QueueSettings, whose module needs this one
    gone: list[Note] = []
    retention = None
    if isinstance(settings.ttl, Constant):
        retention = settings.ttl.value
    elif settings.ttl is not None:
        retention = settings.ttl.mean()
        gone.append(lost(f"the random time to live of {node.id} became its mean, {retention:g} s"))
    for name, plain in (("discipline", "fifo"), ("preemption", "none"), ("dispatch", "shared")):
        value = getattr(settings, name)
        if value != plain:
            gone.append(lost(f"{name} {value} of {node.id} has no equivalent"))
    return Traits(
        order="arrival" if settings.is_plain or settings.discipline == "fifo" else "none",
        retention=retention,
        attempts=attempts_of(document, node.id),
        capacity=settings.capacity,
        overflow=settings.overflow,
        lost=tuple(gone),
    )


def build_queue(traits: Traits, situation: Situation) -> Built:
    """The textbook queue promises arrival order, and knows neither timeouts nor sizes."""
    if situation.variant:
        raise ValueError("queue has no variants")
    config: dict[str, Any] = {}
    notes = without_equivalent(traits, "redelivery_timeout", "delay", "size_limit", "parallelism", "linger")
    if traits.retention is not None:
        config["ttl"] = traits.retention
        notes.append(translated(f"the retention became ttl {traits.retention:g} s"))
    if traits.capacity is not None:
        config["capacity"] = traits.capacity
        config["overflow"] = traits.overflow
        notes.append(translated(f"capacity {traits.capacity}, overflow {traits.overflow}"))
    letters = {} if traits.attempts is None else {"maxReceiveCount": traits.attempts}
    return Built(config, {}, letters, tuple(notes))


QUEUE_MAPPING = SwapMapping(read_queue, build_queue)
