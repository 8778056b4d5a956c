"""Mappings of streams (and of Kafka topics): in order, and a batch that fails holds up what is behind it.

Sources: AWS Lambda developer guide, *Using Lambda with Amazon DynamoDB*, *Using Lambda with Apache Kafka*:
one poller for each shard and unit of ParallelizationFactor; a failed batch is tried again until it succeeds,
expires or is given up; bisecting; checkpoint at the lowest failed record.
"""

from __future__ import annotations

from typing import Any

from simulator.engine.batch_consumer import BatchServer
from simulator.engine.endpoint import Consumer
from simulator.engine.environment import Activity
from simulator.engine.link import Link
from simulator.engine.message import Message
from simulator.engine.payload import Event
from simulator.kinds.aws.lambda_function.edge_settings import MappingSettings
from simulator.kinds.aws.lambda_function.events import hand_over
from simulator.kinds.aws.lambda_function.mapping import STEP, EventSourceMapping

#: Seconds before a failed batch is tried again: the first, doubled each time up to the longest (estimate).
FIRST_RETRY, LONGEST_RETRY = 1.0, 60.0
#: Kinds of destination that get one message about a batch (shard, positions, number of records) and not its
#: records, as S3 and a Kafka topic do (*Retaining discarded records*); its size is an estimate, bytes.
TOLD_OF = ("aws.sqs", "aws.sns")
METADATA_SIZE = 1_024.0


class StreamPoller(BatchServer):
    """A poller with the part of its batch that is left after a split."""

    __slots__ = ("attempts", "rest")

    def __init__(self, consumer: Consumer) -> None:
        super().__init__(consumer)
        #: Further parts of a batch that was split, the next one first.
        self.rest: list[list[tuple[Message, int]]] = []
        self.attempts = 0


class _Again(Activity):
    __slots__ = ("mapping", "server")

    def __init__(self, mapping: StreamMapping, server: StreamPoller) -> None:
        self.mapping = mapping
        self.server = server

    def occur(self, now: float) -> None:
        self.mapping.invoke(self.server, now)


class StreamMapping(EventSourceMapping):
    """One poller for each shard or partition."""

    is_stream = True

    def pollers_of(self, settings: MappingSettings, source: Any) -> tuple[int, int, float]:
        shards = getattr(source, "partitions", None) or getattr(source, "shards", None) or 1
        pollers = int(shards) * settings.parallelization_factor
        return pollers, pollers, STEP

    def add_destination(self, link: Link, kind: str) -> None:
        (self.told if kind in TOLD_OF else self.on_failure).append(link)

    def lanes_opened(self, lanes: int) -> None:
        assert self.size is not None
        self.floor += lanes
        self.most += lanes
        self.resize(self.size + lanes)

    def make_server(self) -> StreamPoller:
        return StreamPoller(self)

    def invoke(self, server: BatchServer, now: float) -> None:
        oldest = min(message.accepted_at for message, _ in server.gathered)
        self.iterator_age.add(now - oldest)
        super().invoke(server, now)

    def settle(self, server: BatchServer, now: float, failed: set[int], began: float) -> None:
        assert isinstance(server, StreamPoller)
        subscription = server.subscription
        subscription.add_service(now - began)
        batch = server.gathered
        # Records are in order: what stands before the first failure is done where the function says so.
        done = len(batch)
        if failed:
            done = min(failed) if self.settings.report_failures and len(failed) < len(batch) else 0
        for message, receipt in batch[:done]:
            self._leave(server, message, receipt, began, now)
        if done == len(batch):
            self._go_on_behind(server, now)
            return
        if done:
            server.attempts = 0
        server.gathered = left = batch[done:]
        self.failures += len(left)
        server.attempts += 1
        settings = self.settings
        age = now - min(message.accepted_at for message, _ in left)
        is_old = 0 <= settings.maximum_record_age < age
        is_spent = 0 <= settings.maximum_retry_attempts < server.attempts
        if settings.bisect and len(left) > 1 and not is_old:
            half = (len(left) + 1) // 2
            server.gathered, later = left[:half], left[half:]
            server.rest.insert(0, later)
            server.attempts = 0
            self._try_again(server, 1, now)
        elif is_old or is_spent:
            self._give_up_batch(server, now)
        else:
            self._try_again(server, server.attempts, now)

    def _try_again(self, server: StreamPoller, attempts: int, now: float) -> None:
        wait = min(FIRST_RETRY * 2.0 ** min(attempts - 1, 30), LONGEST_RETRY)
        self.env.at(now + wait, _Again(self, server))

    def _leave(self, server: StreamPoller, message: Message, receipt: int, began: float, now: float) -> None:
        self.held.down(now)
        if message.receive_count <= 1:
            server.subscription.add_waiting(began - message.accepted_at)
        self.complete(message, server.subscription, receipt, now)

    def _give_up_batch(self, server: StreamPoller, now: float) -> None:
        """To the destination on failure, or nowhere; the stream goes on behind it."""
        batch, server.gathered = server.gathered, []
        is_kept = bool(self.on_failure or self.told)
        for number, (message, receipt) in enumerate(batch):
            self.held.down(now)
            letter = message.copy()
            if is_kept:
                self.dead_lettered += 1
                if number == 0:
                    self._tell(letter, len(batch), now)
                hand_over(self.function, letter, self.on_failure, now)
            else:
                self.dropped += 1
                self.function.lose(letter)
            message.processed = True
            server.subscription.broker.acknowledge(message, receipt)
        self._go_on_behind(server, now)

    def _tell(self, first: Message, records: int, now: float) -> None:
        """One message about the batch that was given up to each destination that gets no records."""
        context = {"functionArn": self.function.id, "condition": "RetryAttemptsExhausted"}
        for link in self.told:
            letter = first.copy()
            letter.size = METADATA_SIZE
            letter.event = Event("", "", {"requestContext": context, "batchInfo": {"batchSize": records}})
            letter.enqueued_at = now
            link.send(letter)

    def _go_on_behind(self, server: StreamPoller, now: float) -> None:
        server.attempts = 0
        if server.rest:
            server.gathered = server.rest.pop(0)
            self.invoke(server, now)
            return
        server.gathered = []
        self._next_batch(server, now)

    def ledger(self) -> dict[str, int]:
        """What was given up has been taken for good as well."""
        found = super().ledger()
        return {**found, "accepted": found["accepted"] + self.dead_lettered + self.dropped}
