"""A sweep of 200 points in one process, in two, and on a Dask cluster: the same bytes, and how long.

    python benchmarks/sweep_scale.py [--duration 60] [--replications 2] [--without-dask]

M/M/c with 20 arrival rates by 10 numbers of servers. Exit code 1 when the bytes differ. The cluster,
which needs the extra `dask`, is a real scheduler with two worker processes on this machine. Wall times mean
something on a quiet machine only.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
from importlib import import_module
from time import perf_counter

from simulator import Document
from simulator.experiments.parameters import parse_vary
from simulator.experiments.plan import SCHEDULER
from simulator.experiments.sweep import sweep

RANGES = ("nodes.p.config.arrivals.rate=10:200:10", "nodes.c.config.instances=2:20:2")


def design() -> Document:
    """A producer, a queue, and exponential servers of 50 ms."""
    service = {"distribution": "exponential", "mean": 0.05}
    nodes = [
        {"id": "p", "kind": "producer", "config": {"arrivals": {"process": "poisson", "rate": 50}}},
        {"id": "q", "kind": "queue"},
        {"id": "c", "kind": "consumer", "config": {"instances": 4, "service_time": service}},
    ]
    edges = [{"id": "a", "from": "p", "to": "q"}, {"id": "b", "from": "q", "to": "c"}]
    return Document.parse({"format": "headrace/1", "name": "sweep", "nodes": nodes, "edges": edges})


def timed(name: str, jobs: int, options: argparse.Namespace) -> str:
    """Run the sweep, print what it took, and return the digest of its bytes."""
    document = design()
    begun = perf_counter()
    found = sweep(
        document,
        [parse_vary(document, text) for text in RANGES],
        duration=options.duration,
        warmup=options.duration / 10.0,
        replications=options.replications,
        jobs=jobs,
    )
    seconds = perf_counter() - begun
    digest = hashlib.sha256(json.dumps(found).encode()).hexdigest()
    print(f"{name:<28} {len(found['points'])} points  {seconds:7.1f} s  sha256 {digest[:16]}", flush=True)
    return digest


def main() -> int:
    """Run all three and compare their bytes."""
    parser = argparse.ArgumentParser(description="The same sweep here, on two processes and on a cluster.")
    parser.add_argument("--duration", type=float, default=60.0)
    parser.add_argument("--replications", type=int, default=2)
    parser.add_argument("--without-dask", action="store_true")
    options = parser.parse_args()
    digests = {timed("one process", 1, options), timed("two processes", 2, options)}
    if not options.without_dask:
        distributed = import_module("distributed")
        with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
            os.environ[SCHEDULER] = cluster.scheduler_address
            digests.add(timed("Dask, two workers", 1, options))
    print("the same bytes" if len(digests) == 1 else "DIFFERENT BYTES")
    return 0 if len(digests) == 1 else 1


if __name__ == "__main__":
    raise SystemExit(main())
