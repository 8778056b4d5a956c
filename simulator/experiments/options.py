"""How the runs of an experiment are made: what the caller says, else what the design says."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

from simulator.design.document import Document
from simulator.errors import InvalidDesign
from simulator.graph.problem import Problem

#: Seconds a replication may last.
SHORTEST, LONGEST = 1e-6, 1e9
#: Independent runs of one design.
MOST_REPLICATIONS = 10_000


@dataclass(frozen=True, slots=True)
class RunOptions:
    """Numbers of a run that are known to be usable.

    Args:
        duration: simulated seconds of one replication.
        warmup: simulated seconds left out of the results, or "auto".
        jobs: processes.
    """

    seed: int
    duration: float
    warmup: float | str
    replications: int
    precision: float | None
    jobs: int

    @classmethod
    def of(
        cls,
        document: Document,
        *,
        seed: int | None = None,
        duration: float | None = None,
        warmup: float | str | None = None,
        replications: int | None = None,
        precision: float | None = None,
        jobs: int = 1,
    ) -> RunOptions:
        """What is given, the rest from the design's `simulation`; raises `InvalidDesign` (D104)."""
        settings = document.simulation
        options = cls(
            settings.seed if seed is None else seed,
            float(settings.duration if duration is None else duration),
            settings.warmup if warmup is None else warmup,
            settings.replications if replications is None else replications,
            settings.precision if precision is None else precision,
            jobs,
        )
        problems = options.problems()
        if problems:
            raise InvalidDesign(problems)
        return options

    @property
    def fixed_warmup(self) -> float | None:
        """The warm-up in seconds, None where it is found from the data."""
        return None if isinstance(self.warmup, str) else float(self.warmup)

    def problems(self) -> list[Problem]:
        """What is wrong with the numbers, wherever they came from (D104)."""
        problems = []

        def refuse(field: str, message: str, hint: str) -> None:
            problems.append(Problem("D104", "error", "", "", message, hint, f"simulation.{field}"))

        seed, duration, warmup, precision = self.seed, self.duration, self.warmup, self.precision
        if not 0 <= seed < 2**63:
            refuse("seed", f"the seed is {seed}", "give a whole number from 0 to 2^63 - 1")
        if not SHORTEST <= duration <= LONGEST:
            refuse(
                "duration",
                f"the duration is {duration:g} s",
                f"give a time from {SHORTEST:g} s to {LONGEST:g} s",
            )
        if isinstance(warmup, str):
            if warmup != "auto":
                refuse("warmup", f"the warm-up is {warmup[:40]!r}", "give seconds, or auto")
        elif not isfinite(warmup) or warmup < 0.0:
            refuse("warmup", f"the warm-up is {warmup:g} s", "give 0 or more seconds, or auto")
        elif warmup >= duration:
            refuse(
                "warmup",
                f"the warm-up ({warmup:g} s) leaves nothing of the duration ({duration:g} s)",
                "make the warm-up shorter than the duration, or auto",
            )
        if not 1 <= self.replications <= MOST_REPLICATIONS:
            refuse(
                "replications",
                f"{self.replications:,} replications are asked for",
                f"give a whole number from 1 to {MOST_REPLICATIONS:,}; 10 to 20 give good intervals",
            )
        if precision is not None and not 0.0 < precision < 1.0:
            refuse(
                "precision",
                f"the precision is {precision:g}",
                "give a share between 0 and 1, such as 0.05",
            )
        if self.jobs < 1:
            refuse("jobs", f"{self.jobs} processes are asked for", "give 1 or more")
        return problems
