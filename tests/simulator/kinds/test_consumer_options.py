"""Batches, set-up, unlimited servers and delayed redelivery, as worked examples with exact times."""

from __future__ import annotations

from typing import Any

import pytest

from simulator import InvalidDesign, simulate
from tests.simulator.designs import Watched, at, design, node


def pool(arrivals: dict[str, Any], **consumer: Any) -> Any:
    document = design(
        [node("p", "producer", arrivals=arrivals), node("q", "queue"), node("c", "consumer", **consumer)],
        ["p->q", "q->c"],
    )
    return simulate(document, duration=100, warmup=0)


def latency(result: dict[str, Any], figure: str = "mean") -> float:
    value: float = result["flows"][0]["end_to_end_latency"][figure]["mean"]
    return value


def test_a_free_server_takes_all_that_waits_up_to_the_largest_batch() -> None:
    result = pool(at(0, 1, 2, 3), service_time=10, batch={"max_size": 2})
    # [0] from 0 to 10, [1, 2] to 20, [3] to 30.
    assert result["nodes"]["c"]["batch_size"]["mean"]["mean"] == pytest.approx(4 / 3)
    assert latency(result) == pytest.approx((10 + 19 + 18 + 27) / 4)
    assert result["nodes"]["c"]["utilization"]["mean"] == pytest.approx(0.3)


def test_a_batch_waits_for_more_until_it_is_full_or_the_longest_wait_is_over() -> None:
    full = pool(at(0, 1, 2), service_time=10, batch={"max_size": 3, "max_wait": 60})
    assert latency(full, "max") == 12.0
    late = pool(at(0, 1, 2), service_time=10, batch={"max_size": 9, "max_wait": 5})
    assert latency(late, "max") == 15.0
    assert late["nodes"]["c"]["batch_size"]["max"]["mean"] == 3
    assert late["nodes"]["q"]["waiting_time"]["max"]["mean"] == 5.0


@pytest.mark.parametrize(("instances", "latencies"), [(1, (21.0, 29.0)), (2, (21.0, 21.0))])
def test_a_batch_whose_time_is_up_does_not_wait_for_the_next_look(
    instances: int, latencies: tuple[float, float]
) -> None:
    # Looks at 7, 14, 21. What came at 1 is gathered from 7 to 12 and served to 22. What came at 8 would be
    # found at 14 by the same server, which is busy then: a second one finds it, or the first when it is free.
    result = pool(
        at(1, 8),
        service_time=10,
        poll_interval=7,
        instances=instances,
        batch={"max_size": 9, "max_wait": 5},
    )
    assert latency(result) == pytest.approx(sum(latencies) / 2)
    assert latency(result, "max") == max(latencies)


def test_messages_go_to_the_server_that_gathers_before_they_go_to_an_idle_one() -> None:
    result = pool(at(0, 1, 2, 3), service_time=10, instances=4, batch={"max_size": 2, "max_wait": 60})
    assert result["nodes"]["c"]["batch_size"]["mean"]["mean"] == 2.0
    assert latency(result, "max") == 11.0


@pytest.mark.parametrize(("service", "ends"), [("per-batch", 4.0), ("per-message", 12.0)])
def test_a_batch_takes_one_service_time_or_one_for_each_message(service: str, ends: float) -> None:
    result = pool(at(0, 0, 0), service_time=4, batch={"max_size": 3, "max_wait": 1, "service": service})
    assert latency(result, "max") == ends


def test_each_message_of_a_batch_fails_by_itself_and_all_are_accounted_for() -> None:
    result = pool(
        {"process": "poisson", "rate": 20, "stop": 50},
        service_time=0.1,
        instances=2,
        batch={"max_size": 5, "max_wait": 0.05},
        failure={"probability": 0.3},
    )
    assert result["conservation"]["ok"]
    assert result["conservation"]["nodes"]["q"]["waiting"] == 0
    failures = result["nodes"]["c"]["failures"]["mean"]
    assert failures / (failures + result["messages"]) == pytest.approx(0.3, abs=0.05)


def test_a_batch_of_sqs_receives_is_filled_from_several_calls() -> None:
    document = design(
        [
            node("p", "producer", arrivals={"process": "constant", "rate": 100, "limit": 40}),
            node("q", "aws.sqs"),
            node("c", "consumer", service_time=1, batch={"max_size": 20, "max_wait": 30}),
        ],
        ["p->q", "q->c"],
    )
    result = simulate(document, duration=100, warmup=0)
    assert result["nodes"]["c"]["batch_size"]["mean"]["mean"] == 20.0
    assert result["conservation"]["ok"]
    assert result["flows"][0]["delivered"]["mean"] == 40


