"""Closed forms: the simulated mean must lie within the tolerance of the reference protocol.

Protocol: 20 replications of 20,000 messages, the first 4,000 deleted, start empty; a tolerance is four
standard errors at that budget plus the start-up bias. Formulas: Gross, Shortle, Thompson & Harris,
Fundamentals of Queueing Theory, 4th ed. 2008; Erlang 1917; Crommelin 1932; Sevastyanov 1957.
"""

from __future__ import annotations

from math import factorial
from typing import Any

import pytest

from simulator import simulate
from tests.simulator.designs import design, node


def erlang_c(servers: int, load: float) -> float:
    top = load**servers / factorial(servers) * servers / (servers - load)
    return top / (sum(load**k / factorial(k) for k in range(servers)) + top)


def run(rate: float, servers: int, service: Any, queue: dict[str, Any] | None = None) -> dict[str, Any]:
    document = design(
        [
            node("p", "producer", arrivals={"process": "poisson", "rate": rate}),
            node("q", "queue", **(queue or {})),
            node("c", "consumer", instances=servers, service_time=service),
        ],
        ["p->q", "q->c"],
        simulation={"duration": 20_000 / rate, "warmup": 4_000 / rate, "replications": 20},
    )
    result = simulate(document)
    assert result["conservation"]["ok"]
    assert result["littles_law"]["q"]["relative_error"] < 0.001
    return result


def mean(place: dict[str, Any]) -> float:
    value: float = place["mean"]["mean"]
    return value


def test_one_exponential_server_at_utilization_08() -> None:
    result = run(40, 1, {"distribution": "exponential", "mean": 0.02})
    line, worker = result["nodes"]["q"], result["nodes"]["c"]
    assert mean(line["waiting_time"]) == pytest.approx(0.08, rel=0.087)
    assert mean(line["sojourn_time"]) == pytest.approx(0.1, rel=0.071)
    assert mean(line["queue_length"]) == pytest.approx(3.2, rel=0.091)
    assert mean(line["in_system"]) == pytest.approx(4.0, rel=0.075)
    assert line["waiting_probability"]["mean"] == pytest.approx(0.8, rel=0.013)
    assert line["sojourn_time"]["p50"]["mean"] == pytest.approx(0.069314718, rel=0.063)
    assert line["sojourn_time"]["p95"]["mean"] == pytest.approx(0.29957323, rel=0.089)
    assert line["sojourn_time"]["p99"]["mean"] == pytest.approx(0.46051702, rel=0.144)
    assert line["waiting_time"]["p95"]["mean"] == pytest.approx(0.27725887, rel=0.096)
    assert worker["utilization"]["mean"] == pytest.approx(0.8, rel=0.02)
    low, high = line["waiting_time"]["mean"]["ci95"]
    assert low < 0.08 < high


def test_five_exponential_servers() -> None:
    line = run(80, 5, {"distribution": "exponential", "mean": 0.05})["nodes"]["q"]
    probability = erlang_c(5, 4.0)
    assert line["waiting_probability"]["mean"] == pytest.approx(probability, rel=0.037)
    assert mean(line["waiting_time"]) == pytest.approx(probability / (5 / 0.05 - 80), rel=0.117)
    assert mean(line["sojourn_time"]) == pytest.approx(0.077705628, rel=0.046)
    assert line["sojourn_time"]["p99"]["mean"] == pytest.approx(0.30398313, rel=0.081)


def test_a_constant_service_time_halves_the_wait() -> None:
    line = run(80, 1, 0.01)["nodes"]["q"]
    assert mean(line["waiting_time"]) == pytest.approx(0.02, rel=0.056)
    assert line["waiting_time"]["variance"]["mean"] == pytest.approx(0.00053333333, rel=0.162)
    assert line["waiting_time"]["p99"]["mean"] == pytest.approx(0.10355887, rel=0.102)


def test_a_bounded_queue_refuses_as_many_as_the_birth_death_chain_says() -> None:
    result = run(60, 1, {"distribution": "exponential", "mean": 0.02}, {"capacity": 7})
    refused = result["nodes"]["q"]["rejected"]["mean"]
    produced = result["messages"] / result["replications"]
    assert refused / produced == pytest.approx(0.20673288, rel=0.03)
    assert result["nodes"]["c"]["throughput"]["mean"] == pytest.approx(47.596027, rel=0.01)


def test_a_loss_system_refuses_what_erlang_b_says() -> None:
    result = run(30, 8, {"distribution": "exponential", "mean": 0.2}, {"capacity": 0})
    refused = result["nodes"]["q"]["rejected"]["mean"]
    produced = result["messages"] / result["replications"]
    assert refused / produced == pytest.approx(0.12187578, rel=0.04)
