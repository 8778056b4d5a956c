"""The archive of a bus and replays from it.

Source: Amazon EventBridge user guide, *Archiving and replaying events*; the scenario of three events is the
guide's own words in figures: minute by minute, no order within one, replayed events are not archived again.
"""

from __future__ import annotations

from typing import Any

import pytest

from simulator import InvalidDesign
from simulator.kinds.aws import event_archive
from tests.simulator.designs import at
from tests.simulator.kinds.aws.buses import arrivals_at, bus, event, figure, run

TIMES = (10.0, 50.0, 80.0)
ARCHIVE: dict[str, Any] = {"Archive": {}}


def replay(at: float = 200, **config: Any) -> dict[str, Any]:
    return {"kind": "replay", "node": "bus", "at": at, "config": config}


def test_a_replay_goes_minute_by_minute_and_archives_nothing_again():
    orders = set()
    for seed in range(12):
        document = bus(
            at(*TIMES),
            {"q": {}},
            config=ARCHIVE,
            faults=[replay(EventEndTime=120, rate=1)],
            duration=300,
            seed=seed,
        )
        result = run(document)
        assert (figure(result, "archived"), figure(result, "replayed")) == (3, 3)
        seen = arrivals_at(document, "q")
        orders.add(tuple(message.created for _, _, message in seen[3:]))
        assert [time for time, _, _ in seen[3:]] == [200, 201, 202]
    assert orders <= {(10, 50, 80), (50, 10, 80)}


def test_the_order_within_a_minute_is_not_kept():
    document = bus(at(*range(1, 31)), {"q": {}}, config=ARCHIVE, faults=[replay()], duration=300)
    again = [message.created for _, _, message in arrivals_at(document, "q")[30:]]
    assert again != sorted(again)
    assert sorted(again) == list(range(1, 31))


def test_replayed_events_carry_the_name_of_the_replay_and_count_as_duplicates():
    live = {"EventPattern": {"replay-name": [{"exists": False}]}}
    again = {"EventPattern": {"replay-name": ["second"]}}
    document = bus(
        at(1),
        {"live": live, "again": again},
        config=ARCHIVE,
        faults=[replay(ReplayName="second")],
        duration=300,
    )
    seen = arrivals_at(document, "live", "again")
    assert [(time, name) for time, name, _ in seen] == [(1, "live"), (200, "again")]
    assert seen[1][2].event is not None
    assert seen[1][2].event.attributes == {"replay-name": "second"}
    flows = {flow["to"]: flow["duplicates"]["mean"] for flow in run(document)["flows"]}
    assert flows == {"live-worker": 0, "again-worker": 1}


def test_a_replay_may_be_held_to_some_rules_only():
    document = bus(
        at(1), {"a": {"RuleName": "one"}, "b": {}}, config=ARCHIVE, faults=[replay(FilterArns=["one"])],
        duration=300,
    )  # fmt: skip
    assert [(time, name) for time, name, _ in arrivals_at(document, "a", "b")] == [
        (1, "a"),
        (1, "b"),
        (200, "a"),
    ]


def test_a_window_begins_with_its_start_and_ends_before_its_end():
    document = bus(
        at(*TIMES),
        {"q": {}},
        config=ARCHIVE,
        faults=[replay(EventStartTime=10, EventEndTime=80)],
        duration=300,
    )
    assert figure(run(document), "replayed") == 2


def test_an_archive_keeps_what_its_pattern_matches():
    kinds = {**event(), "type": {"choice": {"OrderPlaced": 1, "OrderPaid": 1}}}
    archive = {"Archive": {"EventPattern": {"detail-type": ["OrderPaid"]}}}
    document = bus(
        {"process": "constant", "rate": 1}, {"q": {}}, config=archive, template=kinds, faults=[replay(at=90)]
    )
    seen = arrivals_at(document, "q")
    paid = [message for _, _, message in seen if message.event and message.event.type == "OrderPaid"]
    result = run(document)
    archived = sum(not message.duplicate for message in paid)
    assert 20 < archived < 80
    assert figure(result, "archived") == archived
    assert sum(message.duplicate for _, _, message in seen) == figure(result, "replayed") <= archived


def test_events_leave_the_archive_after_their_retention():
    day = 86_400
    document = bus(
        {"process": "constant", "rate": 0.01},
        {"q": {}},
        config={"Archive": {"RetentionDays": 1}},
        faults=[replay(at=2 * day)],
        duration=2 * day + 100_000,
    )
    assert figure(run(document), "replayed") in (863, 864, 865)


def test_an_archive_that_would_grow_too_large_ends_the_run_with_a_sentence(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(event_archive, "MOST_EVENTS", 5)
    result = run(bus({"process": "constant", "rate": 1}, {"q": {}}, config=ARCHIVE))
    assert "archive fewer events" in str(result)


def test_a_replay_needs_an_archive_and_rules_that_exist():
    for faults, config in (([replay()], {}), ([replay(FilterArns=["none"])], ARCHIVE)):
        with pytest.raises(InvalidDesign) as refused:
            run(bus(at(1), {"q": {}}, config=config, faults=faults))
        assert [problem.code for problem in refused.value.problems] == ["D283"]
