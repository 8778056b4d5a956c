"""Scenarios of Amazon EventBridge with known outcomes."""

from __future__ import annotations

from collections import Counter
from typing import Any

from tests.simulator.designs import at
from tests.simulator.kinds.aws.buses import arrivals_at, bus, event
from tests.simulator.kinds.aws.scenario import Played, Scenario, arrived, figures, received

# ---------------------------------------------------------------------- EventBridge


def matched(template: dict[str, Any]) -> list[str]:
    rule_a = {"RuleName": "A", "EventPattern": {"source": ["orders"]}}
    rule_b = {"EventPattern": {"detail": {"amount": [{"numeric": [">=", 100]}]}}}
    document = bus(at(1), {"l1": rule_a, "l2": rule_a, "q": rule_b}, template=template)
    return [id for _, id, _ in arrivals_at(document, "l1", "l2", "q")]


def two_rules() -> Played:
    events = {
        "amount 100": {"source": "orders", "detail": {"amount": 100}},
        "amount 99": {"source": "orders", "detail": {"amount": 99}},
        "text of another source": {"source": "x", "detail": {"amount": "100"}},
    }
    found: dict[str, Any] = {name: matched(one) for name, one in events.items()}
    return Played(found, [f"{name}: {' '.join(got) or 'nothing'}" for name, got in found.items()])


def target_down(policy: dict[str, Any], *, dead: bool) -> Played:
    outage = {"kind": "outage", "node": "q", "at": 0, "duration": 600}
    rules = {"q": {"RetryPolicy": policy} if policy else {}, "p": {}}
    document = bus(at(1), rules, faults=[outage], dead=dead, duration=90_000)
    result = figures(document)
    edges = result["edges"]
    times = {name: received(document, f"{name}-worker") for name in ("q", "p")}
    letters = [time for time, _, _ in arrivals_at(document, "dead")] if dead else []
    return Played(
        {
            "delivered": edges["e1"]["delivered"]["mean"],
            "after the outage": all(time >= 600 for time in times["q"]),
            "dropped": edges["e1"]["dropped"]["mean"],
            "in the dead-letter queue": letters,
            "the other target": times["p"],
        },
        [f"{time:14.6f}  {name}" for name, found in {**times, "dead": letters}.items() for time in found],
    )


def target_deleted() -> Played:
    gone = {"kind": "target-refusal", "node": "bus", "at": 0, "duration": 50}
    document = bus(at(1), {"q": {}}, faults=[gone], dead=True)
    edge = figures(document)["edges"]["e1"]
    lines = arrived(document, "dead")
    return Played(
        {
            "retries": edge["delivery_retries"]["mean"],
            "in the dead-letter queue at": float(lines[0].split()[0]),
        },
        lines,
    )


def over_the_invocations() -> Played:
    load = {"process": "trace", "counts": [[0, 10_000]], "interval": 0.001}
    document = bus(load, {"a": {}, "b": {}, "c": {}}, duration=20)
    seconds = Counter(int(time) for time, _, _ in arrivals_at(document, "a", "b", "c"))
    return Played({"delivered in each second": dict(seconds)}, [f"{dict(seconds)}"])


def over_the_calls(spread: float) -> Played:
    load = {"process": "trace", "counts": [[0, 12_000]], "interval": spread}
    document = bus(load, {"a": {}}, put={"max_attempts": 1}, duration=20)
    result = figures(document)
    return Played(
        {
            "rejected": result["nodes"]["bus"]["rejected"]["mean"],
            "throttled": result["nodes"]["bus"]["throttled"]["mean"],
        }
    )


def replayed() -> Played:
    replay = {"kind": "replay", "node": "bus", "at": 200, "config": {"EventEndTime": 120}}
    document = bus(
        at(10, 50, 80), {"q": {}}, config={"Archive": {}}, faults=[replay], template=event(), duration=400
    )
    again = [(time, message.sequence) for time, _, message in arrivals_at(document, "q") if time >= 200]
    node_figures = figures(document)["nodes"]["bus"]
    return Played(
        {
            "first two": sorted(sequence for _, sequence in again[:2]),
            "third": [sequence for _, sequence in again[2:]],
            "archived": node_figures["archived"]["mean"],
            "replayed": node_figures["replayed"]["mean"],
        },
        arrived(document, "q"),
    )


EVENTBRIDGE = [
    Scenario(
        "eventbridge-1",
        "Every target of every rule that matches gets the event once.",
        "Amazon EventBridge user guide, Event patterns",
        two_rules,
        {"amount 100": ["l1", "l2", "q"], "amount 99": ["l1", "l2"], "text of another source": []},
    ),
    Scenario(
        "eventbridge-2",
        "A target that is down for ten minutes gets the event on a later retry.",
        "Amazon EventBridge user guide, How EventBridge retries delivering events",
        lambda: target_down({}, dead=True),
        {
            "delivered": 1,
            "after the outage": True,
            "dropped": 0,
            "in the dead-letter queue": [],
            "the other target": [1.0],
        },
    ),
    Scenario(
        "eventbridge-2-age",
        "With a maximum age of 60 s it is in the dead-letter queue after 60 s.",
        "Amazon EventBridge API reference, RetryPolicy",
        lambda: target_down({"MaximumEventAgeInSeconds": 60}, dead=True),
        {
            "delivered": 0,
            "after the outage": True,
            "dropped": 0,
            "in the dead-letter queue": [61.0],
            "the other target": [1.0],
        },
    ),
    Scenario(
        "eventbridge-2-dropped",
        "Without a dead-letter queue it is dropped.",
        "Amazon EventBridge API reference, RetryPolicy",
        lambda: target_down({"MaximumEventAgeInSeconds": 60}, dead=False),
        {
            "delivered": 0,
            "after the outage": True,
            "dropped": 1,
            "in the dead-letter queue": [],
            "the other target": [1.0],
        },
    ),
    Scenario(
        "eventbridge-3",
        "For a target that was deleted there are no retries.",
        "Amazon EventBridge user guide, Using dead-letter queues",
        target_deleted,
        {"retries": 0, "in the dead-letter queue at": 1.0},
    ),
    Scenario(
        "eventbridge-4",
        "Of 30,000 invocations in one second 18,750 happen in it and the rest in the next.",
        "Amazon EventBridge user guide, quotas, us-east-1",
        over_the_invocations,
        {"delivered in each second": {0: 18_750, 1: 11_250}},
    ),
    Scenario(
        "eventbridge-4-calls",
        "Of 12,000 PutEvents calls in one second 2,000 are rejected.",
        "Amazon EventBridge user guide, quotas, us-east-1",
        lambda: over_the_calls(0.99),
        {"rejected": 2_000, "throttled": 2_000},
    ),
    Scenario(
        "eventbridge-5",
        "A replay goes minute by minute, and what it brings is not archived again.",
        "Amazon EventBridge user guide, Archiving and replaying events",
        replayed,
        {"first two": [1, 2], "third": [3], "archived": 3, "replayed": 3},
    ),
]
