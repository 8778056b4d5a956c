"""The inner loops of the fast stages through Numba, where it is installed (`pip install headrace[fast]`).

Compiled or not, a run does the same operations on floating-point numbers in the same order: its result has
the same bytes. Numba and what it has compiled take a second and 125 MB to load, so that this waits until a
run has shown that it is a long one. The environment variable `HEADRACE_COMPILED` decides otherwise: 0 for
never, 1 for as soon as a run has a stage.

Whoever has a choice asks for `compiled.loops` each time: it may become something in the middle of a run.
"""

from __future__ import annotations

import os
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType

#: Events of a run by recursion after which loops are loaded: until then that would have cost more than it
#: could gain.
WORTHWHILE = 2_000_000
#: Where more servers than these work at a time, too many messages overtake each other to put them in order
#: one by one (`in_order`): NumPy sorts them.
MOST_IN_ORDER = 64


class Compiled:
    """The compiled loops of this process."""

    def __init__(self) -> None:
        #: `simulator.compiled.kernels`, None while everything is Python and NumPy.
        self.loops: ModuleType | None = None
        self._is_tried = False

    def load_when_worthwhile(self, events: int) -> None:
        """Load them when a run that has come to so many events is to have them."""
        if self._is_tried:
            return
        switch = os.environ.get("HEADRACE_COMPILED", "")
        if switch != "0" and (events >= WORTHWHILE or switch == "1"):
            self.load()

    def load(self) -> bool:
        """Load them from Numba's cache, or compile them for it; returns whether they are in use.

        They are not without Numba, and where no folder can be written to keep what was compiled: each process
        would have to compile it anew.
        """
        if not self._is_tried:
            self._is_tried = True
            if find_spec("numba") is not None:
                try:
                    from simulator.compiled import kernels
                except (RuntimeError, OSError):  # of Numba's cache: no place for it, or it is full
                    return False
                self.loops = kernels
        return self.loops is not None


compiled = Compiled()
