"""Disciplines, batches, set-up and expiry against closed forms.

Each figure must lie within four standard errors of the formula, taken over independent replications; the
second bound keeps the standard error itself small enough for the test to be able to fail.
"""

from __future__ import annotations

from math import exp, factorial, sqrt
from typing import Any

import pytest

from simulator import simulate
from tests.simulator.designs import design, node

REPLICATIONS = 12


def exponential(mean: float) -> dict[str, Any]:
    return {"distribution": "exponential", "mean": mean}


def run(
    rates: dict[int, float],
    service: Any,
    queue: dict[str, Any] | None = None,
    *,
    messages: int = 12_000,
    **consumer: Any,
) -> dict[str, Any]:
    """One producer for each priority (by its rate), one queue, one pool."""
    total = sum(rates.values())
    document = design(
        [
            *(
                node(f"p{level}", "producer", priority=level, arrivals={"process": "poisson", "rate": rate})
                for level, rate in rates.items()
            ),
            node("q", "queue", **(queue or {})),
            node("c", "consumer", service_time=service, **consumer),
        ],
        [*(f"p{level}->q" for level in rates), "q->c"],
        simulation={
            "duration": messages / total,
            "warmup": messages / total / 6,
            "replications": REPLICATIONS,
        },
    )
    result = simulate(document)
    assert result["conservation"]["ok"]
    return result


def holds(estimate: dict[str, Any], expected: float, within: float = 0.1) -> None:
    """The estimate agrees with the formula: four standard errors (t of 11 degrees: 2.2 make an interval)."""
    low, high = estimate["ci95"]
    error = (high - low) / 2 / 2.201
    assert error < within * expected / 2
    assert estimate["mean"] == pytest.approx(expected, abs=4 * error)


def latency(result: dict[str, Any], level: int) -> dict[str, Any]:
    for flow in result["flows"]:
        if flow["from"] == f"p{level}":
            found: dict[str, Any] = flow["end_to_end_latency"]["mean"]
            return found
    raise AssertionError(level)


def test_priorities_without_preemption() -> None:
    """Cobham 1954: W = R / ((1 - s_before)(1 - s)) + service; the reference case V08."""
    result = run({2: 15, 1: 25}, exponential(0.02), {"discipline": "priority"})
    holds(latency(result, 2), 0.042857143)
    holds(latency(result, 1), 0.13428571)


def test_priorities_with_preemptive_resume() -> None:
    """Jaiswal 1968: S / (1 - s_before) + sum lam E[S^2]/2 / ((1 - s_before)(1 - s))."""
    result = run({2: 15, 1: 25}, exponential(0.02), {"discipline": "priority", "preemption": "resume"})
    square = 2 * 0.02**2
    holds(latency(result, 2), 0.02 + 15 * square / 2 / (1 - 0.3))
    holds(latency(result, 1), 0.02 / 0.7 + 40 * square / 2 / (0.7 * 0.2))


def test_last_in_first_out_has_the_same_mean_and_a_heavier_tail() -> None:
    fifo = run({0: 40}, exponential(0.02))["nodes"]["q"]["waiting_time"]
    lifo = run({0: 40}, exponential(0.02), {"discipline": "lifo"})["nodes"]["q"]["waiting_time"]
    holds(lifo["mean"], 0.08, within=0.2)
    assert lifo["variance"]["mean"] > 2 * fifo["variance"]["mean"]
    assert lifo["p50"]["mean"] < fifo["p50"]["mean"] < fifo["p99"]["mean"] < lifo["p99"]["mean"]


@pytest.mark.parametrize("ttl", [0.05, 0.2])
def test_messages_that_wait_too_long_expire_as_often_as_barrer_says(ttl: float) -> None:
    """Barrer 1957: the chain with lam < mu loses lam P0 e^-(mu-lam)ttl / mu of its messages."""
    lam, mu = 40.0, 50.0
    result = run({0: lam}, exponential(1 / mu), {"ttl": ttl})
    rho = lam / mu
    decay = exp(-(mu - lam) * ttl)
    empty = (1 - rho) / (1 - rho * rho * decay)
    share = empty * rho * decay
    expired = result["nodes"]["q"]["expired"]["mean"] * result["replications"] / result["messages"]
    assert expired == pytest.approx(share, rel=0.12)


def test_impatient_messages_are_the_erlang_a_model() -> None:
    """Palm 1957: birth-death with death rates min(n, c) mu + max(0, n - c) theta."""
    lam, mu, theta, servers = 60.0, 10.0, 5.0, 5
    result = run({0: lam}, exponential(1 / mu), {"ttl": exponential(1 / theta)}, instances=servers)
    weights = [1.0]
    for n in range(1, 200):
        weights.append(weights[-1] * lam / (min(n, servers) * mu + max(0, n - servers) * theta))
    waiting = sum(weight * max(0, n - servers) for n, weight in enumerate(weights)) / sum(weights)
    holds(result["nodes"]["q"]["queue_length"]["mean"], waiting)


