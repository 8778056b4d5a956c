"""The event store against the rules of event sourcing: expected versions, snapshots, what subscriptions get.

Sources: G. Young, *CQRS Documents* (2010), for expected versions and snapshots; the scenarios are those of
`docs/kinds/event-store.md`.
"""

from __future__ import annotations

from typing import Any

import pytest

from simulator import Document, simulate
from simulator.design.examples import templates
from simulator.errors import InvalidDesign
from simulator.experiments.replication import Replication
from simulator.graph.checks import practice_problems
from tests.simulator.designs import at, design, figures, node

INSTANT = {"read_latency": 0, "event_time": 0.001, "append_latency": 0.01}


def one_key(*times: float) -> dict[str, Any]:
    return {"arrivals": at(*times), "keys": {"distribution": "constant", "value": 1}}


def store_design(
    times: tuple[float, ...], settings: dict[str, Any], call: dict[str, Any] | None = None, **rest: Any
) -> Document:
    return design(
        [
            node("commands", "producer", **one_key(*times)),
            node("store", "event-store", **{**INSTANT, **settings}),
            node("view", "projection", service_time=0.001, read_time=0),
        ],
        ["commands->store:invoke", "store->view:consume"],
        edge_configs={"commands->store:invoke": call or {}},
        simulation={"duration": 100, "warmup": 0},
        **rest,
    )


def finished(document: Document) -> tuple[Replication, dict[str, Any]]:
    replication = Replication(document, 1, 0, 100.0, 0.0)
    replication.run()
    return replication, replication.world.nodes["store"].counts()


def test_of_two_commands_on_one_version_one_appends_and_the_other_loads_again():
    replication, counts = finished(store_design((1.0, 1.0), {"initial_events": 7}))
    assert replication.world.nodes["store"].streams[1].version == 9  # type: ignore[attr-defined]
    assert (counts["completions"], counts["conflicts"], counts["conflict_retries"]) == (2, 1, 1)
    assert replication.world.nodes["view"].counts()["completions"] == 2


def test_a_command_without_attempts_left_is_answered_with_an_error():
    replication, counts = finished(store_design((1.0, 1.0), {}, {"max_attempts": 1}))
    assert (counts["completions"], counts["dropped"], counts["conflicts_given_up"]) == (1, 1, 1)
    assert replication.world.flows[0].lost == 1


def test_appends_without_an_expected_version_never_conflict():
    _, counts = finished(store_design((1.0, 1.0, 1.0), {}, {"expected_version": "any"}))
    assert (counts["completions"], counts["conflicts"], counts["loads"]) == (3, 0, 0)


@pytest.mark.parametrize(
    ("every", "load_time"),
    [
        pytest.param(None, 10.0, id="no snapshots"),
        pytest.param(100, 0.0, id="every 100, and 10,000 is one of them"),
        pytest.param(3_000, 1.0, id="a thousand since the third"),
    ],
)
def test_a_snapshot_spares_the_events_before_it(every: int | None, load_time: float):
    """10,000 events of 1 ms: 10 s without a snapshot, at most k ms with one every k."""
    result = figures(simulate(store_design((1.0,), {"initial_events": 10_000, "snapshot_every": every})))
    assert result["nodes"]["store"]["load_time"]["max"] == pytest.approx(load_time)


def test_a_snapshot_is_taken_when_its_number_of_events_is_reached():
    _, counts = finished(store_design(tuple(map(float, range(1, 26))), {"snapshot_every": 10}))
    assert counts["snapshots"] == 2


def test_after_a_change_of_the_schema_streams_are_loaded_from_the_beginning():
    faults = [{"kind": "invalidate-snapshots", "node": "store", "at": 10}]
    document = store_design((1.0, 20.0), {"initial_events": 1_000, "snapshot_every": 100}, faults=faults)
    assert figures(simulate(document))["nodes"]["store"]["load_time"]["max"] == pytest.approx(1.001)


def test_calls_beyond_the_concurrency_wait_for_their_turn():
    result = figures(simulate(store_design((1.0, 1.0, 1.0), {"concurrency": 1})))
    # One after the other nothing conflicts: 10 ms, then 11 (one event to load), then 12.
    assert result["nodes"]["store"]["conflicts"] == 0
    assert result["flows"][0]["end_to_end_latency"]["max"] == pytest.approx(0.033)


def test_a_store_that_is_out_refuses_commands_and_delivers_nothing():
    faults = [{"kind": "outage", "node": "store", "at": 2, "duration": 3}]
    document = store_design((1.0, 3.0, 6.0), {"delivery_delay": 1.5}, faults=faults)
    result = figures(simulate(document))
    assert result["nodes"]["store"]["rejected"] == 1
    assert result["flows"][0]["lost"] == 1
    # Committed at 1.01, to be delivered at 2.51, in the outage; it comes at 5.
    assert result["nodes"]["view"]["staleness"]["max"] == pytest.approx(3.991)
    assert result["conservation"]["ok"]


@pytest.mark.parametrize(
    ("settings", "call", "code"),
    [
        ({"initial_events": 5_000}, {}, "D385"),
        ({}, {"expected_version": "any"}, "D386"),
        ({}, {"max_attempts": 1}, "D387"),
    ],
)
def test_practice_is_checked(settings: dict[str, Any], call: dict[str, Any], code: str):
    assert code in [problem.code for problem in practice_problems(store_design((1.0,), settings, call))]


def test_a_setting_that_a_call_does_not_know_is_named():
    with pytest.raises(InvalidDesign) as caught:
        store_design((1.0,), {}, {"operation": "delete"})
    assert [(one.element, one.field) for one in caught.value.problems] == [("e0", "config.operation")]


def test_workflow_tasks_keep_their_settings_beside_those_of_the_store():
    """Both ends of a call have a say: the settings of a task, and the operation of the store."""
    saga = next(one for one in templates() if one.slug == "order-saga").document
    machine = next(one for one in saga["nodes"] if one["kind"] == "aws.stepfunctions")
    task = next(one for one in saga["edges"] if one["from"] == machine["id"])
    data = {
        **saga,
        "nodes": [
            {"id": one["id"], "kind": "event-store"} if one["id"] == task["to"] else one
            for one in saga["nodes"]
        ],
        "edges": [
            {**one, "config": {**one.get("config", {}), "operation": "load"}} if one is task else one
            for one in saga["edges"]
            if one["from"] != task["to"]
        ],
        "faults": [],
        "objectives": [],
    }
    edge = next(one for one in Document.parse(data).edges if one.id == task["id"])
    assert (edge.settings.operation, edge.role) == ("load", "invoke")  # type: ignore[attr-defined]
    assert hasattr(edge.settings, "latency")
