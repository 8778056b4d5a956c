"""Eight models in Headrace and in Ciw: means of independent replications with 99 % intervals.

Ciw (Palmer, Knight, Harper & Hawa, *Journal of Simulation* 13, 2019) is an independent simulator of queueing
networks in Python. Headrace runs the models through its public document format, Ciw through its own. Two
intervals that do not overlap are a disagreement and give exit code 1. Needs the extra `validation`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

import ciw
import numpy as np
from scipy import stats

from simulator import Document, simulate

CONFIDENCE = 0.99


@dataclass(frozen=True)
class Model:
    """One model in both languages.

    Args:
        document: what Headrace runs.
        network: makes what Ciw runs.
        measures: what is compared: name, value in a Headrace result, value from Ciw's records.
        duration, warmup: simulated seconds.
    """

    name: str
    document: dict[str, Any]
    network: Callable[[], Any]
    measures: Sequence[tuple[str, Callable[[dict[str, Any]], float], Callable[[Any], float]]]
    duration: float
    warmup: float


def producer(**arrivals: Any) -> dict[str, Any]:
    """A producer with this arrival process."""
    return {"id": "p", "kind": "producer", "config": {"arrivals": arrivals}}


def stage(number: int, service: Any, servers: int = 1, **queue: Any) -> list[dict[str, Any]]:
    """A queue and its consumer."""
    return [
        {"id": f"q{number}", "kind": "queue", "config": queue},
        {"id": f"c{number}", "kind": "consumer", "config": {"instances": servers, "service_time": service}},
    ]


def document(nodes: list[dict[str, Any]], edges: Sequence[tuple[str, str, dict[str, Any]]]) -> dict[str, Any]:
    """A design of these nodes; an edge is (from, to, config)."""
    return {
        "format": "headrace/1",
        "name": "cross-check",
        "nodes": nodes,
        "edges": [
            {"id": f"e{position}", "from": source, "to": target, "config": config}
            for position, (source, target, config) in enumerate(edges)
        ],
    }


def one_queue(arrivals: dict[str, Any], service: Any, servers: int = 1, **queue: Any) -> dict[str, Any]:
    """One queue with its servers."""
    return document(
        [producer(**arrivals), *stage(1, service, servers, **queue)], [("p", "q1", {}), ("q1", "c1", {})]
    )


def exponential(mean: float) -> dict[str, Any]:
    """An exponential duration, mean in seconds."""
    return {"distribution": "exponential", "mean": mean}


def of_node(metric: str, node: str) -> Callable[[dict[str, Any]], float]:
    """A mean of a node in the result."""
    return lambda result: float(result["nodes"][node][metric]["mean"]["mean"])


def recorded(field: str, node: int) -> Callable[[Any], float]:
    """The mean of a column of Ciw's records of services at a node."""
    return lambda records: float(
        np.mean([getattr(row, field) for row in records if row.node == node and row.record_type == "service"])
    )


def sojourn_at(node: int) -> Callable[[Any], float]:
    """The mean time from arrival to exit at a node in Ciw's records."""
    return lambda records: float(
        np.mean(
            [
                row.exit_date - row.arrival_date
                for row in records
                if row.node == node and row.record_type == "service"
            ]
        )
    )


def waits(node: int = 1) -> Any:
    """Compare the mean waiting time of a queue."""
    return (f"waiting time {node}", of_node("waiting_time", f"q{node}"), recorded("waiting_time", node))


def stays(node: int = 1) -> Any:
    """Compare the mean sojourn time of a queue."""
    return (f"sojourn time {node}", of_node("sojourn_time", f"q{node}"), sojourn_at(node))


def refused(result: dict[str, Any]) -> float:
    """The share of arrivals that were refused, over the whole run."""
    return float(result["nodes"]["q1"]["rejected"]["mean"]) / float(result["messages"])


def refused_by_ciw(records: Any) -> float:
    """The same share of Ciw's arrivals."""
    return float(np.mean([row.record_type == "rejection" for row in records]))


