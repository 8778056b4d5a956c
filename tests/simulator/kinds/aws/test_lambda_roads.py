"""A function on its three roads, at exact times.

Sources: AWS Lambda developer guide, *Understanding Lambda function scaling*, *How Lambda handles errors and
retries with asynchronous invocation*, *Using Lambda with Amazon SQS*, *Using Lambda with Apache Kafka*.
"""

from __future__ import annotations

from typing import Any

import pytest

from simulator import simulate
from tests.simulator.designs import at, design, node
from tests.simulator.kinds.aws.functions import IDEAL, POISON, Runs, figures, invoked, order, reading


# ---------------------------------------------------------------- environments
def test_the_first_request_waits_for_the_cold_start_and_the_next_finds_a_warm_environment():
    runs = Runs(invoked(at(1, 10), {"init_duration": 2, "service_time": 1}), 50)
    f = runs.function()
    assert (f.cold_starts, f.warm_starts) == (1, 1)
    # 2 s of initialisation and 1 s of work, then 1 s of work alone; both parts are billed.
    assert f.sojourn_time.end_slice().total == pytest.approx(3 + 1)
    assert f.billed_ms == 4_000


def test_an_idle_environment_is_reclaimed():
    runs = Runs(invoked(at(1, 60, 200), {"idle_expiry": 100}, duration=300), 300)
    assert runs.function().cold_starts == 2
    assert runs.function().environments.reclaimed == 1


def test_provisioned_environments_are_warm_and_the_rest_spills_over():
    config = {"ProvisionedConcurrentExecutions": 2, "init_duration": 1}
    f = Runs(invoked(at(1, 1, 1), config), 50).function()
    assert (f.cold_starts, f.warm_starts) == (1, 2)
    assert (f.billed_provisioned_ms, f.billed_ms) == (2_000, 2_000)


def test_a_run_ends_at_its_timeout_and_has_failed():
    found = figures(invoked(at(1), {"service_time": 10, "Timeout": 3}))["f"]
    assert (found["timeouts"], found["failures"], found["dropped"]) == (1, 1, 1)


@pytest.mark.parametrize(("memory", "took"), [(1_769, 1.0), (3_538, 1.0), (885, 1.499), (442, 2.501)])
def test_computing_takes_longer_below_the_memory_of_one_vcpu(memory: int, took: float):
    """Half of the second is computing: CPU is in proportion to memory, one vCPU at 1,769 MB."""
    config = {"MemorySize": memory, "cpu_share": 0.5}
    f = Runs(invoked(at(1), config), 50).function()
    assert f.duration.end_slice().total == pytest.approx(took, abs=2e-3)


# ---------------------------------------------------------------- scenario 2: reserved concurrency
def test_synchronous_calls_beyond_the_reserved_concurrency_are_refused():
    found = figures(invoked(at(*[1] * 15), {"ReservedConcurrentExecutions": 10}))["f"]
    assert (found["invocations"], found["throttles"], found["rejected"]) == (10, 5, 5)


def test_asynchronous_events_beyond_it_wait_and_none_is_lost():
    runs = Runs(invoked(at(*[1] * 15), {"ReservedConcurrentExecutions": 10}, role="publish"), 50)
    assert runs.times == [1.0] * 10 + [2.0] * 5
    assert runs.function().events.delivered == 15


# ---------------------------------------------------------------- scenario 3: asynchronous retries
@pytest.mark.parametrize(("retries", "times"), [(2, [0, 61, 182]), (1, [0, 61]), (0, [0])])
def test_an_event_that_fails_runs_again_after_one_and_two_minutes(retries: int, times: list[float]):
    """Each wait begins when the run before has failed, after its second."""
    config = {"failure": {"probability": 1}, "EventInvokeConfig": {"MaximumRetryAttempts": retries}}
    runs = Runs(invoked(at(0), config, role="publish", dead=True, duration=400), 400)
    assert runs.times == times
    events = runs.function().events
    assert (events.dead_lettered, events.dead_retries, events.dropped) == (1, 1, 0)
    assert runs.world.nodes["dead"].waiting() == 1


