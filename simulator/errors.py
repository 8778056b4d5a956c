"""Exceptions of the simulator; problems in a drawing travel inside ``InvalidDesign`` as data."""

from __future__ import annotations

from collections.abc import Iterable

from simulator.graph.problem import Problem


class HeadraceError(Exception):
    """Base of every exception raised on purpose by Headrace."""


class InvalidDesign(HeadraceError):
    """A design cannot be used; ``problems`` lists every fault found, not only the first."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        """Keep the problems; the text of the exception is one line for each."""
        self.problems: list[Problem] = list(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems) or "the design is invalid")

    def __reduce__(self) -> tuple[type[InvalidDesign], tuple[list[Problem]]]:
        """Pickle by the problems, so that a worker process can hand the exception on."""
        return type(self), (self.problems,)
