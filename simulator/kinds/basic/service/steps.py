"""What an endpoint does for a request, step by step; each says whether it is done at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from simulator.engine.request import Caller, InvokeEdge
from simulator.kinds.basic.service.settings import CallStep, CpuStep, EndpointSettings
from simulator.measurement.tally import Tally

if TYPE_CHECKING:
    from simulator.engine.world import World
    from simulator.kinds.basic.service.pool import Request
    from simulator.kinds.basic.service.staged import StagedService


class Cpu:
    """Work on a core."""

    __slots__ = ("_service", "_time")

    def __init__(self, service: StagedService, time: Callable[[], float]) -> None:
        self._service = service
        self._time = time

    def begin(self, request: Request, now: float) -> bool:
        """Begin the step; True when it is over already."""
        self._service.compute(request, self._time() * self._service.slowness, now)
        return False


class Io:
    """A wait that takes no core, and with asynchronous requests no thread."""

    __slots__ = ("_service", "_time")

    def __init__(self, service: StagedService, time: Callable[[], float]) -> None:
        self._service = service
        self._time = time

    def begin(self, request: Request, now: float) -> bool:
        """Begin the step; True when it is over already."""
        service = self._service
        service.env.at(now + self._time() * service.slowness, request)
        service.let_go(request, now)
        return False


class Calls:
    """Calls of other services, with a cache in front of them.

    Args:
        edges: that are called, each with whether its answer is optional.
        at_least: answers that are enough; None: all that are not optional.
    """

    __slots__ = (
        "_kept",
        "_max_entries",
        "_service",
        "_ttl",
        "at_least",
        "edges",
        "hits",
        "is_parallel",
        "misses",
    )

    def __init__(
        self, service: StagedService, edges: list[tuple[InvokeEdge, bool]], settings: CallStep
    ) -> None:
        self._service = service
        self.edges = edges
        self.is_parallel = settings.mode == "parallel"
        self.at_least = settings.at_least
        cache = settings.cache
        self._ttl = None if cache is None else cache.ttl
        self._max_entries = None if cache is None else cache.max_entries
        #: By key: until when its answer is good.
        self._kept: dict[object, float] = {}
        self.hits = 0
        self.misses = 0

    def begin(self, request: Request, now: float) -> bool:
        """Begin the step; True when it is over already."""
        if self._ttl is not None:
            key = request.message.key
            if key is not None and self._kept.get(key, now) > now:
                self.hits += 1
                return True
            self.misses += 1
        gathering = _Gathering(self, request)
        outcome = gathering.start(now)
        if outcome is None:
            self._service.let_go(request, now)
            return False
        if not outcome:
            request.has_failed = True
        return True

    def completed(self, request: Request, now: float, *, is_whole: bool) -> None:
        """Enough answers are here."""
        if not is_whole:
            request.is_partial = True
        elif self._ttl is not None and request.message.key is not None:
            kept = self._kept
            kept.pop(request.message.key, None)
            kept[request.message.key] = now + self._ttl
            if self._max_entries is not None and len(kept) > self._max_entries:
                del kept[next(iter(kept))]

    def over(self, request: Request, now: float, ok: bool) -> None:
        """The step of a request that had to wait is over."""
        if not ok:
            request.has_failed = True
        self._service.come_back(request, now)


class _Gathering:
    """The calls of one step for one request."""

    __slots__ = ("_answered", "_is_over", "_is_starting", "_made", "_missing", "_step", "request")

    def __init__(self, step: Calls, request: Request) -> None:
        self._step = step
        self.request = request
        self._answered = 0
        self._missing = 0
        self._made = 0
        self._is_starting = True
        self._is_over: bool | None = None

    def start(self, now: float) -> bool | None:
        """Make the first calls; the outcome when it is known at once."""
        for _ in range(len(self._step.edges) if self._step.is_parallel else 1):
            if self._is_over is None:
                self._call()
        self._is_starting = False
        return self._is_over

    def _call(self) -> None:
        edge, is_optional = self._step.edges[self._made]
        self._made += 1
        edge.request(self.request.message, _Branch(self, is_optional))

    def answered(self, now: float, ok: bool, is_optional: bool) -> None:
        """One of the services has answered, or has failed to."""
        if self._is_over is not None:
            return  # nobody waits for it any more
        step = self._step
        if ok:
            self._answered += 1
        else:
            self._missing += 1
        count = len(step.edges)
        if step.at_least is not None:
            if self._answered >= step.at_least:
                self._end(now, True)
            elif count - self._missing < step.at_least:
                self._end(now, False)
            elif not step.is_parallel:
                self._call()
        elif not ok and not is_optional:
            self._end(now, False)
        elif self._answered + self._missing == count:
            self._end(now, True)
        elif not step.is_parallel:
            self._call()

    def _end(self, now: float, ok: bool) -> None:
        self._is_over = ok
        step = self._step
        if ok:
            step.completed(self.request, now, is_whole=self._answered == len(step.edges))
        if not self._is_starting:
            step.over(self.request, now, ok)


class _Branch(Caller):
    __slots__ = ("_gathering", "_is_optional")

    def __init__(self, gathering: _Gathering, is_optional: bool) -> None:
        self._gathering = gathering
        self._is_optional = is_optional

    def answer(self, now: float, ok: bool) -> None:
        self._gathering.answered(now, ok, self._is_optional)


class Endpoint:
    """One sort of request: its steps, and what is measured of it."""

    __slots__ = ("failed", "name", "ok", "partial", "sojourn_time", "steps")

    def __init__(self, name: str, steps: list[Cpu | Io | Calls]) -> None:
        self.name = name
        self.steps = steps
        self.ok = 0
        self.failed = 0
        self.partial = 0
        self.sojourn_time = Tally()


def endpoint_of(
    world: World, service: StagedService, settings: EndpointSettings, edges: dict[str, InvokeEdge]
) -> Endpoint:
    """The endpoint with its draws and its edges.

    Args:
        edges: invoke edges by their own id and by that of the node at their end.
    """
    steps: list[Cpu | Io | Calls] = []
    for number, step in enumerate(settings.steps, 1):
        if isinstance(step, CallStep):
            optional = set(step.optional)
            steps.append(Calls(service, [(edges[name], name in optional) for name in step.to], step))
            continue
        draw = world.draws(step.time, service.id, f"{settings.name} step {number}")
        steps.append(Cpu(service, draw) if isinstance(step, CpuStep) else Io(service, draw))
    return Endpoint(settings.name, steps)
