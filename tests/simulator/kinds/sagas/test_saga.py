"""A saga with a coordinator: forward, back in reverse order, time-outs, the pivot, isolation.

Sources: H. Garcia-Molina and K. Salem, *Sagas* (SIGMOD 1987); C. Richardson, *Microservices Patterns* (2018),
ch. 4; the scenarios are those of `docs/kinds/saga.md`.
"""

from __future__ import annotations

from typing import Any

import pytest

from simulator import Document, check, simulate
from simulator.errors import InvalidDesign
from simulator.graph.checks import practice_problems, readiness_problems
from tests.simulator.designs import design, figures, node
from tests.simulator.kinds.sagas.designs import ORDER, PAY, STOCK, counts_of, orchestrated, settled

ONE_TRY = {"max_attempts": 1, "wait": 0, "jitter": "none"}
ONE_KEY = {"distribution": "constant", "value": 1}


def test_a_saga_takes_the_sum_of_its_steps_and_hops():
    """Sequential with a coordinator: the sum of step + 2 hops; here 0.1 + 0.2 + 0.3 and six hops of 10 ms."""
    document = orchestrated(1.0)
    data = document.to_data()
    for edge in data["edges"][1:]:
        edge["config"] = {**edge.get("config", {}), "latency": 0.01}
    result = figures(simulate(Document.parse(data)))
    assert result["nodes"]["saga"]["execution_time"]["max"] == pytest.approx(0.66)
    assert result["nodes"]["saga"]["completed_share"] == 1


def test_what_was_done_is_undone_when_a_step_is_refused():
    counts = counts_of(orchestrated(1.0, refusal=1.0), "saga")
    assert settled(counts) == (0, 1, 0)
    assert (counts["steps_done"], counts["steps_refused"], counts["compensations"]) == (2, 1, 2)
    assert (counts["compensations_out_of_order"], counts["effects_left_over"]) == (0, 0)


def test_of_steps_that_fail_with_5_percent_each_completed_are_the_product():
    """P(success) = product of all p; here 0.95 at one step."""
    document = orchestrated(1.0, refusal=0.05)
    data = document.to_data()
    data["nodes"][0]["config"]["arrivals"] = {"process": "poisson", "rate": 50, "stop": 390}
    counts = counts_of(Document.parse(data), "saga")
    completed, compensated, stuck = settled(counts)
    assert stuck == 0
    assert compensated / counts["sagas_started"] == pytest.approx(0.05, abs=0.006)
    # A failure at step k = 3 is undone by k - 1 = 2 compensations, the last step first.
    assert counts["compensations"] == 2 * compensated
    assert counts["compensations_out_of_order"] == counts["effects_left_over"] == 0
    assert completed > 18_000


def test_a_step_that_was_not_answered_is_undone_as_if_it_were_done():
    """The reply of step 2 is lost, time-out 30 s: its compensation runs although the step "failed"."""
    data = orchestrated(1.0, steps=[ORDER, {**STOCK, "timeout": 30.0}, PAY]).to_data()
    slow = {"id": "slow", "from": "saga", "to": "stock", "role": "invoke"}
    data["edges"].append({**slow, "config": {"tasks": ["reserve"], "latency": 16.0}})
    data["edges"][2]["config"]["tasks"] = ["release"]
    counts = counts_of(Document.parse(data), "saga")
    # It has its effect at 17.3 s; the reply would be there at 33.3 s, and nobody waits longer than 31.1 s.
    assert settled(counts) == (0, 1, 0)
    assert (counts["step_timeouts"], counts["steps_done"], counts["compensations"]) == (1, 2, 2)
    assert counts["effects_left_over"] == counts["late_steps_refused"] == 0


def late_design(**saga: Any) -> Document:
    """The original takes 5 s, and nobody waits longer than 1 s: its compensation overtakes it."""
    return design(
        [
            node("shop", "producer", arrivals={"process": "trace", "times": [1.0]}),
            node("saga", "saga", steps=[{**STOCK, "timeout": 1.0}, PAY], state_time=0, **saga),
            node("slow", "service", service_time=5.0),
            node("fast", "service", service_time=0.1),
        ],
        ["shop->saga", "saga->slow", "saga->fast"],
        edge_configs={"saga->slow": {"tasks": ["reserve"]}},
        simulation={"duration": 50, "warmup": 0},
    )


