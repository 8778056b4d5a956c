"""Rules of practice of AWS Lambda beside those of its check (D600 to D609)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from math import ceil
from typing import TYPE_CHECKING

from simulator.graph.edits import SetSetting
from simulator.graph.figures import high
from simulator.graph.rule import Finding, Rule
from simulator.kinds.aws.lambda_function.edge_settings import MappingSettings

if TYPE_CHECKING:
    from simulator.graph.look import Look

KIND = "aws.lambda"
LONGEST_TIMEOUT = 900
#: Share of the account's concurrency above which one function is a danger to the others.
GREEDY = 0.5
#: Requests per second that each execution at a time allows (developer guide, *Function scaling*).
REQUESTS_PER_EXECUTION = 10.0
#: Executions that a mapping of a standard queue begins with, and what it adds in a minute.
FIRST_EXECUTIONS, ADDED_A_MINUTE = 5.0, 300
#: Minutes for which a queue may fill after a rise before it is worth a word.
LATE = 0.5


def short_timeouts(look: Look) -> Iterator[Finding]:
    """Functions whose slow invocations are stopped."""
    for node, settings in look.of_kind(KIND):
        longest = high(settings.service_time) * settings.cpu_factor
        batch = 1
        if settings.batch_work == "per-message":
            sizes = [
                edge.settings.batch_size or 10
                for edge in look.into(node.id, "consume")
                if isinstance(edge.settings, MappingSettings)
            ]
            batch = max([1, *sizes])
        # A batch's sum has a tail of its own: its mean and one slow message.
        span = settings.service_time.mean() * settings.cpu_factor * (batch - 1) + longest
        if span > settings.timeout:
            wanted = min(LONGEST_TIMEOUT, ceil(1.5 * span))
            of = f" for a batch of {batch}" if batch > 1 else ""
            yield Finding(
                node.id,
                f"the p99.9 of the work of {node.id}{of} is about {span:.3g} s, and it is stopped after "
                f"{settings.timeout} s",
                "config.Timeout",
                f"set it to {wanted} s or more",
                (SetSetting("node", node.id, ("Timeout",), wanted),) if wanted > span else (),
            )


def above_concurrency(look: Look) -> Iterator[Finding]:
    """Functions that need more executions at a time than they may have."""
    for node, settings in look.of_kind(KIND):
        rate = look.rate(node.id)
        limit = settings.reserved_concurrency
        if limit is None:
            limit = settings.account_concurrency
        needed = rate * settings.service_time.mean() * settings.cpu_factor
        by_rate = rate / REQUESTS_PER_EXECUTION
        calls = look.into(node.id, "invoke", "publish")
        if not calls or limit == 0 or max(needed, by_rate) <= limit:
            continue
        reason = (
            f"{rate:,.0f} requests a second are more than ten for each of {limit:,} executions"
            if by_rate > needed
            else f"{rate:.4g} requests/s of {needed / rate:.3g} s need {needed:.4g} executions at a time, "
            f"of which {node.id} has {limit:,}"
        )
        yield Finding(
            node.id,
            f"{reason}: the rest is throttled",
            "config.ReservedConcurrentExecutions",
            "raise the limit, or put an aws.sqs before it",
        )


def chained_calls(look: Look) -> Iterator[Finding]:
    """Functions that wait for functions."""
    for node, _ in look.of_kind(KIND):
        for edge in look.out(node.id, "invoke"):
            if look.document.node(edge.target).kind == KIND:
                yield Finding(
                    edge.id,
                    f"{node.id} waits for {edge.target}: both are paid for while one works, and their "
                    "timeouts and failures add up",
                    "",
                    "publish to a queue that it reads, or let a state machine call both",
                )


def cold_starts(look: Look) -> Iterator[Finding]:
    """Cold starts that alone are longer than an objective of the flow allows."""
    for node, settings in look.of_kind(KIND):
        if settings.provisioned_concurrency or not look.into(node.id, "invoke"):
            continue
        cold = settings.init_duration.mean()
        callers = {edge.source for edge in look.into(node.id, "invoke")}
        for objective in look.document.objectives:
            if not objective.metric.startswith("end_to_end_latency.p99") or objective.below is None:
                continue
            if (objective.source in callers or objective.target == node.id) and cold > objective.below:
                yield Finding(
                    node.id,
                    f"a cold start of {node.id} takes {cold:.3g} s on average, and the objective is "
                    f"{objective.below:g} s",
                    "config.ProvisionedConcurrentExecutions",
                    "set provisioned concurrency for the usual load",
                )
                break


def greedy_functions(look: Look) -> Iterator[Finding]:
    """Functions that can take more than half of the concurrency that all share."""
    functions = list(look.of_kind(KIND))
    for node, settings in functions if len(functions) > 1 else ():
        needed = look.rate(node.id) * settings.service_time.mean() * settings.cpu_factor
        if settings.reserved_concurrency is None and needed > GREEDY * settings.account_concurrency:
            others = ", ".join(other.id for other, _ in functions if other is not node)
            yield Finding(
                node.id,
                f"{node.id} needs about {needed:,.0f} of the {settings.account_concurrency:,} executions "
                f"that it shares with {others}: a burst of it throttles them",
                "config.ReservedConcurrentExecutions",
                "reserve concurrency for it, which is also the most it gets",
            )


def narrow_services(look: Look) -> Iterator[Finding]:
    """Services that do less at a time than the functions which call them."""
    for node, settings in look.of_kind(KIND):
        mappings = [
            edge.settings.maximum_concurrency
            for edge in look.into(node.id, "consume")
            if isinstance(edge.settings, MappingSettings)
        ]
        given = [one for one in (settings.reserved_concurrency, *mappings) if one is not None]
        for edge in look.out(node.id, "invoke") if given else ():
            servers = look.workers(edge.target)
            if look.document.node(edge.target).kind == "service" and servers and servers < min(given):
                yield Finding(
                    edge.id,
                    f"{min(given)} executions of {node.id} may call {edge.target} at a time, which does "
                    f"{servers}: the others wait, and are paid for",
                    "",
                    f"let the function run {servers} at a time (MaximumConcurrency), or put a pool between",
                )


def impatient_callers(look: Look) -> Iterator[Finding]:
    """Callers that give up while the function may go on working."""
    for node, settings in look.of_kind(KIND):
        for edge in look.into(node.id, "invoke"):
            limit = getattr(edge.settings, "timeout", None)
            longest = high(settings.service_time) * settings.cpu_factor
            if limit is not None and limit < min(settings.timeout, longest):
                yield Finding(
                    edge.id,
                    f"{edge.source} waits {limit:g} s, and slow work of {node.id} takes {longest:.3g} s (its "
                    f"Timeout is {settings.timeout} s): it goes on, is paid for, and nobody gets the answer",
                    "config.timeout",
                    "let the function stop before its caller gives up, or let the caller wait longer",
                )


def slow_ramps(look: Look) -> Iterator[Finding]:
    """Queues whose load rises faster than Lambda adds executions for them."""
    for node, settings in look.of_kind(KIND):
        for edge in look.into(node.id, "consume"):
            mapping = edge.settings
            if (
                look.document.node(edge.source).kind != "aws.sqs"
                or not isinstance(mapping, MappingSettings)
                or mapping.provisioned_pollers is not None
            ):
                continue
            batch = mapping.batch_size or 10
            work = settings.service_time.mean() * settings.cpu_factor
            each = work if settings.batch_work == "per-message" else work / batch
            for sending in look.into(edge.source, "publish"):
                points = getattr(getattr(look.config(sending.source), "arrivals", None), "points", None) or ()
                for (start, low), (end, above) in pairwise(points):
                    before, needed = max(FIRST_EXECUTIONS, low * each), above * each
                    minutes = (needed - before) / ADDED_A_MINUTE - (end - start) / 60.0
                    if minutes > LATE:
                        yield Finding(
                            edge.id,
                            f"the load of {sending.source} rises within {end - start:g} s from {before:,.0f} "
                            f"to {needed:,.0f} executions of {node.id}; Lambda adds "
                            f"{ADDED_A_MINUTE} a minute: "
                            f"{edge.source} fills for {minutes:.2g} minutes",
                            "config.ProvisionedPollerConfig",
                            "set provisioned pollers for the usual peak, or accept the backlog",
                        )
                        break


_GUIDE = "AWS Lambda developer guide, "
RULES = (
    Rule(
        "D600",
        "warning",
        "Slow invocations of a function are stopped by its Timeout.",
        "The work is cut off in the middle and comes again, with the same fate: the default is 3 s.",
        _GUIDE + "Configure Lambda function timeout",
        "Set Timeout above the p99.9 of the work, of a whole batch where there are batches.",
        short_timeouts,
    ),
    Rule(
        "D601",
        "warning",
        "A function needs more executions at a time than it may have.",
        "Concurrency is rate times duration, and no more than ten requests a second for each; callers get "
        "429, events wait up to six hours.",
        _GUIDE + "Understanding Lambda function scaling",
        "Raise the limit, or put a queue before it.",
        above_concurrency,
    ),
    Rule(
        "D602",
        "hint",
        "A function waits for another function.",
        "Both are billed while one works, the timeouts must nest, and a failure of the inner one is one of "
        "the outer one too.",
        _GUIDE + "Event-driven architectures, anti-patterns (functions calling functions)",
        "Publish an event, or let a state machine call both.",
        chained_calls,
    ),
    Rule(
        "D603",
        "hint",
        "A cold start is longer than an objective allows.",
        "Every new environment, at each rise of the load, makes its first caller wait.",
        _GUIDE + "Configuring provisioned concurrency",
        "Set provisioned concurrency for the usual load.",
        cold_starts,
    ),
    Rule(
        "D604",
        "hint",
        "A function without reserved concurrency can take most of what all functions share.",
        "The concurrency of an account and Region is one pool: a burst of one function throttles every "
        "other, those of other teams too.",
        _GUIDE + "Configuring reserved concurrency for a function",
        "Reserve concurrency for it, which is also the most it gets.",
        greedy_functions,
    ),
    Rule(
        "D605",
        "warning",
        "A function runs more often at a time than the service it calls can bear.",
        "Functions scale and databases do not: connections run out, calls wait and are billed for waiting.",
        _GUIDE + "Configuring maximum concurrency for Amazon SQS event sources",
        "Limit the function to what the service does at a time.",
        narrow_services,
    ),
    Rule(
        "D606",
        "warning",
        "A caller gives up before the function that it invokes is stopped.",
        "The function works on to its own Timeout, and is billed; a retry of the caller then does the work a "
        "second time.",
        "Nygard, Release It!, 2018, chapter 5 (Timeouts); " + _GUIDE + "Configure Lambda function timeout",
        "Let time limits shrink from caller to callee.",
        impatient_callers,
    ),
    Rule(
        "D607",
        "hint",
        "A queue fills because Lambda adds executions more slowly than its load rises.",
        "A mapping begins with five batches at a time and adds 300 a minute: a steep rise waits in the queue "
        "until there are enough.",
        _GUIDE + "Using Lambda with Amazon SQS (scaling behavior)",
        "Set provisioned pollers (ProvisionedPollerConfig), or let the objective allow for it.",
        slow_ramps,
    ),
)
