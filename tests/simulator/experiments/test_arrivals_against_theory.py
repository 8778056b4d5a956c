"""Every arrival process, and routing with feedback, against closed forms or a solved Markov chain.

Each case is 10 replications; the mean must lie within 4.5 standard errors of the theory, and the standard
error below 6 % of it, so that a case cannot pass by being imprecise.
"""

from __future__ import annotations

from math import comb, exp, factorial
from typing import Any

import numpy as np
import pytest

from simulator import simulate
from simulator.experiments.statistics import student_t
from tests.simulator.designs import design, node

REPLICATIONS = 10


def exponential(mean: float) -> dict[str, Any]:
    return {"distribution": "exponential", "mean": mean}


def run(arrivals: dict[str, Any], mean: float, duration: float, servers: int = 1, **rest: Any) -> Any:
    return simulate(
        design(
            [
                node("p", "producer", arrivals=arrivals),
                node("q", "queue"),
                node("c", "consumer", instances=servers, service_time=exponential(mean)),
            ],
            ["p->q", "q->c"],
            simulation={"duration": duration, "warmup": duration / 6, "replications": REPLICATIONS, **rest},
        )
    )


def agrees(estimate: dict[str, Any], theory: float) -> None:
    low, high = estimate["ci95"]
    error = (high - low) / 2 / student_t(REPLICATIONS - 1)
    assert error < 0.06 * theory
    assert abs(estimate["mean"] - theory) <= 4.5 * error, (estimate["mean"], theory, error)


def root_of(transform: Any) -> float:
    """The root in (0, 1) of sigma = A*(mu (1 - sigma)), the GI/M/1 equation (Kendall 1953), by iteration."""
    sigma = 0.5
    for _ in range(10_000):
        sigma = transform(1.0 - sigma)
    return float(sigma)


RATE, SERVICE = 40.0, 0.02


def _deterministic(x: float) -> float:
    return exp(-x / SERVICE / RATE)


def _erlang(x: float) -> float:
    return (3 * RATE / (3 * RATE + x / SERVICE)) ** 3


def _hyperexponential(x: float) -> float:
    p = (1 + (3 / 5) ** 0.5) / 2  # scv 4, balanced means
    first, second = 2 * p * RATE, 2 * (1 - p) * RATE
    return p * first / (first + x / SERVICE) + (1 - p) * second / (second + x / SERVICE)


def _renewal(**interarrival: Any) -> dict[str, Any]:
    return {"process": "renewal", "interarrival": {"mean": 1 / RATE, **interarrival}}


@pytest.mark.parametrize(
    ("arrivals", "transform"),
    [
        ({"process": "constant", "rate": RATE}, _deterministic),
        (_renewal(distribution="erlang", k=3), _erlang),
        (_renewal(distribution="hyperexponential", scv=4), _hyperexponential),
        ({"process": "poisson", "rate": RATE}, lambda x: RATE / (RATE + x / SERVICE)),
    ],
    ids=["D/M/1", "E3/M/1", "H2/M/1", "M/M/1"],
)
def test_renewal_arrivals_at_an_exponential_server_wait_as_kendall_says(
    arrivals: dict[str, Any], transform: Any
) -> None:
    line = run(arrivals, SERVICE, 600)["nodes"]["q"]
    sigma = root_of(transform)
    agrees(line["waiting_time"]["mean"], sigma * SERVICE / (1 - sigma))
    # GI/M/1: an arrival waits with probability sigma
    agrees(line["waiting_probability"], sigma)


@pytest.mark.parametrize(
    ("batch", "mean", "second"),
    [(10, 10.0, 100.0), ({"distribution": "geometric", "mean": 4}, 4.0, 28.0)],
    ids=["tens", "geometric"],
)
def test_batches_at_an_exponential_server_wait_as_the_m_x_m_1_says(
    batch: Any, mean: float, second: float
) -> None:
    arrivals = {"process": "batch-poisson", "rate": 40 / mean, "batch": batch}
    result = run(arrivals, 1 / 55, 900)
    load = 40 / 55
    present = load * (second / mean + 1) / 2 / (1 - load)  # Gross et al. 2008, 3.1
    agrees(result["nodes"]["q"]["sojourn_time"]["mean"], present / 40)