def test_a_pause_lets_a_gathered_batch_go_and_gathers_no_more() -> None:
    document = design(
        [
            node("p", "producer", arrivals=at(0, 1, 2, 20)),
            node("q", "queue"),
            node("c", "consumer", service_time=1, batch={"max_size": 9, "max_wait": 3}),
        ],
        ["p->q", "q->c"],
        faults=[{"kind": "pause", "node": "c", "at": 1.5, "duration": 8.5}],
    )
    result = simulate(document, duration=100, warmup=0)
    # [0, 1] begin at 3; the one of 2 is taken at 10 and gathers until 13.
    assert result["conservation"]["nodes"]["c"]["delivered"] == 4
    assert latency(result, "max") == 12.0


def test_an_outage_gives_back_what_was_gathered_and_what_was_in_service() -> None:
    document = design(
        [
            node("p", "producer", arrivals=at(0, 0, 5)),
            node("q", "queue"),
            node("c", "consumer", service_time=10, batch={"max_size": 2, "max_wait": 60}, instances=2),
        ],
        ["p->q", "q->c"],
        faults=[{"kind": "outage", "node": "c", "at": 6, "duration": 4}],
    )
    result = simulate(document, duration=100, warmup=0)
    assert result["nodes"]["c"]["failures"]["mean"] == 3
    assert result["flows"][0]["delivered"]["mean"] == 3
    assert result["conservation"]["ok"]


def test_an_idle_server_sets_up_before_it_begins_and_a_busy_one_does_not() -> None:
    result = pool(at(0, 1, 30), service_time=5, setup_after_idle=2)
    # 0 begins at 2 and ends at 7, 1 ends at 12, 30 begins at 32.
    assert latency(result) == pytest.approx((7 + 11 + 7) / 3)
    assert result["nodes"]["q"]["waiting_time"]["mean"]["mean"] == pytest.approx((2 + 6 + 2) / 3)
    assert result["nodes"]["c"]["service_time"]["max"]["mean"] == 5.0
    assert result["nodes"]["c"]["utilization"]["mean"] == pytest.approx(0.19)


def test_unlimited_servers_let_nobody_wait_and_have_no_utilization() -> None:
    result = pool(at(0, 1, 2), service_time=10, instances=None)
    assert latency(result, "max") == 10.0
    assert result["nodes"]["q"]["waiting_probability"]["mean"] == 0.0
    assert result["nodes"]["c"]["in_flight"]["max"]["mean"] == 3
    assert "utilization" not in result["nodes"]["c"]


def test_unlimited_servers_stop_for_a_pause_and_take_all_at_once_after_it() -> None:
    document = design(
        [
            node("p", "producer", arrivals=at(0, 1, 2, 3)),
            node("q", "queue"),
            node("c", "consumer", service_time=1, instances=None),
        ],
        ["p->q", "q->c"],
        faults=[{"kind": "pause", "node": "c", "at": 0.5, "duration": 9.5}],
    )
    watched = Watched(document, 100.0)
    watched.run()
    assert watched.times("c") == [0, 10, 10, 10]


def test_after_a_failure_the_broker_hears_of_it_when_the_redelivery_delay_is_over() -> None:
    document = design(
        [
            node("p", "producer", arrivals=at(0, 1)),
            node("q", "queue"),
            node("c", "consumer", service_time=2, failure={"probability": 1, "redelivery_delay": 10}),
            node("dead", "queue"),
        ],
        ["p->q", "q->c", "q->dead:dead-letter"],
        edge_configs={"q->dead:dead-letter": {"maxReceiveCount": 2}},
    )
    watched = Watched(document, 100.0)
    recording = watched.run()
    # The server goes on with the next message meanwhile.
    assert watched.times("c") == [0, 2, 12, 14]
    assert recording.ledgers["dead"]["waiting"] == 2
    assert recording.ledgers["q"]["dead_lettered"] == 2


def test_a_consumer_that_works_in_batches_invokes_nothing() -> None:
    document = design(
        [
            node("p", "producer"),
            node("q", "queue"),
            node("c", "consumer", batch={}),
            node("s", "service"),
        ],
        ["p->q", "q->c", "c->s"],
    )
    with pytest.raises(InvalidDesign) as refused:
        simulate(document)
    assert refused.value.problems[0].path == "nodes[2].config.batch"
