"""The same three workloads in Headrace and in other simulators, each as its own users would write it.

W1: one Poisson producer at 1,000 messages a second, one queue, eight consumers, exponential service of 6.4
ms (M/M/8 at utilization 0.8). W2: the same producer into a topic with four queues of four consumers each,
exponential service of 3.2 ms (four M/M/4 with common arrivals); a delivery counts as a message. W3: 1,200
keys over 12 partitions, six consumers of a group with two partitions each, one message after the other,
exponential service of 4.8 ms (six M/M/1; murmur2 gives some members more keys than others), in order within
a partition.

Everybody records the sojourn time of every message. Only Headrace also does what its runs always do:
accepting and acknowledging, order of every one of 1,200 keys, backlog, utilization, histograms,
conservation, a frame each simulated second.
"""

# mypy: disable-error-code="import-not-found,import-untyped"

from __future__ import annotations

import importlib
import importlib.util
import os
import random
from collections import deque
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import factorial
from pathlib import Path
from typing import Any

RATE = 1000.0  # messages a second
KEYS, PARTITIONS = 1200, 12
PARTITIONER = Path(__file__).resolve().parent.parent / "simulator/kinds/kafka/partitioner.py"


@dataclass(frozen=True)
class Workload:
    """`lines` queues, each with `servers` consumers of exponential `service` seconds.

    With `members` it is one log: each message goes to the one member that reads the partition of its key.
    """

    lines: int
    servers: int
    service: float
    messages: int  # published; each is delivered once to every line
    members: int = 0

    @property
    def queues(self) -> int:
        """How many queues there are, of `servers` consumers each."""
        return self.members or self.lines

    @cached_property
    def partition_of(self) -> list[int]:
        """By key: its partition, as Kafka's clients have it."""
        # Read as a file of its own: nobody else's time and memory shall hold Headrace's imports.
        spec = importlib.util.spec_from_file_location("partitioner", PARTITIONER)
        assert spec is not None
        assert spec.loader is not None
        partitioner = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(partitioner)
        return [partitioner.partition_for(str(key).encode(), PARTITIONS) for key in range(KEYS)]

    @cached_property
    def member_of(self) -> list[int]:
        """By key: the member that reads its partition."""
        share = PARTITIONS // self.members
        return [partition // share for partition in self.partition_of]

    def ways(self, draw: random.Random) -> Sequence[int]:
        """The queues that the next message goes to."""
        return [self.member_of[int(draw.random() * KEYS)]] if self.members else range(self.lines)

    @property
    def theory(self) -> float:
        """Mean sojourn time in seconds (Kleinrock, Queueing Systems I, 3.2 and 3.5)."""
        if self.members:
            shares = [self.member_of.count(member) / KEYS for member in range(self.members)]
            return sum(share * self.service / (1 - RATE * share * self.service) for share in shares)
        load = RATE * self.service
        c = self.servers
        all_busy = load**c / factorial(c) * c / (c - load)
        waits = all_busy / (sum(load**k / factorial(k) for k in range(c)) + all_busy)
        return self.service + waits * self.service / (c - load)


WORKLOADS = {
    "W1": Workload(1, 8, 0.0064, 200_000),
    "W2": Workload(4, 4, 0.0032, 50_000),
    "W3": Workload(1, 1, 0.0048, 200_000, members=6),
}


@dataclass
class Outcome:
    """How many sojourn times a contestant recorded, their mean, and events where it counts them."""

    count: int
    mean: float
    events: int | None = None
    note: str = ""
    extra: dict[str, Any] = field(default_factory=dict)


def _of(times: Any, events: int | None = None, note: str = "") -> Outcome:
    return Outcome(len(times), float(sum(times)) / max(1, len(times)), events, note)


def headrace(work: Workload, messages: int, seed: int) -> Outcome:
    """Run the public function on a design document."""
    import simulator
    from simulator.design.document import Document

    frames = 0

    def on_frame(_frame: dict[str, Any]) -> None:
        nonlocal frames
        frames += 1

    result = simulator.simulate(Document.parse(design(work, messages)), seed=seed, on_frame=on_frame)
    nodes = [result["nodes"][f"workers{line}"] for line in range(work.lines)]
    mean = sum(node["sojourn_time"]["mean"]["mean"] for node in nodes) / len(nodes)
    return Outcome(result["messages"] * work.lines, mean, result["events"], extra={"frames": frames})


def design(work: Workload, messages: int) -> dict[str, Any]:
    """Return a workload as a design document that runs until every message is through."""
    arrivals = {"process": "poisson", "rate": RATE, "limit": messages}
    keys = {"distribution": "uniform", "low": 0, "high": KEYS}
    nodes: list[dict[str, Any]] = [
        {"id": "load", "kind": "producer", "config": {"arrivals": arrivals, "keys": keys}}
    ]
    edges: list[dict[str, Any]] = []
    source = "load"
    if work.members:
        # Neither lingering nor latencies: waiting and service are all there is, as with the others.
        log = {"partitions": PARTITIONS, "linger.ms": 0, "append_latency": 0}
        nodes.append({"id": "log", "kind": "kafka.topic", "config": log})
        service_time = {"distribution": "exponential", "mean": work.service}
        config = {"instances": work.members, "service_time": service_time}
        nodes.append({"id": "workers0", "kind": "consumer", "config": config})
        edges = [
            {"id": "publish", "from": "load", "to": "log"},
            {"id": "read", "from": "log", "to": "workers0"},
        ]
        return _document(nodes, edges, messages)
    if work.lines > 1:
        nodes.append({"id": "news", "kind": "topic"})
        edges.append({"id": "publish", "from": "load", "to": "news"})
        source = "news"
    for line in range(work.lines):
        service_time = {"distribution": "exponential", "mean": work.service}
        config = {"instances": work.servers, "service_time": service_time}
        nodes.append({"id": f"work{line}", "kind": "queue"})
        nodes.append({"id": f"workers{line}", "kind": "consumer", "config": config})
        edges.append({"id": f"give{line}", "from": source, "to": f"work{line}"})
        edges.append({"id": f"take{line}", "from": f"work{line}", "to": f"workers{line}"})
    return _document(nodes, edges, messages)


def _document(nodes: list[dict[str, Any]], edges: list[dict[str, Any]], messages: int) -> dict[str, Any]:
    simulation = {"duration": messages / RATE * 1.1 + 1, "warmup": 0, "frame_interval": 1.0}
    return {"format": "headrace/1", "name": "Load", "nodes": nodes, "edges": edges, "simulation": simulation}


def natural_simpy(work: Workload, messages: int, seed: int) -> Outcome:
    """A process for every message that asks a Resource for its turn: SimPy as its tutorial teaches it."""
    if work.members:
        return _natural_simpy_log(work, messages, seed)
    import simpy

    draw = random.Random(seed)
    environment = simpy.Environment()
    pools = [simpy.Resource(environment, capacity=work.servers) for _queue in range(work.queues)]
    times: list[float] = []

    def message(pool: simpy.Resource) -> Generator[Any, Any, None]:
        arrived = environment.now
        with pool.request() as turn:
            yield turn
            yield environment.timeout(draw.expovariate(1 / work.service))
        times.append(environment.now - arrived)

    def producer() -> Generator[Any, Any, None]:
        for _number in range(messages):
            yield environment.timeout(draw.expovariate(RATE))
            for way in work.ways(draw):
                environment.process(message(pools[way]))

    environment.process(producer())
    environment.run()
    return _of(times, next(environment._eid))  # noqa: SLF001  (SimPy counts what it schedules nowhere else)


def _natural_simpy_log(work: Workload, messages: int, seed: int) -> Outcome:
    """The same for a log: a message waits for its turn in its partition, then for the partition's reader."""
    import simpy

    draw = random.Random(seed)
    environment = simpy.Environment()
    partitions = [simpy.Resource(environment) for _partition in range(PARTITIONS)]
    members = [simpy.Resource(environment) for _member in range(work.members)]
    share = PARTITIONS // work.members
    times: list[float] = []

    def message(partition: int) -> Generator[Any, Any, None]:
        arrived = environment.now
        with partitions[partition].request() as in_order:
            yield in_order
            with members[partition // share].request() as turn:
                yield turn
                yield environment.timeout(draw.expovariate(1 / work.service))
        times.append(environment.now - arrived)

    def producer() -> Generator[Any, Any, None]:
        for _number in range(messages):
            yield environment.timeout(draw.expovariate(RATE))
            environment.process(message(work.partition_of[int(draw.random() * KEYS)]))

    environment.process(producer())
    environment.run()
    return _of(times, next(environment._eid))  # noqa: SLF001  (as above)


def simpy_store(work: Workload, messages: int, seed: int) -> Outcome:
    """A Store for every queue and a process for every consumer."""
    import simpy

    draw = random.Random(seed)
    environment = simpy.Environment()
    stores = [simpy.Store(environment) for _queue in range(work.queues)]
    times: list[float] = []

    def consumer(store: simpy.Store) -> Generator[Any, Any, None]:
        while True:
            arrived = yield store.get()
            yield environment.timeout(draw.expovariate(1 / work.service))
            times.append(environment.now - arrived)

    def producer() -> Generator[Any, Any, None]:
        for _number in range(messages):
            yield environment.timeout(draw.expovariate(RATE))
            for way in work.ways(draw):
                yield stores[way].put(environment.now)

    environment.process(producer())
    for store in stores:
        for _server in range(work.servers):
            environment.process(consumer(store))
    environment.run()
    return _of(times, next(environment._eid))  # noqa: SLF001  (as above)


def ciw(work: Workload, messages: int, seed: int) -> Outcome:
    """A node of a queueing network for every queue."""
    import ciw

    ciw.seed(seed)
    rates = [RATE] * work.lines
    if work.members:
        rates = [RATE * work.member_of.count(member) / KEYS for member in range(work.members)]
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(rate) for rate in rates],
        service_distributions=[ciw.dists.Exponential(1 / work.service)] * work.queues,
        number_of_servers=[work.servers] * work.queues,
        routing=[[0.0] * work.queues for _queue in range(work.queues)],
    )
    simulation = ciw.Simulation(network)
    simulation.simulate_until_max_customers(messages * work.lines, method="Finish")
    times = [record.exit_date - record.arrival_date for record in simulation.get_all_records()]
    return _of(times, note="no fan-out: four sources of their own" if work.lines > 1 else "")


