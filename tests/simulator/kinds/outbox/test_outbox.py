"""The outbox against two writes: what is lost, what never was, what comes twice, and in which order.

Source: C. Richardson, *Microservices Patterns* (2018), ch. 3;
the scenarios are those of `docs/kinds/outbox.md`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator import Document, simulate
from simulator.errors import InvalidDesign
from simulator.experiments.replication import Replication
from simulator.graph.checks import practice_problems
from simulator.kinds.outbox.node import OutboxNode
from tests.simulator.designs import at, design, figures, node

FOLDER = Path(__file__).parent / "traces"
METHODS = ["polling", "log-tailing", "commit-then-publish", "publish-then-commit"]
EXACT = {"commit_time": 0.01, "publish_time": 0.01, "mark_time": 0.01, "log_delay": 0.1}


def orders(*times: float, arrivals: dict[str, Any] | None = None, **more: Any) -> Document:
    """A service with its database, a queue, and a reader that sees every event."""
    rest = {name: more.pop(name) for name in ("faults", "simulation") if name in more}
    return design(
        [
            node("shop", "producer", arrivals=arrivals or at(*times), keys=more.pop("keys", None)),
            node("orders", "outbox", **{**EXACT, **more}),
            node("events", "queue"),
            node("mail", "consumer", service_time=0.001),
        ],
        ["shop->orders", "orders->events", "events->mail"],
        **{"simulation": {"duration": 60, "warmup": 0}, **rest},
    )


def counts_of(document: Document) -> dict[str, int]:
    replication = Replication(document, 1, 0, document.simulation.duration, 0.0)
    replication.run()
    for running in replication.world.nodes.values():
        for ledger in running.ledgers().values():
            assert ledger["accepted"] == sum(ledger.values()) - ledger["accepted"], running.id
    return replication.world.nodes["orders"].counts()


def test_a_polled_event_waits_half_an_interval_on_average():
    """Mean delay of a polling relay: poll interval / 2 and the publish itself."""
    load = {"process": "poisson", "rate": 40}
    document = orders(arrivals=load, poll_interval=2.0, simulation={"duration": 600, "warmup": 0})
    delay = figures(simulate(document))["nodes"]["orders"]["publish_delay"]
    assert delay["mean"] == pytest.approx(1.01, rel=0.02)
    assert delay["max"] <= 2.01 + 1e-6


def test_a_tailed_log_tells_after_its_delay():
    delay = figures(simulate(orders(1.0, method="log-tailing")))["nodes"]["orders"]["publish_delay"]
    assert delay["max"] == pytest.approx(0.11)


CRASH = [{"kind": "outage", "node": "orders", "at": 1.015, "duration": 5}]


@pytest.mark.parametrize(
    ("method", "lost", "phantoms", "told"),
    [
        ("polling", 0, 0, 1),
        ("log-tailing", 0, 0, 1),
        ("commit-then-publish", 1, 0, 0),
        ("publish-then-commit", 0, 1, 1),
    ],
)
def test_a_crash_between_the_two_writes(method: str, lost: int, phantoms: int, told: int):
    """Committed (or published) at 1.01 s, crashed at 1.015 s: an outbox publishes after the restart."""
    counts = counts_of(orders(1.0, method=method, faults=CRASH))
    assert (counts["lost_events"], counts["phantom_events"]) == (lost, phantoms)
    assert counts["events_published"] == told


def test_a_crash_between_publish_and_mark_publishes_twice():
    """Published at 2.01 s, to be marked by 2.02 s: after the restart it is published once more."""
    faults = [{"kind": "outage", "node": "orders", "at": 2.015, "duration": 5}]
    document = orders(1.0, faults=faults)
    counts = counts_of(document)
    assert (counts["events_published"], counts["events_repeated"]) == (1, 1)
    assert figures(simulate(document))["nodes"]["mail"]["duplicates"] == 1


def test_a_broker_that_is_down_holds_up_an_outbox_and_costs_two_writes_their_event():
    faults = [{"kind": "outage", "node": "events", "at": 0.5, "duration": 10}]
    outbox = counts_of(orders(1.0, 2.0, 12.0, faults=faults))
    assert (outbox["events_published"], outbox["lost_events"]) == (3, 0)
    assert outbox["publish_refused"] > 5
    assert counts_of(orders(1.0, faults=faults, method="commit-then-publish"))["lost_events"] == 1
    last = counts_of(orders(1.0, faults=faults, method="publish-then-commit"))
    assert (last["lost_events"], last["phantom_events"], last["dropped"]) == (0, 0, 1)


def test_a_rollback_is_a_phantom_only_where_the_event_is_out_before():
    found = {method: counts_of(orders(1.0, rollback=1.0, method=method)) for method in METHODS}
    assert {method: counts["phantom_events"] for method, counts in found.items()} == {
        "polling": 0,
        "log-tailing": 0,
        "commit-then-publish": 0,
        "publish-then-commit": 1,
    }
    assert all(counts["transactions_rolled_back"] == 1 for counts in found.values())


SLOW_FIRST = {
    # The first transaction of the two begins first and commits last.
    "commit_time": {"distribution": "exponential", "mean": 0.2},
    "arrivals": {"process": "poisson", "rate": 50, "stop": 40},
    "keys": {"distribution": "uniform", "low": 0, "high": 5},
}


def test_ids_skip_rows_that_commit_late_and_marks_do_not():
    by_id = counts_of(orders(**SLOW_FIRST, cursor="id"))
    assert by_id["rows_skipped"] == by_id["lost_events"] > 50
    by_mark = counts_of(orders(**SLOW_FIRST))
    assert (by_mark["rows_skipped"], by_mark["lost_events"]) == (0, 0)


def test_an_outbox_keeps_the_order_of_an_aggregate_and_two_writes_do_not():
    slow = {**SLOW_FIRST, "publish_time": {"distribution": "exponential", "mean": 0.2}}
    assert counts_of(orders(**slow))["published_out_of_order"] == 0
    assert counts_of(orders(**slow, method="log-tailing"))["published_out_of_order"] == 0
    assert counts_of(orders(**slow, method="commit-then-publish"))["published_out_of_order"] > 20


def test_the_shares_of_crashes_are_the_shares_of_lost_and_phantom_events():
    """Loss window = P(crash between commit and publish)."""
    load = {"process": "poisson", "rate": 100, "stop": 55}
    lost = counts_of(orders(arrivals=load, crash_probability=0.02, method="commit-then-publish"))
    assert lost["lost_events"] / lost["transactions_committed"] == pytest.approx(0.02, abs=0.006)
    phantoms = counts_of(orders(arrivals=load, crash_probability=0.02, method="publish-then-commit"))
    assert phantoms["phantom_events"] / phantoms["events_published"] == pytest.approx(0.02, abs=0.006)


@settings(max_examples=40, deadline=None)
@given(
    method=st.sampled_from(METHODS),
    rollback=st.sampled_from([0.0, 0.2]),
    crash=st.sampled_from([0.0, 0.2]),
    size=st.sampled_from([1, 3, 100]),
    cursor=st.sampled_from(["unpublished", "id"]),
    down=st.sets(st.sampled_from(["orders", "events"])),
)
def test_every_transaction_is_told_of_or_counted(
    method: str, rollback: float, crash: float, size: int, cursor: str, down: set[str]
):
    document = orders(
        arrivals={"process": "poisson", "rate": 20, "stop": 20},
        keys={"distribution": "uniform", "low": 0, "high": 3},
        commit_time={"distribution": "exponential", "mean": 0.05},
        method=method,
        rollback=rollback,
        crash_probability=crash,
        restart_time=1.0,
        batch_size=size,
        cursor=cursor,
        poll_interval=0.25,
        faults=[{"kind": "outage", "node": name, "at": 5, "duration": 3} for name in sorted(down)],
        simulation={"duration": 2_000, "warmup": 0},
    )
    counts = counts_of(document)
    assert counts["transactions_committed"] == counts["completions"] + counts["lost_events"]
    assert counts["events_published"] == counts["completions"] + counts["phantom_events"]
    if method in ("polling", "log-tailing"):
        assert counts["phantom_events"] == 0
        assert counts["lost_events"] == counts["rows_skipped"]
        if cursor == "unpublished":
            assert counts["published_out_of_order"] == counts["lost_events"] == 0


@pytest.mark.parametrize(
    ("config", "code"),
    [
        ({"method": "commit-then-publish"}, "D415"),
        ({"method": "publish-then-commit"}, "D415"),
        ({"cursor": "id"}, "D416"),
        ({"after_publish": "mark"}, "D417"),
    ],
)
def test_practice_is_checked(config: dict[str, Any], code: str):
    assert code in {problem.code for problem in practice_problems(orders(1.0, **config))}


def test_an_outbox_without_a_way_out_is_told():
    document = design([node("shop", "producer"), node("orders", "outbox")], ["shop->orders"])
    assert "D418" in {problem.code for problem in practice_problems(document)}


def test_the_plain_outbox_follows_its_own_advice():
    assert practice_problems(orders(1.0)) == []


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"method": "hope"}, "polling"),
        ({"poll_interval": 0}, "above 0"),
        ({"batch_size": 0}, "at least 1"),
        ({"crash_probability": 2.0}, "at most 1"),
    ],
)
def test_bad_settings_are_refused_at_their_field(config: dict[str, Any], words: str):
    with pytest.raises(InvalidDesign) as refusal:
        orders(1.0, **config)
    problem = refusal.value.problems[0]
    assert problem.path == f"nodes[1].config.{next(iter(config))}"
    assert words in f"{problem.message} {problem.hint}"


CASES: dict[str, Document] = {
    f"{method}-and-a-crash-after-the-first-write": orders(1.0, method=method, faults=CRASH)
    for method in METHODS
} | {
    "polling-and-a-crash-between-publish-and-mark": orders(
        1.0, faults=[{"kind": "outage", "node": "orders", "at": 2.015, "duration": 5}]
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_story_of_every_event_is_as_its_trace_says(name: str, monkeypatch: pytest.MonkeyPatch):
    lines: list[str] = []

    def stand_by(method: str, word: str) -> None:
        inner: Callable[..., Any] = getattr(OutboxNode, method)

        def both(self: OutboxNode, *args: Any) -> Any:
            found = inner(self, *args)
            if found is not False:
                lines.append(f"{self.env.now:8.3f}  {word}")
            return found

        monkeypatch.setattr(OutboxNode, method, both)

    stand_by("_begin", "a transaction begins")
    stand_by("is_committed", "committed")
    stand_by("publish", "published")
    stand_by("told", "told for the first time")
    stand_by("lose_event", "lost: committed, and nobody will hear of it")
    stand_by("undone", "rolled back")
    stand_by("fail", "crash")
    stand_by("recover", "restart")
    Replication(CASES[name], 1, 0, 60.0, 0.0).run()
    text = "\n".join(lines) + "\n"
    trace = FOLDER / f"{name}.txt"
    if os.environ.get("HEADRACE_WRITE_TRACES"):
        trace.parent.mkdir(exist_ok=True)
        trace.write_text(text)
    assert text == trace.read_text()
