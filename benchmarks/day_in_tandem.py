"""A day through three brokers in tandem: how long it takes, what a message costs, and what memory it holds.

One producer at 1,000 messages a second with 1,200 keys; a queue, a Kafka topic of 12 partitions and a second
queue (with `--queues` a third one in the topic's place), each read by consumers that are busy four fifths of
their time and send on what they have done. Every message passes all three. Samples, order of keys, levels
and slices are those of any run; `headrace simulate` makes no frames.

Each run is one process on one processor, in turn with and without compiled loops. Memory is the most that the
process held (its peak resident size) above an interpreter that does nothing; that it stays flat is seen by a
run of a tenth of the time.

    python benchmarks/day_in_tandem.py [--hours 24] [--queues] [--only fast|plain]
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.start_up import EMPTY, measured  # noqa: E402

RATE = 1000.0  # messages a second
KEYS, PARTITIONS, MEMBERS = 1200, 12, 6
#: Busy four fifths of the time; members of the group less so, for some have more keys than others.
SERVICE = {"queue": 0.0064, "kafka.topic": 0.0048}
SERVERS = {"queue": 8, "kafka.topic": MEMBERS}


def design(seconds: float, *, is_with_log: bool) -> dict[str, Any]:
    """The document of the tandem for so many simulated seconds."""
    brokers = ["queue", "kafka.topic" if is_with_log else "queue", "queue"]
    load = {
        "arrivals": {"process": "poisson", "rate": RATE},
        "keys": {"distribution": "uniform", "low": 0, "high": KEYS},
    }
    log = {"partitions": PARTITIONS, "linger.ms": 0, "append_latency": 0}
    nodes: list[dict[str, Any]] = [{"id": "load", "kind": "producer", "config": load}]
    edges = []
    before = "load"
    for number, kind in enumerate(brokers):
        broker, workers = f"broker{number}", f"workers{number}"
        service_time = {"distribution": "exponential", "mean": SERVICE[kind]}
        config = {"instances": SERVERS[kind], "service_time": service_time}
        nodes.append({"id": broker, "kind": kind, "config": log if kind == "kafka.topic" else {}})
        nodes.append({"id": workers, "kind": "consumer", "config": config})
        edges.append({"id": f"in{number}", "from": before, "to": broker})
        edges.append({"id": f"out{number}", "from": broker, "to": workers})
        before = workers
    simulation = {"duration": seconds, "warmup": 0}
    return {
        "format": "headrace/1",
        "name": "A day in tandem",
        "nodes": nodes,
        "edges": edges,
        "simulation": simulation,
    }


def main() -> int:
    """Run and print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--hours", type=float, default=24.0, help="simulated hours")
    parser.add_argument("--queues", action="store_true", help="a queue in the place of the topic")
    parser.add_argument("--only", choices=["fast", "plain"], help="with compiled loops, or without them")
    options = parser.parse_args()
    python = sys.executable
    empty = int(measured(python, "-c", EMPTY).errors.split()[1]) * 1024 / 1e6
    print("| compiled loops | hours | messages | wall (s) | processor (s) | microseconds a message | MB |")
    print("| --- | --: | --: | --: | --: | --: | --: |")
    for switch, name in (("1", "yes"), ("0", "no")):
        if options.only == ("plain" if switch == "1" else "fast"):
            continue
        os.environ["HEADRACE_COMPILED"] = switch
        for hours in (options.hours / 10, options.hours):
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "tandem.json"
                path.write_text(json.dumps(design(hours * 3600, is_with_log=not options.queues)))
                result = Path(folder) / "result.json"
                run = measured(python, "-m", "simulator", "simulate", str(path), "--output", str(result))
                messages = json.loads(result.read_text())["messages"]
            print(
                f"| {name} | {hours:g} | {messages:,} | {run.wall:.1f} | {run.processor:.1f} "
                f"| {run.processor / messages * 1e6:.2f} | {run.memory - empty:.0f} |",
                flush=True,
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