def salabim(work: Workload, messages: int, seed: int) -> Outcome:
    """Consumers that passivate when their queue is empty; no component per message: its manual's fast way."""
    import salabim

    salabim.yieldless(False)
    environment = salabim.Environment(trace=False, random_seed=seed, yieldless=False)
    draw = random.Random(seed)
    times: list[float] = []

    class Consumer(salabim.Component):  # type: ignore[misc]
        def process(self, waiting: deque[float], idle: list[Any]) -> Generator[Any, Any, None]:
            while True:
                while not waiting:
                    idle.append(self)
                    yield self.passivate()
                arrived = waiting.popleft()
                yield self.hold(draw.expovariate(1 / work.service))
                times.append(environment.now() - arrived)

    class Producer(salabim.Component):  # type: ignore[misc]
        def process(self, lines: list[tuple[deque[float], list[Any]]]) -> Generator[Any, Any, None]:
            for _number in range(messages):
                yield self.hold(draw.expovariate(RATE))
                for way in work.ways(draw):
                    waiting, idle = lines[way]
                    waiting.append(environment.now())
                    if idle:
                        idle.pop().activate()

    lines: list[tuple[deque[float], list[Any]]] = [(deque(), []) for _queue in range(work.queues)]
    for waiting, idle in lines:
        for _server in range(work.servers):
            Consumer(waiting=waiting, idle=idle)
    Producer(lines=lines)
    environment.run()
    return _of(times)


