"""A pipe from an SQS queue: filter, batch, enrichment, target, at exact times.

Source: Amazon EventBridge user guide, *Amazon EventBridge Pipes*.
"""

from __future__ import annotations

from typing import Any

import pytest

from simulator import Document, check
from tests.simulator.designs import at, design, node
from tests.simulator.kinds.aws.buses import LONG_POLL, arrivals_at, event, figure, run


def pipe(arrivals: dict[str, Any], config: dict[str, Any], *, service: Any = None, **rest: Any) -> Document:
    """producer -> queue in -> pipe -> queue out -> worker; with `service` the pipe has an enrichment."""
    nodes = [
        node("s", "producer", arrivals=arrivals, event=rest.pop("template", event())),
        node("in", "aws.sqs", **{**LONG_POLL, **rest.pop("source", {})}),
        node("pipe", "aws.pipe", **{"service_time": 1, **config}),
        node("out", "aws.sqs", **{**LONG_POLL, **rest.pop("target", {})}),
        node("c", "consumer", service_time=0),
    ]
    edges = ["s->in", "in->pipe", "pipe->out", "out->c"]
    if service is not None:
        nodes.append(node("enrich", "service", **service))
        edges.append("pipe->enrich")
    return design(nodes, edges, simulation={"duration": rest.pop("duration", 100), "warmup": 0}, **rest)


def test_a_batch_waits_for_its_window_and_goes_on_together():
    document = pipe(at(1, 2, 3), {"BatchSize": 10, "MaximumBatchingWindowInSeconds": 5})
    assert [time for time, _, _ in arrivals_at(document, "out")] == [7, 7, 7]
    assert figure_of(run(document), "batch_size") == 3


def figure_of(result: dict[str, Any], name: str) -> float:
    return float(result["nodes"]["pipe"][name]["mean"]["mean"])


def test_a_full_batch_does_not_wait():
    document = pipe(at(1, 2, 3), {"BatchSize": 2, "MaximumBatchingWindowInSeconds": 20})
    assert [time for time, _, _ in arrivals_at(document, "out")] == [3, 3, 24]


def test_messages_that_do_not_match_the_filter_are_deleted_and_counted():
    template = {**event(), "type": {"choice": {"OrderPlaced": 1, "OrderPaid": 1}}}
    document = pipe(
        {"process": "constant", "rate": 2, "limit": 100},
        {"FilterPattern": {"body": {"detail-type": ["OrderPaid"]}}, "MaximumBatchingWindowInSeconds": 1},
        template=template,
    )
    result = run(document)
    passed = result["nodes"]["out"]["throughput"]["mean"] * 100
    assert 30 < passed < 70
    assert figure(result, "filtered_out", "pipe") == pytest.approx(100 - passed)
    assert result["nodes"]["in"]["in_system"]["mean"]["mean"] < 5
    assert sum(flow["lost"]["mean"] for flow in result["flows"]) == 0


def test_what_the_target_refuses_comes_again_by_the_rules_of_the_source():
    """The queue's visibility timeout of 30 s decides, from the receive at 1 s on."""
    outage = {"kind": "outage", "node": "out", "at": 0, "duration": 10}
    document = pipe(at(1), {}, faults=[outage])
    result = run(document)
    latency = {flow["to"]: flow["end_to_end_latency"]["max"]["mean"] for flow in result["flows"]}
    assert latency == {"c": pytest.approx(31), "pipe": pytest.approx(31)}
    assert figure(result, "failures", "pipe") == 1


def test_the_enrichment_is_called_once_for_a_batch_and_its_failure_repeats_the_whole_batch():
    window = {"MaximumBatchingWindowInSeconds": 5}
    document = pipe(at(1, 2, 3), window, service={"service_time": 2})
    assert [time for time, _, _ in arrivals_at(document, "out")] == [9, 9, 9]
    assert run(document)["edges"]["e4"]["total"]["mean"] == 1
    failing = run(pipe(at(1, 2), window, service={"service_time": 2, "failure": {"probability": 1}}))
    assert figure(failing, "failures", "pipe") >= 4
    assert failing["nodes"]["out"]["arrival_rate"]["mean"] == 0


