"""The cheapest configuration that meets the objectives, and what less latency would cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from math import prod
from typing import Any

from simulator.design.document import Document
from simulator.errors import InvalidDesign
from simulator.experiments.judging import Judgement, broken_text, judge_all
from simulator.experiments.options import RunOptions
from simulator.experiments.parameters import Value, Varied, refuse, with_values
from simulator.experiments.plan import NOTHING_YET, Cancelled
from simulator.experiments.runner import IsStopped, Runner, Task, design_text, recordings
from simulator.experiments.statistics import over_replications
from simulator.graph.checks import readiness_problems
from simulator.measurement.slices import Recording
from simulator.report.pairs import MEASURES
from simulator.report.result import engine_versions, make_result

#: Replications of every configuration: the first look, and the most where the verdict is open.
FIRST_RUNS, MOST_RUNS = 4, 40
#: Configurations of one search, and settings that it may vary.
MOST_POINTS, MOST_VARIED = 2_000, 8
#: How many times as many configurations are known when they are told again.
PARTIAL_GROWTH = 1.25
#: What stands beside the cost when nothing else is said.
LATENCY = "end_to_end_latency.p99"


def cheapest(
    document: Document,
    varied: Sequence[Varied],
    *,
    latency: str = LATENCY,
    seed: int | None = None,
    duration: float | None = None,
    warmup: float | str | None = None,
    replications: int | None = None,
    jobs: int = 1,
    is_stopped: IsStopped = lambda: False,
    on_progress: Callable[[dict[str, Any]], None] | None = None,
    on_partial: Callable[[dict[str, Any]], None] | None = None,
) -> dict[str, Any]:
    """Try every combination of the settings and return `headrace-cheapest/1` (plain data).

    Every configuration is run 4 times. Those whose verdict on the objectives is open then, and that could
    still be the cheapest, get twice as many replications each time until their intervals decide or the
    budget is spent; then the estimate decides and the answer says so. All share their random numbers.

    Args:
        varied: up to eight settings with their values.
        latency: measure of the flows that stands beside the cost; its mean over the flows counts.
        replications: the most of every configuration; None for 40.
        on_progress: told `{"share", "text"}`.
        on_partial: given the document as far as it is known, whenever a quarter more is known in the first
            round, and after every round.

    Raises:
        InvalidDesign: without objectives, when nothing has a price, when there are too many combinations,
            or some cannot be run; nothing is half-run.
        Cancelled: when stopped before any configuration was run.
    """
    points = prepared(document, varied, latency=latency)
    options = RunOptions.of(
        document,
        seed=seed,
        duration=duration,
        warmup=warmup,
        replications=MOST_RUNS if replications is None else replications,
        jobs=jobs,
    )
    asked = {
        "format": "headrace-cheapest/1",
        "design": {"name": document.name, "digest": document.digest()},
        "seed": options.seed,
        "duration": options.duration,
        "warmup": options.warmup,
        "engine": engine_versions(),
        "varied": [{"path": one.path, "values": list(one.values)} for one in varied],
        "latency": latency,
    }

    def on_found(found: dict[str, Any]) -> None:
        if on_partial is not None:
            on_partial({**asked, **found})

    with Runner(jobs, is_stopped) as runner:
        search = _Search(points, varied, options, tuple(latency.split(".")), runner, on_progress, on_found)
        search.run()
    return {**asked, **search.found()}


def prepared(document: Document, varied: Sequence[Varied], *, latency: str = LATENCY) -> list[Point]:
    """Every configuration, checked; raises `InvalidDesign` for what cannot be searched."""
    if not document.objectives:
        raise refuse("the design has no objectives: there is nothing to meet", "add some under objectives")
    known = [".".join(path) for path in MEASURES if path[0] == "end_to_end_latency"]
    if latency not in known:
        raise refuse(f"{latency[:60]!r} is no latency of a flow", f"choose one of {', '.join(known)}")
    return [_point(document, varied, values) for values in _grid(varied)]


class Point:
    """One configuration and what is known of it."""

    def __init__(self, values: tuple[Value, ...], document: Document) -> None:
        self.values = values
        self.document = document
        self.text = design_text(document)
        self.recordings: list[Recording] = []
        self.runs = 0
        self.judgement: Judgement | None = None
        self.seen: Judgement | None = None  # what the replications so far say
        self.cost: dict[str, Any] = {}
        self.latency: dict[str, Any] | None = None

    def close(self) -> None:
        """Let the replications so far decide."""
        self.judgement = self.seen
        self.recordings = []  # a large grid would not fit into the memory

    @property
    def is_met(self) -> bool:
        """Whether it meets every objective, as far as is known."""
        return self.seen is not None and self.seen.verdict == "met"

    @property
    def price(self) -> float:
        """Its cost a month."""
        return float(self.cost["per_month"]["mean"])

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        assert self.seen is not None  # noqa: S101 -- only those that were run are told
        month = self.cost["per_month"]
        return {
            "values": list(self.values),
            "replications": self.runs,
            **self.seen.as_dict(),
            "cost": {"mean": month["mean"], "ci95": month["ci95"]},
            "latency": self.latency,
            "unpriced": self.cost["unpriced"],
        }


class _Search:
    """The search under way."""

    def __init__(
        self,
        points: Sequence[Point],
        varied: Sequence[Varied],
        options: RunOptions,
        latency: tuple[str, ...],
        runner: Runner,
        on_progress: Callable[[dict[str, Any]], None] | None,
        on_found: Callable[[dict[str, Any]], None],
    ) -> None:
        self.varied = varied
        self.options = options
        self.latency = latency
        self.runner = runner
        self.on_progress = on_progress
        self.on_found = on_found
        self.points = points
        self.is_cancelled = False
        self.told = 0

    def run(self) -> None:
        """Judge every configuration, and those that matter as surely as the budget allows."""
        wanted = min(FIRST_RUNS, self.options.replications)
        open_points = self.points
        while open_points:
            self._replicate(open_points, wanted)
            if self.is_cancelled:
                return
            open_points = [point for point in open_points if point.judgement is None]
            limit = min((point.price for point in self.points if self._is_sure(point)), default=None)
            for point in open_points:
                if limit is not None and point.price > limit:
                    point.close()  # it cannot be the cheapest any more
            open_points = [point for point in open_points if point.judgement is None]
            if open_points:
                self.on_found(self.found())
            wanted = min(2 * wanted, self.options.replications)

    @staticmethod
    def _is_sure(point: Point) -> bool:
        return point.judgement is not None and point.is_met and point.judgement.is_sure

    def _replicate(self, points: Sequence[Point], wanted: int) -> None:
        options = self.options
        tasks = [
            Task(
                point.text,
                options.seed,
                tuple(range(len(point.recordings), wanted)),
                options.duration,
                options.fixed_warmup,
                recordings,
            )
            for point in points
        ]

        def on_share(share: float) -> None:
            if self.on_progress is not None:
                text = f"replications up to {wanted} of each configuration ({len(points)})"
                self.on_progress({"share": share, "text": text})

        def on_answer(position: int, answer: list[Recording]) -> None:
            points[position].recordings += answer
            self._judge(points[position], is_last=wanted >= options.replications)
            known = sum(point.seen is not None for point in self.points)
            if known >= PARTIAL_GROWTH * self.told and known < len(self.points):
                self.told = known
                self.on_found(self.found())

        if any(answer is None for answer in self.runner.run(tasks, on_share, on_answer)):
            self.is_cancelled = True
            if all(point.seen is None for point in self.points):
                raise Cancelled(NOTHING_YET)

    def _judge(self, point: Point, *, is_last: bool) -> None:
        result = make_result(
            point.document,
            point.recordings,
            seed=self.options.seed,
            duration=self.options.duration,
            warmup=self.options.warmup,
        )
        point.cost = result["cost"]
        if point.cost["per_month"] is None:
            raise refuse(
                f"nothing in the design has a price: {point.cost['unpriced'][0]['statement']}",
                "give consumers an instance_type, or use brokers that have a price",
            )
        point.latency = _latency(result, self.latency)
        point.runs = len(point.recordings)
        point.seen = judge_all(result, is_last=True)
        if judge_all(result, is_last=is_last or bool(result["stopped"])) is not None:
            point.close()

    # -- the answer ------------------------------------------------------------------------------
    def found(self) -> dict[str, Any]:
        """The points in rising order of cost, the cheapest, the front, and a statement."""
        known = [point for point in self.points if point.seen is not None]
        ranked = sorted(known, key=lambda point: point.price)
        best = next((number for number, point in enumerate(ranked) if point.is_met), None)
        return {
            "currency": ranked[0].cost["currency"],
            "prices_dated": ranked[0].cost["prices_dated"],
            "points": [point.as_dict() for point in ranked],
            "cheapest": best,
            "front": _front(ranked),
            "statement": self._statement(ranked, best),
            "stopped": "cancelled" if self.is_cancelled else None,
        }

    def _statement(self, ranked: Sequence[Point], best: int | None) -> str:
        count = f"{len(ranked)} configuration{'' if len(ranked) == 1 else 's'}"
        if len(ranked) < len(self.points):
            count += f" looked at (of {len(self.points)})"
        if best is None:
            nearest = ranked[-1]
            assert nearest.seen is not None  # noqa: S101 -- all are judged
            broken = broken_text(nearest.seen.broken)
            name = self._name(nearest)
            return f"None of {count} meets every objective. First to break in the dearest, {name}: {broken}."
        chosen = ranked[best]
        text = (
            f"The cheapest of {count} that meets every objective is {self._name(chosen)}: "
            f"{chosen.price:,.2f} {chosen.cost['currency']} a month."
        )
        doubts = [
            self._name(point)
            for point in ranked[: best + 1]
            if point.seen is not None and not point.seen.is_sure
        ]
        if not doubts:
            return f"{text} Every verdict up to it stands with 95 % confidence."
        return (
            f"{text} Of {'; '.join(doubts[:5])}{' and others' * (len(doubts) > 5)} an interval still holds "
            "the limit: there the estimate decided."
        )

    def _name(self, point: Point) -> str:
        pairs = zip(self.varied, point.values, strict=True)
        return ", ".join(f"{one.path}={_text(value)}" for one, value in pairs)


def _text(value: Value) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _grid(varied: Sequence[Varied]) -> list[tuple[Value, ...]]:
    """Every combination, or a refusal."""
    if not 1 <= len(varied) <= MOST_VARIED or len({one.path for one in varied}) < len(varied):
        raise refuse(
            f"a search varies 1 to {MOST_VARIED} different settings, not {len(varied)}",
            "give --vary once for each of them",
        )
    count = prod(len(one.values) for one in varied)
    if count > MOST_POINTS:
        raise refuse(
            f"{count:,} configurations are too many for one search",
            f"at most {MOST_POINTS:,}: take larger steps, or vary fewer settings at a time",
        )
    return list(product(*(one.values for one in varied)))


def _point(document: Document, varied: Sequence[Varied], values: tuple[Value, ...]) -> Point:
    """One configuration, checked before anything runs."""
    try:
        pairs = list(zip((one.path for one in varied), values, strict=True))
        made = with_values(document, pairs)
        problems = readiness_problems(made)
        if problems:
            raise InvalidDesign(problems)
    except InvalidDesign as error:
        place = ", ".join(f"{one.path}={value}" for one, value in zip(varied, values, strict=True))
        raise refuse(f"with {place} the design cannot be run: {error.problems[0]}", "leave it out") from error
    return Point(values, made)


def _latency(result: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any] | None:
    """The measure, as the mean over the flows that have it; its interval only where there is one flow."""
    found = []
    for flow in result["flows"]:
        place: Any = flow
        for step in path:
            place = place.get(step) if isinstance(place, dict) else None
        if isinstance(place, dict) and "mean" in place:
            found.append(place)
    if not found:
        return None
    mean = over_replications([one["mean"] for one in found]).mean
    return {"mean": mean, "ci95": found[0]["ci95"] if len(found) == 1 else None}


def _front(ranked: Sequence[Point]) -> list[int]:
    """Of the configurations that meet the objectives those that none beats in cost and latency (Pareto)."""
    front: list[int] = []
    lowest: float | None = None
    for number, point in enumerate(ranked):
        if point.is_met and point.latency is not None:
            value = float(point.latency["mean"])
            if lowest is None or value < lowest:
                front.append(number)
                lowest = value
    return front
