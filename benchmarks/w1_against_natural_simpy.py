"""Messages per second of Headrace beside SimPy as people write it, on the same work in the same minute.

W1: one Poisson producer at 1,000 messages a second, one queue, eight servers, exponential service of 6.4 ms
(utilization 0.8), 200,000 messages, the sojourn time of every one recorded. The natural model has a SimPy
process per message and a `Resource`. Both contestants run in processes of their own, in turn, round after
round; the ratio is taken within a round, so that a busy machine slows both. Both mean sojourn times are held
against Erlang C: a fast wrong answer does not count.

    python benchmarks/w1_against_natural_simpy.py [--rounds 5] [--messages 200000] [--json]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from math import factorial
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

RATE = 1000.0  # messages per second
SERVERS = 8
SERVICE = 0.0064  # seconds, mean of an exponential
TOLERANCE = 0.05  # of the mean sojourn time; 200,000 messages at utilization 0.8 leave about 1 %

Figures = dict[str, Any]


def erlang_c_sojourn_time(rate: float, servers: int, service: float) -> float:
    """Return the mean sojourn time of M/M/c in seconds (Erlang C; Kleinrock, Queueing Systems I, 3.5)."""
    load = rate * service
    all_busy = load**servers / factorial(servers) * servers / (servers - load)
    waits = all_busy / (sum(load**k / factorial(k) for k in range(servers)) + all_busy)
    return service + waits * service / (servers - load)


def natural_simpy(messages: int, seed: int) -> Figures:
    """Run W1 as a SimPy tutorial would write it."""
    import random

    import simpy

    draw = random.Random(seed)
    environment = simpy.Environment()
    workers = simpy.Resource(environment, capacity=SERVERS)
    sojourn_times: list[float] = []

    def message() -> Generator[simpy.Event, Any, None]:
        arrived = environment.now
        with workers.request() as turn:
            yield turn
            yield environment.timeout(draw.expovariate(1 / SERVICE))
        sojourn_times.append(environment.now - arrived)

    def producer() -> Generator[simpy.Event, Any, None]:
        for _ in range(messages):
            yield environment.timeout(draw.expovariate(RATE))
            environment.process(message())

    environment.process(producer())
    started = time.perf_counter()
    environment.run()
    wall = time.perf_counter() - started
    return {
        "messages": len(sojourn_times),
        "events": next(environment._eid),  # noqa: SLF001  (SimPy counts what it schedules nowhere else)
        "wall": wall,
        "mean": sum(sojourn_times) / messages,
    }


def headrace(messages: int, seed: int) -> Figures:
    """Run the same work through the public function, frames and all measurements included."""
    import simulator
    from simulator.design.document import Document

    document = Document.parse(design(messages))
    started = time.perf_counter()
    result = simulator.simulate(document, seed=seed)
    wall = time.perf_counter() - started
    return {
        "messages": result["messages"],
        "events": result["events"],
        "wall": wall,
        "mean": result["nodes"]["workers"]["sojourn_time"]["mean"]["mean"],
    }


def design(messages: int) -> dict[str, Any]:
    """Return W1 as a design document that runs until every message is through."""
    arrivals = {"process": "poisson", "rate": RATE, "limit": messages}
    service_time = {"distribution": "exponential", "mean": SERVICE}
    return {
        "format": "headrace/1",
        "name": "W1",
        "nodes": [
            {"id": "load", "kind": "producer", "config": {"arrivals": arrivals}},
            {"id": "work", "kind": "queue"},
            {
                "id": "workers",
                "kind": "consumer",
                "config": {"instances": SERVERS, "service_time": service_time},
            },
        ],
        "edges": [
            {"id": "e1", "from": "load", "to": "work", "role": "publish"},
            {"id": "e2", "from": "work", "to": "workers", "role": "consume"},
        ],
        "simulation": {"duration": messages / RATE * 1.1 + 1, "warmup": 0},
    }


CONTESTANTS: dict[str, Callable[[int, int], Figures]] = {"natural SimPy": natural_simpy, "Headrace": headrace}


def in_own_process(name: str, messages: int, seed: int) -> Figures:
    """Run one contestant in a fresh interpreter, so that neither warms or litters the other's memory."""
    words = [sys.executable, __file__, "--run", name, "--messages", str(messages), "--seed", str(seed)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{name} failed:\n{done.stderr}")
    figures: Figures = json.loads(done.stdout)
    return figures


def compare(rounds: int, messages: int) -> dict[str, Any]:
    """Run the rounds and return medians, the ratio and whether both keep to Erlang C."""
    runs: dict[str, list[Figures]] = {name: [] for name in CONTESTANTS}
    for seed in range(1, rounds + 1):
        for name in CONTESTANTS:
            runs[name].append(in_own_process(name, messages, seed))
            print(f"round {seed}: {name}: {runs[name][-1]['wall']:.2f} s", file=sys.stderr, flush=True)
    theory = erlang_c_sojourn_time(RATE, SERVERS, SERVICE)
    rows = {}
    for name, figures in runs.items():
        mean = sum(run["mean"] for run in figures) / rounds
        rows[name] = {
            "messages": figures[0]["messages"],
            "messages_per_second": median(run["messages"] / run["wall"] for run in figures),
            "events": figures[0]["events"],
            "mean_sojourn_time": mean,
            "off_theory": mean / theory - 1,
        }
    pairs = zip(runs["natural SimPy"], runs["Headrace"], strict=True)
    return {
        "rounds": rounds,
        "theory_mean_sojourn_time": theory,
        "contestants": rows,
        "ratio": median(natural["wall"] / ours["wall"] for natural, ours in pairs),
        "agrees": all(
            abs(row["off_theory"]) < TOLERANCE and row["messages"] == messages for row in rows.values()
        ),
    }


def show(outcome: dict[str, Any]) -> None:
    """Print the outcome as a table for people."""
    print(f"{'':16}{'messages/s':>12}{'messages':>12}{'events':>12}{'mean sojourn':>16}{'off Erlang C':>15}")
    for name, row in outcome["contestants"].items():
        print(
            f"{name:16}{row['messages_per_second']:>12,.0f}{row['messages']:>12,}{row['events']:>12,}"
            f"{row['mean_sojourn_time'] * 1e3:>13.3f} ms{row['off_theory'] * 100:>13.2f} %"
        )
    print(f"\nHeadrace is {outcome['ratio']:.2f} times natural SimPy (median of {outcome['rounds']} rounds).")
    if not outcome["agrees"]:
        print("The figures do NOT agree with Erlang C, or messages are missing: the speed means nothing.")


def main() -> int:
    """Compare, or run one contestant for `compare`; exit code 1 when a contestant's figures are wrong."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--messages", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--run", choices=list(CONTESTANTS), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run:
        print(json.dumps(CONTESTANTS[options.run](options.messages, options.seed)))
        return 0
    outcome = compare(options.rounds, options.messages)
    if options.json:
        print(json.dumps(outcome, indent=2))
    else:
        show(outcome)
    return 0 if outcome["agrees"] else 1


if __name__ == "__main__":
    sys.exit(main())
