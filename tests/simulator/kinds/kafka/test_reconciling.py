"""The group protocol of KIP-848: members change over one by one. Exact times.

Source of the rules: KIP-848 and the Apache Kafka documentation (`group.protocol`,
`group.consumer.heartbeat.interval.ms`, `group.consumer.session.timeout.ms`).
"""

from __future__ import annotations

from typing import Any

import pytest

from simulator import Document, InvalidDesign, check, simulate
from tests.simulator.kinds.kafka.logs import log_design, outage, run
from tests.simulator.kinds.kafka.test_rebalance import KEYS, owners, unassigned


def reconciled(*faults: dict[str, Any], duration: float, **edge: Any) -> Document:
    settings = {"group.protocol": "consumer", **edge}
    return log_design(
        *({"id": id, "edge": settings, "service_time": 0.001} for id in ("a", "b", "c")),
        arrivals={"process": "constant", "rate": 100},
        keys=KEYS,
        topic={"partitions": 6, "group.consumer.session.timeout.ms": 6000},
        faults=list(faults),
        duration=duration,
    )


def test_a_group_begins_balanced():
    watched, recording = run(reconciled(duration=5.0))
    assert sorted(filter(None, owners(watched))) == ["a", "a", "b", "b", "c", "c"]
    assert recording.nodes["log"].counts[-1]["rebalances"] == 0


def test_the_partitions_of_a_crashed_member_move_at_the_next_heartbeats_of_the_others():
    # Heartbeats every 5 s, the last at 10 s: out at 16 s, the others hear of it at 20 s.
    document = reconciled(outage("c", 11.0, 1000), duration=30.0)
    assert unassigned(document) == pytest.approx(2 * 4.0, abs=0.02)
    watched, _ = run(document)
    assert sorted(filter(None, owners(watched))) == ["a", "a", "a", "b", "b", "b"]


def test_a_new_member_stops_only_what_moves_to_it_and_for_one_heartbeat():
    # c is back at 31 s; a and b give up one partition each at 35 s, c has them with its heartbeat at 36 s.
    document = reconciled(outage("c", 11.0, 20.0), duration=60.0)
    assert unassigned(document) == pytest.approx(2 * 4.0 + 2 * 1.0, abs=0.05)
    watched, recording = run(document)
    assert sorted(filter(None, owners(watched))) == ["a", "a", "b", "b", "c", "c"]
    assert recording.nodes["log"].counts[-1]["rebalances"] == 2


@pytest.mark.parametrize(
    ("interval", "when"),
    [
        # b and c are out at 16 s, each a change; a hears of targets with its heartbeats at 20 and 30 s.
        # Without an interval both have made theirs at 16 s, with 1 s the second at 17 s. With 10 s it is
        # at 26 s: the first still gives one of c's partitions to b, so that a has the other at
        # 20 s, the rest at 30 s.
        (0, 4 * 4.0),
        (1000, 4 * 4.0),
        (10_000, 1 * 4.0 + 3 * 14.0),
    ],
)
def test_changes_within_the_assignment_interval_make_one_target(interval: int, when: float):
    settings = {"group.protocol": "consumer"}
    document = log_design(
        *({"id": id, "edge": settings, "service_time": 0.001} for id in ("a", "b", "c")),
        arrivals={"process": "constant", "rate": 100},
        keys=KEYS,
        topic={
            "partitions": 6,
            "group.consumer.session.timeout.ms": 6000,
            "group.consumer.assignment.interval.ms": interval,
        },
        faults=[outage("c", 11.0, 1000), outage("b", 11.0, 1000)],
        duration=40.0,
    )
    assert unassigned(document) == pytest.approx(when, abs=0.05)
    watched, _ = run(document)
    assert sorted(filter(None, owners(watched))) == ["a"] * 6


def test_a_kill_and_a_restart_keep_the_order_of_every_key():
    settings = {"group.protocol": "consumer"}
    document = log_design(
        {"id": "many", "instances": 5, "edge": settings, "service_time": 0.024},
        {"id": "killed", "edge": settings, "service_time": 0.024},
        arrivals={"process": "poisson", "rate": 200},
        keys={"distribution": "uniform", "low": 0, "high": 1200},
        topic={"partitions": 12},
        faults=[outage("killed", 10.0, 20.0)],
        duration=100.0,
    )
    result = simulate(document)
    assert result["conservation"]["ok"]
    assert all(flow["out_of_order"]["mean"] == flow["lost"]["mean"] == 0 for flow in result["flows"])
    assert 0 < sum(flow["duplicates"]["mean"] for flow in result["flows"]) <= 5 * 200 / 6 * 1.5


def test_settings_of_the_classic_protocol_are_refused():
    with pytest.raises(InvalidDesign, match=r"session\.timeout\.ms cannot be set"):
        reconciled(duration=1.0, **{"session.timeout.ms": 6000})


def test_members_of_both_protocols_make_no_group():
    document = log_design(
        {"id": "a", "edge": {"group.protocol": "consumer"}}, {"id": "b"}, topic={"partitions": 2}
    )
    errors = [problem for problem in check(document) if problem.severity == "error"]
    assert [(problem.code, problem.field) for problem in errors] == [("D283", "config.group.protocol")]


def test_a_member_gets_nothing_new_before_it_has_given_up_what_it_must():
    """KIP-848: the epoch of the target, and with it new partitions, only after the revocation is confirmed.

    Nine partitions of a, b and c by range, 0 to 2, 3 to 5 and 6 to 8. With c gone a is to have 0 to 4 and b 5
    to 8; b hears so at 20 s, and does not poll until 27 s: it gives up 3 and 4, and only then gets 6 to 8.
    """
    settings = {"group.protocol": "consumer", "group.remote.assignor": "range"}
    document = log_design(
        {"id": "a", "edge": settings, "service_time": 0.001},
        {"id": "b", "edge": settings, "service_time": 0.001},
        {"id": "c", "edge": settings, "service_time": 0.001},
        arrivals={"process": "constant", "rate": 100},
        keys=KEYS,
        topic={"partitions": 9, "group.consumer.session.timeout.ms": 6000},
        faults=[outage("c", 11.0, 1000), {"kind": "pause", "node": "b", "at": 19.0, "duration": 8.0}],
        duration=40.0,
    )
    # 6 to 8 belong to nobody from 16 s, when c is out, until b polls at 27 s; 3 and 4 from then until a's
    # heartbeat at 30 s.
    assert unassigned(document) == pytest.approx(3 * 11.0 + 2 * 3.0, abs=0.3)
    watched, _ = run(document)
    assert owners(watched) == ["a"] * 5 + ["b"] * 4
