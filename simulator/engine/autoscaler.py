"""An autoscaler: looks at a pool of workers again and again and changes the number of its instances.

desired = ceil(instances x metric / target), nothing within the tolerance; fewer only when no look of the
stabilization window wanted more (Kubernetes documentation, *Horizontal Pod Autoscaling*, algorithm details).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from math import ceil
from typing import TYPE_CHECKING

from simulator.engine.environment import Activity
from simulator.measurement.level import Level

if TYPE_CHECKING:
    from simulator.design.autoscaling import AutoscalingSettings
    from simulator.engine.world import World


class Autoscaler(Activity):
    """Looks every period.

    Args:
        id: of the node.
        settings: target and bounds.
        instances, concurrency: with which the pool begins.
        busy: level of the busy workers.
        backlog: messages that wait for the pool now.
        resize: gives the pool another number of instances; those too many finish what they hold.
    """

    __slots__ = (
        "_area",
        "_backlog",
        "_busy",
        "_capacity",
        "_decided",
        "_is_void",
        "_resize",
        "_settings",
        "_start_time",
        "_world",
        "concurrency",
        "id",
        "running",
        "scale_ins",
        "scale_outs",
        "wanted",
    )

    def __init__(
        self,
        world: World,
        id: str,
        settings: AutoscalingSettings,
        *,
        instances: int,
        concurrency: int,
        busy: Level,
        backlog: Callable[[], float],
        resize: Callable[[int], None],
    ) -> None:
        self._world = world
        self.id = id
        self._settings = settings
        self.concurrency = concurrency
        self._busy = busy
        self._backlog = backlog
        self._resize = resize
        self._start_time = world.draws(settings.start_time, id, "start time")
        #: Instances that work.
        self.running = Level()
        for _ in range(instances):
            self.running.up(0.0)
        #: Those that start included.
        self.wanted = instances
        #: Starts that are not wanted any more.
        self._is_void = 0
        #: Integrals at the last look: of the busy workers, and of all there were.
        self._area = self._capacity = 0.0
        #: What the looks of the stabilization window wanted: (time, instances).
        self._decided: deque[tuple[float, int]] = deque()
        self.scale_outs = 0
        self.scale_ins = 0

    def begin(self) -> None:
        """The run begins."""
        self._world.env.at(self._settings.period, self)

    def occur(self, now: float) -> float:
        settings = self._settings
        desired = min(max(self._desired(now), settings.min_instances), settings.max_instances)
        decided = self._decided
        decided.append((now, desired))
        while decided[0][0] < now - settings.stabilization:
            decided.popleft()
        if desired > self.wanted:
            self._out(desired, now)
        elif desired < self.wanted:
            lowest = min(self.wanted, max(wanted for _, wanted in decided))
            if lowest < self.wanted:
                self._in(lowest, now)
        return now + settings.period

    def _desired(self, now: float) -> int:
        settings = self._settings
        if settings.metric == "backlog":
            waiting = self._backlog()
            if self.wanted == 0:
                return 1 if waiting > settings.activation else 0
            if abs(waiting / (settings.target * self.wanted) - 1.0) <= settings.tolerance:
                return self.wanted
            return ceil(waiting / settings.target)
        busy, capacity = self._busy.integral(now), self.running.integral(now) * self.concurrency
        able = capacity - self._capacity
        share = (busy - self._area) / able if able > 0.0 else 0.0
        self._area, self._capacity = busy, capacity
        ratio = share / settings.target
        if abs(ratio - 1.0) <= settings.tolerance:
            return self.wanted
        # Rounding must not add an instance.
        return ceil(self.running.value * ratio - 1e-9)

    def _out(self, desired: int, now: float) -> None:
        self._note(desired)
        self.scale_outs += 1
        for _ in range(desired - self.wanted):
            if self._is_void:
                self._is_void -= 1
            else:
                self._world.env.at(now + self._start_time(), _Started(self))
        self.wanted = desired

    def _in(self, desired: int, now: float) -> None:
        self._note(desired)
        self.scale_ins += 1
        starting = self.wanted - self.running.value
        unstarted = min(self.wanted - desired, starting)
        self._is_void += unstarted
        leaving = self.wanted - desired - unstarted
        self.wanted = desired
        for _ in range(leaving):
            self.running.down(now)
        if leaving:
            self._resize(self.running.value)

    def _note(self, desired: int) -> None:
        self._world.note("scaling", self.id, f"{self.id}: {desired} instances instead of {self.wanted}")

    def started(self, now: float) -> None:
        """An instance is up."""
        if self._is_void:
            self._is_void -= 1
            return
        self.running.up(now)
        self._resize(self.running.value)

    def counts(self) -> dict[str, int]:
        """How often it has changed its mind."""
        return {"scale_outs": self.scale_outs, "scale_ins": self.scale_ins}


class _Started(Activity):
    """A new instance works from now on."""

    __slots__ = ("_scaler",)

    def __init__(self, scaler: Autoscaler) -> None:
        self._scaler = scaler

    def occur(self, now: float) -> None:
        self._scaler.started(now)
