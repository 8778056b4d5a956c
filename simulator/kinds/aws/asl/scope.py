"""What the expressions of a state can see: its data, the context object, the variables, the clock and
chance.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any

#: Bytes of one variable, and of all of an execution (Step Functions quotas, *variables*).
MAX_VARIABLE = 262_144
MAX_VARIABLES = 10_485_760


class Variables(MutableMapping[str, Any]):
    """The variables of one scope: it reads those of the scopes around it, and writes its own.

    Source: Step Functions developer guide, *Passing data between states with variables*: the branches of a
    Parallel and the iterations of a Map have scopes of their own, which are gone when they end.
    """

    __slots__ = ("_around", "_own")

    def __init__(self, around: Variables | None = None) -> None:
        self._around = around
        self._own: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name in self._own:
            return self._own[name]
        if self._around is None:
            raise KeyError(name)
        return self._around[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self._own[name] = value

    def __delitem__(self, name: str) -> None:
        del self._own[name]

    def __iter__(self) -> Iterator[str]:
        seen = set(self._own)
        yield from self._own
        if self._around is not None:
            yield from (name for name in self._around if name not in seen)

    def __len__(self) -> int:
        return sum(1 for _ in self)


@dataclass(slots=True)
class Surroundings:
    """What is the same for all states of an execution.

    Args:
        now: seconds on the clock that the execution runs by.
        draw: uniform variates on [0, 1), for jitter, States.MathRandom, States.UUID and their JSONata kin.
        epoch: seconds since 1970 when that clock shows 0.
    """

    now: Callable[[], float]
    draw: Callable[[], float]
    epoch: float = 0.0

    def moment(self) -> float:
        """Now, in seconds since 1970: what a clock on the wall shows."""
        return self.epoch + self.now()

    def uuid(self) -> str:
        """A random UUID, version 4."""
        bits = 0
        for _ in range(4):
            bits = bits << 32 | int(self.draw() * 2**32)
        bits = bits & ~(0xF << 76) | 4 << 76
        bits = bits & ~(0x3 << 62) | 2 << 62
        text = f"{bits:032x}"
        return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


@dataclass(slots=True)
class View:
    """What an expression of one state sees at one moment.

    Args:
        data: what `$` means in a JSONPath state.
        context: the context object, `$$` or `$states.context`.
        variables: those of the scope around.
        around: clock and chance.
        states: what `$states` holds in a JSONata state besides the context: input, result, errorOutput.
    """

    data: Any
    context: Mapping[str, Any]
    variables: Variables
    around: Surroundings
    states: dict[str, Any] = field(default_factory=dict)

    def of(self, data: Any) -> View:
        """The same view with other data."""
        return View(data, self.context, self.variables, self.around, self.states)

    def having(self, **states: Any) -> View:
        """The same view with more in `$states`."""
        return View(self.data, self.context, self.variables, self.around, {**self.states, **states})
