"""DynamoDB tables against the rules of its developer guide: units, capacity, conflicts, stream."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator import Document, simulate
from simulator.errors import InvalidDesign
from simulator.experiments.replication import Replication
from simulator.graph.checks import practice_problems
from simulator.kinds.aws.dynamodb.units import read_units, write_units
from tests.simulator.designs import at, design, figures, node

KB = 1_024
QUICK = {"get_latency": 0.001, "put_latency": 0.01, "stream_delay": 0}
MANY_KEYS = {"distribution": "uniform", "low": 0, "high": 1_000_000}
ONE_KEY = {"distribution": "constant", "value": 7}


def table(
    times: Any,
    config: dict[str, Any],
    call: dict[str, Any],
    *,
    keys: dict[str, Any] | None = None,
    size: float = KB,
    duration: float = 60,
    **rest: Any,
) -> Document:
    arrivals = at(*times) if isinstance(times, tuple) else times
    return design(
        [
            node("client", "producer", arrivals=arrivals, keys=keys or MANY_KEYS, size=size),
            node("table", "aws.dynamodb", **{**QUICK, **config}),
            *rest.pop("nodes", []),
        ],
        ["client->table:invoke", *rest.pop("edges", [])],
        edge_configs={"client->table:invoke": call},
        simulation={"duration": duration, "warmup": 0},
        **rest,
    )


def counts(document: Document, duration: float = 60) -> dict[str, int]:
    replication = Replication(document, 1, 0, duration, 0.0)
    recording = replication.run()
    for ledger in recording.ledgers.values():
        assert ledger["accepted"] == sum(count for name, count in ledger.items() if name != "accepted")
    return replication.world.nodes["table"].counts()


@pytest.mark.parametrize(
    ("units", "expected"),
    [
        pytest.param(write_units("put", 3.5 * KB, 1), 4, id="3.5 KB written"),
        pytest.param(write_units("transact-write", 3.5 * KB, 1), 8, id="in a transaction"),
        pytest.param(write_units("put", 1, 1), 1, id="one byte"),
        pytest.param(write_units("put", KB + 1, 1), 2, id="one byte more than 1 KB"),
        pytest.param(read_units("get", 3.5 * KB, 1, is_consistent=True), 1, id="3.5 KB read"),
        pytest.param(read_units("get", 3.5 * KB, 1, is_consistent=False), 0.5, id="eventually consistent"),
        pytest.param(read_units("get", 4 * KB + 1, 1, is_consistent=True), 2, id="one byte more than 4 KB"),
        pytest.param(
            read_units("transact-get", 3.5 * KB, 2, is_consistent=False), 4, id="two in a transaction"
        ),
        pytest.param(read_units("query", KB, 10, is_consistent=True), 3, id="a query is rounded as a whole"),
        pytest.param(read_units("get", KB, 10, is_consistent=True), 10, id="gets one by one"),
    ],
)
def test_units_are_rounded_as_the_guide_says(units: float, expected: float):
    """Amazon DynamoDB developer guide, *Read and write operations*."""
    assert units == expected


def test_unused_capacity_of_five_minutes_carries_a_burst():
    """100 WCU, 1,000 writes/s of 1 KB: 30,000 units last 30,000 / 900 = 33 s, then 100 a second."""
    load = {"process": "constant", "rate": 1_000}
    config = {"BillingMode": "PROVISIONED", "WriteCapacityUnits": 100}
    call = {"max_attempts": 1}
    early = counts(table(load, config, call, duration=33), 33)
    assert early["throttled_table"] == 0
    late = counts(table(load, config, call, duration=53), 53)
    assert late["completions"] == pytest.approx(30_000 + 53 * 100, rel=0.01)


def test_a_hot_key_gets_what_one_partition_has_and_the_others_do_not_suffer():
    """10,000 WCU, 2,000 writes/s, nine in ten for one key: 1,000 of it pass each second (the burst apart)."""
    document = design(
        [
            node("hot", "producer", arrivals={"process": "constant", "rate": 1_800}, keys=ONE_KEY),
            node("cold", "producer", arrivals={"process": "constant", "rate": 200}, keys=MANY_KEYS),
            node("table", "aws.dynamodb", **QUICK, BillingMode="PROVISIONED", WriteCapacityUnits=10_000),
        ],
        ["hot->table:invoke", "cold->table:invoke"],
        edge_configs={one: {"max_attempts": 1} for one in ("hot->table:invoke", "cold->table:invoke")},
        simulation={"duration": 20, "warmup": 0},
    )
    result = figures(simulate(document))
    by_source = {flow["from"]: flow for flow in result["flows"]}
    # A share of the cold keys lives in the same one of ten partitions.
    assert by_source["hot"]["delivered"] == pytest.approx(21 * 1_000, rel=0.03)
    assert by_source["cold"]["lost"] < 0.15 * 4_000
    assert result["nodes"]["table"]["throttled_table"] == 0


@pytest.mark.parametrize(
    ("rate", "is_throttled"),
    [pytest.param(800, False, id="twice the previous peak"), pytest.param(2_000, True, id="more")],
)
def test_an_on_demand_table_takes_twice_its_previous_peak_at_once(rate: float, is_throttled: bool):
    """Amazon DynamoDB developer guide, *On-demand mode*; a tenth of the scenario's figures."""
    config = {"WarmThroughput.WriteUnitsPerSecond": 800, "WarmThroughput.ReadUnitsPerSecond": 24_000}
    load = {"process": "constant", "rate": rate}
    found = counts(table(load, config, {"max_attempts": 1}, duration=20), 20)
    assert (found["throttled_table"] > 0) == is_throttled
    if is_throttled:
        assert found["completions"] == pytest.approx(21 * 800, rel=0.01)


