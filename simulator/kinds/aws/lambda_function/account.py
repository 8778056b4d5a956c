"""Concurrency: what an account and its functions may run at a time, and how fast they may grow.

Sources: AWS Lambda developer guide, *Understanding Lambda function scaling* (concurrency of the account,
1,000 new environments every 10 s for each function, ten requests a second for each unit of concurrency),
*Reserved concurrency*, *Provisioned concurrency*.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.engine.stage_plan import EventsNeeded
from simulator.engine.world import World
from simulator.kinds.aws.lambda_function.settings import FunctionSettings

if TYPE_CHECKING:
    from simulator.kinds.aws.lambda_function.function import LambdaFunction

#: New environments of one function in each window, and the window in seconds.
SCALING_STEP, SCALING_WINDOW = 1_000, 10.0
#: Requests a second for each unit of concurrency.
REQUESTS_PER_CONCURRENCY = 10.0


class Account:
    """All functions of a design: they share what none of them has set aside.

    Args:
        limit: concurrent executions of the account.

    Raises:
        EventsNeeded: when a function uses more than its part of what it shares with one without events.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.functions: list[LambdaFunction] = []
        #: Executions that run on the shared part.
        self.shared = 0
        self.shared_limit = limit
        #: Of the shared part: what functions may use whose executions are no events.
        self.kept = 0

    @staticmethod
    def of(world: World, function: LambdaFunction) -> Account:
        """The account of the design, with one more function."""
        settings = function.settings
        account = world.shared.get("aws.lambda account")
        if not isinstance(account, Account):
            account = world.shared["aws.lambda account"] = Account(settings.account_concurrency)
        account.functions.append(function)
        account.shared_limit -= set_aside(settings)
        return account

    def has_room(self, function: LambdaFunction) -> bool:
        """Whether one more execution of the function may begin."""
        reserved = function.settings.reserved_concurrency
        running = function.concurrency.value
        if reserved is not None:
            return running < reserved
        if running < function.settings.provisioned_concurrency:
            return True
        if self.kept and self.shared >= self.shared_limit - self.kept:
            raise EventsNeeded(f"{function.id}: how much of the account others use has to be known")
        return self.shared < self.shared_limit

    def keep(self, function: LambdaFunction) -> int:
        """Concurrency that the function is sure of whatever the others do: it reserved it, or its equal part
        of what is shared is kept for it from now on.
        """
        settings = function.settings
        if settings.reserved_concurrency is not None:
            return settings.reserved_concurrency
        sharing = sum(1 for one in self.functions if one.settings.reserved_concurrency is None)
        part = self.shared_limit // sharing
        self.kept += part
        return settings.provisioned_concurrency + part

    def begun(self, function: LambdaFunction) -> None:
        """An execution begins; the function has not counted it yet."""
        if self._is_shared(function, function.concurrency.value + 1):
            self.shared += 1

    def ended(self, function: LambdaFunction, now: float) -> None:
        """An execution has ended; the function still counts it. Whoever waits for room looks."""
        shared = self._is_shared(function, function.concurrency.value)
        function.concurrency.down(now)
        if shared:
            self.shared -= 1
        function.offer_room(now)
        if shared:
            for other in self.functions:
                if other is not function:
                    other.offer_room(now)

    @staticmethod
    def _is_shared(function: LambdaFunction, running: int) -> bool:
        settings = function.settings
        return settings.reserved_concurrency is None and running > settings.provisioned_concurrency


def set_aside(settings: FunctionSettings) -> int:
    """Concurrency that a function takes from the account for itself."""
    if settings.reserved_concurrency is not None:
        return settings.reserved_concurrency
    return settings.provisioned_concurrency


class ScalingRate:
    """How many new environments a function may still make in the present window."""

    __slots__ = ("made", "since")

    def __init__(self) -> None:
        self.since = -SCALING_WINDOW
        self.made = 0

    def has_room(self, now: float) -> bool:
        """Whether one more environment may be made at `now` (seconds)."""
        return self.made < SCALING_STEP or now - self.since >= SCALING_WINDOW - 1e-9

    def take(self, now: float) -> None:
        """One more is made."""
        if now - self.since >= SCALING_WINDOW - 1e-9:
            self.since, self.made = now, 0
        self.made += 1

    @property
    def opens_at(self) -> float:
        """When the next window begins, seconds."""
        return self.since + SCALING_WINDOW
