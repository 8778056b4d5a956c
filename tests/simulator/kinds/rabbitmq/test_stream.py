"""Streams: every consumer reads the whole log, retention takes away, confirmed messages survive a leader."""

from __future__ import annotations

from typing import Any

import pytest

from simulator import Document, check, simulate
from simulator.errors import InvalidDesign
from tests.simulator.designs import at, design, node


def stream(arrivals: dict[str, Any], config: dict[str, Any], *works: float, **rest: Any) -> Document:
    """A stream that consumers with these service times read, with prefetch 10 unless said otherwise."""
    names = [f"c{number}" for number in range(len(works))]
    read = {"prefetch": 10, "round_trip": 0, **rest.pop("read", {})}
    return design(
        [
            node("s", "producer", arrivals=arrivals),
            node("log", "rabbitmq.queue", **{"x-queue-type": "stream", "commit_latency": 0, **config}),
            *[node(name, "consumer", service_time=work) for name, work in zip(names, works, strict=True)],
        ],
        ["s->log", *[f"log->{name}" for name in names]],
        edge_configs={f"log->{name}": read for name in names} | rest.pop("edge_configs", {}),
        simulation={"duration": rest.pop("duration", 100), "warmup": 0},
        **rest,
    )


def run(document: Document) -> dict[str, Any]:
    result = simulate(document)
    assert result["conservation"]["ok"]
    return result


def test_every_consumer_reads_every_message_in_its_own_time():
    result = run(stream({"process": "constant", "rate": 10}, {}, 0.01, 1.0))
    assert result["nodes"]["c0"]["throughput"]["mean"] == pytest.approx(10, rel=0.01)
    assert result["nodes"]["c1"]["throughput"]["mean"] == pytest.approx(1, rel=0.02)
    assert result["flows"][0]["lost"]["mean"] == result["flows"][1]["lost"]["mean"] == 0


def test_a_consumer_that_falls_behind_the_retention_loses_what_expired_and_nobody_else_does():
    """Ten come in at 0; the slow one has 2 in hand and 2 s for each: what is older than 5 s is gone."""
    document = stream(at(*[0] * 10), {"x-max-age": "5s"}, 0.01, 2.0, read={"prefetch": 1})
    result = run(document)
    delivered = {flow["to"]: flow["delivered"]["mean"] for flow in result["flows"]}
    lost = {flow["to"]: flow["lost"]["mean"] for flow in result["flows"]}
    assert delivered == {"c0": 10, "c1": 3}
    assert lost == {"c0": 0, "c1": 7}
    assert result["nodes"]["log"]["dead_expired"]["mean"] == 7


def test_retention_by_bytes_keeps_the_newest():
    result = run(stream(at(*[0] * 10), {"x-max-length-bytes": 3 * 1024}, 50.0, read={"prefetch": 1}))
    assert result["nodes"]["log"]["dead_maxlen"]["mean"] == 6


def test_the_failure_of_a_leader_loses_nothing_that_was_confirmed():
    document = stream(
        {"process": "constant", "rate": 1000},
        {"commit_latency": {"distribution": "exponential", "mean": 0.01}, "election_time": 2},
        0.0,
        faults=[{"kind": "outage", "node": "log", "at": 5.0005, "duration": 30}],
        edge_configs={"s->log": {"confirms": True}},
        duration=20,
    )
    result = run(document)
    ledger = result["conservation"]["nodes"]["log"]
    assert ledger["dropped"] > 0
    assert result["nodes"]["log"]["confirmed"]["mean"] == ledger["delivered"]
    flow = result["flows"][0]
    assert flow["delivered"]["mean"] + flow["lost"]["mean"] + ledger["waiting"] == 20_000


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"x-message-ttl": 5}, "a stream has no x-message-ttl"),
        ({"x-max-priority": 5}, "for classic queues only"),
        ({"x-max-age": "7 days"}, "x-max-age"),
        ({"durable": False}, "always durable"),
    ],
)
def test_arguments_that_a_stream_does_not_know_are_refused(config: dict[str, Any], words: str):
    with pytest.raises(InvalidDesign) as caught:
        stream(at(0), config, 1.0)
    problem = caught.value.problems[0]
    assert words in f"{problem.path} {problem.message}"


def test_a_stream_is_read_with_a_prefetch_by_consumers_of_one_instance():
    document = stream(at(0), {}, 1.0, read={"prefetch": 0})
    data = document.to_data()
    data["nodes"][2]["config"]["instances"] = 2
    fields = [one.field for one in check(Document.parse(data)) if one.severity == "error"]
    assert fields == ["config.prefetch", "to"]


@pytest.mark.parametrize(
    ("config", "kept"),
    [({}, 10), ({"x-max-age": "5s"}, 0), ({"x-max-age": "97s"}, 6), ({"x-max-length-bytes": 3 * 1024}, 3)],
    ids=["for ever", "all too old", "four too old", "by size"],
)
def test_the_bytes_of_the_log_and_of_what_is_not_read(config: dict[str, Any], kept: int):
    """One of 1,024 bytes each second from 0 to 9 s, in a run of 100 s; the readers have all of it at once."""
    result = run(stream(at(*range(10)), config, 0.0, 0.5))
    found = result["nodes"]["log"]
    assert (found["bytes_in"]["mean"], found["log_size"]["mean"]) == (10 * 1024, kept * 1024)
    # Only the second one takes time, and has them in hand meanwhile: 10 times 0.5 s.
    assert found["message_bytes_unacknowledged"]["mean"]["mean"] == pytest.approx(1024 * 5 / 100, abs=0.01)
    assert found["message_bytes_ready"]["mean"]["mean"] == 0


def test_bytes_not_read_are_the_sizes_of_what_no_consumer_has_asked_for():
    """Ten at 0 s, prefetch 1 and 20 s for each: nine wait at first, and one less every 20 s."""
    frames: list[dict[str, Any]] = []
    simulate(stream(at(*[0] * 10), {}, 20.0, read={"prefetch": 1}), on_frame=frames.append)
    at_30 = next(frame for frame in frames if 30 <= frame["t"] < 31)["nodes"]["log"]
    assert at_30["message_bytes_ready"] == 8 * 1024
    assert at_30["detail"]["consumers"][0]["unread"] == 8
    assert at_30["detail"]["message_bytes_ready"] == 8 * 1024
    assert at_30["detail"]["bytes"] == 10 * 1024
