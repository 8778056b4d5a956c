"""Transactions of producers, and groups that read only what is committed.

A producer with a `transactional.id` puts what it writes into one transaction after the other. A group with
`isolation.level` read_committed reads a partition up to its last stable offset: the first record of a
transaction that is still open holds back everything after it; records of an aborted one are passed over.
Source: Apache Kafka documentation (`transactional.id`, `transaction.timeout.ms`, `isolation.level`). The
markers that end a transaction take no offsets here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from simulator.engine.environment import Activity
from simulator.engine.message import Message

if TYPE_CHECKING:
    from simulator.engine.world import World
    from simulator.kinds.kafka.group import ConsumerGroup
    from simulator.kinds.kafka.producer_client import Batch, ProducerClient
    from simulator.kinds.kafka.topic import KafkaTopic


class Transaction:
    """Records that become readable together, or never."""

    __slots__ = ("client", "is_committed", "is_complete", "partitions", "under_way")

    def __init__(self, client: ProducerClient) -> None:
        self.client = client
        #: No more records come to it.
        self.is_complete = False
        #: None while it is open.
        self.is_committed: bool | None = None
        self.partitions: set[int] = set()
        #: Records sent and not in the log yet.
        self.under_way = 0


class Transactions:
    """The transactions of all producers of a topic.

    Stands before `KafkaTopic.transfer` and `KafkaTopic.append`. Without a `transactional.id`
    a topic has none.
    """

    def __init__(self, topic: KafkaTopic, world: World) -> None:
        settings = topic.settings
        self.topic = topic
        self.env = topic.env
        self._abort_probability = settings.abort_probability
        self._timeout = settings.transaction_timeout_ms / 1e3
        self._length = world.draws(settings.transaction_time, topic.id, "transaction time")
        self._draw = world.uniform(topic.id, "aborts")
        self._open: dict[ProducerClient, Transaction] = {}
        self._groups: list[ConsumerGroup] = []
        #: The transactions of the records that are being appended.
        self._appended: list[Transaction] = []
        self.committed = 0
        self.aborted = 0
        #: Where batches go on: to the topic itself, or to its brokers once single ones matter.
        self.forward: Callable[[Batch, float], None] = topic.transfer
        self._append: Callable[[int, Sequence[Message], float], None] = topic.append
        topic.__dict__.update(transfer=self.transfer, append=self.append)

    def guard(self, group: ConsumerGroup) -> None:
        """Let a group read no further than the last stable offset."""
        self._groups.append(group)
        for cursor in group.cursors:
            cursor.held_back = deque()
        group.__dict__["append"] = _Isolation(self, group).append

    def appended(self) -> list[Transaction]:
        """The transactions of the records that are being appended, in their order."""
        return self._appended

    # -- writes ----------------------------------------------------------------------------------
    def transfer(self, batch: Batch, now: float) -> None:
        """A batch is part of the open transaction of its producer; the first one opens it."""
        client = batch.client
        transaction = self._open.get(client)
        if transaction is None:
            transaction = self._open[client] = Transaction(client)
            self.env.at(now + self._length(), _Completion(self, transaction))
            self.env.at(now + self._timeout, _Timeout(self, transaction))
        for message in batch.messages:
            message.envelope = transaction
        transaction.under_way += len(batch.messages)
        transaction.partitions.add(batch.partition)
        self.forward(batch, now)

    def append(self, partition: int, messages: Sequence[Message], now: float) -> None:
        """Records are in the log; a transaction that is complete is decided when all of its are."""
        self._appended = transactions = [message.envelope for message in messages]
        self._append(partition, messages, now)
        for transaction in transactions:
            transaction.under_way -= 1
            if not transaction.under_way:
                self._decide(transaction, now)

    # -- ends ------------------------------------------------------------------------------------
    def complete(self, transaction: Transaction, now: float) -> None:
        """The application ends the transaction."""
        self._close(transaction)
        if not transaction.under_way:
            self._decide(transaction, now)

    def time_out(self, transaction: Transaction, now: float) -> None:
        """The coordinator aborts what has been open for `transaction.timeout.ms`."""
        self._close(transaction)
        if transaction.is_committed is None:
            self._end(transaction, is_committed=False, now=now)

    def _close(self, transaction: Transaction) -> None:
        transaction.is_complete = True
        if self._open.get(transaction.client) is transaction:
            del self._open[transaction.client]

    def _decide(self, transaction: Transaction, now: float) -> None:
        if transaction.is_complete and transaction.is_committed is None:
            self._end(transaction, is_committed=self._draw() >= self._abort_probability, now=now)

    def _end(self, transaction: Transaction, *, is_committed: bool, now: float) -> None:
        transaction.is_committed = is_committed
        self.committed += is_committed
        self.aborted += not is_committed
        for group in self._groups:
            for number in sorted(transaction.partitions):
                release(group, number, now)


class _Isolation:
    """Stands before the `append` of a group that reads only what is committed."""

    def __init__(self, transactions: Transactions, group: ConsumerGroup) -> None:
        self._transactions = transactions
        self._group = group

    def append(self, number: int, messages: Sequence[Message], now: float) -> None:
        """Hold the records back until everything before them is decided."""
        group = self._group
        cursor = group.cursors[number]
        if not isinstance(cursor.held_back, deque):
            cursor.held_back = deque()
        cursor.held_back.extend(zip(messages, self._transactions.appended(), strict=True))
        group.count_in(len(messages), now)
        release(group, number, now)


def release(group: ConsumerGroup, number: int, now: float) -> None:
    """Move the last stable offset of a partition on as far as transactions are decided."""
    held_back = group.cursors[number].held_back
    assert isinstance(held_back, deque)
    stable = []
    while held_back and held_back[0][1].is_committed is not None:
        message, transaction = held_back.popleft()
        if transaction.is_committed:
            stable.append(message)
        else:
            group.let_go(message, now, is_expired=False)
    if stable:
        group.count_in(-len(stable), now)
        type(group).append(group, number, stable, now)


class _Completion(Activity):
    """A producer ends its transaction."""

    __slots__ = ("transaction", "transactions")

    def __init__(self, transactions: Transactions, transaction: Transaction) -> None:
        self.transactions = transactions
        self.transaction = transaction

    def occur(self, now: float) -> None:
        self.transactions.complete(self.transaction, now)


class _Timeout(Activity):
    """`transaction.timeout.ms` of a transaction is over."""

    __slots__ = ("transaction", "transactions")

    def __init__(self, transactions: Transactions, transaction: Transaction) -> None:
        self.transactions = transactions
        self.transaction = transaction

    def occur(self, now: float) -> None:
        self.transactions.time_out(self.transaction, now)
