"""What a message costs as a design, its load, its backlog or its keys grow: tables, and a picture of them.

Every point is a process of its own that runs one design and says how much processor time the run took, the
design's reading and checking included, start of the program and imports not. Near-linear growth is a flat
line: the same cost a message, however many there are.

    python benchmarks/growth.py [--only backlog,keys] [--most 10000000] [--picture docs/pictures/growth.svg]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, log10
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.contestants import WORKLOADS  # noqa: E402
from benchmarks.contestants import design as workload  # noqa: E402
from simulator.formats.exports.palette import LIGHT, SERIES  # noqa: E402
from simulator.formats.vector import FONT, text  # noqa: E402
from simulator.report.paper.plot import DASHES, SMALL, curve, stroke, written  # noqa: E402

Design = dict[str, Any]

#: One run in a process of its own: its messages, and seconds of processor time.
ONE = """
import json, resource, sys, time
from simulator.design.document import Document
import simulator
from simulator.kinds.catalogue import KINDS
document, engine = json.load(sys.stdin)
for node in document["nodes"]:
    KINDS[node["kind"]]
began = time.process_time()
result = simulator.simulate(Document.parse(document), seed=1, engine=engine)
took = time.process_time() - began
kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps([result["messages"], took, kilobytes * 1024 / 1e6, result["conservation"]["ok"]]))
"""


@dataclass(frozen=True, slots=True)
class Family:
    """Designs that differ in one size.

    Args:
        across: what grows.
        sizes: from the smallest to the greatest.
        lines: by name the engine, what makes a design of a size, and the queues that a message passes in it.
    """

    across: str
    sizes: tuple[int, ...]
    lines: dict[str, tuple[str, Callable[[int], Design], Callable[[int], int]]]


def _document(nodes: list[Design], ways: list[str], duration: float) -> Design:
    edges = []
    for position, way in enumerate(ways):
        source, target = way.split(">")
        edges.append({"id": f"e{position}", "from": source, "to": target})
    simulation = {"duration": duration, "warmup": 0, "frame_interval": 1.0}
    return {
        "format": "headrace/1",
        "name": "Growth",
        "nodes": nodes,
        "edges": edges,
        "simulation": simulation,
    }


def _producer(rate: float, limit: int, keys: int = 0) -> Design:
    config: Design = {"arrivals": {"process": "poisson", "rate": rate, "limit": limit}}
    if keys:
        config["keys"] = {"distribution": "uniform", "low": 0, "high": keys}
    return {"id": "load", "kind": "producer", "config": config}


def _pool(id: str, servers: int, mean: float) -> Design:
    service_time = {"distribution": "exponential", "mean": mean}
    return {"id": id, "kind": "consumer", "config": {"instances": servers, "service_time": service_time}}


def chain(nodes: int) -> Design:
    """A line of queues and consumers one behind the other; as many passages whatever its length."""
    pairs = (nodes - 1) // 2
    made = [_producer(1_000.0, PASSAGES // pairs)]
    ways = []
    before = "load"
    for pair in range(pairs):
        made += [{"id": f"q{pair}", "kind": "queue"}, _pool(f"c{pair}", 8, 0.0064)]
        ways += [f"{before}>q{pair}", f"q{pair}>c{pair}"]
        before = f"c{pair}"
    return _document(made, ways, PASSAGES / pairs / 1_000.0 * 1.5 + 60)


def burst(messages: int, broker: str) -> Design:
    """So many messages within a moment, then served one after the other."""
    made = [_producer(1e6, messages), {"id": "b", "kind": broker}, _pool("c", 8, 0.0064)]
    return _document(made, ["load>b", "b>c"], messages * 0.0064 / 8 * 1.5 + 60)


def keyed(keys: int, broker: str) -> Design:
    """Messages of so many keys whose order is kept."""
    # As in W3: neither lingering nor latencies.
    log = {"partitions": 12, "linger.ms": 0, "append_latency": 0}
    config: Design = log if broker == "kafka.topic" else {"FifoQueue": True}
    messages = 200_000 if broker == "kafka.topic" else 50_000
    rate = 1_000.0 if broker == "kafka.topic" else 100.0
    made = [_producer(rate, messages, keys), {"id": "b", "kind": broker, "config": config}]
    # Of a single key only one message is worked on at a time: a service short enough to keep up.
    made.append(_pool("c", 6, 0.0005))
    return _document(made, ["load>b", "b>c"], messages / rate * 1.2 + 60)


#: Passages of a message through a queue and its consumer in every chain.
PASSAGES = 200_000


def families(most: int) -> dict[str, Family]:
    """All of them, with at most so many messages."""
    powers = tuple(10**power for power in range(5, round(log10(most)) + 1))
    w1 = WORKLOADS["W1"]
    once = lambda _size: 1  # noqa: E731
    return {
        "messages": Family(
            "messages of W1",
            powers,
            {"recursion": ("auto", lambda size: workload(w1, size), once)},
        ),
        "nodes": Family(
            "nodes in a chain of queues and consumers",
            (11, 31, 101, 301, 1_001),
            {
                "recursion": ("auto", chain, lambda size: (size - 1) // 2),
                "events": ("events", chain, lambda size: (size - 1) // 2),
            },
        ),
        "backlog": Family(
            "messages that come at once",
            (10**3, 10**4, 10**5, 10**6),
            {
                "queue, recursion": ("auto", lambda size: burst(size, "queue"), once),
                "queue, events": ("events", lambda size: burst(size, "queue"), once),
                "SQS standard, events": ("events", lambda size: burst(size, "aws.sqs"), once),
                "RabbitMQ, events": ("events", lambda size: burst(size, "rabbitmq.queue"), once),
            },
        ),
        "keys": Family(
            "keys",
            (10, 10**3, 10**5, 10**6),
            {
                "Kafka, recursion": ("auto", lambda size: keyed(size, "kafka.topic"), once),
                "Kafka, events": ("events", lambda size: keyed(size, "kafka.topic"), once),
                "SQS FIFO, events": ("events", lambda size: keyed(size, "aws.sqs"), once),
            },
        ),
    }


def measured(document: Design, engine: str) -> tuple[int, float, float]:
    """Messages of the run, seconds of processor time, MB at most.

    Raises:
        SystemExit: when the run fails or messages are unaccounted for.
    """
    words = [sys.executable, "-c", ONE]
    data = json.dumps([document, engine])
    done = subprocess.run(words, check=False, input=data, capture_output=True, text=True, cwd=ROOT)
    if done.returncode:
        raise SystemExit(f"a run failed: {done.stderr.strip()[-500:]}")
    messages, took, megabytes, is_balanced = json.loads(done.stdout)
    if not is_balanced:
        raise SystemExit("messages are unaccounted for")
    return messages, took, megabytes


def main() -> int:
    """Measure, print the tables, draw the picture."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", default="", help="families, by comma")
    parser.add_argument("--most", type=int, default=10**7, help="messages of the longest run")
    parser.add_argument("--picture", default="", help="SVG to write")
    options = parser.parse_args()
    known = families(options.most)
    chosen = {name: known[name] for name in (options.only.split(",") if options.only else known)}
    panels = []
    for family in chosen.values():
        print(f"\n| {family.across} | line | messages | µs a message and queue | MB at most |")
        print("| --: | --- | --: | --: | --: |", flush=True)
        found: dict[str, list[tuple[int, float]]] = {}
        for name, (engine, made, passages) in family.lines.items():
            for size in family.sizes:
                messages, took, megabytes = measured(made(size), engine)
                cost = took / (messages * passages(size)) * 1e6
                found.setdefault(name, []).append((size, cost))
                print(f"| {size:,} | {name} | {messages:,} | {cost:.2f} | {megabytes:.0f} |", flush=True)
        panels.append((family, found))
    if options.picture:
        Path(options.picture).write_text(drawn(panels), encoding="utf-8")
    return 0


