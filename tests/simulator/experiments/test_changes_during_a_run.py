"""The action `set`: other workers of a consumer, other attributes of an SQS queue, from a moment on."""

from __future__ import annotations

from math import inf
from typing import Any, Literal

import pytest

from simulator import Document, check, simulate
from simulator.errors import InvalidDesign
from simulator.experiments.injection import Injections, Wish
from simulator.kinds.aws.sqs.fifo import FifoQueue
from simulator.kinds.aws.sqs.kind import KIND as SQS_KIND
from tests.simulator.designs import at, design, node
from tests.simulator.kinds.aws.sqs_client import Client

BROKERS = ["queue", "aws.sqs", "topic"]


def change(time: float, **config: Any) -> dict[str, Any]:
    return {"kind": "set", "node": config.pop("node", "c"), "at": time, "config": config}


def line(
    arrivals: dict[str, Any],
    *faults: dict[str, Any],
    broker: str = "queue",
    duration: float = 20,
    **worker: Any,
) -> Document:
    """producer -> broker -> consumer."""
    polling = {"ReceiveMessageWaitTimeSeconds": 20} if broker == "aws.sqs" else {}
    return design(
        [
            node("p", "producer", arrivals=arrivals),
            node("q", broker, **polling),
            node("c", "consumer", **{"service_time": 2, **worker}),
        ],
        ["p->q", "q->c"],
        faults=list(faults),
        simulation={"duration": duration, "warmup": 0},
    )


def latency_and_use(document: Document) -> tuple[float, float]:
    result = simulate(document)
    assert result["conservation"]["ok"]
    assert result["flows"][0]["lost"]["mean"] == 0
    return (
        result["flows"][0]["end_to_end_latency"]["max"]["mean"],
        result["nodes"]["c"]["utilization"]["mean"],
    )


@pytest.mark.parametrize("broker", BROKERS)
@pytest.mark.parametrize(
    ("faults", "workers", "expected"),
    [
        # Six messages of 2 s each at 0: one after the other, 12 s of 20.
        ([], {}, (12, 12 / 20)),
        # From 3 s on three workers: 2, 4 and, begun at 3 and 3, 5 and 5, then at 4 and 5: 6 and 7.
        ([change(3, instances=3)], {}, (7, 12 / (3 + 3 * 17))),
        ([change(3, concurrency=3)], {}, (7, 12 / (3 + 3 * 17))),
        # Three from the start; at 1 s two are too many: they finish what they hold, at 2 s.
        ([change(1, instances=1)], {"instances": 3}, (8, 12 / (3 + 19))),
        # Fewer, and one more again before they are free.
        (
            [change(1, instances=1), change(1.5, instances=2)],
            {"instances": 3},
            (6, 12 / (3 + 0.5 + 2 * 18.5)),
        ),
        # Too many who are idle go at once.
        ([change(15, instances=1)], {"instances": 3}, (4, 12 / (3 * 15 + 5))),
    ],
)
def test_workers_come_and_go_at_exact_times(
    broker: str, faults: list[dict[str, Any]], workers: dict[str, Any], expected: tuple[float, float]
) -> None:
    found = latency_and_use(line(at(*[0.0] * 6), *faults, broker=broker, **workers))
    assert found == pytest.approx(expected)


def test_batches_are_finished_before_their_workers_leave() -> None:
    batch = {"max_size": 2, "max_wait": 0, "service": "per-batch"}
    document = line(at(*[0.0] * 8), change(1, instances=1), instances=3, batch=batch)
    # Batches of 1, 1 and 1 begin as the messages come, then one worker does 2, 2 and 1.
    assert latency_and_use(document)[0] == 8


@pytest.mark.parametrize("pause", [(0.5, 3), (2.5, 4)])
def test_a_pause_and_fewer_workers_do_not_get_in_each_others_way(pause: tuple[float, float]) -> None:
    begin, lasts = pause
    faults = [{"kind": "pause", "node": "c", "at": begin, "duration": lasts}, change(1, instances=1)]
    document = line(at(*[0.0] * 6), *faults, instances=3, duration=40)
    result = simulate(document)
    assert result["flows"][0]["delivered"]["mean"] == 6
    # Three until 2 s, then one that goes on when the pause is over, or did one more before it.
    done_alone = {0.5: 3.5, 2.5: 6.5}[begin]
    more = {0.5: 3, 2.5: 2}[begin]
    assert result["flows"][0]["end_to_end_latency"]["max"]["mean"] == done_alone + 2 * more


INJECTED = [
    ("queue", change(0, instances=4)),
    ("queue", change(0, concurrency=3)),
    ("aws.sqs", change(0, instances=5)),
    ("aws.sqs", change(0, node="q", VisibilityTimeout=2, DelaySeconds=1)),
]