def test_no_more_executions_run_at_a_time_than_allowed():
    document = pipe(at(1, 1, 1), {"BatchSize": 1, "concurrency": 2})
    assert [time for time, _, _ in arrivals_at(document, "out")] == [2, 2, 3]


def test_an_outage_gives_batches_back_and_nothing_is_lost():
    outage = {"kind": "outage", "node": "pipe", "at": 1.5, "duration": 3}
    document = pipe(at(1, 2), {}, faults=[outage])
    result = run(document)
    flows = {flow["to"]: flow["delivered"]["mean"] for flow in result["flows"]}
    assert flows == {"c": 2, "pipe": 2}


def test_a_pipe_has_one_source_and_one_target():
    document = design(
        [
            node("s", "producer", event=event()),
            node("a", "aws.sqs"),
            node("b", "queue"),
            node("pipe", "aws.pipe"),
        ],
        ["s->a", "s->b", "a->pipe", "b->pipe"],
    )
    found = [problem.message for problem in check(document) if problem.code == "D283"]
    assert ["2 sources" in found[0], "reads a queue" in found[1], "0 targets" in found[2]] == [True] * 3


def test_five_long_polls_are_open_however_many_executions_there_may_be():
    """Of 20 s each: four times until 99 s nothing comes, and then once more before the end."""
    document = pipe(at(99), {}, duration=130)
    assert run(document)["nodes"]["in"]["empty_receives"]["mean"] == 5 * (4 + 1)


def from_elsewhere(
    kind: str,
    broker: dict[str, Any],
    config: dict[str, Any],
    *,
    read: dict[str, Any] | None = None,
    **rest: Any,
) -> Document:
    """producer -> topic or queue of another vendor -> pipe -> SQS queue -> worker."""
    nodes = [
        node("s", "producer", **{"arrivals": at(1), "event": event(), **rest.pop("producer", {})}),
        node("in", kind, **broker),
        node("pipe", "aws.pipe", **{"service_time": 1, **config}),
        node("out", "aws.sqs", **{**LONG_POLL, **rest.pop("target", {})}),
        node("c", "consumer", service_time=0),
    ]
    configs = {"in->pipe": read or {}, "pipe->out": rest.pop("hand_over", {})}
    return design(
        nodes,
        ["s->in", "in->pipe", "pipe->out", "out->c"],
        edge_configs=configs,
        simulation={"duration": rest.pop("duration", 100), "warmup": 0},
        **rest,
    )


#: Brokers without latencies of their own.
KAFKA = {"linger.ms": 0, "append_latency": 0, "replication_latency": 0}
RABBIT = {"publish_time": 0, "deliver_time": 0, "acknowledge_time": 0}


def test_a_pipe_reads_a_kafka_topic_partition_by_partition():
    """User guide, *Batching and concurrency*: as many executions as partitions, 100 records by default."""
    producer = {"arrivals": at(*[1.0] * 6), "keys": {"distribution": "zipf", "count": 50, "exponent": 0}}
    document = from_elsewhere("kafka.topic", {**KAFKA, "partitions": 2}, {"BatchSize": 2}, producer=producer)
    result = run(document)
    ends = [time for time, _, _ in arrivals_at(document, "out")]
    assert len(ends) == 6
    assert max(ends.count(time) for time in ends) == 4  # two executions of two records each
    assert result["nodes"]["in"]["consumer_lag"]["mean"]["mean"] < 0.3
    flows = {flow["to"]: flow["delivered"]["mean"] for flow in result["flows"]}
    assert flows == {"c": 6, "pipe": 6}