@pytest.mark.parametrize(("tombstones", "refused", "left"), [(True, 1, 0), (False, 0, 1)])
def test_an_original_that_comes_after_its_compensation_meets_the_tombstone(
    tombstones: bool, refused: int, left: int
):
    counts = counts_of(late_design(tombstones=tombstones), "saga")
    assert settled(counts) == (0, 1, 0)
    assert (counts["late_steps_refused"], counts["effects_left_over"]) == (refused, left)
    assert counts["late_replies"] == 1


@pytest.mark.parametrize(("idempotent", "recognized", "repeated"), [(True, 3, 0), (False, 0, 3)])
def test_a_command_that_is_sent_again_takes_effect_once_where_it_is_recognized(
    idempotent: bool, recognized: int, repeated: int
):
    """0.2 s of work and 0.15 s of patience: every attempt is worked on, and given up before."""
    retry = {"max_attempts": 4, "wait": 0.05, "multiplier": 1, "jitter": "none"}
    steps = [{**STOCK, "timeout": 0.15, "retry": retry}, PAY]
    document = orchestrated(1.0, steps=steps, saga={"idempotent": idempotent})
    data = document.to_data()
    data["nodes"] = [one for one in data["nodes"] if one["id"] != "order"]
    data["edges"] = [one for one in data["edges"] if one["to"] != "order"]
    counts = counts_of(Document.parse(data), "saga")
    assert counts["step_timeouts"] == 4
    # Four attempts have their effects 0.2 s apart, from 1.2 s on: a first one and three more. The
    # compensation of 1.75 s is worked on by 1.95 s, and takes one back.
    assert (counts["repeats_refused"], counts["effects_repeated"]) == (recognized, repeated)
    assert counts["effects_left_over"] == repeated


def test_before_the_pivot_a_saga_turns_back_and_after_it_goes_on():
    steps = [ORDER, {**STOCK, "pivot": True}, {"name": "pay"}]
    outage = [{"kind": "outage", "node": "payment", "at": 0, "duration": 20}]
    counts = counts_of(orchestrated(1.0, steps=steps, faults=outage), "saga")
    assert settled(counts) == (1, 0, 0)
    assert counts["task_retries"] > 3
    outage[0]["node"] = "stock"
    counts = counts_of(orchestrated(1.0, steps=steps, faults=outage), "saga")
    assert settled(counts) == (0, 1, 0)
    assert counts["task_retries"] == 0


def test_a_compensation_that_cannot_be_had_leaves_the_saga_stuck_and_half_done():
    outage = [{"kind": "outage", "node": "stock", "at": 1.4, "duration": 300}]
    document = orchestrated(1.0, refusal=1.0, faults=outage, saga={"recovery": ONE_TRY})
    counts = counts_of(document, "saga")
    assert settled(counts) == (0, 0, 1)
    result = figures(simulate(document))
    assert result["nodes"]["saga"]["half_done"]["mean"] == pytest.approx((400 - 1.1) / 400, rel=1e-6)


@pytest.mark.parametrize(("durable", "expected"), [(True, (1, 0, 0)), (False, (0, 0, 1))])
def test_state_that_is_durable_outlives_the_coordinator(durable: bool, expected: tuple[int, int, int]):
    outage = [{"kind": "outage", "node": "saga", "at": 1.2, "duration": 10}]
    document = orchestrated(1.0, faults=outage, saga={"durable": durable})
    assert settled(counts_of(document, "saga")) == expected
    if durable:  # 0.3 s done by 1.3 s, known at 11.2 s; payment takes 0.3 s
        found = figures(simulate(document))["nodes"]["saga"]["execution_time"]["max"]
        assert found == pytest.approx(10.5)


