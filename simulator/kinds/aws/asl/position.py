"""Where an execution is, so that it can be redriven from there.

Source: Step Functions developer guide, *Restarting state machine executions with redrive*: it goes on at the
step that did not succeed, with the input and the variables it had; of a Parallel or a Map only what did not
succeed runs again, and retries are counted from 0.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from simulator.kinds.aws.asl.scope import Variables


@dataclass(slots=True)
class Position:
    """The place of one line of control: the execution, a branch, an iteration or a child execution.

    Args:
        state: name of the state it is in; None before the first.
        value: raw input of that state.
        variables: of its scope.
        inner: positions of the branches or iterations of that state, by number.
        is_over: whether it has come to its end; `value` is then its output.
    """

    state: str | None = None
    value: Any = None
    variables: Variables | None = None
    inner: dict[int, Position] = field(default_factory=dict)
    is_over: bool = False

    def enter(self, state: str, value: Any, variables: Variables) -> None:
        """A state is entered anew: what was inside the one before is done with."""
        self.state, self.value, self.variables = state, value, variables
        self.inner = {}

    def end(self, output: Any) -> None:
        """There is no state left."""
        self.is_over, self.value = True, output
        self.inner = {}

    def of(self, number: int) -> Position:
        """The position of a branch or iteration, as it was left or at its beginning."""
        return self.inner.setdefault(number, Position())
