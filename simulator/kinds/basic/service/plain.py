"""The simple service: one pool with one line, its own work first, then every call in order."""

from __future__ import annotations

from collections import deque
from typing import Any

from simulator.engine.environment import Activity
from simulator.engine.link import Outlet
from simulator.engine.message import Message
from simulator.engine.request import Caller, Invocations, InvokeEdge, Responder
from simulator.engine.world import World
from simulator.kinds.basic.service.faults import strike_service
from simulator.kinds.basic.service.inside import calls_of
from simulator.kinds.basic.service.settings import ServiceSettings
from simulator.measurement.level import Level, Total
from simulator.measurement.ordering import Flow
from simulator.measurement.tally import Tally


class _Request:
    __slots__ = ("accepted_at", "caller", "message")

    def __init__(self, message: Message, caller: Caller | None, accepted_at: float) -> None:
        self.message = message
        self.caller = caller
        self.accepted_at = accepted_at


class _Worker(Activity, Caller):
    """One worker; it stays busy until the services it has invoked have answered."""

    __slots__ = ("request", "service", "started_at")

    request: _Request

    def __init__(self, service: ServiceNode) -> None:
        self.service = service
        self.started_at = 0.0

    def occur(self, now: float) -> float | None:
        return self.service.work_ends(self, now)

    def answer(self, now: float, ok: bool) -> None:
        ends = self.service.finish(self, now, ok)
        if ends is not None:
            self.service.env.at(ends, self)


class ServiceNode(Responder):
    """Answers requests: own work first, then the invoked services in order, then the answer.

    A failure of its own or of an invoked service is answered as an error; who called decides what
    follows. An accepted request that is answered with an error counts as `dropped`.
    """

    category = "service"

    # Instances keep to 30 attributes: beyond, CPython stores them apart and every look at one is slower.
    slowness = 1.0

    def __init__(self, world: World, id: str, settings: ServiceSettings) -> None:
        super().__init__(id, world.env)
        self.size = settings.instances * settings.concurrency
        self.capacity = settings.capacity
        self.service_time = world.draws(settings.service_time, id, "service")
        self.failure = settings.failure.probability
        self.uniform = world.uniform(id, "failure")
        #: Service time and failure without a fault.
        self._own = (self.service_time, self.failure)
        self.idle = [_Worker(self) for _ in range(self.size)]
        self.line: deque[_Request] = deque()
        #: Flows of producers that invoke this service, by index of the producer.
        self.flows: dict[int, Flow] = {}
        self.outlet: Outlet
        self.calls: list[InvokeEdge] = []
        self.invocations: Invocations | None = None
        self.queue_length = Level()
        self.busy = Level()
        self.present = Total(self.queue_length, self.busy)
        self.waiting_time = Tally()
        self.work_time = Tally()
        self.sojourn_time = Tally()
        self.departures = 0
        self.residence_sum = 0.0

    def connect(self, world: World) -> None:
        self.outlet = world.outlet(self.id)
        usual = world.calls_from(self.id)
        if usual:
            self.invocations = Invocations(world.env, usual)
        own = {edge.id for edge in world.edges_from(self.id, "invoke")}
        self.calls = [edge for edge in world.invoke_edges if edge.id in own]

    # -- requests --------------------------------------------------------------------------------
    def accept(self, message: Message) -> bool:
        return self._enter(message, None)

    def request(self, message: Message, caller: Caller) -> None:
        if not self._enter(message, caller):
            caller.answer(self.env._now, False)

    def _enter(self, message: Message, caller: Caller | None) -> bool:
        now = self.env._now
        if not self.idle and self.capacity is not None and len(self.line) >= self.capacity:
            self.rejected += 1
            return False
        self.accepted += 1
        request = _Request(message, caller, now)
        if self.idle:
            worker = self.idle.pop()
            self.busy.up(now)
            self.env.at(self._start(worker, request, now), worker)
        else:
            self.line.append(request)
            self.queue_length.up(now)
        self.present.note(now)
        return True

    def _start(self, worker: _Worker, request: _Request, now: float) -> float:
        worker.request = request
        worker.started_at = now
        self.waiting_time.add(now - request.accepted_at)
        return now + self.service_time()

    def work_ends(self, worker: _Worker, now: float) -> float | None:
        """The service's own work is done; invoke others, or answer. Returns the end of the next work."""
        if self.failure > 0.0 and self.uniform() < self.failure:
            return self.finish(worker, now, False)
        if self.invocations is not None:
            self.invocations.begin(worker.request.message, worker)
            return None
        return self.finish(worker, now, True)

    def finish(self, worker: _Worker, now: float, ok: bool) -> float | None:
        """Answer the request in hand and take the next; returns the end of its work."""
        request = worker.request
        message = request.message
        self.work_time.add(now - worker.started_at)
        self.departures += 1
        self.residence_sum += now - request.accepted_at
        if ok:
            self.delivered += 1
            self.sojourn_time.add(now - request.accepted_at)
            if request.caller is None:
                self.flows[message.source].record(message, now)
            if self.outlet:
                self.outlet.send(message.copy())
        else:
            self.dropped += 1
        if request.caller is not None:
            request.caller.answer(now, ok)
        elif ok:
            message.end()
        else:
            self.lose(message)
        if self.line:
            self.queue_length.down(now)
            return self._start(worker, self.line.popleft(), now)
        self.busy.down(now)
        self.idle.append(worker)
        return None

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
        # Shadowing the draw costs nothing per request while the service is as fast as ever.
        draw, factor = self._own[0], self.slowness
        self.service_time = draw if factor == 1.0 else lambda: factor * draw()

    def lift(self, fault: str, settings: Any) -> None:
        self.slowness = 1.0
        self.service_time, self.failure = self._own

    # -- measures --------------------------------------------------------------------------------
    def waiting(self) -> int:
        return self.queue_length.value

    def in_flight(self) -> int:
        return self.busy.value

    def levels(self) -> dict[str, Level | Total]:
        return {"queue_length": self.queue_length, "busy": self.busy, "in_system": self.present}

    def tallies(self) -> dict[str, list[Tally]]:
        return {
            "waiting_time": [self.waiting_time],
            "service_time": [self.work_time],
            "sojourn_time": [self.sojourn_time],
        }

    def servers(self) -> int:
        return self.size

    def residence(self) -> tuple[int, float]:
        return self.departures, self.residence_sum

    def detail(self) -> dict[str, Any] | None:
        calls = calls_of(self.calls)
        return {"calls": calls} if calls else None
