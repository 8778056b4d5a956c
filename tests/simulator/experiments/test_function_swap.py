"""A pool of workers as a function, and back: what stays the same, what is said, what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from simulator import Document, InvalidDesign, check, simulate
from simulator.experiments.swap import swap, swapped
from tests.simulator.designs import design, figures, node


def queue_and_pool(broker: str = "aws.sqs", **config: Any) -> Document:
    return design(
        [
            node("s", "producer", arrivals={"process": "poisson", "rate": 10}),
            node("q", broker),
            node("c", "consumer", **{"service_time": 0.1, "instances": 4, **config}),
            node("out", "queue"),
            node("end", "consumer", service_time=0.001),
        ],
        ["s->q", "q->c", "c->out", "out->end"],
        simulation={"duration": 600, "warmup": 60, "seed": 1},
    )


def test_the_function_does_the_same_work_with_as_many_executions():
    before = queue_and_pool()
    after, notes = swap(before, "c", "aws.lambda")
    settings: Any = after.node("c").config
    assert settings.reserved_concurrency == 4
    assert settings.timeout == 3
    assert {note.kind for note in notes} == {"translated", "assumed"}
    assert [one for one in check(after) if one.severity == "error"] == []
    results = [figures(simulate(one)) for one in (before, after)]
    arrived = [result["nodes"]["s"]["throughput"] for result in results]
    assert arrived[0] == arrived[1]
    for result in results:
        assert result["nodes"]["end"]["throughput"] == pytest.approx(arrived[0], rel=0.01)
    assert results[1]["nodes"]["c"]["cold_starts"] > 0


def test_there_and_back_is_the_same_pool():
    batch = {"max_size": 5, "max_wait": 2.0, "service": "per-batch"}
    before = queue_and_pool(batch=batch)
    there, _ = swap(before, "c", "aws.lambda")
    back, notes = swap(there, "c", "consumer")
    assert back.node("c").config == before.node("c").config
    assert any("cold starts" in note.text for note in notes)


def test_what_a_function_has_no_words_for_is_said():
    document = queue_and_pool(retry={"max_attempts": 3}, setup_after_idle=1, instance_type="m7g.large")
    _, notes = swap(document, "c", "aws.lambda")
    said = " ".join(note.text for note in notes if note.kind == "lost")
    for word in ("retries", "set-up", "machines"):
        assert word in said


@pytest.mark.parametrize("broker", ["kafka.topic", "rabbitmq.queue"])
def test_other_brokers_have_mappings_too(broker: str):
    after = swapped(queue_and_pool(broker), "c=aws.lambda").document
    result = figures(simulate(after, duration=120))
    assert result["conservation"]["ok"]
    assert result["nodes"]["end"]["throughput"] > 8


def test_what_cannot_mean_the_same_is_refused():
    with pytest.raises(InvalidDesign, match="no event source mapping"):
        swap(queue_and_pool("queue"), "c", "aws.lambda")
    with pytest.raises(InvalidDesign, match="already"):
        swap(queue_and_pool(), "c", "consumer")
    with pytest.raises(InvalidDesign, match="ends after 900 s"):
        swap(queue_and_pool(service_time=1_000), "c", "aws.lambda")
    called = design(
        [node("s", "producer", arrivals={"process": "poisson", "rate": 1}), node("f", "aws.lambda")],
        ["s->f:invoke"],
    )
    with pytest.raises(InvalidDesign, match="only reads"):
        swap(called, "f", "consumer")
