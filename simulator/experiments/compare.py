"""Comparison of designs under the same load: paired replications until everything is decided.

Common random numbers come by themselves: every draw belongs to a node's id, a purpose and a message, so that
two designs that share a producer or a consumer share its arrivals and its service times.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from simulator.design.document import Document
from simulator.errors import InvalidDesign
from simulator.experiments.options import RunOptions
from simulator.experiments.plan import NOTHING_YET, Cancelled
from simulator.experiments.precision import Budget
from simulator.experiments.replication import build_world
from simulator.experiments.runner import IsStopped, Runner, Task, design_text, recordings
from simulator.experiments.selection import FIRST_STAGE
from simulator.graph.checks import readiness_problems
from simulator.graph.problem import Problem
from simulator.report.alternatives import Contender, Flow, Ranking, comparison_document
from simulator.report.pairs import MEASURES

#: Replications that a comparison may take when nothing else is said.
MOST_RUNS = 40
#: Alternatives of one comparison.
MOST_ALTERNATIVES = 50
#: What is ranked by when nothing else is said.
RANKED_BY = "end_to_end_latency.mean"
#: Between the seeds of alternatives that shall not share their random numbers.
_APART = 0x9E3779B97F4A7C15

OnComparison = Callable[[dict[str, Any]], None]
Comparison = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Alternative:
    """A design in a comparison.

    Args:
        name: unique among the alternatives.
        notes: what its making assumed (see `simulator.experiments.swap`), as plain data.
    """

    name: str
    document: Document
    notes: tuple[dict[str, Any], ...] = ()


def compare(
    alternatives: Sequence[Alternative],
    *,
    seed: int | None = None,
    duration: float | None = None,
    warmup: float | str | None = None,
    replications: int | None = None,
    first: int = FIRST_STAGE,
    jobs: int = 1,
    is_paired: bool = True,
    rank_by: str = RANKED_BY,
    indifference: float | None = None,
    is_stopped: IsStopped = lambda: False,
    on_progress: Callable[[dict[str, Any]], None] | None = None,
    on_partial: OnComparison | None = None,
) -> Comparison:
    """Run all alternatives under the same load and return `headrace-comparison/1` (plain data).

    Replications are made in rounds, `first` and then twice as many each time, until every objective is
    decided in every alternative (without objectives: until the best is selected) or the budget is spent. An
    alternative whose backlog grows is reported as such and compared on; one whose run has to end early is
    left out from there on.

    Args:
        replications: the most that may be made of each (the budget); None for 40.
        is_paired: whether the alternatives share their random numbers.
        rank_by: metric of the flows by which the best is selected.
        indifference: difference in it that does not matter, None for 5 %.
        on_progress: told `{"share", "text"}`: the share of what the text says is under way.
        on_partial: given the document after every round, and before the end of one after two and five
            replications of each, and half way.

    Raises:
        InvalidDesign: when an alternative cannot be run, or they cannot be compared.
        Cancelled: when stopped before every alternative had one replication.
    """
    options, flows, remarks = prepared(
        alternatives,
        seed=seed,
        duration=duration,
        warmup=warmup,
        replications=replications,
        jobs=jobs,
        rank_by=rank_by,
    )
    ranking = Ranking(tuple(rank_by.split(".")), indifference)
    contenders = [Contender(one.name, one.document, list(one.notes)) for one in alternatives]
    texts = {one.name: design_text(one.document) for one in alternatives}
    done = 0
    wanted = min(max(1, first), options.replications)

    def report(stopped: str | None = None, of: Sequence[Contender] = contenders) -> Comparison:
        return comparison_document(
            of, flows, options, ranking, is_paired=is_paired, remarks=remarks, stopped=stopped
        )

    with Runner(jobs, is_stopped) as runner:
        while True:
            running = [one for one in contenders if not one.failure]
            tasks = [
                (
                    one,
                    Task(
                        texts[one.name],
                        options.seed
                        if is_paired
                        else (options.seed + contenders.index(one) * _APART) % 2**63,
                        (number,),
                        options.duration,
                        options.fixed_warmup,
                        recordings,
                    ),
                )
                for number in range(done, wanted)
                for one in running
            ]

            def on_share(share: float, begin: int = done, end: int = wanted) -> None:
                if on_progress is not None:
                    on_progress({"share": share, "text": f"replications {begin + 1} to {end} of each"})

            on_answer = None
            if on_partial is not None:
                on_answer = _Preview(contenders, tasks, done, wanted, report, on_partial).take
            answers = runner.run([task for _, task in tasks], on_share, on_answer)
            is_whole = _take(contenders, tasks, answers)
            if not is_whole:
                return _partial(contenders, report)
            done = wanted
            running = [one for one in contenders if not one.failure]
            if not running:
                return report("the run of every alternative had to end early")
            wanted = min(
                Budget(replications=options.replications).next_number(one.recordings) for one in running
            )
            found = report()
            if found["decided"]:
                return found
            if wanted <= done:
                return report(f"the budget is spent: {done} replications of each")
            if on_partial is not None:
                on_partial(found)


def prepared(
    alternatives: Sequence[Alternative],
    *,
    seed: int | None = None,
    duration: float | None = None,
    warmup: float | str | None = None,
    replications: int | None = None,
    jobs: int = 1,
    rank_by: str = RANKED_BY,
) -> tuple[RunOptions, list[Flow], list[str]]:
    """What all runs of a comparison are made with, the flows that are compared, and what is to be remarked.

    Raises:
        InvalidDesign: with everything that keeps the alternatives from being run or compared.
    """
    options = RunOptions.of(
        _first(alternatives).document,
        seed=seed,
        duration=duration,
        warmup=warmup,
        replications=MOST_RUNS if replications is None else replications,
        jobs=jobs,
    )
    flows, remarks = _common(alternatives, options, rank_by)
    return options, flows, remarks


def _take(
    contenders: Sequence[Contender], tasks: Sequence[tuple[Contender, Task]], answers: Sequence[Any]
) -> bool:
    """Keep what was recorded, an unbroken row for each; whether all of it is there."""
    broken: set[str] = set()
    for (one, _), answer in zip(tasks, answers, strict=True):
        if answer is None:
            broken.add(one.name)
        elif one.name not in broken and not one.failure:
            one.recordings += answer
            one.failure = answer[-1].stopped
    return not broken - {one.name for one in contenders if one.failure}


class _Preview:
    """What is known before a round is over, told when enough replications of all alternatives are there."""

    def __init__(
        self,
        contenders: Sequence[Contender],
        tasks: Sequence[tuple[Contender, Task]],
        done: int,
        wanted: int,
        report: Callable[[None, Sequence[Contender]], Comparison],
        tell: OnComparison,
    ) -> None:
        self.contenders = contenders
        self.tasks = tasks
        self.rows = wanted - done
        self.report = report
        self.tell = tell
        self.answers: list[Any] = [None] * len(tasks)
        #: Rows of replications after which something is told, still to come.
        self.due = [row for row in sorted({2 - done, 5 - done, self.rows // 2}) if 0 < row < self.rows]

    def take(self, position: int, answer: Any) -> None:
        """Take one answer; they come in any order."""
        self.answers[position] = answer
        if not self.due:
            return
        count = self.due[0] * len(self.tasks) // self.rows
        if any(answer is None for answer in self.answers[:count]):
            return
        del self.due[0]
        known = {one.name: replace(one, recordings=list(one.recordings)) for one in self.contenders}
        tasks = [(known[one.name], task) for one, task in self.tasks[:count]]
        _take(list(known.values()), tasks, self.answers[:count])
        self.tell(self.report(None, list(known.values())))


def _partial(contenders: Sequence[Contender], report: Callable[[str], Comparison]) -> Comparison:
    """The comparison of the replications that all of them have."""
    running = [one for one in contenders if not one.failure]
    whole = min(len(one.recordings) for one in running)
    if not whole:
        raise Cancelled(NOTHING_YET)
    for one in running:
        del one.recordings[whole:]
    return report("cancelled")


# -- what can be compared ----------------------------------------------------------------------------
def _first(alternatives: Sequence[Alternative]) -> Alternative:
    if not 2 <= len(alternatives) <= MOST_ALTERNATIVES:
        raise InvalidDesign(
            [
                _refusal(
                    f"a comparison has 2 to {MOST_ALTERNATIVES} alternatives, not {len(alternatives)}",
                    "name another design, or a swap",
                )
            ]
        )
    names = [one.name for one in alternatives]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InvalidDesign([_refusal(f"two alternatives are called {twice[0]!r}", "name them differently")])
    return alternatives[0]


def _common(
    alternatives: Sequence[Alternative], options: RunOptions, rank_by: str
) -> tuple[list[Flow], list[str]]:
    """The flows that all alternatives have, and what keeps their loads from being the same."""
    problems = [
        replace(problem, path=f"{one.name}: {problem.path}")
        for one in alternatives
        for problem in readiness_problems(one.document)
    ]
    if rank_by not in {".".join(path) for path in MEASURES}:
        known = ", ".join(".".join(path) for path in MEASURES)
        problems.append(_refusal(f"{rank_by[:60]!r} is no measure of a flow", f"rank by one of {known}"))
    if problems:
        raise InvalidDesign(problems)
    flows = [flows_of(one.document, options) for one in alternatives]
    common = [flow for flow in flows[0] if all(flow in others for others in flows[1:])]
    if not common:
        texts = [
            f"{one.name} has {', '.join(f'{a} → {b}' for a, b in own[:3]) or 'none'}"
            for one, own in zip(alternatives, flows, strict=True)
        ]
        raise InvalidDesign(
            [
                _refusal(
                    f"the alternatives have no flow in common: {'; '.join(texts)}",
                    "give producers and consumers the same ids in all of them",
                )
            ]
        )
    return common, _load_remarks(alternatives, common)


def flows_of(document: Document, options: RunOptions) -> list[Flow]:
    """The flows of a design that can be run, from producer to end."""
    world = build_world(document, options.seed, 0, options.duration)
    return [(flow.producer, flow.consumer) for flow in world.flows]


def _load_remarks(alternatives: Sequence[Alternative], flows: Sequence[Flow]) -> list[str]:
    """Where the load or the work differs, a difference is not the brokers' alone."""
    base = alternatives[0]

    def changed(position: int) -> list[tuple[str, str]]:
        return [
            (id, other.name)
            for id in dict.fromkeys(flow[position] for flow in flows)
            for other in alternatives[1:]
            if base.document.node(id).config != other.document.node(id).config
        ]

    return [
        f"{id} is set differently in {base.name} and {name}: they are not under the same load."
        for id, name in changed(0)
    ] + [f"{id} is set differently in {base.name} and {name}." for id, name in changed(1)]


def _refusal(message: str, hint: str) -> Problem:
    return Problem("D290", "error", "", "", message, hint)