def test_on_demand_a_new_peak_counts_after_the_adaptation_time():
    config = {
        "WarmThroughput.WriteUnitsPerSecond": 10,
        "WarmThroughput.ReadUnitsPerSecond": 100,
        "adaptation_time": 120,
    }
    load = {"process": "constant", "rate": 18}
    document = table(load, config, {"max_attempts": 1}, duration=600)
    replication = Replication(document, 1, 0, 600.0, 0.0)
    replication.run()
    side = replication.world.nodes["table"].capacity.sides[True]  # type: ignore[attr-defined]
    # 10 a second at first; 120 s later that peak allows 20, and then all 18 pass: 36.
    assert side.bucket.rate == pytest.approx(36, rel=0.02)
    assert replication.world.nodes["table"].counts()["dropped"] == pytest.approx(180 * 8, rel=0.1)


def test_a_partition_that_stays_hot_is_split():
    config = {"BillingMode": "PROVISIONED", "WriteCapacityUnits": 700, "split_after": 60}
    load = {"process": "constant", "rate": 1_300}
    found = counts(table(load, config, {"max_attempts": 1}, duration=70), 70)
    assert found["splits"] == 1


def test_auto_scaling_acts_after_two_minutes_above_its_target():
    config = {"BillingMode": "PROVISIONED", "WriteCapacityUnits": 20, "auto_scaling": {"maximum": 100}}
    load = {"process": "constant", "rate": 28}
    document = table(load, config, {"max_attempts": 1}, duration=150)
    replication = Replication(document, 1, 0, 150.0, 0.0)
    replication.run()
    assert replication.world.nodes["table"].capacity.sides[True].bucket.rate == 40  # type: ignore[attr-defined]


def test_of_two_writers_with_the_same_condition_one_succeeds_and_both_pay():
    """Scenario: `attribute_not_exists` by two writers at once."""
    found = counts(table((1.0, 1.0), {}, {"condition": "not-exists"}, keys=ONE_KEY))
    assert (found["completions"], found["conditions_failed"], found["write_units"]) == (1, 1, 2)


