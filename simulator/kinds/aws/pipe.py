"""`aws.pipe`: an Amazon EventBridge pipe from one SQS queue to one target.

Source -> filter -> batch -> enrichment (an invoked service, once for a batch) -> target. The source's
messages are deleted when the target has accepted them; what was not accepted comes again by the
source's own rules.
Source: Amazon EventBridge user guide, *Amazon EventBridge Pipes*, *Batching and concurrency*.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from simulator.design.distributions import Constant, DurationDistribution
from simulator.design.edges import PlainSettings
from simulator.design.fields import Settings, Source, setting
from simulator.engine.batch_consumer import BatchConsumer, BatchServer
from simulator.engine.broker import Subscription
from simulator.engine.endpoint import Server
from simulator.engine.link import Link
from simulator.engine.message import Message
from simulator.engine.request import Caller, Invocations
from simulator.engine.world import World
from simulator.graph.problem import Problem
from simulator.kinds.aws.event_patterns import Matcher, compile_pattern, leaves_of
from simulator.kinds.aws.eventbridge_settings import EventPattern
from simulator.kinds.aws.sqs.quotas import chunks
from simulator.kinds.cost import CostItem, NoPrice, Usage
from simulator.kinds.kind import Kind

if TYPE_CHECKING:
    from simulator.design.document import Document, Node

_PIPES = Source(
    "Amazon EventBridge user guide, Pipes batching and concurrency",
    "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-batching-concurrency.html",
)
_FILTER = Source(
    "Amazon EventBridge user guide, Pipes filtering",
    "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-event-filtering.html",
)


class PipeSettings(Settings):
    """An Amazon EventBridge pipe: one source, a filter, an enrichment, one target."""

    filter_pattern: EventPattern | None = setting(
        None,
        title="FilterPattern",
        help="Which messages go on, such as {body: {detail-type: [OrderPlaced]}}; others are deleted.",
        source=_FILTER,
        alias="FilterPattern",
    )
    batch_size: int = setting(
        10,
        title="BatchSize",
        help="Most messages of one execution.",
        unit="messages",
        source=_PIPES,
        alias="BatchSize",
        ge=1,
        le=10_000,
    )
    batching_window: float = setting(
        0,
        title="MaximumBatchingWindowInSeconds",
        help="How long a batch waits to fill up, from its first message on.",
        unit="s",
        source=_PIPES,
        alias="MaximumBatchingWindowInSeconds",
        ge=0,
        le=300,
    )
    concurrency: Annotated[int, Field(ge=1, le=1_250)] = setting(
        1_250,
        title="Concurrent executions",
        help="Batches under way at a time; 1,250 is the most of a pipe that reads SQS.",
        unit="executions",
        source=_PIPES,
        advanced=True,
    )
    service_time: DurationDistribution = setting(
        title="Execution time",
        help="The pipe's own time for a batch, without the enrichment; AWS publishes none.",
        unit="s",
        widget="distribution",
        advanced=True,
        factory=lambda: Constant(value=0.02),
    )

    @property
    def instances(self) -> None:
        """A pipe has no machines that could be too few."""
        return


#: Long polls that a pipe keeps open (estimate: those of a Lambda event source mapping without load).
POLLERS = 5


class Pipe(BatchConsumer):
    """Executions that take batches and hand them to the target."""

    pollers = POLLERS

    def __init__(self, world: World, id: str, settings: PipeSettings) -> None:
        super().__init__(
            id,
            world.env,
            servers=settings.concurrency,
            service_time=world.message_draws(settings.service_time, id, "service"),
            fails=None,
            poll_interval=0.0,
            max_size=settings.batch_size,
            max_wait=settings.batching_window,
            is_per_message=False,
        )
        pattern = settings.filter_pattern
        self._matcher: Matcher | None = None if pattern is None else compile_pattern(pattern)
        self._target: Link | None = None
        self.filtered_out = 0

    def connect(self, world: World) -> None:
        for edge in world.edges_from(self.id, "publish"):
            self._target = world.link(edge)
        calls = [world.invoke_edge(edge) for edge in world.edges_from(self.id, "invoke")]
        if calls:
            self.invocations = Invocations(world.env, calls)

    # -- filter ----------------------------------------------------------------------------------
    def begin(self, server: Server, message: Message, subscription: Subscription, now: float) -> None:
        assert isinstance(server, BatchServer)
        was_gathering = bool(server.gathered)
        server.subscription = subscription
        self._gather(server, message, server.receipt, now)
        if server.gathered:
            self._go_on(server, was_gathering, now)
        else:
            self.look(server, now)

    def _gather(self, server: BatchServer, message: Message, receipt: int, now: float) -> None:
        if self._passes(message):
            super()._gather(server, message, receipt, now)
        else:
            self.filtered_out += 1
            self.inputs[0].broker.acknowledge(message, receipt)

    def _passes(self, message: Message) -> bool:
        matcher = self._matcher
        if matcher is None:
            return True
        event = message.event
        if event is None:
            return matcher.matches(leaves_of({"body": {}}))
        found: bool | None = event.memo.get(self)
        if found is None:
            found = event.memo[self] = matcher.matches(leaves_of({"body": event.as_eventbridge()}))
        return found

    # -- executions ------------------------------------------------------------------------------
    def service_ends(self, server: Server, now: float) -> float | None:
        assert isinstance(server, BatchServer)
        if self.invocations is None:
            return self._hand_over(server, now, True)
        self.invocations.begin(server.gathered[0][0], _Enrichment(self, server))
        return None

    def enriched(self, server: BatchServer, now: float, ok: bool) -> None:
        """The enrichment has answered for the whole batch."""
        ends = self._hand_over(server, now, ok)
        if ends is not None:
            self.env.at(ends, server)

    def _hand_over(self, server: BatchServer, now: float, ok: bool) -> float | None:
        """Give the batch to the target and settle it; returns when the work on the next batch ends."""
        subscription = server.subscription
        subscription.add_service(now - server.started_at)
        batch, server.gathered = server.gathered, []
        server.is_serving = False
        for message, receipt in batch:
            self.held.down(now)
            if ok and self._is_accepted(message):
                self.complete(message, subscription, receipt, now)
            else:
                self.give_up(message, subscription, receipt, now)
        ends = None
        if self.paused:
            self.parked.append(server)
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

    def _is_accepted(self, message: Message) -> bool:
        """Whether the target takes a copy."""
        link = self._target
        if link is None:
            return True
        copy = message.copy()
        copy.duplicate = message.processed or message.duplicate
        link.total += 1
        if link.target.accept(copy):
            return True
        copy.end()
        return False

    # -- measures --------------------------------------------------------------------------------
    def counts(self) -> dict[str, int]:
        return {**super().counts(), "filtered_out": self.filtered_out}


class _Enrichment(Caller):
    """An execution that waits for its enrichment."""

    __slots__ = ("pipe", "server")

    def __init__(self, pipe: Pipe, server: BatchServer) -> None:
        self.pipe = pipe
        self.server = server

    def answer(self, now: float, ok: bool) -> None:
        self.pipe.enriched(self.server, now, ok)


def check(document: Document, node: Node) -> list[Problem]:
    """A pipe has one source, an SQS queue, at most one enrichment, and one target (D283)."""
    into = document.edges_into(node.id)
    leaving = document.edges_from(node.id)
    targets = [edge for edge in leaving if edge.role == "publish"]
    calls = [edge for edge in leaving if edge.role == "invoke"]
    found: list[tuple[str, str]] = []
    if len(into) != 1:
        found.append((f"{node.id} has {len(into)} sources; a pipe has one", "draw a pipe for each source"))
    for edge in into:
        kind = document.node(edge.source).kind
        if kind != "aws.sqs":
            found.append(
                (f"{node.id} reads a {kind}, and pipes read aws.sqs here", "read it with a consumer")
            )
    if len(targets) != 1:
        hint = "publish to a bus or topic that fans out" if targets else "lead it to a queue, topic or bus"
        found.append((f"{node.id} has {len(targets)} targets; a pipe has one", hint))
    if len(calls) > 1:
        found.append(
            (f"{node.id} invokes {len(calls)} services; a pipe has one enrichment", "let one call the others")
        )
    path = f"nodes[{document.nodes.index(node)}]"
    return [Problem("D283", "error", node.id, "", message, hint, path) for message, hint in found]


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
    summary="From an SQS queue through filter, batch and enrichment to one target.",
    docs="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes.html",
    settings=PipeSettings,
    build=Pipe,
    edge_settings={"publish": PlainSettings, "invoke": PlainSettings},
    check=check,
    badges=("throughput", "batch_size", "filtered_out"),
    cost=cost_items,
)
