"""At-least-once dead-lettering, publishers that send again, slow members. Exact times.

Sources: RabbitMQ documentation, *Quorum Queues* ("At-Least-Once Dead Lettering"; a majority has to write) and
*Publisher Confirms*.
"""

from __future__ import annotations

from typing import Any

import pytest

from simulator import check
from simulator.errors import InvalidDesign
from simulator.kinds.rabbitmq.faults import SlowFollower
from tests.simulator.designs import Watched, at, design, node
from tests.simulator.kinds.rabbitmq.queues import IDEAL, balanced, figure, queued, run, strike

SAFE = {"x-queue-type": "quorum", "x-overflow": "reject-publish", "x-dead-letter-strategy": "at-least-once"}
#: Failed work is dead-lettered at once.
REJECTS = {"requeue": False}


def outage(of: str, at: float, duration: float) -> dict[str, Any]:
    return {"kind": "outage", "node": of, "at": at, "duration": duration}


@pytest.mark.parametrize(
    ("strategy", "dead_lettered", "left", "lost"),
    [
        # At most once: the dead-letter queue is away, and the letters with it.
        ("at-most-once", 3, 0, 3),
        # At least once: they stay, are published again after 180 s, and arrive.
        ("at-least-once", 3, 0, 0),
    ],
)
def test_a_dead_letter_whose_target_is_away(strategy: str, dead_lettered: int, left: int, lost: int) -> None:
    document = queued(
        at(1, 2, 3),
        {**SAFE, "x-dead-letter-strategy": strategy},
        {"service_time": 0.1, "failure": {"probability": 1}},
        REJECTS,
        faults=[outage("dead", 0.5, 60)],
        duration=300,
    )
    result = run(document)
    assert figure(result, "dead_lettered") == dead_lettered
    assert result["conservation"]["nodes"]["q"]["waiting"] == left
    assert result["conservation"]["nodes"]["dead"]["waiting"] == 3 - lost
    if strategy == "at-least-once":
        # From 1.1, 2.1 and 3.1 s until 180 s later.
        assert result["nodes"]["q"]["undelivered_letters"]["mean"]["mean"] == pytest.approx(540 / 300)


def test_no_more_than_32_dead_letters_are_under_way():
    document = queued(
        at(*[1.0] * 40),
        SAFE,
        {"service_time": 0, "failure": {"probability": 1}},
        {**REJECTS, "prefetch": 100},
        duration=10,
    )
    watched = Watched(document, 10)
    dead = watched.world.nodes["dead"]
    letters = watched.world.nodes["q"].safe_letters  # type: ignore[attr-defined]
    most = 0
    real = dead.accept_dead_letter  # type: ignore[attr-defined]

    def slow(message: Any) -> bool:
        nonlocal most
        most = max(most, letters._under_way)
        taken = bool(real(message))
        dead.confirmed_at = watched.world.env.now + 1.0  # type: ignore[attr-defined]
        return taken

    dead.__dict__["accept_dead_letter"] = slow
    watched.run()
    assert most == 32
    assert balanced(watched)["q"]["dead_lettered"] == 40


@pytest.mark.parametrize(
    ("config", "wrong"),
    [
        ({"x-dead-letter-strategy": "at-least-once"}, "is for quorum queues only"),
        ({**SAFE, "x-overflow": "drop-head"}, "needs x-overflow reject-publish"),
    ],
)
def test_what_at_least_once_needs(config: dict[str, Any], wrong: str) -> None:
    with pytest.raises(InvalidDesign) as caught:
        queued(at(1), config, {"service_time": 1}, {})
    assert any(wrong in problem.message for problem in caught.value.problems)


# -- publishers that send again ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("resends", "delivered", "lost", "resent"),
    [(0, 6, 4, 0), (1, 7, 3, 4), (100, 10, 0, None)],
)
def test_what_is_refused_is_sent_again_as_often_as_the_application_likes(
    resends: int, delivered: int, lost: int, resent: int | None
) -> None:
    # Ten at once into a queue with six places of which none is free before 1 s; a resend a second later.
    document = queued(
        at(*[0.0] * 10),
        {"x-overflow": "reject-publish", "x-max-length": 5},
        {"service_time": 1.5},
        {"prefetch": 1},
        edge_configs={"s->q": {"confirms": True, "resends": resends, "resend_delay": 2}},
    )
    result = run(document)
    flow = result["flows"][0]
    assert flow["delivered"]["mean"] == delivered
    assert flow["lost"]["mean"] == lost
    assert figure(result, "nacked") + figure(result, "confirmed") == 10 + figure(result, "resent")
    if resent is not None:
        assert figure(result, "resent") == resent