@pytest.mark.parametrize(("broker", "fault"), INJECTED)
@pytest.mark.parametrize("engine", ["auto", "events"])
def test_a_change_during_a_run_gives_the_bytes_of_the_design_that_has_it(
    broker: str, fault: dict[str, Any], engine: Literal["auto", "events"]
) -> None:
    """Also where stages had taken the place of events: the run is begun anew with events then."""
    poisson = {"process": "poisson", "rate": 50}
    service = {"distribution": "exponential", "mean": 0.03}
    document = line(poisson, broker=broker, duration=40, service_time=service, instances=2)
    wish = {key: value for key, value in fault.items() if key != "at"}
    taken: list[Document] = []
    injections = Injections(lambda _wish, _fault, changed, _to: taken.append(changed), lambda *_: None)
    asked = False

    def control(now: float) -> float:
        nonlocal asked
        if now >= 10.0 and not asked:
            asked = True
            injections.put(Wish("w", wish))
        return inf if asked else 10.0

    result = simulate(document, control=control, injections=injections, engine=engine)
    (changed,) = taken
    assert result == simulate(changed)
    assert result != simulate(document)


def refused(document: Document, **changed: Any) -> list[str]:
    """The problems of the design with other parts, as path, message and hint."""
    try:
        problems = check(Document.parse(document.to_data() | changed))
    except InvalidDesign as invalid:
        problems = list(invalid.problems)
    return [f"{one.path}: {one.message} {one.hint}" for one in problems if one.severity == "error"]


@pytest.mark.parametrize("broker", ["kafka.topic", "rabbitmq.queue"])
def test_kafka_and_rabbitmq_make_their_readers_when_a_run_begins(broker: str) -> None:
    (found,) = refused(line(at(1), broker=broker), faults=[change(1, instances=2)])
    assert "faults[0].node" in found
    assert "gets its readers when a run begins" in found


@pytest.mark.parametrize(
    ("config", "kind", "expected"),
    [
        ({}, "c", "instances or concurrency is missing"),
        ({"instances": 0}, "c", "faults[0].config.instances"),
        ({"instances": "many"}, "c", "faults[0].config.instances"),
        ({"workers": 3}, "c", "faults[0].config.workers"),
        ({}, "q", "VisibilityTimeout or DelaySeconds is missing"),
        ({"VisibilityTimeout": 43_201}, "q", "faults[0].config.VisibilityTimeout"),
        ({"DelaySeconds": -1}, "q", "faults[0].config.DelaySeconds"),
        ({"FifoQueue": True}, "q", "faults[0].config.FifoQueue"),
    ],
)
def test_a_change_that_makes_no_sense_names_its_field(
    config: dict[str, Any], kind: str, expected: str
) -> None:
    fault = {"kind": "set", "node": kind, "at": 1, "config": config}
    found = refused(line(at(1), broker="aws.sqs"), faults=[fault])
    assert any(expected in one for one in found), found


@pytest.mark.parametrize(
    ("queue", "worker", "expected"),
    [
        ({}, {"instances": None}, "as many workers as there is work"),
        ({"dispatch": "random"}, {}, "knows each worker"),
        ({"discipline": "priority", "preemption": "resume"}, {}, "knows each worker"),
    ],
)
def test_workers_that_a_queue_knows_cannot_change(
    queue: dict[str, Any], worker: dict[str, Any], expected: str
) -> None:
    nodes = line(at(1), **worker).to_data()["nodes"]
    nodes[1]["config"] = queue
    found = refused(line(at(1)), nodes=nodes, faults=[change(1, instances=2)])
    assert any(expected in one for one in found), found


# -- attributes of a queue ---------------------------------------------------------------------------
def test_a_visibility_timeout_is_that_of_later_receives() -> None:
    """SetQueueAttributes; what is in flight keeps the timeout of its receive (API reference)."""
    client = Client({"main": {"VisibilityTimeout": 30}})
    queue = client.queue()
    client.send("a")
    client.send("b")
    assert client.receive().bodies == ["a"]
    strike(client, VisibilityTimeout=5)
    assert client.receive().bodies == ["b"]
    client.sleep(6)
    assert client.receive(10).bodies == ["b"]
    client.sleep(25)
    assert sorted(client.receive(10).bodies) == ["a", "b"]
    assert queue.settings.visibility_timeout == 5


@pytest.mark.parametrize(
    ("fifo", "at_five", "at_ten"),
    [
        # Standard: only what is sent from then on (SQS developer guide, *Delay queues*: not retroactive).
        (False, ["new"], ["old"]),
        # FIFO: also what waits already (the same page: retroactive).
        (True, ["old", "new"], []),
    ],
)
def test_a_delay_is_retroactive_on_fifo_alone(fifo: bool, at_five: list[str], at_ten: list[str]) -> None:
    attributes: dict[str, Any] = {"DelaySeconds": 10}
    if fifo:
        attributes |= {"FifoQueue": True, "ContentBasedDeduplication": True}
    client = Client({"main": attributes})
    group = "g" if fifo else None
    client.send("old", group=group)
    client.sleep(1)
    strike(client, DelaySeconds=4)
    client.send("new", group=group)
    client.sleep(5)
    assert client.receive(10).bodies == at_five
    client.sleep(4)
    assert client.receive(10).bodies == at_ten
    assert isinstance(client.queue(), FifoQueue) == fifo


def strike(client: Client, **config: Any) -> None:
    kind = next(kind for kind in SQS_KIND.faults if kind.fault == "set")
    client.queue().strike("set", kind.settings.model_validate(config))
    client.sleep(0.0)
