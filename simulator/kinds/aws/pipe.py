"""`aws.pipe`: an Amazon EventBridge pipe from one queue, topic or stream to one target.

Source -> filter -> batch -> enrichment (invoked once for a batch) -> target. The source's records are
acknowledged when the target has accepted them; what was not accepted comes again by the source's own rules.
Source: Amazon EventBridge user guide, *Amazon EventBridge Pipes*, *Batching and concurrency*.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.engine.batch_consumer import BatchConsumer, BatchServer
from simulator.engine.broker import Subscription
from simulator.engine.endpoint import Poll, Server
from simulator.engine.environment import Activity
from simulator.engine.link import Link
from simulator.engine.message import Message
from simulator.engine.payload import Event
from simulator.engine.request import Caller, Invocations
from simulator.engine.shard_reader import ShardReader
from simulator.engine.world import World
from simulator.kinds.aws.event_input import value_maker
from simulator.kinds.aws.event_patterns import Matcher, compile_pattern, leaves_of
from simulator.kinds.aws.pipe_checks import check
from simulator.kinds.aws.pipe_settings import PipeInvokeSettings, PipeSettings, PipeTargetSettings
from simulator.kinds.aws.pipe_sources import source_of, target_batch
from simulator.kinds.aws.sqs.envelope import Envelope, envelope_of
from simulator.kinds.aws.sqs.quotas import chunks
from simulator.kinds.cost import CostItem, NoPrice, Usage
from simulator.kinds.kind import Kind

if TYPE_CHECKING:
    from simulator.design.document import Edge

#: Long polls that a pipe keeps open (estimate: those of a Lambda event source mapping without load).
POLLERS = 5
#: Seconds until a failed batch of an ordered log, or a failed message of RabbitMQ, is tried again (estimate;
#: AWS publishes none).
RETRY_PAUSE = 1.0
#: Longest execution, seconds (user guide, *Amazon EventBridge Pipes quotas*).
LONGEST_EXECUTION = 300.0
#: Bytes of the message about a batch that was given up (estimate).
METADATA_SIZE = 1_024.0


class PipeServer(BatchServer):
    """An execution; `taken` holds the records of its batch in order, those that the filter stops too."""

    __slots__ = ("taken",)

    def __init__(self, pipe: Pipe) -> None:
        super().__init__(pipe)
        self.taken: list[tuple[Message, int]] = []


class Pipe(BatchConsumer):
    """Executions that take batches and hand them to the target."""

    pollers = POLLERS
    acknowledges_each = True

    def __init__(self, world: World, id: str, settings: PipeSettings) -> None:
        node, source = source_of(world.document, id)
        self.settings = settings
        self.is_stream = source.is_stream
        most = source.most(node.config) * (settings.parallelization_factor if source.is_stream else 1)
        super().__init__(
            id,
            world.env,
            servers=min(settings.concurrency or most, most),
            service_time=world.message_draws(settings.service_time, id, "service"),
            fails=None,
            poll_interval=0.0,
            max_size=min(settings.batch_size or source.batch, target_batch(world.document, id)),
            max_wait=settings.batching_window,
            is_per_message=False,
        )
        pattern = settings.filter_pattern
        self._matcher: Matcher | None = None if pattern is None else compile_pattern(pattern)
        self._body = source.body
        self._is_stream = source.is_stream
        #: What follows a failed record waits for it, and is acknowledged after it.
        self._is_ordered = source.is_ordered(node.config)
        #: The source knows no timeout that brings a failed record again.
        self._retries_itself = node.kind == "kafka.topic" or source.is_stream
        if node.kind == "rabbitmq.queue" or source.is_stream:
            self.redelivery_delay = lambda: RETRY_PAUSE
        self._target: Link | None = None
        self._dead: Link | None = None
        self._labels: _Labels | None = None
        self.filtered_out = 0
        self.timeouts = 0
        #: Records of a stream that it went on without.
        self.given_up = 0

    def make_server(self) -> PipeServer:
        return PipeServer(self)

    def connect(self, world: World) -> None:
        for edge in world.edges_from(self.id, "publish"):
            given = edge.settings
            assert isinstance(given, PipeTargetSettings)
            if given.purpose == "dead-letter":
                self._dead = world.link(edge)
                continue
            self._target = world.link(edge)
            if given.message_group_id is not None or given.message_deduplication_id is not None:
                self._labels = _Labels(given)
        invoked = list(world.edges_from(self.id, "invoke"))
        # The enrichment comes before the target, however they are drawn.
        invoked.sort(key=_is_target_call)
        if invoked:
            self.invocations = Invocations(world.env, [world.invoke_edge(edge) for edge in invoked])

    # -- taking records --------------------------------------------------------------------------
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
        """Take what waits, and what an earlier receive has left, until the batch is full."""
        gathered = server.gathered
        before = len(gathered)
        server.subscription = subscription = self.inputs[0]
        while len(gathered) < self.max_size:
            if server.batch:
                self._gather(server, *server.batch.popleft(), now)
                continue
            message = subscription.broker.take(subscription, server)
            if message is None:
                break
            self._gather(server, message, server.receipt, now)
        return len(gathered) > before

    def _gather(self, server: BatchServer, message: Message, receipt: int, now: float) -> None:
        assert isinstance(server, PipeServer)
        if self._passes(message):
            server.taken.append((message, receipt))
            super()._gather(server, message, receipt, now)
        elif server.taken and self._is_ordered:
            server.taken.append((message, receipt))
        else:
            self._stop(message, receipt)

    def _stop(self, message: Message, receipt: int) -> None:
        """The filter does not let the record through: it is done, and counts once however often read."""
        if not message.processed:
            message.processed = True
            self.filtered_out += 1
        self.inputs[0].broker.acknowledge(message, receipt)

    def _passes(self, message: Message) -> bool:
        matcher = self._matcher
        if matcher is None:
            return True
        event = message.event
        about = message.envelope if self._is_stream else {}
        if event is None:
            return matcher.matches(leaves_of({self._body: {}, **about}))
        key = (self, *about.values())
        found: bool | None = event.memo.get(key)
        if found is None:
            found = matcher.matches(leaves_of({self._body: event.as_eventbridge(), **about}))
            event.memo[key] = found
        return found

    # -- executions ------------------------------------------------------------------------------
    def service_ends(self, server: Server, now: float) -> float | None:
        assert isinstance(server, PipeServer)
        if self.invocations is None:
            return self._hand_over(server, now, True)
        execution = _Execution(self, server)
        self.invocations.begin(server.gathered[0][0], execution)
        if not execution.is_over:
            self.env.at(server.started_at + LONGEST_EXECUTION, execution)
        return None

    def invoked(self, server: PipeServer, now: float, ok: bool) -> None:
        """What was invoked has answered for the whole batch, or has not in time."""
        ends = self._hand_over(server, now, ok)
        if ends is not None:
            self.env.at(ends, server)

    def _hand_over(self, server: PipeServer, now: float, ok: bool) -> float | None:
        """Give the batch to the target and settle it; returns when the work on the next batch ends."""
        subscription = server.subscription
        subscription.add_service(now - server.started_at)
        taken, server.taken, server.gathered = server.taken, [], []
        server.is_serving = False
        refused: list[tuple[Message, int]] = []
        for message, receipt in taken:
            passes = self._passes(message)
            if passes:
                self.held.down(now)
            if not ok or (refused and self._is_ordered) or (passes and not self._is_accepted(message)):
                refused.append((message, receipt))
            elif passes:
                self.complete(message, subscription, receipt, now)
            else:
                self._stop(message, receipt)
        if refused and self.is_stream and self._is_given_up(refused, now):
            self._drop(refused, now)
            refused = []
        # A log gives back what was refused at the front, one by one.
        for message, receipt in reversed(refused) if self._retries_itself else refused:
            self.give_up(message, subscription, receipt, now)
        ends = None
        if self.is_halting:
            self.halt(server)
        elif refused and self._retries_itself:
            self.env.at(now + RETRY_PAUSE, Poll(server))
        elif not self._collect(server, now):
            self._rest(server, now)
        elif self._is_enough(server):
            ends = self.open(server, now)
        else:
            self._wait(server, now)
            self.idle.append(server)
        if ends is None:
            self.busy.down(now)
        return ends

    def _is_given_up(self, refused: list[tuple[Message, int]], now: float) -> bool:
        """Whether what is left of a batch of a stream has had its tries, or is too old for another."""
        settings = self.settings
        tries = max(message.receive_count for message, _ in refused)
        age = now - min(message.accepted_at for message, _ in refused)
        is_spent = 0 <= settings.maximum_retry_attempts < tries
        return is_spent or 0 <= settings.maximum_record_age < age

    def _drop(self, refused: list[tuple[Message, int]], now: float) -> None:
        """Go on without them; the dead-letter queue is told of the batch in one message."""
        broker = self.inputs[0].broker
        assert isinstance(broker, ShardReader)
        passing = [(message, receipt) for message, receipt in refused if self._passes(message)]
        if self._dead is not None and passing:
            letter = passing[0][0].copy()
            letter.size = METADATA_SIZE
            batch = {"batchSize": len(passing)}
            letter.event = Event("", "", {"context": {"pipe": self.id}, "batchInfo": batch})
            letter.enqueued_at = now
            self._dead.send(letter)
        for message, receipt in refused:
            if self._passes(message):
                self.given_up += 1
                broker.give_up(message, receipt, is_dead_letter=self._dead is not None)
            else:
                self._stop(message, receipt)

    def lanes_opened(self, lanes: int) -> None:
        assert self.size is not None
        if self.settings.concurrency is None:
            self.resize(self.size + lanes)

    def _is_accepted(self, message: Message) -> bool:
        """Whether the target takes a copy."""
        link = self._target
        if link is None:
            return True
        copy = message.copy()
        copy.duplicate = message.processed or message.duplicate
        if self._labels is not None:
            self._labels.put_on(copy)
        link.total += 1
        if link.target.accept(copy):
            return True
        copy.end()
        return False

    # -- faults ----------------------------------------------------------------------------------
    def fail(self) -> None:
        super().fail()
        for server in self.parked:
            while server.batch:
                self.inputs[0].broker.reject(*server.batch.popleft())

    def _give_back(self, server: BatchServer, now: float) -> None:
        assert isinstance(server, PipeServer)
        taken, server.taken, server.gathered = server.taken, [], []
        for message, receipt in reversed(taken) if self._retries_itself else taken:
            if self._passes(message):
                self.held.down(now)
            self.failures += 1
            server.subscription.broker.reject(message, receipt)

    # -- measures --------------------------------------------------------------------------------
    def counts(self) -> dict[str, int]:
        return {
            **super().counts(),
            "filtered_out": self.filtered_out,
            "executions_timed_out": self.timeouts,
            **({"records_given_up": self.given_up} if self.is_stream else {}),
        }


class _Labels:
    """Message group and deduplication id that a pipe gives a record for a FIFO target."""

    def __init__(self, settings: PipeTargetSettings) -> None:
        group, own = settings.message_group_id, settings.message_deduplication_id
        self._group = None if group is None else value_maker(group)
        self._own = None if own is None else value_maker(own)

    def put_on(self, message: Message) -> None:
        """Write them on the copy that goes to the target."""
        before = envelope_of(message)
        group = None if before is None else before.group
        own = None if before is None else before.deduplication
        if self._group is not None:
            group = self._group(message.event)
        if self._own is not None:
            own = self._own(message.event) or None
        message.envelope = Envelope(group, own)


class _Execution(Caller, Activity):
    """An execution that waits for what it has invoked; what occurs is the end of its longest time."""

    __slots__ = ("is_over", "pipe", "server")

    def __init__(self, pipe: Pipe, server: PipeServer) -> None:
        self.pipe = pipe
        self.server = server
        self.is_over = False

    def answer(self, now: float, ok: bool) -> None:
        if not self.is_over:
            self.is_over = True
            self.pipe.invoked(self.server, now, ok)

    def occur(self, now: float) -> None:
        if not self.is_over:
            self.is_over = True
            self.pipe.timeouts += 1
            self.pipe.invoked(self.server, now, False)


def _is_target_call(edge: Edge) -> bool:
    settings = edge.settings
    return isinstance(settings, PipeInvokeSettings) and settings.purpose == "target"


def cost_items(usage: Usage) -> list[CostItem | NoPrice]:
    """Messages that pass the filter, each 64 KiB a request (Amazon EventBridge pricing)."""
    passed, again = usage.count("completions"), usage.count("failures")
    more = chunks(usage.size) - 1
    return [
        CostItem("aws.pipes.requests", "requests", passed),
        CostItem("aws.pipes.requests", "retries", again),
        CostItem("aws.pipes.requests", "payload chunks", (passed + again) * more),
    ]


KIND = Kind(
    kind="aws.pipe",
    title="Amazon EventBridge pipe",
    group="Consumers",
    category="consumer",
    summary="From a queue, Kafka topic or table's stream through filter, batch and enrichment to one target.",
    docs="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes.html",
    settings=PipeSettings,
    build=Pipe,
    edge_settings={"publish": PipeTargetSettings, "invoke": PipeInvokeSettings},
    check=check,
    badges=("throughput", "batch_size", "filtered_out"),
    cost=cost_items,
)