@pytest.mark.parametrize("partitions", [1, 3])
def test_what_the_target_refuses_holds_up_its_partition_and_keeps_the_order(partitions):
    """A log has no timeout: the pipe tries again, and what follows waits (user guide, *Pipes*)."""
    producer = {
        "arrivals": {"process": "constant", "rate": 2, "limit": 20},
        "keys": {"distribution": "zipf", "count": 50, "exponent": 0},
    }
    document = from_elsewhere(
        "kafka.topic",
        {**KAFKA, "partitions": partitions},
        {"service_time": 0.1, "BatchSize": 5},
        producer=producer,
        faults=[{"kind": "outage", "node": "out", "at": 2, "duration": 20}],
    )
    result = run(document)
    assert result["conservation"]["ok"]
    for flow in result["flows"]:
        assert (flow["delivered"]["mean"], flow["out_of_order"]["mean"]) == (20, 0)
        assert flow["duplicates"]["mean"] == 0
    assert figure(result, "failures", "pipe") > 20
    assert result["nodes"]["in"]["in_system"]["mean"]["mean"] > 0


def test_records_that_a_filter_stops_are_committed_in_their_order():
    template = {**event(), "type": {"choice": {"OrderPlaced": 1, "OrderPaid": 1}}}
    document = from_elsewhere(
        "kafka.topic",
        {**KAFKA, "partitions": 1},
        {"FilterPattern": {"value": {"detail-type": ["OrderPaid"]}}, "service_time": 0.3},
        producer={"arrivals": {"process": "constant", "rate": 10, "limit": 200}, "event": template},
    )
    result = run(document)
    stopped = figure(result, "filtered_out", "pipe")
    assert 60 < stopped < 140
    assert result["nodes"]["in"]["consumer_lag"]["mean"]["mean"] < 20
    flows = {flow["to"]: flow["delivered"]["mean"] for flow in result["flows"]}
    assert flows["c"] == flows["pipe"] == 200 - stopped


def test_an_outage_of_the_pipe_reads_a_log_again_from_its_last_commit():
    document = from_elsewhere(
        "kafka.topic",
        {**KAFKA, "partitions": 2},
        {"service_time": 2, "BatchSize": 3},
        producer={"arrivals": {"process": "constant", "rate": 1, "limit": 20}},
        read={"session.timeout.ms": 6000},
        faults=[{"kind": "outage", "node": "pipe", "at": 5.5, "duration": 3}],
    )
    flows = {flow["to"]: flow["delivered"]["mean"] for flow in run(document)["flows"]}
    assert flows == {"c": 20, "pipe": 20}


def test_a_pipe_reads_a_rabbitmq_queue_with_five_executions():
    """User guide, *Batching and concurrency*: Amazon MQ 5."""
    document = from_elsewhere(
        "rabbitmq.queue",
        RABBIT,
        {"BatchSize": 1},
        producer={"arrivals": at(*[1.0] * 11)},
        read={"round_trip": 0},
    )
    assert [time for time, _, _ in arrivals_at(document, "out")] == [2] * 5 + [3] * 5 + [4]


def test_what_a_rabbitmq_queue_gets_back_is_dead_lettered_by_its_own_rules():
    """A quorum queue's delivery-limit (RabbitMQ documentation, *Poison Message Handling*)."""
    document = from_elsewhere(
        "rabbitmq.queue",
        {**RABBIT, "x-queue-type": "quorum", "x-delivery-limit": 2},
        {"service_time": 0.1},
        faults=[{"kind": "outage", "node": "out", "at": 0, "duration": 100}],
    )
    result = run(document)
    assert figure(result, "failures", "pipe") == 3
    assert result["conservation"]["nodes"]["in"]["dropped"] == 1


def test_the_target_of_a_fifo_pipe_keeps_the_order_of_the_source():
    """What follows a refused message is not handed over (user guide, *Pipes*: order of ordered sources)."""
    document = pipe(
        {"process": "constant", "rate": 5, "limit": 50},
        {"service_time": 0.1},
        source={"FifoQueue": True, "VisibilityTimeout": 5},
        edge_configs={"s->in": {"MessageGroupId": "one"}},
        faults=[{"kind": "outage", "node": "out", "at": 3, "duration": 2.05}],
    )
    result = run(document)
    for flow in result["flows"]:
        assert (flow["delivered"]["mean"], flow["out_of_order"]["mean"]) == (50, 0)


