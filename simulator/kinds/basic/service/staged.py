"""A service whose requests go through the steps of an endpoint, at one of several instances."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from simulator.engine.autoscaler import Autoscaler
from simulator.engine.link import Outlet
from simulator.engine.message import Message
from simulator.engine.request import Caller, InvokeEdge
from simulator.engine.token_bucket import TokenBucket
from simulator.kinds.basic.service.faults import strike_service
from simulator.kinds.basic.service.inside import inside_of
from simulator.kinds.basic.service.pool import Pool, Request
from simulator.kinds.basic.service.settings import CallStep, CpuStep, EndpointSettings, ServiceSettings
from simulator.kinds.basic.service.steps import Calls, Endpoint, endpoint_of
from simulator.measurement.level import Level
from simulator.measurement.ordering import Flow
from simulator.measurement.tally import Tally

if TYPE_CHECKING:
    from simulator.engine.world import World


class StagedService(Pool):
    """Answers requests step by step.

    A request has a thread from its first step to its answer; asynchronous, it has none while it waits for io
    or calls, and comes back to the end of the line. Whether it fails is decided when its steps are done.
    """

    category = "service"

    def __init__(self, world: World, id: str, settings: ServiceSettings) -> None:
        super().__init__(world, id, settings)
        self.capacity = settings.capacity
        self.failure = settings.failure.probability
        self.uniform = world.uniform(id, "failure")
        self.slowness = 1.0
        limit = settings.rate_limit
        self.bucket = None if limit is None else TokenBucket(limit.rate, limit.burst)
        scaling = settings.autoscaling
        self.autoscaler = (
            Autoscaler(
                world,
                id,
                scaling,
                instances=settings.instances,
                concurrency=settings.concurrency,
                busy=self.busy,
                backlog=lambda: float(self.queue_length.value),
                resize=self.resize,
            )
            if scaling is not None
            else None
        )
        self.endpoints: list[Endpoint] = []
        self._by_type: dict[str, Endpoint] = {}
        self._pick = world.uniform(id, "endpoint")
        self.flows: dict[int, Flow] = {}
        self.outlet: Outlet
        self.calls: list[InvokeEdge] = []
        self.present = Level()
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

    def start(self) -> None:
        if self.autoscaler is not None:
            self.autoscaler.begin()

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
        self.queue(Request(self, message, caller, self._endpoint(message), instance, now), now)
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

    # -- steps -----------------------------------------------------------------------------------
    def go_on(self, request: Request, now: float) -> None:
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
        self.give_back(request, now)
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
            **({} if self.autoscaler is None else self.autoscaler.counts()),
        }

    def levels(self) -> dict[str, Level]:
        return {
            "queue_length": self.queue_length,
            "busy": self.busy,
            "in_system": self.present,
            "busy_cores": self.busy_cores,
            **({} if self.autoscaler is None else {"instances": self.autoscaler.running}),
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
