"""Capacity: how far a setting can go before an objective is missed, and what breaks first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, floor, sqrt
from typing import Any, Literal

from simulator.design.document import Document
from simulator.errors import InvalidDesign
from simulator.experiments.judging import Judgement, Verdict, broken_text, judge_all
from simulator.experiments.options import RunOptions
from simulator.experiments.parameters import current_value, refuse, with_values
from simulator.experiments.plan import NOTHING_YET, Cancelled
from simulator.experiments.recovery import fault_position, recovery, recovery_text, with_recovery
from simulator.experiments.runner import IsStopped, Runner, Task, design_text, recordings
from simulator.experiments.statistics import CONFIDENCE
from simulator.graph.checks import readiness_problems
from simulator.measurement.slices import Recording
from simulator.report.result import engine_versions, make_result

#: Replications at every value: the first look, and the most where the verdict is open.
FIRST_RUNS, MOST_RUNS = 10, 40
#: Relative width of the bracket at which the search ends, for numbers that are not whole.
PRECISION = 0.01
#: Doublings and halvings in search of a bracket.
MOST_DOUBLINGS = 30
#: Doublings in a row in which nothing that is missed comes nearer to its limit (by this share of the way):
#: then no value will do, and the search ends.
STANDING, NEARER = 2, 0.01


@dataclass(frozen=True, slots=True)
class Judged:
    """What was found at one value of the setting."""

    value: float
    runs: int
    judgement: Judgement
    #: Of a fault whose setting is looked at (see `simulator.experiments.recovery`).
    recovery: dict[str, Any] | None = None

    @property
    def verdict(self) -> Verdict:
        """Whether every objective is met."""
        return self.judgement.verdict

    @property
    def is_sure(self) -> bool:
        """Whether the intervals say so."""
        return self.judgement.is_sure

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        found = {"value": self.value, "replications": self.runs, **self.judgement.as_dict()}
        return found if self.recovery is None else {**found, "recovery": self.recovery}


def rate_path(document: Document, node: str) -> str:
    """The path of a producer's rate; raises `InvalidDesign` for a node that has none."""
    producers = {one.id: one for one in document.nodes if one.kind == "producer"}
    if node not in producers:
        raise refuse(
            f"{node[:40]!r} is no producer",
            f"the producers are {', '.join(producers) or 'none'}; or name a setting",
        )
    arrivals = producers[node].config.arrivals  # type: ignore[attr-defined]
    if getattr(arrivals, "rate", None) is None:
        raise refuse(
            f"{node} has arrivals of the process {arrivals.process}, which have no rate",
            "take poisson or constant arrivals, or name another setting",
        )
    return f"nodes.{node}.config.arrivals.rate"


def capacity(
    document: Document,
    path: str,
    *,
    find: Literal["highest", "lowest"] = "highest",
    low: float | None = None,
    high: float | None = None,
    precision: float = PRECISION,
    seed: int | None = None,
    duration: float | None = None,
    warmup: float | str | None = None,
    replications: int | None = None,
    jobs: int = 1,
    is_stopped: IsStopped = lambda: False,
    on_progress: Callable[[dict[str, Any]], None] | None = None,
    on_partial: Callable[[dict[str, Any]], None] | None = None,
) -> dict[str, Any]:
    """The highest (or lowest) value of a setting at which every objective is met: `headrace-capacity/1`.

    Bracketing by factors of two from the value that is set, then bisection. At every value replications are
    made until the verdict is decided by 95 % intervals, or `replications` are spent; then the estimate
    decides and the answer says that it does. All values share their random numbers, which makes the
    measures rise with the load nearly without noise and the bisection stable. A backlog that grows is a miss.

    Args:
        path: of the setting (see `simulator.experiments.parameters`), or that of `rate_path`.
        find: `highest` for a load, `lowest` for instances, concurrency or partitions.
        low, high: ends of the search; None: from the value that is set, as far as need be.
        precision: relative width of the bracket at the end; whole numbers are found exactly.
        replications: the most at every value; None for 40.
        on_progress: told `{"share", "text"}` of the runs at one value.
        on_partial: given what is known after every value that was looked at.

    Raises:
        InvalidDesign: without objectives, for a setting that is no number, or an empty range.
        Cancelled: when stopped.
    """
    options, start = prepared(
        document,
        path,
        low=low,
        high=high,
        seed=seed,
        duration=duration,
        warmup=warmup,
        replications=replications,
        jobs=jobs,
    )
    asked = {
        "format": "headrace-capacity/1",
        "design": {"name": document.name, "digest": document.digest()},
        "setting": path,
        "find": find,
        "seed": options.seed,
        "duration": options.duration,
        "warmup": options.warmup,
        "engine": engine_versions(),
    }

    def on_judged(found: dict[str, Any]) -> None:
        if on_partial is not None:
            on_partial({**asked, **found})

    with Runner(jobs, is_stopped) as runner:
        search = _Search(document, path, options, runner, on_progress, on_judged)
        search.is_whole = type(start) is int
        search.is_rising = find == "highest"
        search.precision = precision
        found = search.made(float(start), low, high)
    return {**asked, **found}


