"""Whatever a saga is made of: completed + compensated + stuck = started, undone in reverse order."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from simulator import Document
from simulator.experiments.replication import Replication
from simulator.kinds.sagas.record import SagaBook
from tests.simulator.designs import design, node
from tests.simulator.kinds.sagas.designs import choreographed, counts_of, settled

LOAD = {"process": "poisson", "rate": 5, "stop": 20}
SHARES = st.sampled_from([0.0, 0.05, 0.5])


@st.composite
def sagas(draw: st.DrawFn) -> Document:
    """Up to four steps at services that fail, are slow, or are out for a while."""
    size = draw(st.integers(1, 4))
    pivot = draw(st.integers(0, size))
    steps: list[dict[str, Any]] = []
    for place in range(size):
        step: dict[str, Any] = {
            "name": f"do-{place}",
            "pivot": place == pivot,
            "timeout": draw(st.sampled_from([0.3, 1.0, 5.0])),
        }
        if draw(st.integers(0, 3)):
            step["compensation"] = f"undo-{place}"
        if draw(st.booleans()):
            step["retry"] = {"max_attempts": draw(st.integers(2, 3)), "wait": 0.1}
        steps.append(step)
    services = [
        node(
            f"s{place}",
            "service",
            concurrency=draw(st.integers(1, 5)),
            capacity=draw(st.sampled_from([1, 20])),
            service_time={"distribution": "exponential", "mean": draw(st.sampled_from([0.05, 0.3]))},
            failure={"probability": draw(SHARES)},
        )
        for place in range(size)
    ]
    ways = [f"saga->s{place}" for place in range(size)]
    configs = {
        f"saga->s{place}": {
            "tasks": [f"do-{place}", f"undo-{place}"][: 2 if "compensation" in steps[place] else 1]
        }
        | {"refusal": draw(SHARES), "latency": draw(st.sampled_from([0.0, 0.01]))}
        for place in range(size)
    }
    faults = [
        {"kind": "outage", "node": place, "at": 5, "duration": draw(st.sampled_from([1, 10]))}
        for place in draw(st.sets(st.sampled_from(["saga", *(f"s{n}" for n in range(size))]), max_size=2))
    ]
    saga = {
        "durable": draw(st.booleans()),
        "idempotent": draw(st.booleans()),
        "tombstones": draw(st.booleans()),
        "semantic_lock": draw(st.booleans()),
        "recovery": {"max_attempts": draw(st.integers(1, 4)), "wait": 0.2},
        "recovery_timeout": 2.0,
    }
    keys = {"distribution": "uniform", "low": 0, "high": draw(st.sampled_from([2, 100]))}
    return design(
        [
            node("shop", "producer", arrivals=LOAD, keys=keys),
            node("saga", "saga", steps=steps, **saga),
            *services,
        ],
        ["shop->saga", *ways],
        edge_configs=configs,
        faults=faults,
        simulation={"duration": 4_000, "warmup": 0},
    )


@settings(max_examples=40, deadline=None)
@given(document=sagas())
def test_every_saga_ends_and_is_undone_in_reverse_order(document: Document):
    undone: list[tuple[Any, str]] = []
    undo = SagaBook.undo

    def noted(self: SagaBook, step: str, record: Any) -> bool:
        undone.append((record, step))
        return undo(self, step, record)

    SagaBook.undo = noted  # type: ignore[method-assign]
    try:
        counts = counts_of(document, "saga")
    finally:
        SagaBook.undo = undo  # type: ignore[method-assign]
    settled(counts)
    for record in {record for record, _ in undone}:
        firsts = list(dict.fromkeys(step for other, step in undone if other is record))
        if not counts["step_timeouts"]:
            assert firsts == sorted(firsts, reverse=True)
    if not counts["step_timeouts"]:
        assert counts["compensations_out_of_order"] == counts["late_steps_refused"] == 0
        if all("compensation" in step for step in document.to_data()["nodes"][1]["config"]["steps"]):
            assert counts["effects_left_over"] == 0


@settings(max_examples=25, deadline=None)
@given(
    refusals=st.tuples(SHARES, SHARES),
    loss=SHARES,
    duplication=SHARES,
    memory=st.booleans(),
    timeout=st.booleans(),
    outage=st.sampled_from(["", "order", "stock", "payment", "events"]),
)
def test_every_saga_by_events_ends(
    refusals: tuple[float, float], loss: float, duplication: float, memory: bool, timeout: bool, outage: str
):
    changes: dict[str, dict[str, Any]] = {
        "order": {"idempotent": memory, **({"timeout": 9.0, "timeout_event": "Expired"} if timeout else {})},
        "stock": {
            "refusal": refusals[0],
            "idempotent": memory,
            "compensates_on": ["PaymentFailed", "Expired"],
        },
        "payment": {"refusal": refusals[1], "idempotent": memory, "failure": {"probability": 0.1}},
    }
    unreliable = {"loss": loss, "duplication": duplication, "delay": 0.01}
    document = choreographed(
        arrivals=LOAD,
        changes=changes,
        edges={"stock->events": unreliable, "payment->events": unreliable},
        faults=[{"kind": "outage", "node": outage, "at": 5, "duration": 3}] if outage else [],
    )
    _, _, stuck = settled(counts_of(document, "order"))
    if not loss and outage != "events":
        assert stuck == 0 or not memory


def test_the_same_seed_gives_the_same_sagas():
    changes = {"payment": {"refusal": 0.05}}
    found = [counts_of(choreographed(arrivals=LOAD, changes=changes), "order") for _ in range(2)]
    assert found[0] == found[1]


def test_a_run_that_ends_earlier_counts_open_sagas_as_under_way():
    document = choreographed(
        arrivals={"process": "poisson", "rate": 5}, simulation={"duration": 30, "warmup": 0}
    )
    replication = Replication(document, 1, 0, 30.0, 0.0)
    replication.run()
    counts = replication.world.nodes["order"].counts()
    ended = counts["sagas_completed"] + counts["sagas_compensated"] + counts["sagas_stuck"]
    detail = replication.world.nodes["order"].detail()
    assert detail is not None
    assert counts["sagas_started"] == ended + detail["open_sagas"]