def test_without_a_destination_a_failed_event_is_gone():
    config = {"failure": {"probability": 1}}
    found = figures(invoked(at(0), config, role="publish", duration=400))["f"]
    assert (found["dropped"], found["dead_retries_exhausted"]) == (1, 1)


def test_a_throttled_event_backs_off_until_it_is_too_old():
    """1, 2, 4 ... s apart, and given up at its greatest age of 60 s."""
    config = {"ReservedConcurrentExecutions": 0, "EventInvokeConfig": {"MaximumEventAgeInSeconds": 60}}
    runs = Runs(invoked(at(0), config, role="publish", dead=True), 100)
    assert runs.refused == [0, 1, 3, 7, 15, 31]
    assert runs.function().events.dead_age == 1


def test_results_go_to_the_destination_on_success_and_what_the_handler_sends_to_others():
    nodes = [
        node("s", "producer", arrivals=at(1, 2)),
        node("f", "aws.lambda", **IDEAL),
        node("done", "aws.sqs"),
        node("out", "aws.sqs"),
    ]
    edges = ["s->f:publish", "f->done:publish", "f->out:publish"]
    configs = {"f->done:publish": {"destination": "OnSuccess"}}
    simulation = {"duration": 50, "warmup": 0}
    found = figures(design(nodes, edges, edge_configs=configs, simulation=simulation))
    assert found["f"]["destinations_delivered"] == 2
    assert found["out"]["requests_send"] == found["done"]["requests_send"] == 2


# ---------------------------------------------------------------- scenario 6: scaling rate
def test_a_burst_gets_a_thousand_new_environments_every_ten_seconds():
    config = {"account_concurrency": 5_000, "service_time": 2}
    runs = Runs(invoked(at(*[0] * 3_000, *[10] * 3_000), config), 9.9)
    f = runs.function()
    assert (f.cold_starts, f.throttles) == (1_000, 2_000)
    runs.world.env.advance(10.0, 10**9)
    # The thousand are idle and take a thousand calls; a thousand more are made.
    assert (f.cold_starts, f.warm_starts, f.throttles) == (2_000, 1_000, 3_000)


# ---------------------------------------------------------------- scenario 1: the ramp of an SQS mapping
def test_an_sqs_mapping_begins_with_five_batches_and_adds_three_hundred_a_minute():
    """N(t) = 5 t + 2.5 t²: with 12,000 messages of 1 s the backlog is gone at 68.3 s."""
    document = reading(
        {"process": "constant", "rate": 1e7, "limit": 12_000}, mapping={"BatchSize": 1}, duration=120
    )
    runs = Runs(document, 0.1)
    f, env = runs.function(), runs.world.env
    seen = []
    for moment in (0.1, 30.05, 60.05):
        env.advance(moment, 10**9)
        seen.append(f.concurrency.value)
    assert seen == [5, 155, 305]
    env.advance(120, 10**9)
    assert f.mappings["e1"].delivered == 12_000
    assert max(runs.times) + 1 == pytest.approx(69.4, abs=0.7)


def test_the_ramp_ends_at_the_maximum_concurrency_and_provisioned_pollers_start_higher():
    arrivals = {"process": "constant", "rate": 1e7, "limit": 3_000}
    limited = Runs(reading(arrivals, mapping={"BatchSize": 1, "MaximumConcurrency": 20}), 30)
    assert limited.function().concurrency.peak == 20
    pollers = {"MinimumPollers": 4, "MaximumPollers": 6}
    provisioned = reading(arrivals, mapping={"BatchSize": 1, "ProvisionedPollerConfig": pollers})
    runs = Runs(provisioned, 0.01)
    assert runs.function().concurrency.value == 40
    runs.world.env.advance(30, 10**9)
    assert runs.function().concurrency.peak == 60