def test_bursts_at_an_exponential_server_wait_as_the_markov_chain_says() -> None:
    rates, stays, service_rate, places = (60.0, 10.0), (0.5, 1.0), 40.0, 400
    arrivals = {
        "process": "mmpp",
        "states": [{"rate": rate, "mean_sojourn": stay} for rate, stay in zip(rates, stays, strict=True)],
    }
    # M^[MMPP]/M/1 as a chain over (state, number in system), cut far out
    size = 2 * (places + 1)
    generator = np.zeros((size, size))
    for number in range(places + 1):
        for state in range(2):
            here = 2 * number + state
            generator[here, 2 * number + 1 - state] += 1 / stays[state]
            if number < places:
                generator[here, here + 2] += rates[state]
            if number:
                generator[here, here - 2] += service_rate
    np.fill_diagonal(generator, -generator.sum(axis=1))
    equations = np.vstack([generator.T, np.ones(size)])
    chances = np.linalg.lstsq(equations, np.append(np.zeros(size), 1.0), rcond=None)[0]
    present = float(chances @ (np.arange(size) // 2))
    rate = (60 * 0.5 + 10 * 1.0) / 1.5
    result = run(arrivals, 1 / service_rate, 1_200)
    agrees(result["nodes"]["q"]["arrival_rate"], rate)
    agrees(result["nodes"]["q"]["sojourn_time"]["mean"], present / rate)


@pytest.mark.parametrize(("servers", "clients"), [(1, 5), (3, 12)])
def test_closed_clients_are_the_finite_source_queue(servers: int, clients: int) -> None:
    think, service = 1.0, 0.25
    # machine repair, M/M/c//N (Palm 1943; Gross et al. 2008, 2.8)
    weights = [
        comb(clients, n)
        * (service / think) ** n
        * (1.0 if n <= servers else factorial(n) / factorial(servers) / servers ** (n - servers))
        for n in range(clients + 1)
    ]
    chances = [weight / sum(weights) for weight in weights]
    throughput = sum(chance * min(n, servers) for n, chance in enumerate(chances)) / service
    present = sum(chance * n for n, chance in enumerate(chances))
    arrivals = {"process": "closed", "clients": clients, "think_time": exponential(think)}
    result = run(arrivals, service, 700, servers)
    agrees(result["nodes"]["q"]["throughput"], throughput)
    agrees(result["nodes"]["q"]["in_system"]["mean"], present)
    agrees(result["flows"][0]["end_to_end_latency"]["mean"], present / throughput)


def test_a_schedule_fills_unlimited_servers_as_its_integral_says() -> None:
    points = [[0, 10], [50, 100], [100, 20]]
    service = 5.0
    # M_t/M/infinity: m' = rate(t) - m / service (Eick, Massey and Whitt 1993)
    step, number, area = 0.001, 0.0, 0.0
    for t in np.arange(0.0, 100.0, step):
        rate = float(np.interp(t, [0, 50, 100], [10, 100, 20]))
        number += step * (rate - number / service)
        area += step * number
    result = run({"process": "schedule", "points": points}, service, 100, 2_000, warmup=0)
    agrees(result["nodes"]["q"]["in_flight"]["mean"], area / 100)


def test_a_tandem_has_the_sojourn_times_of_jackson() -> None:
    result = simulate(
        design(
            [
                node("p", "producer", arrivals={"process": "poisson", "rate": 25}),
                node("q1", "queue"),
                node("c1", "consumer", service_time=exponential(0.025)),
                node("q2", "queue"),
                node("c2", "consumer", service_time=exponential(1 / 35)),
            ],
            ["p->q1", "q1->c1", "c1->q2", "q2->c2"],
            simulation={"duration": 500, "warmup": 50, "replications": REPLICATIONS},
        )
    )
    agrees(result["nodes"]["q1"]["sojourn_time"]["mean"], 1 / (40 - 25))
    agrees(result["nodes"]["q2"]["sojourn_time"]["mean"], 0.1)
    (flow,) = [flow for flow in result["flows"] if flow["to"] == "c2"]
    agrees(flow["end_to_end_latency"]["mean"], 1 / 6)
    agrees(flow["end_to_end_latency"]["p95"], 0.39997772)


def test_a_network_with_feedback_is_jacksons() -> None:
    choices = {"c1->q2": 0.6, "c1->q1": 0.2, "c1->out": 0.2, "c2->q1": 0.5, "c2->out": 0.5}
    result = simulate(
        design(
            [
                node("p", "producer", arrivals={"process": "poisson", "rate": 10}),
                node("q1", "queue"),
                node("c1", "consumer", service_time=exponential(1 / 30)),
                node("q2", "queue"),
                node("c2", "consumer", service_time=exponential(1 / 20)),
                node("out", "queue"),
                node("end", "consumer", service_time=0),
            ],
            ["p->q1", "q1->c1", "q2->c2", "out->end", *choices],
            edge_configs={edge: {"choice": weight} for edge, weight in choices.items()},
            simulation={"duration": 700, "warmup": 70, "replications": REPLICATIONS},
        )
    )
    # traffic: l1 = 10 + 0.2 l1 + 0.5 l2, l2 = 0.6 l1, so 20 and 12 per second
    agrees(result["nodes"]["q1"]["arrival_rate"], 20)
    agrees(result["nodes"]["q2"]["arrival_rate"], 12)
    agrees(result["nodes"]["q1"]["in_system"]["mean"], 2.0)
    agrees(result["nodes"]["q2"]["in_system"]["mean"], 1.5)
    (flow,) = [flow for flow in result["flows"] if flow["to"] == "end"]
    agrees(flow["end_to_end_latency"]["mean"], 0.35)
    assert flow["lost"]["mean"] == 0