def test_the_pipe_gives_a_fifo_target_groups_and_ids():
    """PipeTargetSqsQueueParameters: MessageGroupId and MessageDeduplicationId."""
    labels = {"MessageGroupId": "$.detail.customer", "MessageDeduplicationId": "$.detail.order"}
    detail = {"customer": "ann", "order": "o-1"}
    document = pipe(
        at(1, 2, 3),
        {},
        template=event(**detail),
        target={"FifoQueue": True},
        edge_configs={"pipe->out": labels},
    )
    result = run(document)
    ledger = result["conservation"]["nodes"]["out"]
    assert (ledger["accepted"], ledger["delivered"], ledger["dropped"]) == (3, 1, 2)


def test_a_target_may_be_invoked_with_the_batch_and_an_execution_ends_after_five_minutes():
    """InvocationType REQUEST_RESPONSE; the quota of 300 s for an execution."""
    nodes = [
        node("s", "producer", arrivals=at(1, 2), event=event()),
        node("in", "aws.sqs", **{**LONG_POLL, "VisibilityTimeout": 1000}),
        node("pipe", "aws.pipe", service_time=0, MaximumBatchingWindowInSeconds=5),
        node("enrich", "service", service_time=1),
        node("function", "service", service_time=3),
    ]
    edges = ["s->in", "in->pipe", "pipe->function", "pipe->enrich"]
    configs = {"pipe->function": {"purpose": "target"}}

    def result(**changed: Any) -> dict[str, Any]:
        nodes[-1] = node("function", "service", **{"service_time": 3, **changed})
        return run(design(nodes, edges, edge_configs=configs, simulation={"duration": 900, "warmup": 0}))

    found = result()
    assert [found["edges"][id]["total"]["mean"] for id in ("e2", "e3")] == [1, 1]
    assert found["nodes"]["in"]["sojourn_time"]["max"]["mean"] == 5 + 1 + 3
    slow = result(service_time=400)
    assert figure(slow, "executions_timed_out", "pipe") == 1
    assert figure(slow, "failures", "pipe") == 2
    assert [flow["delivered"]["mean"] for flow in slow["flows"] if flow["to"] == "pipe"] == [0]


REFUSED: dict[str, tuple[str, dict[str, Any], dict[str, Any], dict[str, Any], str]] = {
    "batch": (
        "aws.sqs",
        {},
        {"BatchSize": 50},
        {},
        "BatchSize 50 is more than out (aws.sqs) takes",
    ),
    "partitions": (
        "kafka.topic",
        {"partitions": 3},
        {"concurrency": 4},
        {},
        "lets a pipe run 3 executions at a time",
    ),
    "five": ("rabbitmq.queue", {}, {"concurrency": 6}, {}, "lets a pipe run 5 executions"),
    "share group": ("kafka.topic", {}, {}, {"group_type": "share"}, "not with a share group"),
    "stream": ("rabbitmq.queue", {"x-queue-type": "stream"}, {}, {"prefetch": 10}, "not streams"),
    "auto_ack": ("rabbitmq.queue", {}, {}, {"auto_ack": True}, "auto_ack must be false"),
    "filter": ("kafka.topic", {}, {"FilterPattern": {"body": {"source": ["a"]}}}, {}, "stands under value"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_the_rules_of_sources_and_targets_are_problems(case):
    """User guide, *Batching and concurrency*: no larger batch than the target supports."""
    kind, broker, config, read, expected = REFUSED[case]
    document = from_elsewhere(kind, broker, config, read=read)
    found = [problem for problem in check(document) if problem.code in ("D283", "D310")]
    assert any(expected in problem.message for problem in found), [one.message for one in found]
    assert all(problem.hint for problem in found)
