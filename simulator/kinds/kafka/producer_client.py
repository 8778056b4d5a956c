"""The producer client before a topic: partitions, batches that linger, and the way to the leader."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.engine.environment import Activity
from simulator.engine.message import Key, Message
from simulator.engine.node import Acceptor
from simulator.kinds.kafka.partitioner import partition_for
from simulator.kinds.kafka.weights import Weights

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from simulator.kinds.kafka.replicas import Write
    from simulator.kinds.kafka.sender import Sender
    from simulator.kinds.kafka.topic import KafkaTopic


class ProducerClient(Acceptor):
    """One producer: what comes over one publish edge of the design.

    A record with a key goes to the partition of the key's hash. Records without a key stay on one partition
    until `batch.size` bytes have been written to it, and go on with another one drawn at random (KIP-794).
    """

    category = "queue"

    def __init__(self, topic: KafkaTopic, edge: str, draw: Callable[[], float]) -> None:
        super().__init__(f"{topic.id}:{edge}", topic.env)
        self.topic = topic
        self._draw = draw
        self._partitions = topic.settings.partitions
        weights = topic.settings.partition_weights
        #: Of a custom partitioner, None: the default one.
        self._weights = None if weights is None else Weights(weights)
        self._by_key: dict[Key, int] = {}
        self._sticky = -1
        self._sticky_bytes = 0.0
        #: In bytes before compression.
        self._batch_size = topic.settings.batch_size * topic.settings.compression_ratio
        self._linger = topic.settings.linger_ms / 1e3
        self._is_instant = topic.is_instant and self._linger <= 0.0
        #: By partition: the batch that is still open.
        self._open: dict[int, Batch] = {}
        #: What sends its batches where brokers may fail; None while all is well.
        self.sender: Sender | None = None

    # -- partitions ------------------------------------------------------------------------------
    def partition_of(self, message: Message) -> int:
        """The partition of a record."""
        key = message.key
        if key is None:
            return self._stick(message.size)
        partition = self._by_key.get(key)
        return self._place(key) if partition is None else partition

    def _place(self, key: Key) -> int:
        """The partition of a key that was not asked for lately."""
        if len(self._by_key) >= 100_000:
            self._by_key.clear()
        data = str(key).encode()
        weights = self._weights
        partition = partition_for(data, self._partitions) if weights is None else weights.of_key(data)
        self._by_key[key] = partition
        return partition

    def partitions_of(self, keys: Sequence[Key], sizes: Iterable[float]) -> list[int]:
        """The partitions of many records, in order."""
        found = list(map(self._by_key.get, keys))
        if None not in found:
            return found  # type: ignore[return-value]
        return [
            self._stick(size) if key is None else self._place(key) if place is None else place
            for key, size, place in zip(keys, sizes, found, strict=True)
        ]

    def _stick(self, size: float) -> int:
        if self._sticky < 0 or self._sticky_bytes >= self._batch_size:
            self._sticky_bytes = 0.0
            if self._weights is not None:
                self._sticky = self._weights.at(self._draw())
                self._sticky_bytes += size
                return self._sticky
            others = self._partitions - (self._sticky >= 0)
            chosen = int(self._draw() * others) if others else 0
            # Another one than before, all of them equally likely.
            self._sticky = chosen + (0 <= self._sticky <= chosen and others > 0)
        self._sticky_bytes += size
        return self._sticky

    # -- sending ---------------------------------------------------------------------------------
    @property
    def is_instant(self) -> bool:
        """Whether a record is in the log as soon as it is handed over."""
        return self._is_instant

    def accept(self, message: Message) -> bool:
        topic = self.topic
        if message.size > topic.max_size:
            topic.rejected += 1
            return False
        topic.accepted += 1
        now = self.env._now
        if self._is_instant:
            topic.append(self.partition_of(message), [message], now)
            return True
        message.enqueued_at = now
        topic.buffered.up(now)
        partition = self.partition_of(message)
        batch = self._open.get(partition)
        if batch is not None and batch.size + message.size > self._batch_size:
            self.send(batch, now)
            batch = None
        if batch is None:
            batch = self._open[partition] = Batch(self, partition)
            if self._linger > 0.0:
                self.env.at(now + self._linger, batch)
        batch.messages.append(message)
        batch.size += message.size
        if self._linger <= 0.0 or batch.size >= self._batch_size:
            self.send(batch, now)
        return True

    def send(self, batch: Batch, now: float) -> None:
        """A batch is on its way to the leader."""
        batch.is_sent = True
        del self._open[batch.partition]
        self.topic.transfer(batch, now)

    def lose(self, message: Message) -> None:
        self.topic.lose(message)

    # -- faults ----------------------------------------------------------------------------------
    def rely_on(self, sender: Sender) -> None:
        """From now on `sender` holds the records until they are acknowledged."""
        self.sender = sender
        self._is_instant = False
        self.__dict__["accept"] = sender.accept

    def send_in_batches(self) -> None:
        """Let every record go through `KafkaTopic.transfer`."""
        self._is_instant = False

    def repartition(self, partitions: int) -> None:
        """The producer has heard of more partitions: keys may go elsewhere from now on."""
        self._partitions = partitions
        self._by_key.clear()
        if self._weights is not None:
            self._weights.spread(partitions)

    def recover(self) -> None:
        super().recover()
        if self.sender is not None:
            self.__dict__["accept"] = self.sender.accept

    def _refuse(self, message: Message) -> bool:
        self.topic.rejected += 1
        return False


class Batch(Activity):
    """Records of one partition that travel together; what occurs is the end of the linger.

    The slots below `size` are those of a producer whose brokers may fail (`simulator.kinds.kafka.sender`);
    nobody else sets them.
    """

    __slots__ = (
        "attempts",
        "broker",
        "client",
        "handed_over",
        "is_acked",
        "is_committed",
        "is_in_flight",
        "is_over",
        "is_sent",
        "messages",
        "partition",
        "ready_at",
        "sequence",
        "size",
        "waits_for",
        "write",
    )

    #: How often it was sent, to which broker last, and when it may be sent again (s).
    attempts: int
    broker: int
    ready_at: float
    #: When the producer got the records (s).
    handed_over: list[float]
    #: Position among the batches of its producer and partition.
    sequence: int
    #: Sent and not answered; acknowledged; given up by the producer; readable.
    is_in_flight: bool
    is_acked: bool
    is_over: bool
    is_committed: bool
    #: Where it stands in the leader's log, None: nowhere; the write whose copying answers it.
    write: Write | None
    waits_for: Write | None

    def __init__(self, client: ProducerClient, partition: int) -> None:
        self.client = client
        self.partition = partition
        self.messages: list[Message] = []
        self.size = 0.0
        self.is_sent = False

    def occur(self, now: float) -> None:
        if not self.is_sent:
            self.client.send(self, now)
