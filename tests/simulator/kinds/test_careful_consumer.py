"""The inbox of a consumer and its window, and retries of the workers themselves, with exact times.

Source: C. Richardson, *Microservices Patterns* (2018), ch. 3, *Handling duplicate messages*.
"""

from __future__ import annotations

from typing import Any

import pytest

from simulator import Document, check, simulate
from simulator.graph.checks import readiness_problems
from tests.simulator.designs import at, design, figures, node

EXACT: dict[str, Any] = {"max_attempts": 3, "wait": 1.0, "multiplier": 2.0, "jitter": "none"}


def doubled(*times: float, delays: tuple[float, float] = (0.0, 5.0), **consumer: Any) -> Document:
    """Every message comes twice: the copy after 5 s, by a second way."""
    return design(
        [
            node("p", "producer", arrivals=at(*times)),
            node("t", "topic"),
            node("q", "queue"),
            node("c", "consumer", **{"service_time": 0.1, **consumer}),
        ],
        ["p->t", "t->q:publish", "q->c"],
        edge_configs={
            "p->t": {"duplication": 1.0, "delay": {"distribution": "empirical", "values": list(delays)}}
        },
        simulation={"duration": 600, "warmup": 0},
    )


def found(document: Document, id: str = "c") -> dict[str, Any]:
    result = simulate(document)
    assert result["conservation"]["ok"]
    values: dict[str, Any] = figures(result)["nodes"][id]
    return values


def test_what_comes_again_takes_no_second_effect():
    times = tuple(float(10 * n) for n in range(20))
    plain = found(doubled(*times))
    assert "repeats_refused" not in plain
    assert plain["duplicates"] == 20
    careful = found(doubled(*times, idempotent={}))
    assert (careful["repeats_refused"], careful["effects_repeated"], careful["duplicates"]) == (20, 0, 20)


@pytest.mark.parametrize(
    ("window", "repeated"),
    [
        ({}, 0),
        # Copies come 0 or 5 s later, and there is a message each second: at most ten others in between.
        ({"window_messages": 11}, 0),
        ({"window_time": 5.5}, 0),
        ({"window_messages": 1, "window_time": 1000.0}, None),
        ({"window_time": 0.5}, None),
    ],
)
def test_outside_its_window_a_duplicate_takes_effect_twice(window: dict[str, Any], repeated: int | None):
    times = tuple(float(n) for n in range(200))
    values = found(doubled(*times, idempotent=window))
    assert values["repeats_refused"] + values["effects_repeated"] == 200
    if repeated is None:
        assert 60 < values["effects_repeated"] < 140  # of two draws one half are 5 s apart
    else:
        assert values["effects_repeated"] == repeated


def test_a_known_message_costs_its_lookup_and_is_not_sent_on():
    document = doubled(0.0, delays=(0.0, 5.0), idempotent={"lookup_time": 0.02}, concurrency=2)
    data = document.to_data()
    data["nodes"] += [node("out", "queue"), node("d", "consumer", service_time=0)]
    data["edges"] += [{"id": "f1", "from": "c", "to": "out"}, {"id": "f2", "from": "out", "to": "d"}]
    result = figures(simulate(Document.parse(data)))
    assert result["edges"]["f1"]["total"] == 1
    assert result["nodes"]["c"]["service_time"]["max"] == pytest.approx(0.12)


def test_other_events_of_one_origin_are_other_messages():
    document = design(
        [
            node("p", "producer", arrivals=at(0.0), event={"type": "A"}),
            node("q", "queue"),
            node("c", "consumer", service_time=0.1, idempotent={}),
        ],
        ["p->q", "q->c", "c->q"],
        edge_configs={"c->q": {"event": {"type": "B"}}},
        simulation={"duration": 10, "warmup": 0},
    )
    # A comes once, B comes, and the B that follows from it is known.
    values = found(document)
    assert (values["repeats_refused"], values["effects_repeated"]) == (1, 0)


def pool(**consumer: Any) -> Document:
    return design(
        [
            node("p", "producer", arrivals=at(0.0)),
            node("q", "aws.sqs", VisibilityTimeout=100),
            node("c", "consumer", **{"service_time": 0.5, **consumer}),
            node("d", "aws.sqs"),
        ],
        ["p->q", "q->c", "q->d:dead-letter"],
        edge_configs={"q->d:dead-letter": {"maxReceiveCount": 1}},
        simulation={"duration": 300, "warmup": 0},
    )


def test_a_worker_tries_again_before_the_broker_hears():
    values = found(pool(failure={"probability": 1.0}, retry=EXACT))
    assert (values["consumer_retries"], values["failures"]) == (2, 1)
    # Three attempts of 0.5 s, with 1 and 2 s between them.
    assert values["service_time"]["max"] == pytest.approx(4.5)
    assert found(pool(failure={"probability": 1.0}, retry=EXACT), "q")["dead_lettered"] == 1


def test_retries_save_messages_from_the_dead_letters():
    """p = 0.3: without retries 30 % of the messages die, with three attempts 2.7 %."""
    data = pool(failure={"probability": 0.3}, concurrency=500, retry={**EXACT, "wait": 0.1}).to_data()
    data["nodes"][0]["config"]["arrivals"] = {"process": "poisson", "rate": 50, "stop": 250}
    letters = found(Document.parse(data), "q")["dead_lettered"]
    assert letters / 12_500 == pytest.approx(0.027, abs=0.006)


def test_a_service_that_is_out_is_called_again():
    document = design(
        [
            node("p", "producer", arrivals=at(0.0)),
            node("q", "queue"),
            node("c", "consumer", service_time=0.5, retry=EXACT),
            node("s", "service", service_time=0.1),
        ],
        ["p->q", "q->c", "c->s"],
        faults=[{"kind": "outage", "node": "s", "at": 0.2, "duration": 1.0}],
        simulation={"duration": 30, "warmup": 0},
    )
    values = found(document)
    assert (values["consumer_retries"], values["failures"]) == (1, 0)
    # Refused at 0.5 s, again at 1.5 s: 0.5 s of work, and the call.
    assert values["service_time"]["max"] == pytest.approx(2.1)


def test_an_outage_gives_a_message_back_with_all_its_attempts():
    document = pool(failure={"probability": 1.0}, retry=EXACT)
    data = document.to_data()
    data["faults"] = [{"kind": "outage", "node": "c", "at": 1.0, "duration": 5.0}]
    values = found(Document.parse(data))
    assert values["consumer_retries"] >= 1
    assert values["failures"] == 1


@pytest.mark.parametrize("field", ["retry", "idempotent"])
@pytest.mark.parametrize("other", ["batch", "preemption"])
def test_what_does_not_go_together_is_told_at_its_field(field: str, other: str):
    queue = {"discipline": "priority", "preemption": "resume"} if other == "preemption" else {}
    batch = {"batch": {"max_size": 2}} if other == "batch" else {}
    document = design(
        [node("p", "producer"), node("q", "queue", **queue), node("c", "consumer", **{field: {}}, **batch)],
        ["p->q", "q->c"],
    )
    problem = readiness_problems(document)[0]
    assert (problem.code, problem.path) == ("D283", f"nodes[2].config.{field}")


def test_a_careful_consumer_follows_its_own_advice():
    retry = {**EXACT, "jitter": "full"}
    problems = check(
        doubled(0.0, idempotent={"window_time": 60.0}, retry=retry, failure={"probability": 0.01})
    )
    assert [problem.code for problem in problems if problem.element == "c"] == []
