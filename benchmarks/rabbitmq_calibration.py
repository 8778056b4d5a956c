"""The RabbitMQ model beside a real broker: what was measured, and what the simulation says.

Measured on RabbitMQ 3.10.8, one node, loopback, 2 cores, 1 KB messages, the pika blocking client, producer
and consumer in processes of their own. Every row is a short simulation with the same settings; the constants
that were fitted stand below, and the last column says how far each figure is off.

    python benchmarks/rabbitmq_calibration.py [--markdown]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from simulator import Document, simulate  # noqa: E402

#: Consumer round trip and client (s), fitted to the drain with prefetch 1; the queue's own times are the
#: defaults of `rabbitmq.queue`, fitted to the drains with prefetch 100 and automatic acknowledgement.
ROUND_TRIP = 0.00023
#: One-way time of a publish (s): fitted to the latency at 1,000 messages a second.
PUBLISH = {"distribution": "lognormal", "p50": 0.00036, "p99": 0.0017}
#: One node has nobody to wait for: its own log only. Fitted to the quorum drain with prefetch 1.
COMMIT = {"distribution": "lognormal", "p50": 0.00022, "p99": 0.0007}
#: Publish and confirm under way (s): the confirm of a transient message.
CONFIRM = {"distribution": "lognormal", "p50": 0.0003, "p99": 0.00055}

Row = tuple[str, str, float, float, str]


def run(
    arrivals: dict[str, Any],
    queue: dict[str, Any],
    consumers: dict[str, Any],
    consume: dict[str, Any],
    publish: dict[str, Any],
    duration: float,
) -> dict[str, Any]:
    """Producer, queue and consumer; the result of one replication."""
    return simulate(
        Document.parse(
            {
                "format": "headrace/1",
                "name": "calibration",
                "nodes": [
                    {"id": "s", "kind": "producer", "config": {"arrivals": arrivals}},
                    {"id": "q", "kind": "rabbitmq.queue", "config": queue},
                    {"id": "c", "kind": "consumer", "config": consumers},
                ],
                "edges": [
                    {"id": "p", "from": "s", "to": "q", "config": publish},
                    {"id": "r", "from": "q", "to": "c", "config": {"round_trip": ROUND_TRIP, **consume}},
                ],
                "simulation": {"duration": duration, "warmup": duration / 10, "seed": 7},
            }
        )
    )


def queue_of(type: str) -> dict[str, Any]:
    """The queue of a measured row."""
    if type == "quorum":
        return {"x-queue-type": "quorum", "commit_latency": COMMIT, "x-quorum-initial-group-size": 1}
    return {"durable": type == "classic-durable"}


DRAINS = [
    ("classic-transient", 1, 3069),
    ("classic-transient", 10, 9843),
    ("classic-transient", 100, 10332),
    ("classic-transient", None, 34313),
    ("quorum", 1, 1788),
    ("quorum", 10, 7709),
    ("quorum", 100, 12320),
]


def drains() -> list[Row]:
    """One consumer empties a full queue: messages per second."""
    rows = []
    for type, prefetch, measured in DRAINS:
        consume = {"auto_ack": True} if prefetch is None else {"prefetch": prefetch}
        # Nothing is published while a queue is drained: here publishing costs nothing instead.
        result = run(
            {"process": "constant", "rate": 50_000},
            {**queue_of(type), "publish_time": 0},
            {"service_time": 0},
            consume,
            {},
            1.0,
        )
        name = "automatic" if prefetch is None else f"prefetch {prefetch}"
        found = result["nodes"]["c"]["throughput"]["mean"]
        rows.append((f"drain, {type}", name, float(measured), found, "msg/s"))
    return rows


LATENCIES = [
    ("classic-transient", 1000, 0.545, 2.007),
    ("classic-durable", 1000, 0.603, 3.025),
    ("classic-transient", 200, 0.983, 1.607),
    ("quorum", 1000, 1.055, 2.413),
]


def latencies() -> list[Row]:
    """From the publish to the consumer, prefetch 100: milliseconds."""
    rows: list[Row] = []
    for type, rate, p50, p99 in LATENCIES:
        result = run(
            {"process": "poisson", "rate": rate},
            queue_of(type),
            {"service_time": 0},
            {"prefetch": 100},
            {"delay": PUBLISH, "delivery_mode": 2},
            40.0,
        )
        found = result["flows"][0]["end_to_end_latency"]
        for name, measured in (("p50", p50), ("p99", p99)):
            rows.append((f"latency, {type}, {rate}/s", name, measured, found[name]["mean"] * 1e3, "ms"))
    return rows


CONFIRMS = [("classic-transient", 1, 0.308), ("classic-durable", 2, 0.743), ("quorum", 2, 0.817)]


def confirms() -> list[Row]:
    """One publish at a time, each confirmed: median milliseconds."""
    rows: list[Row] = []
    for type, mode, measured in CONFIRMS:
        result = run(
            {"process": "constant", "rate": 200},
            queue_of(type),
            {"service_time": 0},
            {"prefetch": 100},
            {"confirms": True, "confirm_window": 1, "confirm_round_trip": CONFIRM, "delivery_mode": mode},
            40.0,
        )
        found = result["nodes"]["q"]["confirm_latency"]["p50"]["mean"] * 1e3
        rows.append((f"confirm, {type}", "p50", measured, found, "ms"))
    return rows


#: consumers, prefetch, arrivals per second, mean service (s), its scv, mean wait (ms).
QUEUEING = [
    (1, 1, 118.99, 0.005174, 0.958, 11.566),
    (1, 100, 118.99, 0.005176, 0.957, 10.133),
    (2, 1, 238.88, 0.005157, 0.922, 5.117),
    (2, 100, 238.88, 0.005169, 0.918, 6.719),
    (2, 1, 318.35, 0.005139, 0.925, 23.361),
    (2, 100, 318.35, 0.005142, 0.924, 20.410),
]


def queueing() -> list[Row]:
    """Exponential work of 5 ms: mean wait from the publish to the start, milliseconds."""
    rows: list[Row] = []
    for servers, prefetch, rate, mean, scv, measured in QUEUEING:
        result = run(
            {"process": "poisson", "rate": rate},
            {},
            {"instances": servers, "service_time": {"distribution": "gamma", "mean": mean, "shape": 1 / scv}},
            {"prefetch": prefetch},
            {"delay": PUBLISH},
            1500.0,
        )
        found = result["flows"][0]["end_to_end_latency"]["mean"]["mean"] - mean
        load = rate * mean / servers
        name = f"wait, {servers} consumer{'s' * (servers > 1)}, load {load:.2f}"
        rows.append((name, f"prefetch {prefetch}", measured, found * 1e3, "ms"))
    return rows


def main() -> None:
    """Print the table."""
    reader = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    reader.add_argument("--markdown", action="store_true", help="as a table for the documentation")
    is_markdown = reader.parse_args().markdown
    if is_markdown:
        print("| case | setting | measured | simulated | unit | off |\n| --- | --- | --- | --- | --- | --- |")
    for name, setting, measured, found, unit in drains() + latencies() + confirms() + queueing():
        digits = 0 if unit == "msg/s" else 2
        off = f"{100 * (found / measured - 1):+.0f} %"
        if is_markdown:
            print(f"| {name} | {setting} | {measured:,.{digits}f} | {found:,.{digits}f} | {unit} | {off} |")
        else:
            print(f"{name:36} {setting:13} {measured:12,.{digits}f} {found:12,.{digits}f} {unit:6} {off:>7}")


if __name__ == "__main__":
    main()
