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