# ---------------------------------------------------------------- scenario 4: partial batch responses
TEN = ("s1", "s2", "s3", "b1", "s4", "s5", "s6", "s7", "s8", "s9")


@pytest.mark.parametrize(("reports", "again"), [(True, {"b1"}), (False, set(TEN))])
def test_only_the_message_that_failed_comes_again_where_the_function_reports_it(
    reports: bool, again: set[str]
):
    """The fourth of ten fails: nine are deleted, or none; after three receives the dead-letter queue."""
    document = reading(
        at(0, 0.1, 0.2, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9),
        {**POISON, "batch_work": "per-batch"},
        mapping={"MaximumBatchingWindowInSeconds": 5, "ReportBatchItemFailures": reports},
        event=order("pen"),
        broken=at(0.3),
        receives=3,
        duration=200,
    )
    runs = Runs(document, 200)
    assert runs.begun[0][1] == TEN
    received = [name for _, batch in runs.begun[1:] for name in batch]
    assert {name: received.count(name) for name in received} == dict.fromkeys(again, 2)
    assert runs.world.nodes["dead"].waiting() == len(again)


# ---------------------------------------------------------------- scenario 5: message groups
def test_a_fifo_mapping_has_one_batch_of_a_message_group_at_a_time():
    """3 groups of 30 messages of 1 s: three batches at a time, 30 s in all."""
    arrivals = at(*[0] * 90)
    queue = {"FifoQueue": True}
    document = reading(
        arrivals,
        queue=queue,
        mapping={"BatchSize": 1, "MaximumConcurrency": 10},
        keys={"distribution": "empirical", "values": [1, 2, 3]},
    )
    runs = Runs(document, 100)
    assert runs.function().concurrency.peak == 3
    assert runs.function().mappings["e1"].delivered == 90
    assert sum(flow.out_of_order for flow in runs.function().flows.values()) == 0


# ---------------------------------------------------------------- throttles and the visibility timeout
@pytest.mark.parametrize(("visibility", "duplicates"), [(18, 0), (15, 0), (9, 1), (6, 1)])
def test_throttled_batches_come_again_when_the_visibility_timeout_is_short(
    visibility: float, duplicates: int
):
    """Five pollers, room for one: a batch waits for four of 3 s, then runs; six timeouts cover that."""
    config = {"ReservedConcurrentExecutions": 1, "service_time": 2.9, "Timeout": 3}
    document = reading(
        at(*[0] * 60), config, queue={"VisibilityTimeout": visibility}, mapping={"BatchSize": 1}, duration=400
    )
    found = figures(document)
    assert (found["q"]["redelivered"] > 0) == bool(duplicates)
    if not duplicates:
        assert found["f"]["invocations"] == 60


def test_what_is_never_run_for_throttling_becomes_a_dead_letter():
    document = reading(at(0), {"ReservedConcurrentExecutions": 0}, receives=5, duration=300)
    runs = Runs(document, 300)
    assert runs.begun == []
    assert runs.world.nodes["dead"].waiting() == 1
    assert runs.function().mappings["e1"].given_back == 5


# ---------------------------------------------------------------- filters, Kafka, RabbitMQ
def test_messages_that_do_not_match_the_filter_are_deleted_and_do_not_invoke():
    mapping = {"BatchSize": 1, "FilterCriteria": {"body": {"detail": {"sku": ["pen"]}}}}
    found = figures(reading(at(*range(3)), mapping=mapping, event=order("pen"), broken=at(5, 6)))
    assert (found["f"]["filtered_out"], found["f"]["invocations"]) == (2, 3)
    assert found["q"]["requests_delete"] == 5


