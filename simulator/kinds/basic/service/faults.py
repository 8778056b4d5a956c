"""What can go wrong with a service, beside an outage: it is slow, or answers with errors."""

from __future__ import annotations

from typing import Any, Protocol

from simulator.kinds.basic.service.settings import ErrorsSettings, SlowSettings
from simulator.kinds.kind import FaultKind

FAULTS = (
    FaultKind(
        "slow",
        "Slow",
        "Its own work takes longer; what it waits for does not.",
        settings=SlowSettings,
    ),
    FaultKind(
        "errors",
        "Errors",
        "A share of the requests is answered with an error when its work is done.",
        settings=ErrorsSettings,
    ),
)


class Afflicted(Protocol):
    """A service as a fault sees it."""

    #: By which its own work takes longer.
    slowness: float
    #: Chance that a request fails.
    failure: float


def strike_service(service: Afflicted, settings: Any) -> None:
    """One of the faults begins."""
    if isinstance(settings, SlowSettings):
        service.slowness = settings.factor
    else:
        assert isinstance(settings, ErrorsSettings)
        service.failure = settings.probability