def test_who_acts_on_what_is_undone_later_was_deceived_unless_keys_are_locked():
    """Two sagas on one key, refused at the last step: the second acts on what the first undoes."""
    document = orchestrated(1.0, 1.15, refusal=1.0, keys=ONE_KEY)
    assert counts_of(document, "saga")["isolation_anomalies"] == 2
    locked = orchestrated(1.0, 1.15, refusal=1.0, keys=ONE_KEY, saga={"semantic_lock": True})
    counts = counts_of(locked, "saga")
    assert settled(counts) == (0, 2, 0)
    assert counts["isolation_anomalies"] == 0
    # The second waits until the first has ended: 0.6 s forward, 0.3 s back.
    assert figures(simulate(locked))["nodes"]["saga"]["queue_length"]["mean"] == pytest.approx(0.75 / 400)


@pytest.mark.parametrize("kind", ["queue", "aws.sqs", "rabbitmq.queue"])
def test_commands_go_through_a_queue_and_are_answered_when_they_are_worked_on(kind: str):
    document = design(
        [
            node("shop", "producer", arrivals={"process": "trace", "times": [1.0, 2.0]}),
            node("saga", "saga", steps=[{"name": "ship"}], state_time=0),
            node("line", kind),
            node("shipping", "consumer", service_time=0.5),
        ],
        ["shop->saga", "saga->line", "line->shipping"],
        simulation={"duration": 60, "warmup": 0},
    )
    assert settled(counts_of(document, "saga")) == (2, 0, 0)


@pytest.mark.parametrize(
    ("saga", "steps", "code"),
    [
        ({}, [{"name": "create"}, STOCK, PAY], "D400"),
        ({}, [{**ORDER, "timeout": None}, STOCK, PAY], "D401"),
        ({"recovery_timeout": None}, None, "D401"),
        ({}, [ORDER, {**STOCK, "pivot": True}, PAY], "D402"),
        ({"recovery": {"max_attempts": 1}}, None, "D403"),
        ({"idempotent": False}, None, "D404"),
        ({"tombstones": False}, None, "D404"),
        ({"durable": False}, None, "D405"),
        ({}, [STOCK, PAY], "D407"),
    ],
)
def test_practice_is_checked(saga: dict[str, Any], steps: list[dict[str, Any]] | None, code: str):
    problems = practice_problems(orchestrated(1.0, saga=saga, steps=steps))
    assert code in {problem.code for problem in problems}


def test_the_plain_saga_follows_its_own_advice():
    assert check(orchestrated(1.0, refusal=0.05, objectives=[])) == []


def test_a_command_that_goes_nowhere_keeps_the_design_from_running():
    document = design(
        [
            node("shop", "producer", arrivals={"process": "trace", "times": [1.0]}),
            node("saga", "saga", steps=[STOCK]),
            node("stock", "service"),
        ],
        ["shop->saga", "saga->stock"],
        edge_configs={"saga->stock": {"tasks": ["reserve"]}},
    )
    problem = readiness_problems(document)[0]
    assert (problem.code, problem.element) == ("D284", "saga")
    assert "'release'" in problem.message
    assert problem.path == "nodes[1].config.steps[0].compensation"


def test_commands_are_not_sent_to_what_copies_them():
    document = design(
        [
            node("shop", "producer", arrivals={"process": "trace", "times": [1.0]}),
            node("saga", "saga", steps=[{"name": "ship"}]),
            node("all", "topic"),
            node("shipping", "consumer"),
        ],
        ["shop->saga", "saga->all", "all->shipping"],
    )
    assert [problem.code for problem in readiness_problems(document)] == ["D284"]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"steps": []}, "at least 1"),
        ({"steps": [{"name": "a", "compensation": "a"}]}, "given twice"),
        ({"steps": [{"name": ""}]}, "at least 1"),
        ({"steps": [{"name": "a", "timeout": 0}]}, "above 0"),
        ({"steps": "reserve"}, "list"),
    ],
)
def test_bad_settings_are_refused_at_their_field(settings: dict[str, Any], words: str):
    with pytest.raises(InvalidDesign) as refusal:
        design([node("saga", "saga", **settings)], [])
    problem = refusal.value.problems[0]
    assert problem.path.startswith("nodes[0].config.steps") or problem.path == "nodes[0].config"
    assert words in problem.message
