"""Scenarios of AWS Lambda with known outcomes; the trace is when which messages were worked on."""

from __future__ import annotations

from typing import Any

from tests.simulator.designs import at, design, node
from tests.simulator.kinds.aws.functions import IDEAL, POISON, Runs, invoked, order, reading
from tests.simulator.kinds.aws.scenario import Played, Scenario

_SCALING = "AWS Lambda developer guide, Understanding Lambda function scaling"
_SQS = "AWS Lambda developer guide, Using Lambda with Amazon SQS"
_ASYNC = "AWS Lambda developer guide, Error handling for asynchronous invocation"


def ramp() -> Played:
    """The trace is the concurrency at every fifth second."""
    arrivals = {"process": "constant", "rate": 1e7, "limit": 8_000}
    runs = Runs(reading(arrivals, mapping={"BatchSize": 1}, duration=100), 0.05)
    f, env = runs.function(), runs.world.env
    lines = []
    for moment in range(0, 65, 5):
        env.advance(moment + 0.05, 10**9)
        lines.append(f"{moment:10d}  {f.concurrency.value} runs, {f.mappings['e1'].delivered} done")
    env.advance(100, 10**9)
    return Played({"half a minute": lines[6].split()[1], "done": f.mappings["e1"].delivered}, lines)


def reserved() -> Played:
    found: dict[str, Any] = {}
    lines = []
    for role in ("invoke", "publish"):
        runs = Runs(invoked(at(*[0] * 15), {"ReservedConcurrentExecutions": 10}, role=role), 50)
        found[role] = [runs.times.count(second) for second in (0, 1)]
        lines += [role, *runs.lines()]
    return Played(found, lines)


def retries() -> Played:
    found: dict[str, Any] = {}
    lines = []
    for attempts in (2, 0):
        config = {"failure": {"probability": 1}, "EventInvokeConfig": {"MaximumRetryAttempts": attempts}}
        runs = Runs(invoked(at(0), config, role="publish", dead=True, duration=400), 400)
        found[f"runs of {attempts}"] = len(runs.begun)
        found[f"letters of {attempts}"] = runs.world.nodes["dead"].waiting()
        lines += [f"MaximumRetryAttempts {attempts}", *runs.lines()]
    return Played(found, lines)


def partial() -> Played:
    found: dict[str, Any] = {}
    lines = []
    for reports in (True, False):
        document = reading(
            at(0, 0.1, 0.2, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9),
            {**POISON, "batch_work": "per-batch"},
            mapping={"MaximumBatchingWindowInSeconds": 5, "ReportBatchItemFailures": reports},
            event=order("pen"),
            broken=at(0.3),
            receives=3,
            duration=200,
        )
        runs = Runs(document, 200)
        found[f"letters, reports {reports}"] = runs.world.nodes["dead"].waiting()
        lines += [f"ReportBatchItemFailures {reports}", *runs.lines()]
    return Played(found, lines)


def groups() -> Played:
    """Three producers, each with a message group of its own."""
    sources = [
        node(name, "producer", arrivals=at(*[0] * 30), keys={"distribution": "constant", "value": number})
        for number, name in enumerate("abc")
    ]
    nodes = [*sources, node("q", "aws.sqs", FifoQueue=True), node("f", "aws.lambda", **IDEAL)]
    configs = {"q->f": {"BatchSize": 1, "MaximumConcurrency": 10}}
    edges = ["a->q", "b->q", "c->q", "q->f"]
    runs = Runs(design(nodes, edges, edge_configs=configs, simulation={"duration": 60, "warmup": 0}), 60)
    found = {"concurrency": runs.function().concurrency.peak, "last ends": max(runs.times) + 1}
    return Played(found, runs.lines())


def burst() -> Played:
    config = {"account_concurrency": 5_000, "service_time": 2}
    f = Runs(invoked(at(*[0] * 3_000), config), 5).function()
    return Played({"run": f.cold_starts, "throttled": f.throttles})


def poisoned_partition() -> Played:
    """A broken order for one key; the partitions of the other keys go on."""
    keys = {"distribution": "zipf", "count": 40, "exponent": 0}
    nodes = [
        node(
            "s",
            "producer",
            arrivals=at(*[second / 10 for second in range(400)]),
            event=order("pen"),
            keys=keys,
        ),
        node(
            "b",
            "producer",
            arrivals=at(5.05),
            event=order("broken"),
            keys={"distribution": "constant", "value": 1},
        ),
        node("t", "kafka.topic", partitions=4),
        node("f", "aws.lambda", **{**IDEAL, **POISON, "service_time": 0.01}),
    ]
    configs = {"t->f": {"BatchSize": 1, "MaximumBatchingWindowInSeconds": 0}}
    simulation = {"duration": 100, "warmup": 0}
    runs = Runs(design(nodes, ["s->t", "b->t", "t->f"], edge_configs=configs, simulation=simulation), 100)
    again = [time for time, batch in runs.begun if batch == ("b1",)]
    rows = (runs.world.nodes["t"].detail() or {})["read by f"]
    stalled = [row["partition"] for row in rows if row["lag"] > 0]
    return Played({"tried again": len(again) > 5, "partitions that stand": len(stalled)})


def throttled(visibility: float) -> Played:
    """Five pollers and room for one run of 2.9 s: a batch waits for four others."""
    document = reading(
        at(*[0] * 20),
        {"ReservedConcurrentExecutions": 1, "service_time": 2.9, "Timeout": 3},
        queue={"VisibilityTimeout": visibility},
        mapping={"BatchSize": 1},
        duration=200,
    )
    runs = Runs(document, 200)
    names = [name for _, batch in runs.begun for name in batch]
    return Played({"messages": len(set(names)), "again": len(names) > 20}, runs.lines())


LAMBDA = [
    Scenario(
        "lambda-1",
        "An SQS mapping adds 300 batches a minute",
        _SQS,
        ramp,
        {"half a minute": "155", "done": 8_000},
    ),
    Scenario(
        "lambda-2",
        "Reserved concurrency refuses calls and lets events wait",
        _SCALING,
        reserved,
        {"invoke": [10, 0], "publish": [10, 5]},
    ),
    Scenario(
        "lambda-3",
        "An event that always fails runs three times, or once",
        _ASYNC,
        retries,
        {"runs of 2": 3, "letters of 2": 1, "runs of 0": 1, "letters of 0": 1},
    ),
    Scenario(
        "lambda-4",
        "Partial batch responses keep nine of ten messages out of the dead-letter queue",
        _SQS,
        partial,
        {"letters, reports True": 1, "letters, reports False": 10},
    ),
    Scenario(
        "lambda-5",
        "Three message groups are three batches at a time",
        _SQS,
        groups,
        {"concurrency": 3, "last ends": 30.0},
    ),
    Scenario(
        "lambda-6",
        "A function makes a thousand environments at once",
        _SCALING,
        burst,
        {"run": 1_000, "throttled": 2_000},
    ),
    Scenario(
        "lambda-7",
        "A record that always fails holds up its partition alone",
        "AWS Lambda developer guide, Using Lambda with Apache Kafka",
        poisoned_partition,
        {"tried again": True, "partitions that stand": 1},
    ),
    Scenario(
        "lambda-throttled-short",
        "Throttled batches come again when the visibility timeout is 3 times the timeout",
        _SQS,
        lambda: throttled(9),
        {"messages": 20, "again": True},
    ),
    Scenario(
        "lambda-throttled-six-times",
        "No throttled batch comes again when the visibility timeout is 6 times the timeout",
        _SQS,
        lambda: throttled(18),
        {"messages": 20, "again": False},
    ),
]