@pytest.mark.parametrize(
    ("call", "config", "completed", "conflicts"),
    [
        pytest.param({"condition": "version"}, {}, 1, 1, id="optimistic lock"),
        pytest.param({"condition": "version", "conflict_attempts": 2}, {}, 2, 1, id="read and tried again"),
        pytest.param({"condition": "none"}, {}, 2, 0, id="last writer wins"),
        pytest.param({"operation": "transact-write"}, {}, 1, 1, id="transactions on one item"),
    ],
)
def test_writes_conflict(call: dict[str, Any], config: dict[str, Any], completed: int, conflicts: int):
    found = counts(table((1.0, 1.005), config, call, keys=ONE_KEY))
    assert (found["completions"], found["conflicts"]) == (completed, conflicts)


def test_a_version_read_too_long_ago_is_out_of_date():
    call = {"condition": "version", "read_to_write": 2}
    assert counts(table((1.0, 2.0, 10.0), {}, call, keys=ONE_KEY))["conflicts"] == 1


def test_the_sdk_tries_again_after_throttling_and_gives_up():
    config = {"OnDemandThroughput.MaxWriteRequestUnits": 1, "WarmThroughput.WriteUnitsPerSecond": 1}
    found = counts(table((1.0, 1.0), config, {"max_attempts": 3, "retry_base": 0.001}))
    assert (found["throttled"], found["sdk_retries"], found["throttled_out"]) == (3, 2, 1)


def test_a_full_index_throttles_the_writes_of_the_table():
    config = {"GlobalSecondaryIndexes": [{"IndexName": "state", "distinct_keys": 1}]}
    load = {"process": "constant", "rate": 1_500}
    found = counts(table(load, config, {"max_attempts": 1}, duration=10), 10)
    assert found["throttled_index"] == found["throttled"] > 0
    assert found["completions"] == pytest.approx(11_000, rel=0.01)
    assert found["write_units"] == pytest.approx(2 * found["completions"], rel=0.01)  # some are under way


@pytest.mark.parametrize(
    ("call", "hits", "units"),
    [
        pytest.param({"operation": "get"}, 2, 1, id="eventually consistent; the last after the TTL"),
        pytest.param({"operation": "get", "ConsistentRead": True}, 0, 4, id="strong reads go past it"),
    ],
)
def test_the_cache_serves_what_was_read_before(call: dict[str, Any], hits: int, units: int):
    config = {"cache": {"item_ttl": 10, "latency": 0}}
    found = counts(table((1.0, 2.0, 3.0, 30.0), config, call, keys=ONE_KEY))
    assert (found["cache_hits"], found["read_units"]) == (hits, units)


def test_the_cache_forgets_what_was_used_longest_ago():
    config = {"cache": {"items": 1, "latency": 0}}
    keys = {"distribution": "uniform", "low": 0, "high": 1e6}
    assert counts(table((1.0, 2.0, 3.0), config, {"operation": "get"}, keys=keys))["cache_hits"] == 0


READER = node("reader", "consumer", service_time=0.001)
STREAM: dict[str, Any] = {"nodes": [READER], "edges": ["table->reader"]}


def test_what_expires_is_deleted_and_stands_in_the_stream():
    config = {"time_to_live": 5, "ttl_delay": 10, "StreamViewType": "NEW_IMAGE"}
    document = table((1.0, 4.0), config, {}, keys=ONE_KEY, **STREAM)
    replication = Replication(document, 1, 0, 60.0, 0.0)
    replication.run()
    assert replication.world.nodes["table"].counts()["ttl_deleted"] == 1  # written last at 4
    assert replication.world.nodes["reader"].counts()["completions"] == 3


def test_the_stream_has_every_change_in_order_of_its_key_and_a_failing_record_blocks_its_shard():
    config = {"StreamViewType": "NEW_IMAGE"}
    document = table(
        tuple(1.0 + n / 10 for n in range(20)),
        config,
        {},
        keys=ONE_KEY,
        nodes=[node("reader", "consumer", service_time=0.05, failure={"probability": 0.4}, concurrency=5)],
        edges=["table->reader"],
    )
    result = figures(simulate(document))
    flow = next(one for one in result["flows"] if one["to"] == "reader")
    assert (flow["delivered"], flow["out_of_order"], flow["lost"]) == (20, 0, 0)
    assert result["nodes"]["reader"]["failures"] > 0


