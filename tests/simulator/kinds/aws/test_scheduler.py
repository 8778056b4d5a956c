"""Worked examples of Amazon EventBridge Scheduler.

Sources: Amazon EventBridge Scheduler user guide, *Schedule types*, *Flexible time windows*, *Dead-letter
queue*, *Quotas*; API reference, RetryPolicy.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from simulator import Document, InvalidDesign, check, simulate
from tests.simulator.designs import design, node
from tests.simulator.kinds.aws.buses import LONG_POLL, arrivals_at, run

EXACT = {"precision": 0, "delivery_latency": 0}


def schedule(
    expression: str = "rate(1 minute)",
    *,
    target: dict[str, Any] | None = None,
    edge: dict[str, Any] | None = None,
    dead: dict[str, Any] | None = None,
    faults: list[dict[str, Any]] | None = None,
    duration: float = 600,
    **config: Any,
) -> Document:
    nodes = [
        node("clock", "aws.scheduler", **{"ScheduleExpression": expression, **EXACT, **config}),
        node("q", "aws.sqs", **{**LONG_POLL, **(target or {})}),
        node("w", "consumer", service_time=0),
    ]
    edges = ["clock->q", "q->w"]
    if dead is not None:
        nodes.append(node("dead", "aws.sqs", **dead))
        edges.append("clock->dead:dead-letter")
    return design(
        nodes,
        edges,
        edge_configs={"clock->q": edge or {}},
        faults=faults or [],
        simulation={"duration": duration, "warmup": 0, "seed": 1},
    )


def times_at_the_queue(document: Document) -> list[float]:
    return [round(time, 6) for time, _, _ in arrivals_at(document, "q")]


def test_a_schedule_invokes_at_its_moments():
    assert times_at_the_queue(schedule("rate(2 minutes)")) == [0, 120, 240, 360, 480, 600]
    assert times_at_the_queue(schedule("cron(1,3 0 * * ? *)")) == [60, 180]
    assert times_at_the_queue(schedule("at(2026-01-01T00:05:00)")) == [300]
    begun = schedule("at(2026-05-01T12:00:30)", begins_at="2026-05-01T12:00:00Z")
    assert times_at_the_queue(begun) == [30]


def test_a_disabled_schedule_invokes_nothing():
    assert times_at_the_queue(schedule(State="DISABLED")) == []


def test_an_invocation_comes_within_the_minute_of_its_moment():
    """User guide, *Schedule types*: at 1:00 means between 1:00:00 and 1:00:59."""
    within: Any = {"distribution": "uniform", "low": 0, "high": 60}
    found = times_at_the_queue(schedule("rate(1 hour)", duration=36_000, schedules=20, precision=within))
    offsets = [time % 3_600 for time in found]
    # The tenth moment is the end of the run, and its invocations come later.
    assert len(found) == 200
    assert max(offsets) <= 60
    assert 25 < sum(offsets) / len(offsets) < 35


def test_a_flexible_time_window_spreads_the_invocations_of_many_schedules():
    window = {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15}
    document = schedule("at(2026-01-01T00:05:00)", schedules=2_000, FlexibleTimeWindow=window, duration=1_300)
    found = times_at_the_queue(document)
    assert len(found) == 2_000
    assert min(found) >= 300
    assert max(found) <= 1_200
    # Uniform over 900 s: in each of 9 parts some 222 of them, give or take four deviations of 14.
    parts = [sum(1 for time in found if 300 + 100 * k <= time < 400 + 100 * k) for k in range(9)]
    assert all(160 < part < 285 for part in parts)
    figures = run(document)["nodes"]["clock"]
    assert figures["invocation_delay"]["max"]["mean"] <= 900


def test_invocations_over_the_quota_are_delayed_and_not_lost():
    document = schedule("at(2026-01-01T00:01:00)", schedules=250, invocations_quota=100)
    found = times_at_the_queue(document)
    assert len(found) == 250
    assert [found.count(60.0 + second) for second in range(3)] == [100, 100, 50]
    figures = run(document)["nodes"]["clock"]
    assert figures["delayed_invocations"]["mean"] == 150


def test_schedules_of_one_region_share_their_quota():
    one = schedule("at(2026-01-01T00:01:00)", schedules=100, invocations_quota=100).model_dump(by_alias=True)
    clock = {**one["nodes"][0], "id": "second"}
    document = Document.parse(
        {
            "format": "headrace/1",
            "name": "two",
            "nodes": [*one["nodes"], clock],
            "edges": [*one["edges"], {"id": "x", "from": "second", "to": "q"}],
            "simulation": {"duration": 100, "warmup": 0},
        }
    )
    found = times_at_the_queue(document)
    assert len(found) == 200
    assert max(found) == pytest.approx(61.0)


def test_a_target_that_is_down_is_tried_again_until_it_is_back():
    outage = {"kind": "outage", "node": "q", "at": 50, "duration": 100}
    result = run(schedule("at(2026-01-01T00:01:00)", faults=[outage]))
    clock = result["nodes"]["clock"]
    assert clock["delivery_retries"]["mean"] >= 4
    assert clock["dropped"]["mean"] == 0
    assert result["flows"][0]["delivered"]["mean"] == 1


@pytest.mark.parametrize(
    ("policy", "reason", "until"),
    [
        ({"MaximumEventAgeInSeconds": 60}, "failed_maximum_event_age", 120.0),
        ({"MaximumRetryAttempts": 0}, "failed_maximum_retry_attempts", 60.0),
    ],
)
def test_an_invocation_that_uses_up_its_retry_policy_goes_to_the_dead_letter_queue(
    policy: dict[str, Any], reason: str, until: float
):
    outage = {"kind": "outage", "node": "q", "at": 0, "duration": 500}
    document = schedule("at(2026-01-01T00:01:00)", edge={"RetryPolicy": policy}, dead={}, faults=[outage])
    result = run(document)
    assert result["nodes"]["clock"]["dead_lettered"]["mean"] == 1
    assert result["edges"]["e0"][reason]["mean"] == 1
    # It stands in the dead-letter queue from then to the end at 600 s.
    assert result["nodes"]["dead"]["queue_length"]["mean"]["mean"] == pytest.approx((600 - until) / 600)
    without = run(schedule("at(2026-01-01T00:01:00)", edge={"RetryPolicy": policy}, faults=[outage]))
    assert without["nodes"]["clock"]["dropped"]["mean"] == 1
    assert without["flows"][0]["lost"]["mean"] == 1


def test_a_target_that_was_deleted_is_not_tried_again():
    gone = {"kind": "target-refusal", "node": "clock", "at": 50, "duration": 100}
    result = run(schedule(faults=[gone], dead={}))
    assert result["nodes"]["clock"]["dead_lettered"]["mean"] == 2
    assert result["nodes"]["clock"]["delivery_retries"]["mean"] == 0
    assert result["edges"]["e0"]["failed_no_resource"]["mean"] == 2


def test_a_message_larger_than_the_queue_takes_is_given_up_at_once():
    result = run(schedule(size=2_000, target={"MaximumMessageSize": 1_024}, dead={}, duration=30))
    assert result["nodes"]["clock"]["dead_lettered"]["mean"] == 1
    assert result["edges"]["e0"]["failed_client_error"]["mean"] == 1


def test_a_bus_gets_the_events_of_a_schedule_and_splits_them_by_its_rules():
    nodes = [
        node("clock", "aws.scheduler", event={"source": "clock", "type": "Tick"}, **EXACT),
        node("bus", "aws.eventbridge", delivery_latency=0),
        node("q", "aws.sqs", **LONG_POLL),
        node("w", "consumer", service_time=0),
    ]
    document = design(
        nodes,
        ["clock->bus", "bus->q", "q->w"],
        edge_configs={"bus->q": {"EventPattern": {"detail-type": ["Tick"]}}},
        simulation={"duration": 600, "warmup": 0},
    )
    result = run(document)
    assert result["nodes"]["bus"]["matched"]["mean"] == 11
    assert result["messages"] == 11
    assert [problem.code for problem in check(document) if problem.severity != "hint"] == []


def test_a_service_stands_for_a_function_that_is_invoked():
    nodes = [node("clock", "aws.scheduler", **EXACT), node("f", "service", service_time=1)]
    result = simulate(design(nodes, ["clock->f"], simulation={"duration": 600, "warmup": 0}))
    assert result["conservation"]["ok"]
    assert result["flows"][0]["delivered"]["mean"] == 10


def test_invocations_beyond_fourteen_million_a_month_are_billed():
    """Amazon EventBridge pricing: $1.00 for a million."""
    cost = run(schedule(schedules=1_000, invocations_quota=10_000, duration=590))["cost"]
    invoked = 10_000 / 590 * 730 * 3_600
    assert cost["per_month"]["by_node"]["clock"] == pytest.approx((invoked - 14e6) / 1e6)


def test_both_engines_see_the_same():
    document = schedule("rate(1 minute)", schedules=5, precision={"distribution": "exponential", "mean": 9})
    plain = design(
        [
            node("clock", "aws.scheduler", schedules=5),
            node("q", "queue"),
            node("w", "consumer", service_time={"distribution": "exponential", "mean": 3}),
        ],
        ["clock->q", "q->w"],
        simulation={"duration": 600, "warmup": 0},
    )
    for one in (document, plain):
        results = [simulate(one, engine=engine) for engine in ("auto", "events")]
        assert results[0]["nodes"] == results[1]["nodes"]


@pytest.mark.parametrize(
    ("document", "element", "says"),
    [
        (
            lambda: schedule(target={"FifoQueue": True, "ContentBasedDeduplication": True}),
            "e0",
            "needs a MessageGroupId",
        ),
        (
            lambda: schedule(target={"FifoQueue": True}, edge={"MessageGroupId": "g"}),
            "e0",
            "no deduplication id",
        ),
        (lambda: schedule(edge={"MessageGroupId": "g"}), "e0", "standard queue"),
        (lambda: schedule(dead={"FifoQueue": True}), "e2", "standard SQS queue; dead is a FIFO queue"),
        (
            lambda: design(
                [node("clock", "aws.scheduler"), node("t", "kafka.topic"), node("w", "consumer")],
                ["clock->t", "t->w"],
            ),
            "e0",
            "no target of the kind kafka.topic",
        ),
        (
            lambda: design(
                [
                    node("clock", "aws.scheduler"),
                    node("q", "aws.sqs"),
                    node("p", "aws.sqs"),
                    node("w", "consumer"),
                ],
                ["clock->q", "clock->p", "q->w", "p->w"],
            ),
            "e1",
            "2 targets; a schedule has one",
        ),
    ],
)
def test_what_aws_refuses_is_a_problem_at_the_edge(document: Any, element: str, says: str):
    found = [problem for problem in check(document()) if problem.severity == "error"]
    assert [problem.element for problem in found] == [element]
    assert says in found[0].message
    assert found[0].hint


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"ScheduleExpression": "rate(10 seconds)"}, "minutes, hours or days"),
        ({"ScheduleExpressionTimezone": "Mars/Olympus"}, "no time zone"),
        (
            {"FlexibleTimeWindow": {"Mode": "FLEXIBLE"}},
            "MaximumWindowInMinutes is given with the Mode FLEXIBLE",
        ),
        ({"FlexibleTimeWindow": {"Mode": "OFF", "MaximumWindowInMinutes": 5}}, "and only with it"),
        ({"FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 1_441}}, "at most 1,440"),
        ({"StartDate": "yesterday"}, "no date and time"),
        ({"StartDate": "2026-02-01T00:00:00Z", "EndDate": "2026-01-01T00:00:00Z"}, "EndDate must be after"),
        ({"schedules": 0}, "at least 1"),
    ],
)
def test_a_setting_out_of_range_is_a_problem_at_its_field(config: dict[str, Any], says: str):
    with pytest.raises(InvalidDesign) as refused:
        design([node("clock", "aws.scheduler", **config)], [])
    assert [problem.element for problem in refused.value.problems] == ["clock"]
    assert says in refused.value.problems[0].message


def test_a_textbook_producer_has_no_dead_letters():
    with pytest.raises(InvalidDesign, match="role dead-letter is not possible"):
        design([node("s", "producer"), node("q", "aws.sqs")], ["s->q:dead-letter"])


def test_a_schedule_that_never_comes_in_the_run_is_a_warning():
    found = [problem for problem in check(schedule("cron(0 12 * * ? *)")) if problem.code == "D345"]
    assert [(problem.severity, problem.field) for problem in found] == [
        ("warning", "config.ScheduleExpression"),
        ("hint", ""),
    ]


def test_moments_go_on_to_the_end_of_the_run():
    found = times_at_the_queue(schedule("rate(1 minute)", duration=7_200))
    assert len(found) == 121
    assert {round(after - before, 6) for before, after in pairwise(found)} == {60}
