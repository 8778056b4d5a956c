"""The API of Amazon SQS over the queues of a running design: calls at given simulated times.

The same classes do the work as in a simulation; a stand-in takes the place of consumer and workers.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any

from simulator.engine.broker import Subscription
from simulator.engine.endpoint import Server
from simulator.engine.message import Message
from simulator.engine.payload import Event
from simulator.engine.world import World
from simulator.experiments.replication import build_world
from simulator.kinds.aws.sqs.edge_settings import SqsConsumeSettings
from simulator.kinds.aws.sqs.envelope import Envelope
from simulator.kinds.aws.sqs.queue import SqsQueue
from simulator.kinds.aws.sqs.sender import body_of
from tests.simulator.designs import at, design, node

Handle = tuple[Message, int]


@dataclass
class Poll:
    """A long poll that waits, or what it returned."""

    server: Server
    most: int
    until: float
    bodies: list[str] = field(default_factory=list)
    handles: list[Handle] = field(default_factory=list)


class _Callers:
    """Stands where a consumer would: those who wait in a long poll are its idle workers."""

    def __init__(self, client: Client, queue: str) -> None:
        self.client = client
        self.queue = queue
        self.idle: deque[Poll] = deque()
        self.size = self.pollers = None
        self.poll_interval = 0.0

    def wake(self, subscription: Subscription, now: float, gap: float) -> None:
        poll = self.idle.popleft()
        self.client.fill(poll, self.queue)
        if poll.bodies:
            self.client.returned.append(poll)
        else:
            self.idle.appendleft(poll)


class Client:
    """Calls to the queues of a chain: the first one is called "main", the others as they are named.

    Args:
        queues: attributes by name, each queue the dead-letter queue of the one before it where that has a
            RedrivePolicy.
    """

    def __init__(self, queues: dict[str, dict[str, Any]]) -> None:
        names = list(queues)
        nodes = [
            node(
                "source",
                "producer",
                arrivals=at(1e9),
                keys={"distribution": "zipf", "count": 5, "exponent": 0},
            )
        ]
        edges = [f"source->{names[0]}"]
        configs: dict[str, Any] = {}
        for position, (name, attributes) in enumerate(queues.items()):
            config = dict(attributes)
            redrive = config.pop("RedrivePolicy", None)
            nodes.append(node(name, "aws.sqs", **config))
            if redrive is not None:
                edge = f"{name}->{names[position + 1]}:dead-letter"
                edges.append(edge)
                configs[edge] = redrive
        document = design(nodes, edges, edge_configs=configs)
        self.world: World = build_world(document, 1, 0, 1e8, "events")
        self.queues: dict[str, SqsQueue] = {}
        self._callers: dict[str, _Callers] = {}
        self._subscriptions: dict[str, Subscription] = {}
        self._sent = 0
        self._ids: dict[tuple[int, int], str] = {}
        self.returned: deque[Poll] = deque()
        for name in names:
            self.queues[name] = queue = self.world.node(name, SqsQueue)
            self._callers[name] = callers = _Callers(self, name)
            subscription = Subscription(f"calls-{name}", queue, callers)  # type: ignore[arg-type]
            queue.add_reader(subscription, SqsConsumeSettings.model_validate({"WaitTimeSeconds": 20}))
            self._subscriptions[name] = subscription

    def queue(self, name: str = "") -> SqsQueue:
        return self.queues[name or next(iter(self.queues))]

    @property
    def now(self) -> float:
        return self.world.env.now

    def sleep(self, seconds: float) -> None:
        """Let the time pass."""
        until = self.now + seconds
        while not self.world.env.advance(until, 10_000):
            pass

    # -- calls -----------------------------------------------------------------------------------
    def send(
        self,
        body: str,
        *,
        group: str | None = None,
        dedup: str | None = None,
        delay: float | None = None,
        size: float = 100.0,
    ) -> bool:
        """SendMessage; whether it was taken."""
        queue = self.queue()
        self._sent += 1
        message = Message(0, self._sent, self.now, None, size, 0)
        message.event = event = Event("", "", {"body": body})
        if queue.settings.content_based_deduplication and dedup is None:
            dedup = body_of(event)
        if group is not None:
            message.envelope = Envelope(group, dedup)
        if delay is None:
            taken = queue.accept(message)
        else:
            taken = queue.has_room(message)
            queue.admit(message, self.now)
            queue.store(message, self.now, delay)
        self.sleep(0.0)
        return taken

    def receive(
        self, most: int = 1, *, visibility: float | None = None, wait: float = 0.0, queue: str = ""
    ) -> Poll:
        """ReceiveMessage: at once, or a long poll of `wait` seconds."""
        name = queue or next(iter(self.queues))
        poll = Poll(Server(None), most, self.now + wait)  # type: ignore[arg-type]
        reader = self.queues[name].readers[self._subscriptions[name]]
        usual = reader.visibility_timeout
        if visibility is not None:
            reader.visibility_timeout = visibility
        try:
            self.fill(poll, name)
            if not poll.bodies and wait > 0.0:
                self._callers[name].idle.append(poll)
                self.sleep(wait)
                if poll in self._callers[name].idle:
                    self._callers[name].idle.remove(poll)
                if poll in self.returned:
                    self.returned.remove(poll)
        finally:
            reader.visibility_timeout = usual
        self.sleep(0.0)
        return poll

    def poll(self, wait: float, most: int = 1) -> Poll:
        """Begin a long poll beside others; what it returns will stand in it."""
        name = next(iter(self.queues))
        poll = Poll(Server(None), most, self.now + wait)  # type: ignore[arg-type]
        self._callers[name].idle.append(poll)
        return poll

    def fill(self, poll: Poll, name: str) -> None:
        """Give the poll what the queue has now."""
        queue = self.queues[name]
        subscription = self._subscriptions[name]
        queue.readers[subscription].max_messages = poll.most
        message = queue.take(subscription, poll.server)
        if message is None:
            return
        poll.handles = [(message, poll.server.receipt), *poll.server.batch]
        poll.server.batch.clear()
        poll.bodies = [one.event.detail["body"] for one, _ in poll.handles if one.event is not None]

    def delete(self, handle: Handle, queue: str = "") -> bool:
        """DeleteMessage; False for an error."""
        done = self.queue(queue).delete(*handle)
        self.sleep(0.0)
        return done

    def change_visibility(self, handle: Handle, seconds: float) -> bool:
        """ChangeMessageVisibility; False for MessageNotInflight."""
        done = self.queue().change_visibility(*handle, seconds)
        self.sleep(0.0)
        return done

    def purge(self) -> None:
        self.queue().strike("purge", None)

    def attributes(self, queue: str = "") -> dict[str, int]:
        """GetQueueAttributes."""
        one = self.queue(queue)
        return {
            "ApproximateNumberOfMessages": one.available.value,
            "ApproximateNumberOfMessagesNotVisible": one.in_flight_level.value,
            "ApproximateNumberOfMessagesDelayed": one.delayed.value,
        }
