"""Threads, cores and lines of a service, and the requests that need them."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from simulator.engine.environment import Activity
from simulator.engine.message import Message
from simulator.engine.request import Caller, Responder
from simulator.kinds.basic.service.instances import Balancer, Instance
from simulator.kinds.basic.service.settings import ServiceSettings
from simulator.measurement.level import Level
from simulator.measurement.tally import Tally

if TYPE_CHECKING:
    from simulator.engine.world import World
    from simulator.kinds.basic.service.steps import Endpoint


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
        service: Pool,
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


class Pool(Responder):
    """The instances of a service: hands out threads and cores, first come, first served."""

    def __init__(self, world: World, id: str, settings: ServiceSettings) -> None:
        super().__init__(id, world.env)
        self.settings = settings
        count = settings.instances
        cores = settings.cores
        if settings.load_balancing == "shared":
            pool = Instance(count * settings.concurrency, None if cores is None else count * cores)
            self.instances = [pool]
        else:
            self.instances = [Instance(settings.concurrency, cores) for _ in range(count)]
        self.balancer = Balancer(self.instances, settings.load_balancing, world.uniform(id, "balancing"))
        self.queue_length = Level()
        self.busy = Level()
        self.busy_cores = Level()
        self.waiting_time = Tally()

    def resize(self, count: int) -> None:
        """Have so many instances from now on; one that leaves gets no new requests, and finishes its own."""
        now = self.env._now
        settings = self.settings
        self.resized.append((now, count * settings.concurrency))
        if settings.load_balancing == "shared":
            pool = self.instances[0]
            pool.threads = count * settings.concurrency
            if settings.cores is not None:
                pool.cores = count * settings.cores
                while pool.core_line and pool.cores_busy < pool.cores:
                    self.compute(*pool.core_line.popleft(), now)
            self._serve(pool, now)
            return
        while len(self.instances) < count:
            self.instances.append(Instance(settings.concurrency, settings.cores))
        del self.instances[count:]

    @abstractmethod
    def go_on(self, request: Request, now: float) -> None:
        """The request has a thread and may go on with its next step."""

    # -- threads ---------------------------------------------------------------------------------
    def queue(self, request: Request, now: float) -> None:
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
            self.go_on(request, now)
        instance.is_serving = False

    def give_back(self, request: Request, now: float) -> None:
        request.has_thread = False
        request.thread_time += now - request.thread_since
        request.instance.busy -= 1
        self.busy.down(now)
        self._serve(request.instance, now)

    def let_go(self, request: Request, now: float) -> None:
        """The request waits for something: asynchronous, it needs no thread meanwhile."""
        if self.settings.asynchronous:
            self.give_back(request, now)

    def come_back(self, request: Request, now: float) -> None:
        """What the request waited for is there."""
        if request.has_thread:
            self.go_on(request, now)
        else:
            self.queue(request, now)

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