def models() -> list[Model]:
    """The eight models."""
    exp, fixed = ciw.dists.Exponential, ciw.dists.Deterministic

    def ciw_queue(arrival: Any, service: Any, servers: int = 1, **rest: Any) -> Callable[[], Any]:
        return lambda: ciw.create_network(
            arrival_distributions=[arrival],
            service_distributions=[service],
            number_of_servers=[servers],
            **rest,
        )

    lognormal = {"distribution": "lognormal", "mean": 0.025, "scv": 1.5}
    sigma = sqrt(np.log(2.5))
    split = {"c1->q2": 0.6, "c1->q1": 0.2, "c1->out": 0.2, "c2->q1": 0.5, "c2->out": 0.5}
    out: list[dict[str, Any]] = [
        {"id": "out", "kind": "queue"},
        {"id": "end", "kind": "consumer", "config": {"service_time": 0}},
    ]
    return [
        Model(
            "M/M/1",
            one_queue({"process": "poisson", "rate": 40}, exponential(0.02)),
            ciw_queue(exp(40.0), exp(50.0)),
            [waits(), stays()],
            600,
            100,
        ),
        Model(
            "M/M/5",
            one_queue({"process": "poisson", "rate": 80}, exponential(0.05), 5),
            ciw_queue(exp(80.0), exp(20.0), 5),
            [waits(), stays()],
            300,
            50,
        ),
        Model(
            "M/D/2",
            one_queue({"process": "poisson", "rate": 80}, 0.02, 2),
            ciw_queue(exp(80.0), fixed(0.02), 2),
            [waits(), stays()],
            300,
            50,
        ),
        Model(
            "M/G/1, lognormal",
            one_queue({"process": "poisson", "rate": 30}, lognormal),
            ciw_queue(exp(30.0), ciw.dists.Lognormal(float(np.log(0.025) - sigma**2 / 2), sigma)),
            [waits(), stays()],
            600,
            100,
        ),
        Model(
            "E3/M/2",
            one_queue(
                {
                    "process": "renewal",
                    "interarrival": {"distribution": "erlang", "mean": 1 / 80, "k": 3},
                },
                exponential(0.02),
                2,
            ),
            ciw_queue(ciw.dists.Erlang(rate=240.0, num_phases=3), exp(50.0), 2),
            [waits(), stays()],
            300,
            50,
        ),
        Model(
            "M[X]/M/1, batches of 5",
            one_queue({"process": "batch-poisson", "rate": 8, "batch": 5}, exponential(1 / 55)),
            ciw_queue(exp(8.0), exp(55.0), batching_distributions=[fixed(5)]),
            [waits(), stays()],
            600,
            100,
        ),
        Model(
            "M/M/2/6, refusing when full",
            one_queue({"process": "poisson", "rate": 110}, exponential(0.02), 2, capacity=4),
            ciw_queue(exp(110.0), exp(50.0), 2, queue_capacities=[4]),
            [waits(), ("refused", refused, refused_by_ciw)],
            300,
            0,
        ),
        Model(
            "two queues with feedback",
            document(
                [
                    producer(process="poisson", rate=10),
                    *stage(1, exponential(1 / 30)),
                    *stage(2, exponential(0.05)),
                    *out,
                ],
                [
                    ("p", "q1", {}),
                    ("q1", "c1", {}),
                    ("q2", "c2", {}),
                    ("out", "end", {}),
                    *(
                        (edge.split("->")[0], edge.split("->")[1], {"choice": weight})
                        for edge, weight in split.items()
                    ),
                ],
            ),
            lambda: ciw.create_network(
                arrival_distributions=[exp(10.0), None],
                service_distributions=[exp(30.0), exp(20.0)],
                number_of_servers=[1, 1],
                routing=[[0.2, 0.6], [0.5, 0.0]],
            ),
            [stays(1), stays(2)],
            600,
            100,
        ),
    ]


def by_headrace(model: Model, seed: int) -> list[float]:
    """The measures of one replication."""
    result = simulate(Document.parse(model.document), seed=seed, duration=model.duration, warmup=model.warmup)
    return [measure(result) for _, measure, _ in model.measures]


def by_ciw(model: Model, seed: int) -> list[float]:
    """The measures of one replication; the warm-up is cut by the time of arrival."""
    ciw.seed(seed)
    simulation = ciw.Simulation(model.network())
    simulation.simulate_until_max_time(model.duration)
    records = [row for row in simulation.get_all_records() if row.arrival_date >= model.warmup]
    return [measure(records) for _, _, measure in model.measures]


def interval(values: Sequence[float]) -> tuple[float, float, float]:
    """Mean and t interval at the confidence of this check."""
    mean = float(np.mean(values))
    half = float(stats.t.ppf((1 + CONFIDENCE) / 2, len(values) - 1) * stats.sem(values))
    return mean, mean - half, mean + half


def main() -> int:
    """Run all models in both and print what each says; 1 when any disagree."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--replications", type=int, default=10, help="of each model in each simulator")
    replications = parser.parse_args().replications
    print(f"Ciw {ciw.__version__}, {replications} replications each, {CONFIDENCE:.0%} intervals")
    disagreements = 0
    for model in models():
        ours = list(zip(*(by_headrace(model, seed) for seed in range(replications)), strict=True))
        theirs = list(zip(*(by_ciw(model, seed) for seed in range(replications)), strict=True))
        for (name, _, _), mine, other in zip(model.measures, ours, theirs, strict=True):
            mean, low, high = interval(mine)
            other_mean, other_low, other_high = interval(other)
            overlap = low <= other_high and other_low <= high
            disagreements += not overlap
            print(
                f"{model.name:28} {name:15} Headrace {mean:.5g} [{low:.5g}, {high:.5g}]"
                f"   Ciw {other_mean:.5g} [{other_low:.5g}, {other_high:.5g}]"
                f"   {'agree' if overlap else 'DISAGREE'}",
                flush=True,
            )
    print("all agree" if not disagreements else f"{disagreements} disagree")
    return 1 if disagreements else 0


if __name__ == "__main__":
    sys.exit(main())
