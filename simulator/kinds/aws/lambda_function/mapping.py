"""Event source mappings: the pollers that read a broker and invoke the function with batches.

Sources: AWS Lambda developer guide, *How Lambda processes records from stream and queue-based event sources*,
*Using Lambda with Amazon SQS* (five pollers, 300 more a minute, deletes on success alone, one batch of a
message group at a time), *Implementing partial batch responses*.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simulator.engine.batch_consumer import BatchConsumer, BatchServer
from simulator.engine.broker import Subscription
from simulator.engine.endpoint import Server
from simulator.engine.environment import Activity
from simulator.engine.link import Link
from simulator.engine.message import Message
from simulator.engine.message_draws import in_turn
from simulator.engine.timer import Timer
from simulator.engine.world import World
from simulator.kinds.aws.event_patterns import compile_pattern, leaves_of
from simulator.kinds.aws.lambda_function.edge_settings import QUEUES, MappingSettings
from simulator.kinds.aws.lambda_function.execution import Invocation
from simulator.measurement.tally import Tally

if TYPE_CHECKING:
    from simulator.design.document import Edge
    from simulator.kinds.aws.lambda_function.function import LambdaFunction

#: Pollers of an SQS mapping at the start, and of a mapping of Amazon MQ.
FIRST_POLLERS, MQ_POLLERS = 5, 5
#: Batches of an SQS mapping that are under way at most.
MOST_POLLERS = 1_250
#: Seconds for one more poller while all are busy: 300 a minute, 1,000 a minute in provisioned mode.
STEP, PROVISIONED_STEP = 60.0 / 300.0, 60.0 / 1_000.0
#: Batches that one poller of the provisioned mode has under way.
PER_POLLER = 10
#: An additional poller that was idle so long is taken away, seconds (estimate: AWS publishes none).
POLLER_EXPIRY = 60.0
QUEUE_BATCH, STREAM_BATCH = 10, 100
#: MaximumBatchingWindowInSeconds of Kafka and Amazon MQ where a mapping does not say.
STREAM_WINDOW = 0.5


def make_mapping(world: World, function: LambdaFunction, edge: Edge) -> EventSourceMapping:
    """The mapping of a consume edge, by what it reads."""
    from simulator.kinds.aws.lambda_function.kafka_mapping import KafkaMapping
    from simulator.kinds.aws.lambda_function.stream_mapping import StreamMapping

    kind = world.document.node(edge.source).kind
    if kind in QUEUES:
        return EventSourceMapping(world, function, edge)
    if kind == "kafka.topic":
        return KafkaMapping(world, function, edge)
    return StreamMapping(world, function, edge)


class Batch(Invocation):
    """A batch in the hands of a poller."""

    __slots__ = ("deadline", "is_given_up", "mapping", "server")

    def __init__(self, mapping: EventSourceMapping, server: BatchServer) -> None:
        super().__init__([message for message, _ in server.gathered])
        self.mapping = mapping
        self.server = server
        #: A throttled batch that waited longer than its visibility timeout is with its queue again.
        self.is_given_up = False

    def ended(self, now: float, failed: set[int], began: float) -> None:
        self.mapping.settle(self.server, now, failed, began)


class _Vain(Activity):
    """The visibility timeout of a throttled batch is over."""

    __slots__ = ("batch",)

    def __init__(self, batch: Batch) -> None:
        self.batch = batch

    def occur(self, now: float) -> None:
        mapping = self.batch.mapping
        if self.batch in mapping.function.held_back:
            self.batch.is_given_up = True
            mapping.gave_up(self.batch.server, now)


class EventSourceMapping(BatchConsumer):
    """Pollers of one queue: each takes a batch, invokes the function, and waits for its end.

    More pollers come while all of them are busy and none is held back by a throttle.
    """

    #: Long polls that a mapping keeps open without load.
    pollers = FIRST_POLLERS
    is_stream = False

    def __init__(self, world: World, function: LambdaFunction, edge: Edge) -> None:
        settings = edge.settings
        assert isinstance(settings, MappingSettings)
        source = world.document.node(edge.source)
        self.function = function
        self.edge = edge.id
        self.settings = settings
        self.source_kind = source.kind
        config: Any = source.config
        self.is_fifo = bool(getattr(config, "fifo_queue", False))
        #: Seconds that a received message stays hidden, None where nothing ends a delivery but its reader.
        self.visibility: float | None = getattr(config, "visibility_timeout", None)
        size = settings.batch_size or (QUEUE_BATCH if source.kind == "aws.sqs" else STREAM_BATCH)
        window = settings.batching_window
        if window is None:
            window = STREAM_WINDOW if source.kind.startswith(("kafka", "rabbitmq")) else 0.0
        self.floor, self.most, self.step = self.pollers_of(settings, config)
        super().__init__(
            function.id,
            world.env,
            servers=self.floor,
            service_time=in_turn(lambda: 0.0),
            fails=None,
            poll_interval=0.0,
            max_size=size,
            max_wait=window,
            is_per_message=False,
        )
        self.flows = function.flows
        pattern = settings.filter_pattern
        self._matcher = None if pattern is None else compile_pattern(pattern)
        self._body = "body" if self.source_kind == "aws.sqs" else "value"
        #: Destinations that get what was given up, and those that are told of it in one message.
        self.on_failure: list[Link] = []
        self.told: list[Link] = []
        self.filtered_out = self.invoked = self.throttled = self.given_back = 0
        self.iterator_age = Tally()
        self._ramp = Timer(world.env, self._one_more)
        self._held_back = 0

    def pollers_of(self, settings: MappingSettings, _source: Any) -> tuple[int, int, float]:
        """Batches under way at the start and at most, and seconds for one more."""
        if self.source_kind == "rabbitmq.queue":
            return MQ_POLLERS, MQ_POLLERS, STEP
        provisioned = settings.provisioned_pollers
        if provisioned is not None:
            return provisioned.minimum * PER_POLLER, provisioned.maximum * PER_POLLER, PROVISIONED_STEP
        most = settings.maximum_concurrency or MOST_POLLERS
        return min(FIRST_POLLERS, most), most, STEP

    def add_destination(self, link: Link, kind: str) -> None:
        """Where goes what was given up: an edge to a node of this kind."""
        self.on_failure.append(link)

    # -- pollers ---------------------------------------------------------------------------------
    def wake(self, subscription: Subscription, now: float, gap: float, server: Server | None = None) -> None:
        idle = self.idle
        assert self.size is not None
        while self.size > self.floor and len(idle) > 1 and now - idle[-1].idle_since >= POLLER_EXPIRY:
            oldest = idle[-1]
            assert isinstance(oldest, BatchServer)
            if oldest.gathered or oldest is server:
                break
            idle.pop()
            self.size -= 1
        super().wake(subscription, now, gap, server)

    def _one_more(self, now: float) -> None:
        """All pollers have been busy: there is one more."""
        assert self.size is not None
        if self.idle or self.paused or self._held_back or self.size >= self.most:
            return
        self.size += 1
        self.look(self.make_server(), now)
        self._grow_if_busy(now)

    def _grow_if_busy(self, now: float) -> None:
        assert self.size is not None
        if not self.idle and self.size < self.most:
            self._ramp.arm(now + self.step)

    # -- gathering -------------------------------------------------------------------------------
    def begin(self, server: Server, message: Message, subscription: Subscription, now: float) -> None:
        assert isinstance(server, BatchServer)
        was_gathering = bool(server.gathered)
        server.subscription = subscription
        self._gather(server, message, server.receipt, now)
        if server.gathered:
            self._go_on(server, was_gathering, now)
        else:
            self.look(server, now)

    def _collect(self, server: BatchServer, now: float) -> bool:
        if not self.is_fifo:
            return super()._collect(server, now)
        subscription = self.inputs[0]
        while not server.gathered:
            message = subscription.broker.take(subscription, server)
            if message is None:
                return False
            server.subscription = subscription
            self._gather(server, message, server.receipt, now)
            while server.batch:
                self._gather(server, *server.batch.popleft(), now)
        return True

    def _gather(self, server: BatchServer, message: Message, receipt: int, now: float) -> None:
        if self._passes(message):
            if not server.gathered:
                server.idle_since = now
            super()._gather(server, message, receipt, now)
        else:
            self.filtered_out += 1
            self.inputs[0].broker.acknowledge(message, receipt)

    def _passes(self, message: Message) -> bool:
        matcher = self._matcher
        if matcher is None:
            return True
        said = {} if message.event is None else message.event.as_eventbridge()
        about = message.envelope if self.source_kind == "aws.dynamodb" else {}
        return matcher.matches(leaves_of({self._body: said, **about}))

    def _is_enough(self, server: BatchServer) -> bool:
        # A batch of a FIFO queue is what one receive has returned of one message group.
        return self.is_fifo or super()._is_enough(server)

    # -- executions ------------------------------------------------------------------------------
    def _begin_batch(self, server: BatchServer, now: float) -> None:
        self.busy.up(now)
        self.invoke(server, now)
        self._grow_if_busy(now)

    def invoke(self, server: BatchServer, now: float) -> None:
        """Invoke the function with the batch of a poller, now or as soon as it is not throttled."""
        server.is_serving = True
        server.started_at = now
        self.batch_size.add(float(len(server.gathered)))
        self.invoked += 1
        batch = Batch(self, server)
        if self.function.invoke(batch, now):
            return
        self.throttled += 1
        self._held_back += 1
        self.function.hold_back(batch)
        if self.visibility is not None:
            self.env.at(max(now, server.idle_since + self.visibility), _Vain(batch))

    def taken_up(self) -> None:
        """A batch that was held back runs."""
        self._held_back -= 1

    def gave_up(self, server: BatchServer, now: float) -> None:
        """A throttled batch was not run in time: its messages are with the queue again."""
        self._held_back -= 1
        batch, server.gathered = server.gathered, []
        self.given_back += len(batch)
        for message, receipt in batch:
            self.held.down(now)
            self.failures += 1
            server.subscription.broker.reject(message, receipt)
        self._next_batch(server, now)

    def settle(self, server: BatchServer, now: float, failed: set[int], began: float) -> None:
        """The function has ended: what is done is deleted, what failed comes again."""
        subscription = server.subscription
        subscription.add_service(now - began)
        batch, server.gathered = server.gathered, []
        failed = self.that_come_again(failed, len(batch))
        for position, (message, receipt) in enumerate(batch):
            self.held.down(now)
            if message.receive_count <= 1:
                subscription.add_waiting(began - message.accepted_at)
            if position in failed:
                self.give_up(message, subscription, receipt, now)
            else:
                self.complete(message, subscription, receipt, now)
        self._next_batch(server, now)

    def that_come_again(self, failed: set[int], size: int) -> set[int]:
        """Which messages of a batch are not deleted, of those that failed and of those that did not."""
        if not failed:
            return failed
        if not self.settings.report_failures or len(failed) == size:
            return set(range(size))
        # After a failure a function stops in a message group, so that its order is kept.
        return set(range(min(failed), size)) if self.is_fifo else failed

    def _next_batch(self, server: BatchServer, now: float) -> None:
        server.is_serving = False
        self.busy.down(now)
        if self.paused:
            self.parked.append(server)
        else:
            self.look(server, now)

    # -- measures --------------------------------------------------------------------------------
    def counts(self) -> dict[str, int]:
        return {
            **super().counts(),
            "filtered_out": self.filtered_out,
            "batches_throttled": self.throttled,
            "throttled_messages": self.given_back,
        }

    def edge_figures(self) -> dict[str, int]:
        """What happened on the edge of the mapping."""
        return {
            "batches": self.invoked,
            "filtered_out": self.filtered_out,
            "batches_throttled": self.throttled,
            "throttled_messages": self.given_back,
        }

    def figures(self, edge: str) -> dict[str, Any]:
        """The row of the mapping in the function's own view."""
        return {
            "edge": edge,
            "pollers": self.size,
            "under_way": self.busy.value,
            "held_back": self._held_back,
            "filtered_out": self.filtered_out or None,
        }
