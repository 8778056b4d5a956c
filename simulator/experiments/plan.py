"""What a run of replications is asked to do, and where they go."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from simulator.design.document import Document
from simulator.errors import HeadraceError
from simulator.experiments.replication import Engine

OnProgress = Callable[[dict[str, Any]], None]

#: Address of the scheduler of a Dask cluster; when it is set, replications go there.
SCHEDULER = "HEADRACE_DASK_SCHEDULER"
NOTHING_YET = "cancelled before anything was simulated: there is no result"


def has_cluster() -> bool:
    """Whether replications go to a cluster, whatever the number of jobs."""
    return bool(os.environ.get(SCHEDULER, "").strip())


class Cancelled(HeadraceError):
    """Stopped so early that there is nothing to make a result of."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run.

    Args:
        document: the validated design.
        seed: the run's seed.
        duration: simulated seconds of each replication.
        warmup: fixed warm-up in simulated seconds, None when it is found afterwards.
        engine: how a replication advances.
    """

    document: Document
    seed: int
    duration: float
    warmup: float | None
    engine: Engine = "auto"
