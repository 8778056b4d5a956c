"""The instances of a service: threads, cores and lines, and which one the next request goes to."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from simulator.kinds.basic.service.pool import Request

Balancing = Literal["shared", "random", "round-robin", "least-outstanding", "power-of-two"]


class Instance:
    """Threads with one line before them, and the cores they share.

    A cpu step has its core until it ends (first come, first served): an operating system that slices time
    would let short ones pass, with the same throughput.

    Args:
        threads: requests in hand at a time.
        cores: cpu steps at a time; None: no limit.
    """

    __slots__ = ("busy", "core_line", "cores", "cores_busy", "is_serving", "line", "outstanding", "threads")

    def __init__(self, threads: int, cores: int | None) -> None:
        self.threads = threads
        self.cores = cores
        self.busy = 0
        self.cores_busy = 0
        self.outstanding = 0
        self.line: deque[Request] = deque()
        #: Cpu steps that wait for a core, with their times (s).
        self.core_line: deque[tuple[Request, float]] = deque()
        #: Whether somebody is handing out threads already.
        self.is_serving = False


class Balancer:
    """Chooses an instance for the next request.

    Power of two choices: Mitzenmacher, *The Power of Two Choices in Randomized Load Balancing*, IEEE TPDS 12
    (2001). Of equals the one that comes next in turn.

    Args:
        uniform: draws on [0, 1).
    """

    def __init__(self, instances: list[Instance], balancing: Balancing, uniform: Callable[[], float]) -> None:
        self.instances = instances
        self._uniform = uniform
        self._turn = -1
        self.choose: Callable[[], Instance] = {
            "shared": lambda: instances[0],
            "random": self._random,
            "round-robin": self._next,
            "least-outstanding": self._least,
            "power-of-two": self._better_of_two,
        }[balancing]

    def _random(self) -> Instance:
        return self.instances[int(self._uniform() * len(self.instances))]

    def _next(self) -> Instance:
        self._turn = (self._turn + 1) % len(self.instances)
        return self.instances[self._turn]

    def _least(self) -> Instance:
        count = len(self.instances)
        start = self._turn + 1
        position = min(
            range(start, start + count), key=lambda place: self.instances[place % count].outstanding
        )
        self._turn = position % count
        return self.instances[self._turn]

    def _better_of_two(self) -> Instance:
        instances = self.instances
        count = len(instances)
        if count == 1:
            return instances[0]
        first = int(self._uniform() * count)
        second = int(self._uniform() * (count - 1))
        if second >= first:
            second += 1
        one, other = instances[first], instances[second]
        return other if other.outstanding < one.outstanding else one