def asimpy(work: Workload, messages: int, seed: int) -> Outcome:
    """Coroutines: a Queue and one process per consumer."""
    from asimpy import Environment, Process, Queue

    draw = random.Random(seed)
    environment = Environment()
    queues = [Queue(environment) for _queue in range(work.queues)]
    times: list[float] = []

    class Consumer(Process):  # type: ignore[misc]
        def init(self, queue: Any) -> None:
            self.queue = queue

        async def run(self) -> None:
            while True:
                arrived = await self.queue.get()
                await self.timeout(draw.expovariate(1 / work.service))
                times.append(self.now - arrived)

    class Producer(Process):  # type: ignore[misc]
        async def run(self) -> None:
            for _number in range(messages):
                await self.timeout(draw.expovariate(RATE))
                for way in work.ways(draw):
                    await queues[way].put(self.now)

    Producer(environment)
    for queue in queues:
        for _server in range(work.servers):
            Consumer(environment, queue)
    environment.run()
    return _of(times)


def dssim(work: Workload, messages: int, seed: int) -> Outcome:
    """Generators on its light layer, which its authors recommend for throughput."""
    from dssim import DSSimulation, LiteLayer2

    draw = random.Random(seed)
    simulation = DSSimulation(layer2=LiteLayer2)
    queues = [simulation.queue() for _queue in range(work.queues)]
    times: list[float] = []

    def consumer(queue: Any) -> Generator[Any, Any, None]:
        while True:
            arrived = yield from queue.gget()
            yield from simulation.gsleep(draw.expovariate(1 / work.service))
            times.append(simulation.time - arrived)

    def producer() -> Generator[Any, Any, None]:
        for _number in range(messages):
            yield from simulation.gsleep(draw.expovariate(RATE))
            for way in work.ways(draw):
                queues[way].put_nowait(simulation.time)

    for queue in queues:
        for _server in range(work.servers):
            simulation.schedule(0, consumer(queue))
    simulation.schedule(0, producer())
    simulation.run()
    return _of(times)


