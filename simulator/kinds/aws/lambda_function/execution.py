"""One invocation in one execution environment: cold or warm start, the handler's work, its calls, its end."""

from __future__ import annotations

from abc import ABC, abstractmethod
from math import ceil
from typing import TYPE_CHECKING

from simulator.engine.environment import Activity
from simulator.engine.message import Message
from simulator.engine.request import Caller

if TYPE_CHECKING:
    from simulator.kinds.aws.lambda_function.function import LambdaFunction

#: An initialisation that takes longer is stopped and made again within the first invocation (developer
#: guide, *Lambda execution environment*), seconds.
INIT_LIMIT = 10.0


class Invocation(ABC):
    """What a function is invoked with, and who wants to know how it went."""

    __slots__ = ("messages",)

    def __init__(self, messages: list[Message]) -> None:
        self.messages = messages

    @abstractmethod
    def ended(self, now: float, failed: set[int], began: float) -> None:
        """The execution is over.

        Args:
            failed: positions of the messages at which the handler has failed; all after a timeout.
            began: when the handler had begun, seconds.
        """


class Execution(Activity, Caller):
    """Runs the handler for the messages of one invocation, one after the other.

    Its own time comes first; then the services are called that it invokes, message by message. What runs
    longer than Timeout is stopped there and has failed altogether.
    """

    __slots__ = (
        "_called",
        "_failed",
        "_is_over",
        "_is_provisioned",
        "began",
        "deadline",
        "function",
        "init",
        "invocation",
        "is_initialising",
    )

    def __init__(
        self,
        function: LambdaFunction,
        invocation: Invocation,
        now: float,
        *,
        init: float | None,
        is_provisioned: bool,
    ) -> None:
        self.function = function
        self.invocation = invocation
        #: Seconds of its cold start, None for a warm one.
        self.init = init
        self._is_provisioned = is_provisioned
        self._failed: set[int] = set()
        self._is_over = False
        self._called = 0
        start, again = now + function.overhead(), 0.0
        if init is not None:
            start += min(init, INIT_LIMIT)
            again = init if init > INIT_LIMIT else 0.0
        self.began = start
        self.deadline = start + function.settings.timeout
        self.is_initialising = init is not None
        if init is not None:
            function.initialising.up(now)
            function.env.at(start, _InitEnds(self))
        function.env.at(min(start + again + function.work_time(invocation.messages), self.deadline), self)

    def init_ends(self, now: float) -> None:
        """The environment is ready."""
        self.is_initialising = False
        self.function.initialising.down(now)

    def occur(self, now: float) -> None:
        """The handler's own work is done, or time is up."""
        if self._is_over:
            return
        function = self.function
        if now >= self.deadline:
            self._time_out(now)
            return
        fails = function.fails
        messages = self.invocation.messages
        self._failed = {position for position, message in enumerate(messages) if fails(message)}
        if function.invocations is None:
            self._end(now)
            return
        function.env.at(self.deadline, _TimeIsUp(self))
        self._call(now)

    def time_is_up(self, now: float) -> None:
        """The longest time of a run is over, whoever still has to answer."""
        if not self._is_over:
            self._time_out(now)

    def _call(self, now: float) -> None:
        """Call the services for the next message at which the handler has not failed."""
        messages, calls = self.invocation.messages, self.function.invocations
        assert calls is not None
        while self._called < len(messages) and self._called in self._failed:
            self._called += 1
        if self._called == len(messages):
            self._end(now)
        else:
            calls.begin(messages[self._called], self)

    def answer(self, now: float, ok: bool) -> None:
        if self._is_over:
            return
        if not ok:
            self._failed.add(self._called)
        self._called += 1
        self._call(now)

    def _time_out(self, now: float) -> None:
        self.function.timeouts += 1
        self._failed = set(range(len(self.invocation.messages)))
        self._end(now)

    def _end(self, now: float) -> None:
        self._is_over = True
        function = self.function
        took = now - self.began
        billed = ceil((took + (self.init or 0.0)) * 1_000.0 - 1e-6)
        if self._is_provisioned:
            function.billed_provisioned_ms += billed
        else:
            function.billed_ms += billed
        function.duration.add(took)
        function.billed_duration.add(billed / 1_000.0)
        if self._failed:
            function.errors += 1
        function.environments.give_back(now, is_provisioned=self._is_provisioned)
        # Batches that were throttled come before what the invoker does next.
        function.account.ended(function, now)
        self.invocation.ended(now, self._failed, self.began)


class _InitEnds(Activity):
    __slots__ = ("execution",)

    def __init__(self, execution: Execution) -> None:
        self.execution = execution

    def occur(self, now: float) -> None:
        self.execution.init_ends(now)


class _TimeIsUp(Activity):
    __slots__ = ("execution",)

    def __init__(self, execution: Execution) -> None:
        self.execution = execution

    def occur(self, now: float) -> None:
        self.execution.time_is_up(now)