def prepared(
    document: Document,
    path: str,
    *,
    low: float | None = None,
    high: float | None = None,
    seed: int | None = None,
    duration: float | None = None,
    warmup: float | str | None = None,
    replications: int | None = None,
    jobs: int = 1,
) -> tuple[RunOptions, float]:
    """What all runs of a search are made with, and the value it starts from.

    Raises:
        InvalidDesign: for a design that has no objectives or cannot be run, a setting that is no number,
            or an empty range.
    """
    if not document.objectives and fault_position(path) is None:
        raise refuse("the design has no objectives: there is nothing to meet", "add some under objectives")
    problems = readiness_problems(document)
    if problems:
        raise InvalidDesign(problems)
    options = RunOptions.of(
        document,
        seed=seed,
        duration=duration,
        warmup=warmup,
        replications=MOST_RUNS if replications is None else replications,
        jobs=jobs,
    )
    start = current_value(document, path)
    if isinstance(start, bool) or not isinstance(start, int | float):
        raise refuse(f"{path} is {start!r}, no number", "name a rate, a number of instances or the like")
    if (low is not None and low <= 0.0) or (low is not None and high is not None and high < low):
        raise refuse(f"there is nothing between {low:g} and {high}", "give the lower end above 0 first")
    return options, start


class _Search:
    """The search under way: `good` values meet all objectives, `bad` ones miss some."""

    def __init__(
        self,
        document: Document,
        path: str,
        options: RunOptions,
        runner: Runner,
        on_progress: Callable[[dict[str, Any]], None] | None,
        on_judged: Callable[[dict[str, Any]], None],
    ) -> None:
        self.document = document
        self.path = path
        self.fault = fault_position(path)
        self.options = options
        self.runner = runner
        self.on_progress = on_progress
        self.on_judged = on_judged
        self.is_whole = False
        self.is_rising = True
        self.precision = PRECISION
        self.seen: dict[float, Judged] = {}
        self.is_standing = False

    def made(self, start: float, low: float | None, high: float | None) -> dict[str, Any]:
        """Bracket, bisect, and say what was found."""
        good, bad = self._bracket(start, low, high)
        if good is not None and bad is not None:
            while not self._is_narrow(good.value, bad.value):
                middle = self._middle(good.value, bad.value)
                judged = self._judge(middle)
                good, bad = (judged, bad) if judged.verdict == "met" else (good, judged)
        return self._found(good, bad, self._statement(good, bad))

    def _found(self, good: Judged | None, bad: Judged | None, statement: str) -> dict[str, Any]:
        return {
            "value": None if good is None else good.value,
            "bracket": [None if one is None else one.value for one in (good, bad)],
            "confidence": CONFIDENCE,
            "sure_bracket": self._sure_bracket(),
            "sure": bool(good and good.is_sure and (bad is None or bad.is_sure)),
            "first_to_break": list(bad.judgement.broken) if bad is not None else [],
            "looked_at": [self.seen[value].as_dict() for value in sorted(self.seen)],
            "statement": statement,
        }

    def _so_far(self) -> dict[str, Any]:
        """What is known before the search has come to its end."""
        values = len(self.seen)
        return self._found(None, None, f"Still looking: {values} value{'s' * (values != 1)} so far.")

    def _sure_bracket(self) -> list[float | None]:
        """The furthest value that surely meets and the nearest that surely misses."""
        sign = 1.0 if self.is_rising else -1.0
        sure = [one for one in self.seen.values() if one.is_sure]
        met = [one.value for one in sure if one.verdict == "met"]
        missed = [one.value for one in sure if one.verdict == "missed"]
        return [
            max(met, key=lambda value: sign * value, default=None),
            min(missed, key=lambda value: sign * value, default=None),
        ]

    # -- searching -------------------------------------------------------------------------------
    def _bracket(
        self, start: float, low: float | None, high: float | None
    ) -> tuple[Judged | None, Judged | None]:
        """A value that meets and one that misses; None where there is none within reach."""
        begin = min(max(start, low or start), high or max(start, low or start))
        judged = self._judge(self._whole(begin))
        good, bad = (judged, None) if judged.verdict == "met" else (None, judged)
        standing = 0
        for _ in range(MOST_DOUBLINGS):
            if good is not None and bad is not None:
                break
            if standing == STANDING:
                self.is_standing = True
                break
            edge = good or bad
            assert edge is not None  # noqa: S101 -- one of them was just judged
            grows = (good is None) != self.is_rising
            following = edge.value * 2.0 if grows else edge.value / 2.0
            following = self._whole(min(following, high) if high else following)
            following = max(following, low) if low else following
            if self.is_whole and following < 1.0:
                following = 1.0
            if following == edge.value:
                break
            try:
                judged = self._judge(following)
            except InvalidDesign:
                break  # beyond what the setting may be
            is_nearer = good is not None or judged.verdict == "met" or _comes_nearer(edge, judged)
            standing = 0 if is_nearer else standing + 1
            good, bad = (judged, bad) if judged.verdict == "met" else (good, judged)
        return good, bad

    def _whole(self, value: float) -> float:
        return float(ceil(value) if self.is_whole else value)

    def _is_narrow(self, good: float, bad: float) -> bool:
        distance = abs(bad - good)
        return distance <= 1.0 if self.is_whole else distance <= self.precision * good

    def _middle(self, good: float, bad: float) -> float:
        if self.is_whole:
            return float(floor((good + bad) / 2.0))
        # In the middle of the logarithms while the ends are far apart, so that no step is wasted.
        wide = max(good, bad) > 1.5 * min(good, bad)
        return sqrt(good * bad) if wide else (good + bad) / 2.0

    def _none(self, bad: Judged | None) -> str:
        """That there is no answer, and why the search went no further."""
        if bad is None:
            return "No value that was tried meets the objectives."
        tried = sorted(self.seen)
        text = f"No value from {tried[0]:.6g} to {tried[-1]:.6g} meets the objectives."
        if self.is_standing:
            towards = max(self.seen) if bad.value == max(self.seen) else min(self.seen)
            text += f" Towards {towards:.6g} nothing that is missed comes nearer to its limit any more:"
            text += " this setting is not what holds it up."
        return f"{text} At {bad.value:.6g} the first to break is {broken_text(bad.judgement.broken)}."

    # -- judging ---------------------------------------------------------------------------------
    def _judge(self, value: float) -> Judged:
        if value in self.seen:
            return self.seen[value]
        made = with_values(self.document, [(self.path, int(value) if self.is_whole else value)])
        problems = readiness_problems(made)
        if problems:
            raise InvalidDesign(problems)
        text = design_text(made)
        kept: list[Recording] = []
        wanted = min(FIRST_RUNS, self.options.replications)
        while True:
            tasks = [
                Task(
                    text,
                    self.options.seed,
                    (number,),
                    self.options.duration,
                    self.options.fixed_warmup,
                    recordings,
                )
                for number in range(len(kept), wanted)
            ]
            for answer in self.runner.run(tasks, self._on_share(value)):
                if answer is None:
                    raise Cancelled(NOTHING_YET)
                kept += answer
            result = make_result(
                made,
                kept,
                seed=self.options.seed,
                duration=self.options.duration,
                warmup=self.options.warmup,
            )
            judgement = judge_all(result, is_last=wanted >= self.options.replications)
            if judgement is not None:
                found = None
                if self.fault is not None:
                    found = recovery(kept, self.fault)
                    judgement = with_recovery(judgement, found, made.faults[self.fault].node)
                self.seen[value] = Judged(value, len(kept), judgement, found)
                self.on_judged(self._so_far())
                return self.seen[value]
            wanted = min(2 * wanted, self.options.replications)

    def _on_share(self, value: float) -> Callable[[float], None]:
        def on_share(share: float) -> None:
            if self.on_progress is not None:
                self.on_progress({"share": share, "text": f"the runs at {value:.6g}"})

        return on_share

    def _statement(self, good: Judged | None, bad: Judged | None) -> str:
        word = "highest" if self.is_rising else "lowest"
        if good is None:
            return self._none(bad)
        if bad is None:
            return (
                f"Every value that was tried meets the objectives, also {good.value:.6g}: no limit was found."
            )
        text = (
            f"The {word} value that meets every objective is {good.value:.6g}; {bad.value:.6g} does not. "
            f"First to break: {broken_text(bad.judgement.broken)}."
        )
        if good.recovery is not None and bad.recovery is not None:
            text += f" After {good.value:.6g} the backlog {recovery_text(good.recovery)}; after "
            text += f"{bad.value:.6g} it {recovery_text(bad.recovery)}."
        if good.is_sure and bad.is_sure:
            return f"{text} Both verdicts stand with 95 % confidence."
        open_ends = " and ".join(f"{one.value:.6g}" for one in (good, bad) if not one.is_sure)
        low, high = (None if end is None else f"{end:.6g}" for end in self._sure_bracket())
        known = [f"{low} meets them"] if low else []
        known += [f"{high} does not{'' if low else ' meet them'}"] if high else []
        sure = " and ".join(known) or "nothing is known yet"
        return (
            f"{text} At {open_ends} the interval still holds the limit after {max(good.runs, bad.runs)} "
            f"replications: there the estimate decided. With 95 % confidence {sure}."
        )


def _comes_nearer(before: Judged, after: Judged) -> bool:
    """Whether anything that is missed is nearer to being met, or no longer missed; open verdicts may be."""
    if not (before.is_sure and after.is_sure):
        return True
    old, new = _distances(before.judgement), _distances(after.judgement)
    if old.keys() != new.keys():
        return True
    return any(new[place] < (1.0 - NEARER) * old[place] for place in new)


def _distances(judgement: Judgement) -> dict[str, float]:
    """How far everything that is missed is from its limit: a backlog by its growth."""
    found: dict[str, float] = {}
    for one in judgement.broken:
        if "growth_rate" in one:
            found[one["node"]] = float(one["growth_rate"])
        elif one.get("value") is not None:
            stated = one["objective"]
            limit = next(float(stated[name]) for name in ("below", "above", "equals") if name in stated)
            found[str(stated)] = abs(float(one["value"]) - limit)
    return found