def kafka(mapping: dict[str, Any], *, dead: bool = False) -> Runs:
    """Ten orders and a broken one at 2.5 s in a topic of one partition, read by a function."""
    nodes = [
        node("s", "producer", arrivals=at(*range(10)), event=order("pen")),
        node("b", "producer", arrivals=at(2.5), event=order("broken")),
        node("t", "kafka.topic", partitions=1),
        node("f", "aws.lambda", **{**IDEAL, **POISON, "service_time": 0.1}),
    ]
    edges = ["s->t", "b->t", "t->f"]
    configs: dict[str, Any] = {"t->f": {"MaximumBatchingWindowInSeconds": 0, **mapping}}
    if dead:
        nodes.append(node("dead", "aws.sqs"))
        edges.append("f->dead:dead-letter")
        configs["f->dead:dead-letter"] = {"source": "e2"}
    simulation = {"duration": 100, "warmup": 0}
    return Runs(design(nodes, edges, edge_configs=configs, simulation=simulation), 100)


def test_a_record_that_always_fails_holds_up_its_partition():
    runs = kafka({"BatchSize": 1})
    assert {batch for _, batch in runs.begun} == {("s1",), ("s2",), ("s3",), ("b1",)}
    assert runs.function().mappings["e2"].delivered == 3


def test_a_batch_is_given_up_after_its_retries_and_the_partition_goes_on():
    runs = kafka({"BatchSize": 1, "MaximumRetryAttempts": 2}, dead=True)
    assert [batch for _, batch in runs.begun].count(("b1",)) == 3
    mapping = runs.function().mappings["e2"]
    assert (mapping.delivered, mapping.dead_lettered) == (10, 1)
    assert runs.world.nodes["dead"].waiting() == 1


def test_a_batch_that_fails_is_split_until_the_record_is_alone():
    """What is sound is done; the broken record fails alone and is given up."""
    mapping = {
        "MaximumBatchingWindowInSeconds": 20,
        "BisectBatchOnFunctionError": True,
        "MaximumRetryAttempts": 0,
    }
    runs = kafka(mapping)
    sizes = [len(batch) for _, batch in runs.begun]
    assert sizes[0] == 11
    assert ("b1",) in [batch for _, batch in runs.begun]
    assert (runs.function().mappings["e2"].delivered, runs.function().mappings["e2"].dropped) == (10, 1)


def test_a_rabbitmq_queue_is_read_by_five_pollers_at_most():
    nodes = [
        node("s", "producer", arrivals=at(*[0] * 60)),
        node("q", "rabbitmq.queue"),
        node("f", "aws.lambda", **IDEAL),
    ]
    configs = {"q->f": {"BatchSize": 2, "MaximumBatchingWindowInSeconds": 0}}
    simulation = {"duration": 60, "warmup": 0}
    runs = Runs(design(nodes, ["s->q", "q->f"], edge_configs=configs, simulation=simulation), 60)
    assert runs.function().concurrency.peak == 5
    assert runs.function().mappings["e1"].delivered == 60


@pytest.mark.parametrize(("factor", "most"), [(1, 1), (4, 4), (10, 8)])
def test_a_parallelization_factor_divides_a_shard_by_key(factor: int, most: int):
    # One partition, eight keys, an event every 50 ms that takes a second: at most as many at a time as the
    # shard has lanes, and as there are keys; every key in its order.
    keys = {"distribution": "uniform", "low": 0, "high": 8}
    times = [number / 20 for number in range(32)]
    document = design(
        [
            node("s", "producer", arrivals=at(*times), keys=keys),
            node("store", "event-store", partitions=1),
            node("f", "aws.lambda", **{**IDEAL, "service_time": 1.0}),
        ],
        ["s->store", "store->f"],
        edge_configs={
            "store->f": {
                "BatchSize": 1,
                "MaximumBatchingWindowInSeconds": 0,
                "ParallelizationFactor": factor,
            }
        },
        simulation={"duration": 200, "warmup": 0, "seed": 1},
    )
    result = simulate(document)
    running = result["nodes"]["f"]["concurrent_executions"]["max"]["mean"]
    assert min(factor, 2) <= running <= most
    flow = next(one for one in result["flows"] if one["to"] == "f")
    assert (flow["delivered"]["mean"], flow["out_of_order"]["mean"]) == (32, 0)
