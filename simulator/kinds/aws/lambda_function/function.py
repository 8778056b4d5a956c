"""The running function: its executions, and the three roads on which it is invoked.

Sources: AWS Lambda developer guide, *Invoking Lambda functions* (synchronous, asynchronous, event source
mappings), *Understanding Lambda function scaling*, *Lambda execution environment*.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any

from simulator.design.distributions import Uniform
from simulator.engine.endpoint import Consumer
from simulator.engine.link import Outlet
from simulator.engine.message import Message
from simulator.engine.node import Acceptor
from simulator.engine.request import Caller, Invocations, Responder
from simulator.engine.timer import Timer
from simulator.engine.token_bucket import TokenBucket
from simulator.engine.world import World
from simulator.kinds.aws.event_patterns import compile_pattern, leaves_of
from simulator.kinds.aws.lambda_function.account import REQUESTS_PER_CONCURRENCY, Account, ScalingRate
from simulator.kinds.aws.lambda_function.edge_settings import FunctionPublishSettings
from simulator.kinds.aws.lambda_function.environments import Environments
from simulator.kinds.aws.lambda_function.events import EventQueue
from simulator.kinds.aws.lambda_function.execution import Execution, Invocation
from simulator.kinds.aws.lambda_function.mapping import Batch, EventSourceMapping, make_mapping
from simulator.kinds.aws.lambda_function.settings import FunctionSettings
from simulator.measurement.level import Level, Total
from simulator.measurement.ordering import Flow
from simulator.measurement.tally import Tally

#: Error of a synchronous invocation that is throttled (developer guide of Step Functions, *Error names*).
THROTTLED = "Lambda.TooManyRequestsException"


class LambdaFunction(Responder):
    """A function that services and producers call, that buses hand events, and that reads brokers.

    Its own ledger is that of the synchronous calls; the queue of asynchronous events and every mapping
    have one of their own.
    """

    category = "function"

    def __init__(self, world: World, id: str, settings: FunctionSettings) -> None:
        super().__init__(id, world.env)
        self.settings = settings
        self._service_time = world.message_draws(settings.service_time, id, "service")
        self._factor = settings.cpu_factor
        self._per_batch = settings.batch_work == "per-batch"
        self.draw_init = world.draws(settings.init_duration, id, "init")
        self.overhead = world.draws(settings.invoke_overhead, id, "overhead")
        self._chance = world.message_draws(Uniform(low=0.0, high=1.0), id, "failure")
        poison = settings.failure.poison
        self._poison = None if poison is None else compile_pattern(poison)
        #: Flows of producers that end here, by index of the producer.
        self.flows: dict[int, Flow] = {}
        self.outlet: Outlet
        self.invocations: Invocations | None = None
        self.environments = Environments(settings.provisioned_concurrency, settings.idle_expiry)
        self.concurrency = Level()
        self.initialising = Level()
        self.account = Account.of(world, self)
        limit = settings.reserved_concurrency
        limit = settings.account_concurrency if limit is None else limit
        self.requests = TokenBucket(max(1.0, REQUESTS_PER_CONCURRENCY * limit))
        self.scaling = ScalingRate()
        self._room_timer = Timer(world.env, self.offer_room)
        #: Batches of mappings that were throttled, the oldest first.
        self.held_back: deque[Batch] = deque()
        self.is_out = False
        self.events = EventQueue(world, self)
        self.mappings: dict[str, EventSourceMapping] = {}
        for edge in world.edges_into(id, "consume"):
            self.mappings[edge.id] = make_mapping(world, self, edge)
        self.cold_starts = self.warm_starts = 0
        self.throttles = self.timeouts = self.errors = 0
        self.billed_ms = self.billed_provisioned_ms = 0
        self.calls = Level()
        self.duration = Tally()
        self.init_duration = Tally()
        self.billed_duration = Tally()
        self.sojourn_time = Tally()

    def connect(self, world: World) -> None:
        self.outlet = world.outlet(self.id, lambda edge: not _is_destination(edge.settings))
        calls = world.calls_from(self.id)
        if calls:
            self.invocations = Invocations(world.env, calls)
        for edge in world.edges_from(self.id, "publish"):
            if _is_destination(edge.settings):
                self.events.on_success.append(world.link(edge))
        for edge in world.edges_from(self.id, "dead-letter"):
            link = world.dead_letter_link(edge)
            source = getattr(edge.settings, "source", "")
            if source in self.mappings:
                self.mappings[source].add_destination(link, world.document.node(edge.target).kind)
            else:
                self.events.on_failure.append(link)
        for mapping in self.mappings.values():
            mapping.outlet = self.outlet
            mapping.is_sending_on = bool(self.outlet)

    @property
    def is_sending_on(self) -> bool:
        """Whether the handler publishes."""
        return bool(self.outlet)

    # -- the roads -------------------------------------------------------------------------------
    def entrance(self, edge: str) -> Acceptor:
        """Invoke edges are synchronous calls; what is published goes to the queue of events."""
        return self.events if edge in self.events.edges else self

    def reader(self, edge: str) -> Consumer:
        return self.mappings[edge]

    def accept(self, message: Message) -> bool:
        """A synchronous call whose answer nobody waits for: a refusal is lost to the sender."""
        return self._call(message, None)

    def accept_dead_letter(self, message: Message) -> bool:
        """Whoever gives a message up does not wait for the function."""
        return self.events.accept(message)

    def request(self, message: Message, caller: Caller) -> None:
        if self._call(message, caller):
            return
        if self.is_out:
            caller.answer(self.env._now, False)
        else:
            caller.refused(self.env._now, THROTTLED)

    def _call(self, message: Message, caller: Caller | None) -> bool:
        now = self.env._now
        if not self.invoke(_Call(self, message, caller, now), now):
            self.rejected += 1
            return False
        self.accepted += 1
        self.calls.up(now)
        return True

    # -- executions ------------------------------------------------------------------------------
    def invoke(self, invocation: Invocation, now: float) -> bool:
        """Begin an execution; False when the function is throttled (429) or out."""
        environments = self.environments
        if self.is_out:
            return False
        if not self.account.has_room(self) or not self.requests.take(now):
            self.throttles += 1
            return False
        init: float | None = None
        is_provisioned = environments.take_provisioned()
        if is_provisioned or environments.take_warm(now):
            self.warm_starts += 1
        elif self.scaling.has_room(now):
            self.scaling.take(now)
            self.cold_starts += 1
            init = self.draw_init()
            self.init_duration.add(init)
        else:
            self.throttles += 1
            self._room_timer.arm(self.scaling.opens_at)
            return False
        self.account.begun(self)
        self.concurrency.up(now)
        Execution(self, invocation, now, init=init, is_provisioned=is_provisioned)
        return True

    def hold_back(self, batch: Batch) -> None:
        """A batch was throttled: its poller keeps it and tries again as soon as there is room."""
        self.held_back.append(batch)
        if self.account.has_room(self) and not self.is_out:
            self._room_timer.arm(self.env._now + 1.0 / self.requests.rate)

    def offer_room(self, now: float) -> None:
        """There may be room: batches that were throttled are tried again, the oldest first."""
        held_back = self.held_back
        while held_back:
            if held_back[0].is_given_up:
                held_back.popleft()
                continue
            if self.is_out or not self.account.has_room(self):
                return
            batch = held_back.popleft()
            if not self.invoke(batch, now):
                self.throttles -= 1  # counted when it was throttled first
                held_back.appendleft(batch)
                self._room_timer.arm(max(self.scaling.opens_at, now + 1.0 / self.requests.rate))
                return
            batch.mapping.taken_up()

    def work_time(self, messages: list[Message]) -> float:
        """The handler's own time for an invocation, seconds."""
        draw = self._service_time
        if self._per_batch:
            return draw(messages[0]) * self._factor
        return sum([draw(message) for message in messages]) * self._factor

    def fails(self, message: Message) -> bool:
        """Whether the handler fails at a message."""
        if self._poison is not None:
            said = {} if message.event is None else message.event.as_eventbridge()
            if self._poison.matches(leaves_of(said)):
                return True
        probability = self.settings.failure.probability
        return probability > 0.0 and self._chance(message) < probability

    def sent_on(self, message: Message) -> None:
        """The handler has succeeded: what it publishes goes out."""
        if self.outlet:
            self.outlet.send(message.copy())

    # -- faults ----------------------------------------------------------------------------------
    def fail(self) -> None:
        """An outage: callers are refused, events wait in their queue, mappings keep their batches."""
        self.is_out = True

    def recover(self) -> None:
        self.is_out = False
        self.offer_room(self.env._now)

    # -- measures --------------------------------------------------------------------------------
    def waiting(self) -> int:
        return self.events.waiting()

    def in_flight(self) -> int:
        return (
            self.calls.value
            + self.events.in_flight()
            + sum(one.in_flight() for one in self.mappings.values())
        )

    def ledger(self) -> dict[str, int]:
        return {**super().ledger(), "waiting": 0, "in_flight": self.calls.value}

    def ledgers(self) -> dict[str, dict[str, int]]:
        found = {self.id: self.ledger(), f"{self.id}:events": self.events.ledger()}
        for edge, mapping in self.mappings.items():
            found[f"{self.id}:{edge}"] = mapping.ledger()
        return found

    def counts(self) -> dict[str, int]:
        read = [mapping.counts() for mapping in self.mappings.values()]
        own, events = super().counts(), self.events.counts()
        names = {*own, *events}.union(*read) if read else {*own, *events}
        summed = {
            name: own.get(name, 0) + events.get(name, 0) + sum(one.get(name, 0) for one in read)
            for name in sorted(names)
        }
        return {
            **summed,
            "failures": self.errors,
            "throttles": self.throttles,
            "timeouts": self.timeouts,
            "cold_starts": self.cold_starts,
            "invocations": self.cold_starts + self.warm_starts,
            "billed_ms": self.billed_ms,
            "billed_provisioned_ms": self.billed_provisioned_ms,
        }

    def levels(self) -> Mapping[str, Level | Total]:
        return {
            "busy": self.concurrency,
            "concurrent_executions": self.concurrency,
            "queue_length": self.events.waiting_level,
        }

    def tallies(self) -> dict[str, list[Tally]]:
        mappings = list(self.mappings.values())
        return {
            "duration": [self.duration],
            "init_duration": [self.init_duration],
            "billed_duration": [self.billed_duration],
            "sojourn_time": [self.sojourn_time, self.events.sojourn_time]
            + [one.sojourn for mapping in mappings for one in mapping.inputs],
            "waiting_time": [one.waiting for mapping in mappings for one in mapping.inputs],
            "batch_size": [mapping.batch_size for mapping in mappings],
            "iterator_age": [mapping.iterator_age for mapping in mappings if mapping.is_stream],
            "async_event_age": [self.events.age],
        }

    def edge_counts(self) -> Mapping[str, Mapping[str, int]]:
        return {edge: mapping.edge_figures() for edge, mapping in self.mappings.items()}

    def detail(self) -> dict[str, Any]:
        running, now = self.concurrency.value, self.env._now
        return {
            "environments": [
                {"state": "running", "count": running - self.initialising.value},
                {"state": "initialising", "count": self.initialising.value},
                {"state": "idle", "count": self.environments.idle(now)},
                {"state": "provisioned, idle", "count": self.environments.provisioned},
            ],
            "events_waiting": self.events.waiting(),
            "batches_held_back": sum(not batch.is_given_up for batch in self.held_back),
            "mappings": [mapping.figures(edge) for edge, mapping in self.mappings.items()],
        }


def _is_destination(settings: object) -> bool:
    return isinstance(settings, FunctionPublishSettings) and settings.destination == "OnSuccess"


class _Call(Invocation):
    """A synchronous call.

    Args:
        caller: who waits for the answer, None for nobody.
    """

    __slots__ = ("accepted_at", "caller", "function")

    def __init__(self, function: LambdaFunction, message: Message, caller: Caller | None, now: float) -> None:
        super().__init__([message])
        self.function = function
        self.caller = caller
        self.accepted_at = now

    def ended(self, now: float, failed: set[int], began: float) -> None:
        function, message = self.function, self.messages[0]
        function.calls.down(now)
        ok = not failed
        if ok:
            function.delivered += 1
            function.sojourn_time.add(now - self.accepted_at)
            if self.caller is None:
                function.flows[message.source].record(message, now)
            function.sent_on(message)
        else:
            function.dropped += 1
        if self.caller is not None:
            self.caller.answer(now, ok)
        elif ok:
            message.end()
        else:
            function.lose(message)
