"""Faults at known times: exact backlog and drain time, and nothing lost by a consumer's outage."""

from __future__ import annotations

from typing import Any

import pytest

from simulator import Document, InvalidDesign, simulate
from tests.simulator.designs import design, node


def line(service_time: Any, *faults: dict[str, Any], broker: str = "queue", **rest: Any) -> Document:
    return design(
        [
            node("p", "producer", arrivals=rest.pop("arrivals", {"process": "constant", "rate": 100})),
            node("q", broker, **rest.pop("settings", {})),
            node("c", "consumer", service_time=service_time),
        ],
        ["p->q", "q->c"],
        faults=list(faults),
        simulation={"duration": 200, "warmup": 0},
        **rest,
    )


def fault(kind: str, target: str, at: float, duration: float) -> dict[str, Any]:
    return {"kind": kind, "node": target, "at": at, "duration": duration}


def mean(figure: dict[str, Any] | None) -> float:
    assert figure is not None
    return float(figure["mean"])


@pytest.mark.parametrize("kind", ["pause", "outage"])
def test_thirty_seconds_without_the_consumer_take_fifty_to_drain(kind: str) -> None:
    # 100 messages/s against a capacity of 160/s: 3000 wait at the end, 3000 / (160 - 100) = 50 s.
    result = simulate(line(0.00625, fault(kind, "c", 60.0, 30.0)))
    (found,) = result["faults"]
    assert (found["kind"], found["node"], found["at"], found["duration"]) == (kind, "c", 60.0, 30.0)
    assert mean(found["backlog_at_start"]) <= 1
    assert mean(found["backlog_at_end"]) == pytest.approx(3000, abs=1)
    assert mean(found["drain_time"]) == pytest.approx(50.0, abs=0.00625 + 0.01)
    assert mean(found["max_waiting_time"]) == pytest.approx(30.0, abs=0.01)
    assert result["nodes"]["q"]["queue_length"]["max"]["mean"] == pytest.approx(3000, abs=1)
    assert result["conservation"]["ok"]


def test_the_worked_example_of_a_short_pause_is_exact() -> None:
    # Arrivals at 1, 2, 3, ... s, service 0.25 s, pause from 2.5 to 5.5 s: those of 3, 4 and 5 s wait and are
    # started at 5.5, 5.75 and 6 s; the one of 6 s comes just before the server is free and starts at 6.25 s.
    document = line(
        0.25, fault("pause", "c", 2.5, 3), arrivals={"process": "trace", "times": list(range(1, 20))}
    )
    (found,) = simulate(document)["faults"]
    assert mean(found["backlog_at_end"]) == 3
    assert mean(found["max_waiting_time"]) == 2.5
    assert mean(found["drain_time"]) == pytest.approx(0.75)


def test_a_consumer_that_goes_out_gives_back_what_it_had_in_service() -> None:
    document = line(
        2.0,
        fault("outage", "c", 1.5, 2.5),
        arrivals={"process": "trace", "times": [1.0]},
    )
    result = simulate(document)
    # begun at 1 s, given back at 1.5 s, begun again at 4 s
    assert result["flows"][0]["end_to_end_latency"]["max"]["mean"] == 5.0
    assert result["nodes"]["q"]["redelivered"]["mean"] == 1
    assert result["nodes"]["c"]["failures"]["mean"] == 1
    assert result["flows"][0]["lost"]["mean"] == 0


@pytest.mark.parametrize("broker", ["queue", "topic", "aws.sqs"])
def test_a_broker_that_is_out_refuses_what_comes_and_keeps_what_it_has(broker: str) -> None:
    settings = {"delivery_latency": 0} if broker == "aws.sqs" else {}
    document = line(
        1.0,
        fault("outage", "q", 2.5, 5.0),
        broker=broker,
        settings=settings,
        arrivals={"process": "trace", "times": [1.0, 1.1, 1.2, 3.0, 4.0, 9.0]},
    )
    result = simulate(document)
    flow = result["flows"][0]
    assert flow["lost"]["mean"] == 2
    assert flow["delivered"]["mean"] == 4
    assert result["nodes"]["q"]["rejected"]["mean"] == 2
    # 1.0 is served 1-2 s, 1.1 2-3 s, 1.2 has to wait for the end of the outage at 7.5 s
    (found,) = result["faults"]
    assert mean(found["backlog_at_end"]) == 1
    assert mean(found["max_waiting_time"]) == pytest.approx(6.3, abs=0.05)
    assert result["conservation"]["ok"]


def test_a_service_that_is_out_fails_the_work_of_who_calls_it() -> None:
    document = design(
        [
            node("p", "producer", arrivals={"process": "trace", "times": [1.0, 3.0]}),
            node("s", "service", service_time=0.5),
        ],
        ["p->s"],
        faults=[fault("outage", "s", 2.0, 2.0)],
        simulation={"duration": 10, "warmup": 0},
    )
    result = simulate(document)
    assert result["nodes"]["s"]["rejected"]["mean"] == 1
    assert result["flows"][0]["delivered"]["mean"] == 1
    assert result["flows"][0]["lost"]["mean"] == 1


def test_a_backlog_that_never_drains_has_no_drain_time() -> None:
    result = simulate(line(0.0125, fault("pause", "c", 60, 30)))
    (found,) = result["faults"]
    assert found["drain_time"] is None
    assert mean(found["backlog_at_end"]) > 3000


@pytest.mark.parametrize(
    ("faults", "part"),
    [
        ([fault("pause", "q", 1, 1)], "only a consumer can be paused, q is a queue"),
        ([fault("outage", "p", 1, 1)], "p is a producer and has no outages"),
        ([fault("pause", "c", 5, 5), fault("outage", "c", 1, 5)], "two faults of c overlap at 5 s"),
        ([fault("pause", "x", 1, 1)], "the fault names 'x', which does not exist"),
    ],
)
def test_a_fault_that_cannot_happen_is_refused(faults: list[dict[str, Any]], part: str) -> None:
    with pytest.raises(InvalidDesign) as refused:
        line(1.0, *faults)
    assert part in refused.value.problems[0].message


def test_faults_change_nothing_else_and_watching_leaves_no_trace() -> None:
    document = line({"distribution": "exponential", "mean": 0.005}, fault("pause", "c", 20, 5))
    assert simulate(document) == simulate(document)
