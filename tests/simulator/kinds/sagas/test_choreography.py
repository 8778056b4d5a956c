"""A saga by events: who publishes what, duplicates, time-outs, and what is seen from outside.

Source: C. Richardson, *Microservices Patterns* (2018), ch. 4, choreography-based sagas; the scenario of
order, stock and payment is that of `docs/kinds/saga-participant.md`.
"""

from __future__ import annotations

from typing import Any

import pytest

from simulator import Document, simulate
from simulator.errors import InvalidDesign
from simulator.graph.checks import practice_problems
from simulator.kinds.sagas.participant import Participant
from tests.simulator.designs import at, design, figures, node
from tests.simulator.kinds.sagas.designs import PARTICIPANTS, choreographed, counts_of, settled

REFUSED: dict[str, dict[str, Any]] = {"payment": {"refusal": 1.0}}
WITH_TIMEOUT: dict[str, dict[str, Any]] = {
    "order": {"timeout": 30.0, "timeout_event": "Expired"},
    "stock": {"compensates_on": ["PaymentFailed", "Refunded"]},
    "payment": {"compensates_on": ["Expired"], "compensated_event": "Refunded"},
}


@pytest.fixture
def events(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    found: list[str] = []
    publish = Participant._publish

    def noted(self: Participant, type: str | None, *rest: Any) -> None:
        if type is not None:
            found.append(type)
        publish(self, type, *rest)

    monkeypatch.setattr(Participant, "_publish", noted)
    return found


def test_a_declined_payment_releases_the_stock_and_cancels_the_order(events: list[str]):
    """Events exactly: Created, Reserved, PaymentFailed, Released, Cancelled."""
    counts = counts_of(choreographed(1.0, changes=REFUSED), "order")
    assert events == ["Created", "Reserved", "PaymentFailed", "Released", "Cancelled"]
    assert settled(counts) == (0, 1, 0)
    assert counts["effects_left_over"] == counts["compensations_out_of_order"] == 0


def test_an_edge_counts_what_its_participant_publishes_of_all_sorts():
    document = choreographed(1.0, changes=REFUSED)
    result = figures(simulate(document))
    sent = {
        edge.source: result["edges"][edge.id]["total"]
        for edge in document.edges
        if edge.role == "publish" and edge.source in result["nodes"] and edge.source != "shop"
    }
    assert sent["order"] == sent["stock"] == 2  # Created and Cancelled, Reserved and Released
    assert sent["payment"] == 1


def test_an_event_that_comes_twice_releases_nothing_twice(events: list[str]):
    twice = {"payment->events": {"duplication": 1.0}}
    counts = counts_of(choreographed(1.0, changes=REFUSED, edges=twice), "order")
    assert events == ["Created", "Reserved", "PaymentFailed", "Released", "Cancelled"]
    assert (settled(counts), counts["repeats_refused"], counts["compensations"]) == ((0, 1, 0), 1, 2)


def test_without_memory_it_releases_and_tells_twice(events: list[str]):
    twice = {"payment->events": {"duplication": 1.0}}
    changes = {**REFUSED, "stock": {"idempotent": False}}
    counts = counts_of(choreographed(1.0, changes=changes, edges=twice), "order")
    assert events.count("Released") == 2
    assert counts["effects_repeated"] == 1


def test_a_saga_takes_the_sum_of_its_steps():
    """By events: the sum of step + 1 hop; here two hops of 10 ms before the last step."""
    slow = {f"{name}->events": {"delay": 0.01} for name in PARTICIPANTS}
    result = figures(simulate(choreographed(1.0, edges=slow)))
    # From the first reaction: order is done at 1.1, stock at 1.31, payment at 1.62.
    assert result["nodes"]["order"]["execution_time"]["max"] == pytest.approx(0.52)
    assert result["nodes"]["order"]["completed_share"] == 1


def test_a_lost_event_leaves_a_saga_stuck_where_there_is_no_timeout():
    lost = {"stock->events": {"loss": 1.0}}
    assert settled(counts_of(choreographed(1.0, edges=lost), "order")) == (0, 0, 1)


def test_a_timeout_undoes_what_was_left_half_done(events: list[str]):
    pause = [{"kind": "pause", "node": "payment", "at": 0, "duration": 35}]
    changes = {**WITH_TIMEOUT, "payment": {**WITH_TIMEOUT["payment"], "concurrency": 1}}
    document = choreographed(1.0, changes=changes, faults=pause)
    counts = counts_of(document, "order")
    # Payment comes back at 35 s, with Reserved and then Expired in its line: it does and undoes.
    assert events == ["Created", "Reserved", "Expired", "Paid", "Refunded", "Released", "Cancelled"]
    assert settled(counts) == (0, 1, 0)
    assert (counts["step_timeouts"], counts["compensations_out_of_order"]) == (1, 0)


def test_a_step_that_comes_after_its_compensation_meets_the_tombstone(events: list[str]):
    """The time-out overtakes the event that payment reacts to: stock's event is 40 s under way."""
    slow = {"stock->events": {"delay": 40.0}}
    counts = counts_of(choreographed(1.0, changes=WITH_TIMEOUT, edges=slow), "order")
    assert events[:4] == ["Created", "Reserved", "Expired", "Refunded"]
    assert "Paid" not in events
    assert (settled(counts), counts["late_steps_refused"]) == ((0, 1, 0), 1)


def brokers() -> dict[str, Document]:
    """The same participants over the brokers of all vendors, with queues where one needs them."""
    made = {"topic": choreographed(arrivals=LOAD, changes=CHANGES)}
    members = [
        node(name, "saga-participant", **{**settings, **CHANGES.get(name, {})})
        for name, settings in PARTICIPANTS.items()
    ]
    shop = node("shop", "producer", arrivals=LOAD, event={"source": "shop", "type": "OrderPlaced"})
    ways = ["shop->events"] + [f"{name}->events" for name in PARTICIPANTS]
    direct = [f"events->{name}" for name in PARTICIPANTS]
    queued = [f"events->{name}-queue" for name in PARTICIPANTS]
    queued += [f"{name}-queue->{name}" for name in PARTICIPANTS]
    simulation = {"duration": 200, "warmup": 0}
    made["kafka.topic"] = design(
        [shop, node("events", "kafka.topic", partitions=3), *members], ways + direct, simulation=simulation
    )
    for broker, queue in (("aws.sns", "aws.sqs"), ("rabbitmq.exchange", "rabbitmq.queue")):
        settings = {"type": "fanout"} if queue == "rabbitmq.queue" else {}
        queues = [node(f"{name}-queue", queue) for name in PARTICIPANTS]
        made[broker] = design(
            [shop, node("events", broker, **settings), *queues, *members],
            ways + queued,
            simulation=simulation,
        )
    return made


LOAD = {"process": "poisson", "rate": 5, "stop": 100}
CHANGES: dict[str, dict[str, Any]] = {
    "payment": {"refusal": 0.05, "failure": {"probability": 0.02}},
    "stock": {"refusal": 0.02},
}


@pytest.mark.parametrize("broker", ["topic", "kafka.topic", "aws.sns", "rabbitmq.exchange"])
def test_every_saga_comes_to_an_end_over_every_broker(broker: str):
    completed, compensated, stuck = settled(counts_of(brokers()[broker], "order"))
    assert stuck == 0
    assert completed > 400
    assert 15 < compensated < 70


def test_a_closed_client_waits_for_the_end_of_its_saga():
    closed = {"process": "closed", "clients": 1, "think_time": 1.0}
    counts = counts_of(
        choreographed(arrivals=closed, simulation={"duration": 32.0, "warmup": 0}, changes=REFUSED), "order"
    )
    # A second of thought, then 0.1 + 0.2 + 0.3 s forward and 0.2 + 0.1 s back.
    assert counts["sagas_compensated"] == 16


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"stock": {"compensates_on": ["Nothing"]}}, "D410"),
        ({"payment": {"refused_event": None, "refusal": 0.1}}, "D411"),
        ({"stock": {"compensates_on": []}, "payment": {"refusal": 0.1}}, "D400"),
        ({}, "D401"),
        ({"order": {"reacts_to": ["Paid"]}}, "D413"),
        ({"stock": {"timeout": 5.0, "timeout_event": "Late"}}, "D414"),
        ({"stock": {"idempotent": False}}, "D404"),
    ],
)
def test_practice_is_checked(changes: dict[str, dict[str, Any]], code: str):
    codes = {problem.code for problem in practice_problems(choreographed(1.0, changes=changes))}
    assert code in codes


def test_many_participants_are_better_driven_by_a_coordinator():
    steps = [
        node(f"s{number}", "saga-participant", reacts_to=[f"E{number}"], done_event=f"E{number + 1}")
        for number in range(6)
    ]
    document = design(
        [node("shop", "producer", arrivals=at(1.0)), node("events", "topic"), *steps],
        ["shop->events"]
        + [f"events->{one['id']}" for one in steps]
        + [f"{one['id']}->events" for one in steps],
    )
    assert "D412" in {problem.code for problem in practice_problems(document)}


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"reacts_to": ["A"], "compensates_on": ["A"]}, "cannot both begin"),
        ({"timeout": 5.0}, "timeout_event is missing"),
        ({"refusal": 1.5}, "at most 1"),
    ],
)
def test_bad_settings_are_refused(settings: dict[str, Any], words: str):
    with pytest.raises(InvalidDesign) as refusal:
        design([node("one", "saga-participant", **settings)], [])
    assert words in refusal.value.problems[0].message
