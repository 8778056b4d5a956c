"""What a broker does in no vendor's words, so that another kind can take its place.

Every broker kind reads its settings into traits and builds itself from traits. So n kinds need n mappings,
and every pair of them can be swapped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from simulator.design.document import Document, Edge, Node

Order = Literal["none", "key", "arrival"]


@dataclass(frozen=True, slots=True)
class Note:
    """One sentence on a translation: what was `translated` to what, `assumed`, or `lost` (no equivalent)."""

    kind: Literal["translated", "assumed", "lost"]
    text: str

    def as_dict(self) -> dict[str, str]:
        """Plain data for documents and pages."""
        return {"kind": self.kind, "text": self.text}


@dataclass(frozen=True, slots=True)
class Traits:
    """What a broker promises to those who share its messages.

    Args:
        order: in which messages are handed out while nothing is redelivered: as they arrived, as they arrived
            within a key, or not promised.
        retention: seconds after which an unread message is gone, None for never.
        redelivery_timeout: seconds after which a silent consumer's message goes to another, None for never.
        attempts: deliveries of a message before it is a dead letter (or given up), None for any number.
        capacity: messages that may wait, None for any number; `overflow` says what a full one does.
        delay: seconds until a new message can be read.
        size_limit: largest message in bytes, None for any.
        batch: messages that a reader takes at a time.
        parallelism: readers that can work at a time, None for any number.
        linger: seconds that senders wait for a batch.
        replicas: copies of every message, None where the vendor does not say.
        lost: settings that no trait stands for.
    """

    order: Order
    retention: float | None = None
    redelivery_timeout: float | None = None
    attempts: int | None = None
    capacity: int | None = None
    overflow: Literal["reject", "drop-oldest"] = "reject"
    delay: float = 0.0
    size_limit: int | None = None
    batch: int = 1
    parallelism: int | None = None
    linger: float = 0.0
    replicas: int | None = None
    lost: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Situation:
    """Where a kind is to be built.

    Args:
        variant: what follows the kind's name (`quorum`, `fifo`, a number of partitions), "" for none.
        workers: servers of all readers together, None where they have no number.
        concurrency: most servers of one instance of a reader.
        has_keys: whether its messages have keys.
        group: a name for its readers where several consumers share the messages.
    """

    variant: str
    workers: int | None
    concurrency: int
    has_keys: bool
    group: str | None


@dataclass(frozen=True, slots=True)
class Built:
    """A broker built from traits: settings of the node and of the edges that leave it, and what to know."""

    config: Mapping[str, Any] = field(default_factory=dict)
    consume: Mapping[str, Any] = field(default_factory=dict)
    dead_letter: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class SwapMapping:
    """How a kind reads its settings into traits and builds itself from them.

    Args:
        read: traits of a node for the readers at the end of some of its consume edges.
        build: raises ValueError with a sentence for a variant that it does not know.
        variants: what may follow the kind's name.
    """

    read: Callable[[Document, Node, Iterable[Edge]], Traits]
    build: Callable[[Traits, Situation], Built]
    variants: tuple[str, ...] = ()


def attempts_of(document: Document, id: str) -> int | None:
    """`maxReceiveCount` of the node's dead-letter edge, None without one."""
    for edge in document.edges_from(id):
        count = getattr(edge.settings, "max_receive_count", None)
        if edge.role == "dead-letter" and count is not None:
            return int(count)
    return None


def translated(text: str) -> Note:
    """A note on what became what."""
    return Note("translated", text)


def assumed(text: str) -> Note:
    """A note on what the other kind did not say."""
    return Note("assumed", text)


def lost(text: str) -> Note:
    """A note on what has no equivalent."""
    return Note("lost", text)


def without_equivalent(traits: Traits, *names: str) -> list[Note]:
    """Notes on those of the named traits that are set, for a kind that has nothing like them."""
    texts = {
        "order": (traits.order != "none", "messages are no longer handed out in order"),
        "retention": (
            traits.retention is not None,
            f"messages no longer expire (they did after {traits.retention or 0.0:g} s)",
        ),
        "redelivery_timeout": (
            traits.redelivery_timeout is not None,
            f"a silent consumer keeps its message (redelivered after {traits.redelivery_timeout or 0.0:g} s)",
        ),
        "attempts": (
            traits.attempts is not None,
            f"deliveries are not counted (a message was given up after {traits.attempts})",
        ),
        "capacity": (traits.capacity is not None, f"the limit of {traits.capacity} waiting messages is gone"),
        "delay": (
            traits.delay > 0.0,
            f"the delay of {traits.delay:g} s before a message can be read is gone",
        ),
        "size_limit": (
            traits.size_limit is not None,
            f"messages above {traits.size_limit or 0:,} bytes are no longer refused",
        ),
        "parallelism": (
            traits.parallelism is not None,
            f"any number of readers works at a time (it were {traits.parallelism} at most)",
        ),
        "linger": (traits.linger > 0.0, f"senders no longer wait {traits.linger:g} s for a batch"),
    }
    return [lost(texts[name][1]) for name in names if texts[name][0]]
