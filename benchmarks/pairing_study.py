"""How far the differences of a comparison may be believed, and what common random numbers bring.

    python benchmarks/pairing_study.py [--seeds 100] [--jobs 2]

Two servers at a utilization of 0.7, ten replications of a minute a comparison, every seed anew:

- the same model under two names, with random numbers apart: how often the 95 % interval of the difference
  of the mean latencies holds 0 (exit code 1 below 92 of 100);
- one shared line, round robin and random split: how often the intervals of both differences (97.5 % each, so
  that both hold with 95 %) hold the closed forms (exit code 1 below 92 of 100), and by which factor pairing
  narrows them.
"""

from __future__ import annotations

import argparse
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from statistics import median
from time import perf_counter
from typing import Any

from simulator import Document
from simulator.experiments.compare import Alternative, compare
from simulator.theory.markovian import mmc

RATE, MEAN = 70.0, 0.02
REPLICATIONS, DURATION, WARMUP = 10, 60.0, 6.0
LEAST = 0.92
RULES = ("shared", "round-robin", "random")


def two_servers(dispatch: str) -> Document:
    """Two exponential servers with one line, or one for each."""
    service = {"distribution": "exponential", "mean": MEAN}
    nodes = [
        {"id": "p", "kind": "producer", "config": {"arrivals": {"process": "poisson", "rate": RATE}}},
        {"id": "q", "kind": "queue", "config": {"dispatch": dispatch}},
        {"id": "c", "kind": "consumer", "config": {"instances": 2, "service_time": service}},
    ]
    edges = [{"id": "a", "from": "p", "to": "q"}, {"id": "b", "from": "q", "to": "c"}]
    return Document.parse({"format": "headrace/1", "name": dispatch, "nodes": nodes, "edges": edges})


def closed_forms() -> dict[str, float]:
    """Differences of the mean latency from the shared line, seconds.

    Shared: M/M/2; random: two M/M/1 under half the load; round robin: two E2/M/1, whose sigma solves
    sigma = (70 / (70 + 50 (1 - sigma)))^2. Source: Gross et al. 2008, 2.3 and 5.3.
    """
    sigma = 0.5
    for _ in range(200):
        sigma = (RATE / (RATE + (1.0 - sigma) / MEAN)) ** 2
    shared = mmc(RATE, MEAN, 2).sojourn_time
    assert shared is not None
    return {
        "random": 1.0 / (1.0 / MEAN - RATE / 2.0) - shared,
        "round-robin": MEAN / (1.0 - sigma) - shared,
    }


def differences(names: dict[str, str], seed: int, *, is_paired: bool) -> dict[str, Any]:
    """The differences of the mean latency from the first alternative."""
    found = compare(
        [Alternative(name, two_servers(dispatch)) for name, dispatch in names.items()],
        seed=seed,
        replications=REPLICATIONS,
        duration=DURATION,
        warmup=WARMUP,
        is_paired=is_paired,
    )
    rows = {row["metric"]: row["differences"] for row in found["flows"][0]["measures"]}
    differences: dict[str, Any] = rows["end_to_end_latency.mean"]
    return differences


def study(seed: int) -> tuple[bool, dict[str, bool], dict[str, float]]:
    """Of one seed: whether 0 is held, whether the closed forms are, and how much wider the unpaired are."""
    low, high = differences({"one": "shared", "two": "shared"}, seed, is_paired=False)["two"]["interval"]
    names = {name: name for name in RULES}
    paired, apart = (differences(names, seed, is_paired=is_paired) for is_paired in (True, False))
    held, factors = {}, {}
    for name, truth in closed_forms().items():
        first, last = paired[name]["interval"]
        held[name] = first <= truth <= last
        wide = apart[name]["interval"]
        factors[name] = (wide[1] - wide[0]) / (last - first)
    return low <= 0.0 <= high, held, factors


def main() -> int:
    """Run the study and print what was found."""
    parser = argparse.ArgumentParser(description="Coverage and width of paired differences.")
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    begun = perf_counter()
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(options.jobs, mp_context=context) as pool:
        found = list(pool.map(study, range(1, options.seeds + 1), chunksize=5))
    zeros = sum(one[0] for one in found)
    print(f"{options.seeds} seeds, {perf_counter() - begun:.0f} s")
    print(f"the same model under two names: the interval holds 0 with {zeros} of {options.seeds} seeds")
    is_good = zeros >= LEAST * options.seeds
    for name, truth in closed_forms().items():
        held = sum(one[1][name] for one in found)
        factors = sorted(one[2][name] for one in found)
        print(
            f"{name} less shared: {1e3 * truth:.2f} ms by theory, held {held} times; pairing narrows the "
            f"interval by a factor of {median(factors):.2f} ({factors[0]:.2f} to {factors[-1]:.2f})"
        )
        is_good = is_good and held >= LEAST * options.seeds
    return 0 if is_good else 1


if __name__ == "__main__":
    raise SystemExit(main())