WIDTH, PANEL, LEFT, RIGHT = 760.0, 210.0, 60.0, 210.0


def drawn(panels: list[tuple[Family, dict[str, list[tuple[int, float]]]]]) -> str:
    """One panel below the other: cost a message over the size, both axes by powers of ten."""
    height = PANEL * len(panels)
    look = {
        "xmlns": "http://www.w3.org/2000/svg",
        "viewBox": f"0 0 {WIDTH:g} {height:g}",
        "font-family": FONT,
    }
    root = ET.Element("svg", {**look, "width": f"{WIDTH:g}", "height": f"{height:g}", "role": "img"})
    ET.SubElement(root, "title").text = "Microseconds a message, as designs grow"
    ET.SubElement(root, "rect", {"width": f"{WIDTH:g}", "height": f"{height:g}", "fill": LIGHT.surface})
    for index, (family, found) in enumerate(panels):
        _panel(root, PANEL * index, family, found)
    return written(root)


def _panel(root: ET.Element, top: float, family: Family, found: dict[str, list[tuple[int, float]]]) -> None:
    upper, lower = top + 30.0, top + PANEL - 44.0
    first, last = log10(family.sizes[0]), log10(family.sizes[-1])
    costs = [cost for points in found.values() for _, cost in points]
    decades = max(1, ceil(log10(max(costs))))
    lowest = min(-1, int(log10(min(costs))) - 1)

    def x(size: float) -> float:
        share = (log10(size) - first) / (last - first)
        return LEFT + 10 + share * (WIDTH - RIGHT - LEFT - 20)

    def y(cost: float) -> float:
        return lower - (log10(cost) - lowest) / (decades - lowest) * (lower - upper)

    text(root, LEFT, upper - 12, "µs of processor time a message and queue", SMALL, LIGHT.muted)
    for power in range(lowest, decades + 1):
        level = y(10.0**power)
        stroke(root, f"M{LEFT:g} {level:.6g}H{WIDTH - RIGHT:g}", LIGHT.border, 1.0)
        text(root, LEFT - 8, level + 4, f"{10.0**power:g}", SMALL, LIGHT.muted, anchor="end")
    for size in family.sizes:
        text(root, x(size), lower + 16, f"{size:,}", SMALL, LIGHT.muted, anchor="middle")
    text(root, (LEFT + WIDTH - RIGHT) / 2, lower + 34, family.across, SMALL, LIGHT.text, anchor="middle")
    for index, (name, points) in enumerate(found.items()):
        curve(root, [(x(size), y(cost)) for size, cost in points], SERIES[index], DASHES[index])
        row = upper + 18.0 * index
        stroke(root, f"M{WIDTH - RIGHT + 18:g} {row:g}h28", SERIES[index], 2.0, DASHES[index])
        text(root, WIDTH - RIGHT + 54, row + 4, name, SMALL, LIGHT.text)


if __name__ == "__main__":
    sys.exit(main())
