"""A service whose requests go through the steps of an endpoint, at one of several instances."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from simulator.engine.environment import Activity
from simulator.engine.link import Outlet
from simulator.engine.message import Message
from simulator.engine.request import Caller, InvokeEdge, Responder
from simulator.engine.token_bucket import TokenBucket
from simulator.kinds.basic.service.faults import strike_service
from simulator.kinds.basic.service.inside import inside_of
from simulator.kinds.basic.service.instances import Balancer, Instance
from simulator.kinds.basic.service.settings import CallStep, CpuStep, EndpointSettings, ServiceSettings
from simulator.kinds.basic.service.steps import Calls, Endpoint, endpoint_of
from simulator.measurement.level import Level
from simulator.measurement.ordering import Flow
from simulator.measurement.tally import Tally

if TYPE_CHECKING:
    from simulator.engine.world import World


class Request(Activity):
    """One request on its way through its steps; what occurs is the end of a timed one."""

    __slots__ = (
        "accepted_at",
        "caller",
        "endpoint",
        "has_failed",
        "has_thread",
        "instance",
        "is_computing",
        "is_partial",
        "message",
        "service",
        "step",
        "thread_since",
        "thread_time",
    )

    def __init__(
        self,
        service: StagedService,
        message: Message,
        caller: Caller | None,
        endpoint: Endpoint,
        instance: Instance,
        accepted_at: float,
    ) -> None:
        self.service = service
        self.message = message
        self.caller = caller
        self.endpoint = endpoint
        self.instance = instance
        self.accepted_at = accepted_at
        self.step = 0
        self.has_thread = False
        self.is_computing = False
        self.has_failed = False
        self.is_partial = False
        self.thread_since = accepted_at
        #: Seconds for which it has had a thread.
        self.thread_time = 0.0

    def occur(self, now: float) -> None:
        self.service.step_ends(self, now)


class StagedService(Responder):
    """Answers requests step by step.

    A request has a thread from its first step to its answer; asynchronous, it has none while it waits for io
    or calls, and comes back to the end of the line. Whether it fails is decided when its steps are done.
    """

    category = "service"

    def __init__(self, world: World, id: str, settings: ServiceSettings) -> None:
        super().__init__(id, world.env)
        self.settings = settings
        self.capacity = settings.capacity
        self.failure = settings.failure.probability
        self.uniform = world.uniform(id, "failure")
        self.slowness = 1.0
        limit = settings.rate_limit
        self.bucket = None if limit is None else TokenBucket(limit.rate, limit.burst)
        count = settings.instances
        cores = settings.cores
        if settings.load_balancing == "shared":
            pool = Instance(count * settings.concurrency, None if cores is None else count * cores)
            self.instances = [pool]
        else:
            self.instances = [Instance(settings.concurrency, cores) for _ in range(count)]
        self.balancer = Balancer(self.instances, settings.load_balancing, world.uniform(id, "balancing"))
        self.endpoints: list[Endpoint] = []
        self._by_type: dict[str, Endpoint] = {}
        self._pick = world.uniform(id, "endpoint")
        self.flows: dict[int, Flow] = {}
        self.outlet: Outlet
        self.calls: list[InvokeEdge] = []
        self.queue_length = Level()
        self.busy = Level()
        self.busy_cores = Level()
        self.present = Level()
        self.waiting_time = Tally()
        self.thread_time = Tally()
        self.throttled = 0
        self.partial = 0
        self.departures = 0
        self.residence_sum = 0.0
        #: Endpoints that no type chooses, with the limits of their shares.
        self._weighted: list[Endpoint] = []
        self._limits: list[float] = []

    def connect(self, world: World) -> None:
        self.outlet = world.outlet(self.id)
        document = world.document
        usual = world.calls_from(self.id)
        targets = {edge.id: edge.target for edge in document.edges_from(self.id)}
        every = [edge for edge in world.invoke_edges if edge.id in targets]
        self.calls = every
        by_name = {targets[edge.id]: edge for edge in reversed(every)} | {edge.id: edge for edge in every}
        given = self.settings.endpoints or [self._default(usual)]
        for one in given:
            endpoint = endpoint_of(world, self, one, by_name)
            self.endpoints.append(endpoint)
            self._by_type.update(dict.fromkeys(one.types, endpoint))
        open_to_all = [position for position, one in enumerate(given) if one.weight > 0.0 and not one.types]
        chosen = open_to_all or range(len(given))
        self._weighted = [self.endpoints[position] for position in chosen]
        weights = [given[position].weight or 1.0 for position in chosen]
        self._limits = [reached / sum(weights) for reached in accumulate(weights)]

    def _default(self, calls: list[InvokeEdge]) -> EndpointSettings:
        """Without endpoints: the service time, then every call in order."""
        steps: list[Any] = [CpuStep(time=self.settings.service_time)]
        if calls:
            steps.append(CallStep(to=[edge.id for edge in calls], mode="sequential", optional=[]))
        return EndpointSettings(name="request", types=[], steps=steps)

    # -- requests --------------------------------------------------------------------------------
    def accept(self, message: Message) -> bool:
        return self._enter(message, None)

    def request(self, message: Message, caller: Caller) -> None:
        if not self._enter(message, caller):
            caller.answer(self.env._now, False)

    def _enter(self, message: Message, caller: Caller | None) -> bool:
        now = self.env._now
        if self.bucket is not None and not self.bucket.take(now):
            self.throttled += 1
            self.rejected += 1
            return False
        instance = self.balancer.choose()
        is_free = instance.busy < instance.threads
        if not is_free and self.capacity is not None and len(instance.line) >= self.capacity:
            self.rejected += 1
            return False
        self.accepted += 1
        self.present.up(now)
        instance.outstanding += 1
        self._queue(Request(self, message, caller, self._endpoint(message), instance, now), now)
        return True

    def _endpoint(self, message: Message) -> Endpoint:
        event = message.event
        if event is not None:
            found = self._by_type.get(event.type)
            if found is not None:
                return found
        weighted = self._weighted
        if len(weighted) == 1:
            return weighted[0]
        # The last limit may round to just under 1.
        return weighted[min(bisect_right(self._limits, self._pick()), len(weighted) - 1)]

    # -- threads ---------------------------------------------------------------------------------
    def _queue(self, request: Request, now: float) -> None:
        """The request needs a thread: it takes one, or a place at the end of the line."""
        request.instance.line.append(request)
        self.queue_length.up(now)
        self._serve(request.instance, now)

    def _serve(self, instance: Instance, now: float) -> None:
        """Give free threads to those in line; whoever gives one back meanwhile leaves it to this loop."""
        if instance.is_serving:
            return
        instance.is_serving = True
        line = instance.line
        while line and instance.busy < instance.threads:
            request = line.popleft()
            self.queue_length.down(now)
            instance.busy += 1
            self.busy.up(now)
            request.has_thread = True
            request.thread_since = now
            if request.step == 0:
                self.waiting_time.add(now - request.accepted_at)
            self._go_on(request, now)
        instance.is_serving = False

    def _give_back(self, request: Request, now: float) -> None:
        request.has_thread = False
        request.thread_time += now - request.thread_since
        request.instance.busy -= 1
        self.busy.down(now)
        self._serve(request.instance, now)

    def let_go(self, request: Request, now: float) -> None:
        """The request waits for something: asynchronous, it needs no thread meanwhile."""
        if self.settings.asynchronous:
            self._give_back(request, now)

    def come_back(self, request: Request, now: float) -> None:
        """What the request waited for is there."""
        if request.has_thread:
            self._go_on(request, now)
        else:
            self._queue(request, now)

    # -- steps -----------------------------------------------------------------------------------
    def compute(self, request: Request, time: float, now: float) -> None:
        """The request needs a core for `time` seconds."""
        instance = request.instance
        if instance.cores is not None and instance.cores_busy >= instance.cores:
            instance.core_line.append((request, time))
            return
        instance.cores_busy += 1
        self.busy_cores.up(now)
        request.is_computing = True
        self.env.at(now + time, request)

    def step_ends(self, request: Request, now: float) -> None:
        """A timed step of the request is over."""
        if request.is_computing:
            request.is_computing = False
            instance = request.instance
            instance.cores_busy -= 1
            self.busy_cores.down(now)
            if instance.core_line:
                waiting, time = instance.core_line.popleft()
                self.compute(waiting, time, now)
        self.come_back(request, now)

    def _go_on(self, request: Request, now: float) -> None:
        steps = request.endpoint.steps
        while request.step < len(steps) and not request.has_failed:
            step = steps[request.step]
            request.step += 1
            if not step.begin(request, now):
                return
        self._finish(request, now)

    def _finish(self, request: Request, now: float) -> None:
        if not request.has_failed and self.failure > 0.0:
            request.has_failed = self.uniform() < self.failure
        ok = not request.has_failed
        message, endpoint, caller = request.message, request.endpoint, request.caller
        sojourn = now - request.accepted_at
        self.present.down(now)
        request.instance.outstanding -= 1
        self.departures += 1
        self.residence_sum += sojourn
        if ok:
            self.delivered += 1
            endpoint.ok += 1
            endpoint.sojourn_time.add(sojourn)
            if request.is_partial:
                self.partial += 1
                endpoint.partial += 1
            if caller is None:
                self.flows[message.source].record(message, now)
            if self.outlet:
                self.outlet.send(message.copy())
        else:
            self.dropped += 1
            endpoint.failed += 1
        if caller is not None:
            caller.answer(now, ok)
        elif ok:
            message.end()
        else:
            self.lose(message)
        self._give_back(request, now)
        self.thread_time.add(request.thread_time)

    # -- faults ----------------------------------------------------------------------------------
    def fail(self) -> None:
        """An outage begins: requests are refused, those accepted before are still answered."""
        super().fail()
        self.__dict__["_enter"] = self._refuse_request

    def recover(self) -> None:
        super().recover()
        del self.__dict__["_enter"]

    def _refuse_request(self, message: Message, caller: Caller | None) -> bool:
        return self._refuse(message)

    def strike(self, fault: str, settings: Any) -> None:
        strike_service(self, settings)

    def lift(self, fault: str, settings: Any) -> None:
        self.slowness, self.failure = 1.0, self.settings.failure.probability

    # -- measures --------------------------------------------------------------------------------
    def waiting(self) -> int:
        return self.queue_length.value

    def in_flight(self) -> int:
        return self.present.value - self.queue_length.value

    def counts(self) -> dict[str, int]:
        caches = [step for one in self.endpoints for step in one.steps if isinstance(step, Calls)]
        return {
            **super().counts(),
            "throttled": self.throttled,
            "partial_answers": self.partial,
            "cache_hits": sum(step.hits for step in caches),
            "cache_misses": sum(step.misses for step in caches),
        }

    def levels(self) -> dict[str, Level]:
        return {
            "queue_length": self.queue_length,
            "busy": self.busy,
            "in_system": self.present,
            "busy_cores": self.busy_cores,
        }

    def tallies(self) -> dict[str, list[Tally]]:
        found = {
            "waiting_time": [self.waiting_time],
            "service_time": [self.thread_time],
            "sojourn_time": [one.sojourn_time for one in self.endpoints],
        }
        if self.settings.endpoints:
            found.update({f"sojourn_time_{one.name}": [one.sojourn_time] for one in self.endpoints})
        return found

    def servers(self) -> int:
        return self.settings.instances * self.settings.concurrency

    def residence(self) -> tuple[int, float]:
        return self.departures, self.residence_sum

    def detail(self) -> dict[str, Any]:
        return inside_of(self)