def test_a_resend_duplicates_it_where_it_was_taken():
    # Facts, scenario 7: q1 is well, q2 has no place at all; the message goes to both again.
    document = design(
        [
            node("s", "producer", arrivals=at(1)),
            node("x", "rabbitmq.exchange", type="fanout"),
            node("q1", "rabbitmq.queue", **IDEAL),
            node("q2", "rabbitmq.queue", **{**IDEAL, "x-max-length": 0, "x-overflow": "reject-publish"}),
            node("c1", "consumer", service_time=0.1),
            node("c2", "consumer", service_time=0.1),
        ],
        ["s->x", "x->q1", "x->q2", "q1->c1", "q2->c2"],
        edge_configs={"s->x": {"confirms": True, "resends": 1, "resend_delay": 1}},
        simulation={"duration": 10, "warmup": 0},
    )
    result = run(document)
    assert result["nodes"]["x"]["nacked"]["mean"] == 2
    flows = {flow["to"]: flow for flow in result["flows"]}
    assert (flows["c1"]["delivered"]["mean"], flows["c1"]["duplicates"]["mean"]) == (1, 1)
    assert (flows["c2"]["delivered"]["mean"], flows["c2"]["lost"]["mean"]) == (0, 1)


def test_with_resends_a_leader_failure_loses_nothing_at_all():
    document = queued(
        {"process": "constant", "rate": 10},
        {"x-queue-type": "quorum", "commit_latency": 0.05, "election_time": 2},
        {"service_time": 0.01},
        {"prefetch": 10},
        edge_configs={"s->q": {"confirms": True, "resends": 100, "resend_delay": 0.5}},
        faults=[{"kind": "node-down", "node": "q", "at": 10.02, "duration": 20}],
        duration=50.05,
    )
    result = run(document)
    flow = result["flows"][0]
    assert flow["lost"]["mean"] == 0
    assert figure(result, "nacked") > 15
    assert flow["delivered"]["mean"] == pytest.approx(500, abs=1)


def test_resends_need_confirms():
    with pytest.raises(InvalidDesign) as caught:
        queued(at(1), {}, {"service_time": 1}, {}, edge_configs={"s->q": {"resends": 1}})
    assert any("resends need confirms" in problem.message for problem in caught.value.problems)


# -- slow members --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("slow", "commit"),
    [
        ((), 0.01),
        ((2,), 0.01),  # node 3 and the leader are a majority
        ((2, 3), 0.11),
        ((1,), 0.11),  # the leader
    ],
)
def test_a_slow_member_costs_what_the_majority_waits_for(slow: tuple[int, ...], commit: float) -> None:
    document = queued(
        at(5),
        {"x-queue-type": "quorum", "commit_latency": 0.01},
        {"service_time": 1},
        {"prefetch": 10},
        edge_configs={"s->q": {"confirms": True}},
        duration=20,
    )
    watched = Watched(document, 20)
    for member in slow:
        strike(watched, "slow-follower", at=1, duration=10, settings=SlowFollower(node=member, delay=0.1))
    recording = watched.run()
    confirmed = recording.nodes["q"].tallies["confirm_latency"]
    (tally,) = [recording.tallies[number] for number in confirmed]
    assert sum(part.total for part in tally) == pytest.approx(commit)


def test_a_slow_follower_that_is_none_is_named():
    for config, wrong in (
        ({}, "has one member and no followers"),
        ({"x-queue-type": "quorum"}, "has no member on node 7"),
    ):
        fault = {"kind": "slow-follower", "node": "q", "at": 1, "duration": 1, "config": {"node": 7}}
        problems = check(queued(at(1), config, {"service_time": 1}, {}, faults=[fault]))
        assert any(wrong in problem.message for problem in problems if problem.severity == "error")