def queueing_tool(work: Workload, messages: int, seed: int) -> Outcome:
    """A QueueServer for every queue, one after the other: it has no fan-out."""
    import queueing_tool

    times: list[float] = []
    for line in range(work.lines):
        draw = random.Random(seed * 1000 + line)
        server = queueing_tool.QueueServer(
            work.servers,
            arrival_f=lambda t, draw=draw: t + draw.expovariate(RATE),
            service_f=lambda t, draw=draw: t + draw.expovariate(1 / work.service),
            seed=seed,
            collect_data=True,
        )
        server.set_active()
        server.simulate(nD=messages)
        rows = server.fetch_data()  # arrival, begin of service, departure
        done = rows[rows[:, 2] > 0]
        times.extend((done[:, 2] - done[:, 0]).tolist())
    return _of(times, note="no fan-out: four simulations" if work.lines > 1 else "")


def load(module: str) -> None:
    """Import a contestant's package, outside the time that is measured."""
    if module == "queueing_tool":
        import numpy as np

        for name, value in {"infty": np.inf, "float": float, "int": int}.items():
            if not hasattr(np, name):  # the package is older than NumPy 2
                setattr(np, name, value)
    importlib.import_module(module)
    if module in {"simulator", "numba"}:
        from simulator.compiled import compiled
        from simulator.design.document import Document
        from simulator.kinds.catalogue import KINDS

        list(KINDS.values())  # a kind is imported when a design first has it
        # Its validators are built when they are first used, which classes of others do as they are imported.
        for work in WORKLOADS.values():
            Document.parse(design(work, 1))
        if module == "numba":
            compiled.load()
        else:
            os.environ["HEADRACE_COMPILED"] = "0"


Contestant = Callable[[Workload, int, int], Outcome]
CONTESTANTS: dict[str, tuple[str, Contestant]] = {
    "natural SimPy": ("simpy", natural_simpy),
    "SimPy Store": ("simpy", simpy_store),
    "Headrace": ("simulator", headrace),
    "Headrace (short)": ("simulator", headrace),
    "Headrace (fast)": ("numba", headrace),
    "Headrace (fast long)": ("numba", headrace),
    "asimpy": ("asimpy", asimpy),
    "dssim": ("dssim", dssim),
    "salabim": ("salabim", salabim),
    "queueing-tool": ("queueing_tool", queueing_tool),
    "Ciw": ("ciw", ciw),
}
"""Name -> the module that must be installed, and the function that runs a workload."""
