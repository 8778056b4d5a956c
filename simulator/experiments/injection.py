"""Faults injected into a running replication, so that the run can be repeated to the bit.

A wish takes effect at a simulated time just after the present one, at which nothing else is scheduled. It
becomes a fault of the design at that time: a run of the design with it is the same run. Where stages advance
by recursion, which knows no faults, the replication is taken back to its beginning and brought to the present
with the new design, event by event; nothing that was shown changes, for both engines give the same bytes.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from simulator.design.document import Document, Fault
from simulator.engine.fault import schedule_fault
from simulator.engine.world import World
from simulator.errors import HeadraceError, InvalidDesign
from simulator.graph.problem import Problem
from simulator.measurement.frame import Frame


@dataclass(frozen=True, slots=True)
class Wish:
    """A fault that shall happen now.

    Args:
        name: given by who wishes, to tell answers apart.
        fault: as in the design, without `at`.
    """

    name: str
    fault: Mapping[str, Any]


class Rewind(HeadraceError):
    """The replication cannot take a fault as it stands and begins anew, up to `now` (simulated seconds)."""

    def __init__(self, now: float) -> None:
        super().__init__(f"brought to {now:g} s again")
        self.now = now


class Injections:
    """The way of wishes from any thread to the replication that is shown, and of the answers back.

    Args:
        on_taken: told the wish, the fault with its `at`, the design with it, and the simulated time up to
            which the replication is simulated once more (0 where it simply goes on).
        on_refused: told the wish and what is wrong with it; nothing has happened then.
    """

    def __init__(
        self,
        on_taken: Callable[[Wish, Fault, Document, float], None],
        on_refused: Callable[[Wish, Sequence[Problem]], None],
    ) -> None:
        self._on_taken = on_taken
        self._on_refused = on_refused
        self._lock = threading.Lock()
        self._wishes: deque[Wish] = deque()
        self._closed = ""
        self._again_to = 0.0
        #: The design with every fault taken so far; None before the first.
        self.document: Document | None = None

    @property
    def is_waiting(self) -> bool:
        """Whether there is a wish to take."""
        return bool(self._wishes)

    def put(self, wish: Wish) -> None:
        """Wish a fault; the answer comes when the replication looks, or at once where it no longer can."""
        with self._lock:
            if not self._closed:
                self._wishes.append(wish)
                return
        self._refuse(wish, self._closed)

    def close(self, why: str) -> None:
        """Take no more wishes; those that wait are refused."""
        with self._lock:
            self._closed = self._closed or why
            left = list(self._wishes)
            self._wishes.clear()
        for wish in left:
            self._refuse(wish, self._closed)

    def take(self, document: Document, world: World) -> Document:
        """Take the first wish into the design and the world; returns the design.

        While a replication that was begun anew is on its way to the present, wishes wait.

        Raises:
            Rewind: where the world has to be made anew from that design.
        """
        with self._lock:
            if not self._wishes or world.env.now < self._again_to:
                return document
            wish = self._wishes.popleft()
        at = _free_moment(world)
        if at >= world.duration:
            self._refuse(wish, "the run is at its end")
            return document
        data = document.to_data()
        data["faults"] = [*data.get("faults", []), {**wish.fault, "at": at}]
        try:
            changed = Document.parse(data)
        except InvalidDesign as refused:
            self._on_refused(wish, refused.problems)
            return document
        self.document = changed
        fault = changed.faults[-1]
        now = world.env.now
        if world.recursion is not None:
            self._again_to = now
            self._on_taken(wish, fault, changed, now)
            raise Rewind(now)
        world.faults.append(schedule_fault(world, fault))
        self._on_taken(wish, fault, changed, 0.0)
        return changed

    def _refuse(self, wish: Wish, why: str) -> None:
        self._on_refused(wish, [Problem("D207", "error", str(wish.fault.get("node", "")), "", why)])


def _free_moment(world: World) -> float:
    """The next full microsecond at which nothing is scheduled.

    Alone at its time the fault has the same place among all events whenever it is put there.
    """
    now = world.env.now
    tick = int(now * 1e6) + 1
    taken = world.env.times_until(now + 1e-3)
    while tick / 1e6 <= now or tick / 1e6 in taken:
        tick += 1
    return tick / 1e6


class Afresh:
    """Gives on the frames of a replication that was begun anew: only those that were not shown, numbered on.

    Args:
        give: gets the frames.
    """

    def __init__(self, give: Callable[[Frame], None]) -> None:
        self._give = give
        self._shown_to = -1.0
        self._sequence = 0

    def __call__(self, frame: Frame) -> None:
        """Take a frame of the present beginning."""
        if frame["t"] <= self._shown_to and not frame["done"]:
            return
        self._sequence += 1
        events = [event for event in frame["events"] if event["t"] > self._shown_to]
        self._shown_to = max(self._shown_to, frame["t"])
        self._give({**frame, "seq": self._sequence, "events": events})
