"""Runs one execution on a clock: answers what the interpreter yields, branch by branch.

The same runner serves the instant clock of `execute` and simulated time; it uses no recursion, so that a
long chain of states that take no time costs no stack.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

from simulator.kinds.aws.asl.effects import CallTask, Effect, Fork, TaskRequest, Transition, WaitUntil
from simulator.kinds.aws.asl.failures import HEARTBEAT_TIMEOUT, TIMEOUT, StateFailure

Cancel = Callable[[], None]


class World(Protocol):
    """What an execution runs in."""

    def now(self) -> float:
        """Seconds on the clock."""

    def call_at(self, moment: float, callback: Callable[[], None]) -> Cancel:
        """Call back at a moment, which is not before now; returns how to call it off."""

    def start_task(self, request: TaskRequest, reply: Answer) -> Cancel | None:
        """Begin a task, which answers through `reply`, at once or later; returns how to call it off."""

    def enter(self, state: str, go_on: Callable[[], None]) -> bool:
        """A state is about to be entered: true lets it; false holds it until `go_on` is called."""


class Answer:
    """How a task answers: only the first answer counts, and none after its time was up."""

    __slots__ = ("_branch", "_heartbeat", "_runner", "_started", "_stop_heartbeat", "is_open")

    def __init__(
        self,
        runner: Runner,
        branch: Branch,
        heartbeat: float | None,
        started: Callable[[], object] | None,
    ) -> None:
        self._runner = runner
        self._branch = branch
        self._heartbeat = heartbeat
        self._started = started
        self._stop_heartbeat: Cancel | None = None
        self.is_open = True
        if started is None:
            self.heartbeat()

    def start(self) -> None:
        """A worker takes the task up: nothing for a task that is begun at once."""
        started, self._started = self._started, None
        if started is None or not self.is_open:
            return
        try:
            started()
        except StateFailure as failure:
            self.fail(failure)
        else:
            self.heartbeat()

    def succeed(self, result: Any) -> None:
        """The task is done."""
        if self.close():
            self._branch.go_on(result)

    def fail(self, failure: StateFailure) -> None:
        """The task has failed."""
        if self.close():
            self._branch.go_on(None, failure)

    def heartbeat(self) -> None:
        """The task is alive: its heartbeat clock starts again."""
        if self.is_open and self._heartbeat is not None:
            if self._stop_heartbeat is not None:
                self._stop_heartbeat()
            world = self._runner.world
            self._stop_heartbeat = world.call_at(world.now() + self._heartbeat, self._missed)

    def _missed(self) -> None:
        self._stop_heartbeat = None
        self._branch.give_up(StateFailure(TIMEOUT, None, is_placed=True, alias=HEARTBEAT_TIMEOUT))

    def close(self) -> bool:
        """No answer counts any more; returns whether one still did."""
        was_open, self.is_open = self.is_open, False
        if self._stop_heartbeat is not None:
            self._stop_heartbeat()
            self._stop_heartbeat = None
        return was_open


class Branch:
    """One line of control: the execution itself, a branch of a Parallel or an iteration of a Map."""

    __slots__ = ("_answer", "_cancels", "_effect", "_ended", "_runner", "group", "is_over")

    def __init__(
        self, runner: Runner, effect: Effect, ended: Callable[[Any, StateFailure | None], None]
    ) -> None:
        self._runner = runner
        self._effect = effect
        self._ended = ended
        self._cancels: list[Cancel] = []
        self._answer: Answer | None = None
        self.group: Group | None = None
        self.is_over = False

    def go_on(self, value: Any = None, failure: StateFailure | None = None) -> None:
        """The answer to what was yielded: go on with it, in turn with other branches."""
        if not self.is_over:
            self._clear()
            self._runner.ready(self, value, failure)

    def give_up(self, failure: StateFailure) -> None:
        """The time of the task is up: it is called off and has failed."""
        self.go_on(None, failure)

    def step(self, value: Any, failure: StateFailure | None) -> None:
        """Run to the next effect and have it answered."""
        try:
            effect = self._effect.send(value) if failure is None else self._effect.throw(failure)
        except StopIteration as end:
            self.is_over = True
            self._ended(end.value, None)
        except StateFailure as failed:
            self.is_over = True
            self._ended(None, failed)
        else:
            self._perform(effect)

    def close(self) -> None:
        """Cancel: what it waits for is called off, and its own branches with it."""
        if self.is_over:
            return
        self.is_over = True
        self._clear()
        if self.group is not None:
            self.group.close()
        self._effect.close()

    def _clear(self) -> None:
        cancels, self._cancels = self._cancels, []
        if self._answer is not None:
            self._answer.close()
            self._answer = None
        for cancel in cancels:
            cancel()

    def _perform(self, effect: Any) -> None:
        world = self._runner.world
        match effect:
            case Transition(state):
                if world.enter(state, self.go_on):
                    self.go_on()
            case WaitUntil(moment):
                if moment <= world.now():
                    self.go_on()
                else:
                    self._cancels.append(world.call_at(moment, self.go_on))
            case CallTask():
                self._call(effect)
            case Fork():
                self.group = Group(self._runner, self, effect)
                self.group.fill()

    def _call(self, effect: CallTask) -> None:
        world = self._runner.world
        if effect.timeout is not None:
            late = StateFailure(TIMEOUT, None, is_placed=True)
            self._cancels.append(world.call_at(world.now() + effect.timeout, lambda: self.give_up(late)))
        answer = self._answer = Answer(self._runner, self, effect.heartbeat, effect.started)
        cancel = world.start_task(effect.request, answer)
        if cancel is not None and answer.is_open:
            self._cancels.append(cancel)


class Group:
    """The branches of one fork: so many at a time, in order, until all have ended or too many have failed."""

    __slots__ = ("_failed", "_fork", "_next", "_open", "_parent", "_results", "_runner")

    def __init__(self, runner: Runner, parent: Branch, fork: Fork) -> None:
        self._runner = runner
        self._parent = parent
        self._fork = fork
        self._next = 0
        self._failed = 0
        self._open: dict[int, Branch] = {}
        self._results: list[Any] = [None] * len(fork.branches)

    def fill(self) -> None:
        """Begin branches up to the limit; when none is left, answer the fork."""
        branches = self._fork.branches
        while self._next < len(branches) and len(self._open) < self._fork.limit:
            number = self._next
            self._next += 1
            branch = Branch(self._runner, branches[number](), partial(self._end, number))
            self._open[number] = branch
            self._runner.ready(branch, None, None)
        if not self._open:
            self._parent.group = None
            self._parent.go_on(self._results)

    def close(self) -> None:
        """Cancel every branch that has not ended, the last begun first."""
        opened, self._open = self._open, {}
        for number in sorted(opened, reverse=True):
            opened[number].close()

    def _end(self, number: int, value: Any, failure: StateFailure | None) -> None:
        self._open.pop(number)
        self._results[number] = value if failure is None else failure
        if failure is not None:
            self._failed += 1
            if self._fork.is_over(self._failed):
                self.close()
                self._parent.group = None
                self._parent.go_on(None, failure)
                return
        self.fill()


class Runner:
    """One execution on its way.

    Args:
        world: clock, tasks and gate.
        effect: what the interpreter runs.
        ended: called once with the output, or with the failure.
    """

    __slots__ = ("_is_turning", "_line", "_main", "world")

    def __init__(
        self, world: World, effect: Effect, ended: Callable[[Any, StateFailure | None], None]
    ) -> None:
        self.world = world
        self._line: deque[tuple[Branch, Any, StateFailure | None]] = deque()
        self._is_turning = False
        self._main = Branch(self, effect, ended)

    def start(self) -> None:
        """Begin; returns when everything that takes no time is done."""
        self.ready(self._main, None, None)

    def stop(self) -> None:
        """Cancel the execution with all that it waits for; `ended` is not called."""
        self._main.close()

    def ready(self, branch: Branch, value: Any, failure: StateFailure | None) -> None:
        """A branch can go on; branches that can at the same moment take turns."""
        self._line.append((branch, value, failure))
        if self._is_turning:
            return
        self._is_turning = True
        try:
            while self._line:
                branch, value, failure = self._line.popleft()
                if not branch.is_over:
                    branch.step(value, failure)
        finally:
            self._is_turning = False