def test_bulk_service() -> None:
    """Bailey 1954: mu r^(b+1) - (lam + mu) r + lam = 0, Lq = A r / (1 - r)^2."""
    lam, mu, size = 60.0, 10.0, 10
    result = run({0: lam}, exponential(1 / mu), batch={"max_size": size})
    low, high = 0.0, 1.0 - 1e-9
    for _ in range(200):
        middle = (low + high) / 2
        above = mu * middle ** (size + 1) - (lam + mu) * middle + lam
        low, high = (middle, high) if above > 0 else (low, middle)
    idle = 1.0 / (mu / lam + 1.0 / (1.0 - low))
    holds(result["nodes"]["q"]["queue_length"]["mean"], idle * low / (1.0 - low) ** 2)


def test_set_up_after_idling() -> None:
    """Welch 1964: W = 1/(mu - lam) + (2 E[D] + lam E[D^2]) / (2 (1 + lam E[D])), D exponential."""
    lam, mu, mean = 30.0, 50.0, 0.1
    result = run({0: lam}, exponential(1 / mu), setup_after_idle=exponential(mean))
    extra = (2 * mean + lam * 2 * mean**2) / (2 * (1 + lam * mean))
    holds(latency(result, 0), 1 / (mu - lam) + extra)


def test_polling_an_empty_queue() -> None:
    """Levy & Yechiali 1975: the wait of M/G/1 plus E[V^2] / 2 E[V] for a constant pause V."""
    lam, mu, pause = 30.0, 50.0, 0.2
    result = run({0: lam}, exponential(1 / mu), poll_interval=pause)
    holds(result["nodes"]["q"]["waiting_time"]["mean"], lam / mu / (mu - lam) + pause / 2)


def test_unlimited_servers_hold_as_many_as_a_poisson_law() -> None:
    """Mirasol 1963: the number in service of M/G/inf is Poisson with mean lam E[S]; nobody waits."""
    service = {"distribution": "lognormal", "mean": 0.1, "scv": 2.0}
    result = run({0: 50.0}, service, instances=None)
    holds(result["nodes"]["c"]["in_flight"]["mean"], 5.0)
    assert result["nodes"]["q"]["waiting_time"]["max"]["mean"] == 0.0


def test_round_robin_makes_erlang_arrivals_of_poisson_ones() -> None:
    """Gross 5.3: E_2/M/1 each, with sigma the root of ((2 lam') / (2 lam' + mu (1 - sigma)))^2."""
    lam, mu = 80.0, 50.0
    result = run({0: lam}, exponential(1 / mu), {"dispatch": "round-robin"}, instances=2)
    sigma = 0.5
    for _ in range(500):
        sigma = (lam / (lam + mu * (1 - sigma))) ** 2
    holds(result["nodes"]["q"]["waiting_time"]["mean"], sigma / (mu * (1 - sigma)), within=0.15)


def test_a_random_dispatch_makes_independent_single_servers() -> None:
    result = run({0: 80.0}, exponential(0.02), {"dispatch": "random"}, instances=2, messages=24_000)
    holds(result["nodes"]["q"]["waiting_time"]["mean"], 0.08, within=0.15)


def test_retries_and_dead_letters_after_three_receives() -> None:
    """Kelly 1979: receives (1 - p^m)/(1 - p), dead letters p^m, L of an M/M/1 at that load."""
    lam, mu, p, most = 25.0, 50.0, 0.3, 3
    document = design(
        [
            node("p", "producer", arrivals={"process": "poisson", "rate": lam}),
            node("q", "queue"),
            node("c", "consumer", service_time=exponential(1 / mu), failure={"probability": p}),
            node("dead", "queue"),
        ],
        ["p->q", "q->c", "q->dead:dead-letter"],
        edge_configs={"q->dead:dead-letter": {"maxReceiveCount": most}},
        simulation={"duration": 480, "warmup": 60, "replications": REPLICATIONS},
    )
    result = simulate(document)
    receives = (1 - p**most) / (1 - p)
    rho = lam * receives / mu
    holds(result["nodes"]["q"]["receives_per_message"], receives)
    holds(result["nodes"]["q"]["in_system"]["mean"], rho / (1 - rho), within=0.15)
    share = result["nodes"]["q"]["dead_lettered"]["mean"] * REPLICATIONS / result["messages"]
    assert share == pytest.approx(p**most, abs=4 * sqrt(p**most / result["messages"]))


def test_erlang_c_holds_beside_all_that() -> None:
    load, servers = 4.0, 5
    top = load**servers / factorial(servers) * servers / (servers - load)
    waits = top / (sum(load**k / factorial(k) for k in range(servers)) + top)
    result = run({0: 80.0}, exponential(0.05), instances=servers)
    holds(result["nodes"]["q"]["waiting_probability"], waits)