def test_records_that_nobody_has_read_for_a_day_are_gone():
    faults = [{"kind": "pause", "node": "reader", "at": 0.5, "duration": 99_000}]
    document = table(
        (1.0, 95_000.0),
        {"StreamViewType": "NEW_IMAGE"},
        {},
        keys=ONE_KEY,
        faults=faults,
        duration=1e5,
        **STREAM,
    )
    replication = Replication(document, 1, 0, 1e5, 0.0)
    ledgers = replication.run().ledgers
    assert (ledgers["table:e1"]["expired"], ledgers["table:e1"]["delivered"]) == (1, 1)


@pytest.mark.parametrize(
    ("config", "call", "problem"),
    [
        ({"BillingMode": "PROVISIONED", "ReadCapacityUnits": 50_000}, {}, "at most 40000 units"),
        ({"auto_scaling": {}}, {}, "auto scaling needs BillingMode PROVISIONED"),
        ({}, {"operation": "get", "condition": "version"}, "a get has no condition"),
        ({}, {"operation": "transact-write", "items": 101}, "at most 100 items"),
    ],
)
def test_what_the_service_refuses_is_named(config: dict[str, Any], call: dict[str, Any], problem: str):
    with pytest.raises(InvalidDesign, match=problem):
        table((1.0,), config, call)


def test_a_stream_that_is_read_must_be_on():
    with pytest.raises(InvalidDesign, match="StreamViewType"):
        simulate(table((1.0,), {}, {}, **STREAM))


@pytest.mark.parametrize(
    ("rate", "config", "call", "keys", "code"),
    [
        (10, {"BillingMode": "PROVISIONED"}, {}, MANY_KEYS, "D392"),
        (9_000, {}, {}, MANY_KEYS, "D393"),
        (2_000, {"GlobalSecondaryIndexes": [{"distinct_keys": 4}]}, {}, MANY_KEYS, "D394"),
        (1_500, {}, {}, ONE_KEY, "D395"),
        (1, {}, {"item_size": 390 * KB}, MANY_KEYS, "D396"),
        (1, {}, {"operation": "transact-write"}, MANY_KEYS, "D397"),
    ],
)
def test_practice_is_checked(rate: float, config: dict[str, Any], call: dict[str, Any], keys: Any, code: str):
    document = table({"process": "poisson", "rate": rate}, config, call, keys=keys)
    assert code in [problem.code for problem in practice_problems(document)]


@settings(max_examples=12, deadline=None)
@given(
    operation=st.sampled_from(["put", "update", "delete", "transact-write"]),
    condition=st.sampled_from(["none", "not-exists", "version"]),
    warm=st.sampled_from([5, 50, 4_000]),
    readers=st.integers(0, 2),
    seed=st.integers(0, 20),
)
def test_every_call_and_every_record_is_accounted_for(
    operation: str, condition: str, warm: int, readers: int, seed: int
):
    document = table(
        {"process": "poisson", "rate": 40},
        {
            "WarmThroughput.WriteUnitsPerSecond": warm,
            "StreamViewType": "KEYS_ONLY",
            "time_to_live": 3,
            "ttl_delay": {"distribution": "exponential", "mean": 2},
        },
        {"operation": operation, "condition": condition, "conflict_attempts": 2},
        keys={"distribution": "zipf", "count": 30, "exponent": 1},
        nodes=[
            node(f"r{n}", "consumer", service_time=0.01, failure={"probability": 0.1}) for n in range(readers)
        ],
        edges=[f"table->r{n}" for n in range(readers)],
        faults=[{"kind": "outage", "node": "table", "at": 5, "duration": 2}],
    )
    result = simulate(document, seed=seed, duration=15)
    assert result["conservation"]["ok"], result["conservation"]
