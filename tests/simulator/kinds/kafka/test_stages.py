"""Topics that advance by recursion: the same bytes as the event engine, and never where they must not be."""

from __future__ import annotations

import json
from typing import Any
from unittest import mock

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from simulator import Document, simulate
from simulator.engine import recursion
from simulator.kinds.kafka.plain import _READ_SETTINGS, _TOPIC_SETTINGS
from simulator.kinds.kafka.settings import KafkaConsumeSettings, KafkaTopicSettings
from tests.simulator.designs import design, node
from tests.simulator.engines import parts, seen

EXPONENTIAL = {"distribution": "exponential", "mean": 0.02}
KEYS = {"distribution": "zipf", "count": 40, "exponent": 1.0}
DURATION = 16.0
LATE = {"delay": EXPONENTIAL}
INSTANT = {"linger.ms": 0, "append_latency": 0}


def log(
    topic: dict[str, Any] | None = None,
    read: dict[str, Any] | None = None,
    consumer: dict[str, Any] | None = None,
    **rest: Any,
) -> Document:
    """A producer of keyed records, a topic of six partitions, a group of two members."""
    producer = {"arrivals": {"process": "poisson", "rate": 80}, "keys": KEYS, **rest.pop("producer", {})}
    configs = {"t->c": read or {}, **rest.pop("edge_configs", {})}
    return design(
        [
            node("p", "producer", **producer),
            node("t", "kafka.topic", **{"partitions": 6, **(topic or {})}),
            node("c", "consumer", **{"instances": 2, "service_time": EXPONENTIAL, **(consumer or {})}),
            *rest.pop("more", []),
        ],
        ["p->t", "t->c", *rest.pop("edges", [])],
        edge_configs=configs,
        **{"simulation": {"duration": DURATION}, **rest},
    )


OTHER = node(
    "c2", "consumer", instances=3, service_time={"distribution": "gamma", "mean": 0.03, "shape": 2.0}
)


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (log(INSTANT), (1, 1)),
        # Batches that linger, grow full, or take time on their way come by events.
        (log(), (1, 0)),
        (log({"batch.size": 2048, "linger.ms": 40}), (1, 0)),
        (log({"append_latency": 0.004, "replication.factor": 3, "min.insync.replicas": 2}), (1, 0)),
        (log({"acks": "1"}), (1, 0)),
        (log({"acks": "0", "compression_ratio": 2.5}), (1, 0)),
        # Without keys; by weights; of a size that is drawn, or too large.
        (log(INSTANT, producer={"keys": None}), (1, 1)),
        (log({"batch.size": 5000}, producer={"keys": None}), (1, 0)),
        (log({**INSTANT, "partition_weights": [5, 1, 1, 1, 1, 0]}), (1, 1)),
        (log(INSTANT, producer={"size": {"distribution": "uniform", "low": 100, "high": 900}}), (1, 0)),
        (
            log(
                {**INSTANT, "max.message.bytes": 500},
                producer={"size": {"distribution": "uniform", "low": 100, "high": 900}},
            ),
            (1, 0),
        ),
        # Commits: automatic at several paces, or by the application.
        (log(INSTANT, {"auto.commit.interval.ms": 300}), (1, 1)),
        (log(INSTANT, {"auto.commit.interval.ms": 0}), (1, 1)),
        (log(INSTANT, {"enable.auto.commit": False}), (1, 1)),
        (log(INSTANT, {"enable.auto.commit": False, "commit": "after-record"}), (1, 1)),
        (log(INSTANT, {"enable.auto.commit": False, "commit": "before-processing"}), (1, 1)),
        (log(INSTANT, {"max.poll.records": 1}), (1, 1)),
        (
            log(
                INSTANT,
                {"max.poll.records": 3},
                {"service_time": {"distribution": "exponential", "mean": 0.03}},
            ),
            (1, 1),
        ),
        # More members than partitions; one for all.
        (
            log(
                {**INSTANT, "partitions": 3},
                {"partition.assignment.strategy": "roundrobin"},
                {"instances": 5},
            ),
            (1, 1),
        ),
        (log(INSTANT, {"partition.assignment.strategy": "cooperative-sticky"}, {"instances": 1}), (1, 1)),
        # Arrivals at one time, and times that are no matter of chance.
        (log(INSTANT, producer={"arrivals": {"process": "batch-poisson", "rate": 9, "batch": 6}}), (1, 1)),
        (log(producer={"arrivals": {"process": "batch-poisson", "rate": 9, "batch": 6}}), (1, 0)),
        (log(INSTANT, producer={"arrivals": {"process": "constant", "rate": 80}}), (1, 1)),
        (log(INSTANT, {}, {"service_time": 0.02}), (1, 1)),
        (
            log(
                INSTANT,
                {},
                {"service_time": 0.02},
                producer={"arrivals": {"process": "constant", "rate": 80}},
            ),
            (0, 0),
        ),
        # Members that are looked after: nobody is overdue.
        (log(INSTANT, {"max.poll.interval.ms": 3000}), (1, 1)),
        # Several consumers of one group, and several groups.
        (
            log(
                INSTANT,
                {"group.id": "g"},
                more=[OTHER],
                edges=["t->c2"],
                edge_configs={"t->c2": {"group.id": "g"}},
            ),
            (1, 1),
        ),
        (log(INSTANT, more=[OTHER], edges=["t->c2"]), (1, 1)),
        (
            log(
                INSTANT,
                more=[OTHER],
                edges=["t->c2"],
                producer={"arrivals": {"process": "batch-poisson", "rate": 9, "batch": 6}},
            ),
            (1, 1),
        ),
        (log(more=[OTHER], edges=["t->c2"], edge_configs={"t->c2": {"max.poll.records": 2}}), (1, 0)),
        # Two producers; a queue behind; a topic before; a consumer that sends into a log.
        (log(INSTANT, more=[node("p2", "producer")], edges=["p2->t"]), (1, 0)),
        (log(INSTANT, more=[node("q", "queue"), OTHER], edges=["c->q", "q->c2"]), (2, 1)),
        # Edges that take time, before the topic and after its group.
        (log(INSTANT, edge_configs={"p->t": LATE}), (2, 1)),
        (
            log(
                INSTANT,
                more=[node("q", "queue"), OTHER],
                edges=["c->q", "q->c2"],
                edge_configs={"p->t": LATE, "c->q": LATE},
            ),
            (4, 1),
        ),
        (log(INSTANT, more=[node("q", "queue", capacity=2), OTHER], edges=["c->q", "q->c2"]), (2, 1)),
        (log(INSTANT, more=[node("q", "queue", discipline="lifo"), OTHER], edges=["c->q", "q->c2"]), (0, 0)),
        (
            log(
                INSTANT,
                more=[node("t2", "kafka.topic", partitions=4, **INSTANT), OTHER],
                edges=["c->t2", "t2->c2"],
            ),
            (2, 1),
        ),
        # What lingers before the second keeps the first at events: its members may be rebalanced and send
        # some records twice.
        (
            log(INSTANT, more=[node("t2", "kafka.topic", partitions=4), OTHER], edges=["c->t2", "t2->c2"]),
            (0, 0),
        ),
        # What only events model.
        (log(INSTANT, {"fetch.min.bytes": 4000}), (0, 0)),
        (log(INSTANT, {"group.protocol": "consumer"}), (0, 0)),
        (log({**INSTANT, "retention.ms": 5000}), (0, 0)),
        (log({**INSTANT, "broker_bandwidth": 1e9}), (0, 0)),
        (log({**INSTANT, "transactional.id": "x"}), (0, 0)),
        (log(INSTANT, {}, {"failure": {"probability": 0.1}}), (0, 0)),
        (log(INSTANT, producer={"arrivals": {"process": "closed", "clients": 3, "think_time": 0.1}}), (0, 0)),
        (log(INSTANT, edge_configs={"p->t": {"duplication": 0.1}}), (0, 0)),
        (log(INSTANT, faults=[{"kind": "outage", "node": "c", "at": 5, "duration": 5}]), (0, 0)),
        (log(INSTANT, faults=[{"kind": "broker-down", "node": "t", "at": 5, "duration": 5}]), (0, 0)),
    ],
)
def test_a_topic_advances_by_recursion_where_its_groups_only_poll_and_commit(
    document: Document, expected: tuple[int, int]
) -> None:
    assert parts(document) == expected
    assert seen(document, "events") == seen(document, "auto")


def test_what_all_groups_hold_together_is_known_for_every_record() -> None:
    """Also where the last look was before the end of what was known ahead."""
    document = log(
        {**INSTANT, "partitions": 11},
        more=[OTHER],
        edges=["t->c2"],
        edge_configs={"t->c2": {"max.poll.records": 3}},
    )
    with mock.patch.object(recursion, "BLOCK", 9):
        assert simulate(document, engine="events", seed=4) == simulate(document, engine="auto", seed=4)


SLOW = {"service_time": {"distribution": "exponential", "mean": 0.06}}
BURSTS = {"arrivals": {"process": "batch-poisson", "rate": 9, "batch": 6}}


@pytest.mark.parametrize(
    "document",
    [
        # Polls so far apart that members are taken for dead, from the first ones on or after a while.
        log(INSTANT, {"max.poll.interval.ms": 150}, SLOW),
        log({}, {"max.poll.interval.ms": 2500}, SLOW),
    ],
)
def test_a_member_that_must_leave_brings_the_events_back(document: Document) -> None:
    assert parts(document)[0] == 1
    events, auto = seen(document, "events"), seen(document, "auto")
    assert json.loads(events[0])["nodes"]["t"]["rebalances"]["mean"] > 0
    assert auto == events


@pytest.mark.parametrize(
    ("topic", "service_time"),
    [
        # Members that begin at one time end at one time.
        (INSTANT, 0.02),
        # What was held back by as much as a service takes comes at its end.
        ({"batch.size": 3000, "linger.ms": 20, "append_latency": 0}, 0.02),
    ],
)
def test_events_at_one_time_bring_the_events_back(topic: dict[str, Any], service_time: float) -> None:
    document = log(topic, {}, {"service_time": service_time}, producer=BURSTS)
    assert parts(document)[0] == 1
    assert seen(document, "events") == seen(document, "auto")


@pytest.mark.parametrize("options", [{"warmup": 3.5}, {"replications": 3}, {"replications": 3, "jobs": 2}])
def test_both_engines_agree_with_other_options_too(options: dict[str, Any]) -> None:
    document = log(INSTANT, {"max.poll.interval.ms": 1200}, SLOW)
    assert seen(document, "events", **options)[0] == seen(document, "auto", **options)[0]


def test_the_settings_a_stage_models_are_settings() -> None:
    assert {*KafkaTopicSettings.model_fields} >= _TOPIC_SETTINGS
    assert {*KafkaConsumeSettings.model_fields} >= _READ_SETTINGS


durations = st.builds(
    lambda mean, shape: {"distribution": "gamma", "mean": mean, "shape": shape},
    st.floats(0.002, 0.08),
    st.floats(0.8, 3.0),
)
reads = st.fixed_dictionaries(
    {
        "max.poll.records": st.sampled_from([1, 2, 500]),
        "enable.auto.commit": st.booleans(),
        "auto.commit.interval.ms": st.sampled_from([0, 200, 5000]),
        "commit": st.sampled_from(["after-batch", "after-record", "before-processing"]),
        "max.poll.interval.ms": st.sampled_from([400, 300_000]),
        "partition.assignment.strategy": st.sampled_from(["range", "roundrobin", "sticky"]),
    }
)
topics = st.fixed_dictionaries(
    {
        "partitions": st.integers(1, 7),
        "linger.ms": st.sampled_from([0, 0, 15]),
        "batch.size": st.sampled_from([1000, 16_384]),
        "append_latency": st.one_of(st.just(0), st.just(0), durations),
        "acks": st.sampled_from(["all", "1", "0"]),
    }
)
arrivals = st.one_of(
    st.builds(lambda rate: {"process": "poisson", "rate": rate}, st.floats(5.0, 120.0)),
    st.builds(lambda size: {"process": "batch-poisson", "rate": 60 / size, "batch": size}, st.integers(2, 9)),
    st.builds(lambda rate: {"process": "constant", "rate": rate}, st.floats(5.0, 120.0)),
)


@given(st.data(), st.sampled_from([1, 9, 60, recursion.BLOCK]))
@settings(max_examples=30, deadline=None)
def test_random_topics_give_the_same_bytes(data: st.DataObject, block: int) -> None:
    """However many arrivals are known ahead."""
    groups = data.draw(st.integers(1, 3))
    configs = {f"t->c{number}": data.draw(reads) for number in range(groups)}
    if data.draw(st.booleans()):
        read = {key: value for key, value in configs["t->c0"].items() if key != "max.poll.records"}
        configs = {edge: {**config, **read, "group.id": "one"} for edge, config in configs.items()}
    document = design(
        [
            node(
                "p", "producer", arrivals=data.draw(arrivals), keys=data.draw(st.sampled_from([None, KEYS]))
            ),
            node("t", "kafka.topic", **data.draw(topics)),
            *(
                node(
                    f"c{number}",
                    "consumer",
                    instances=data.draw(st.integers(1, 4)),
                    service_time=data.draw(durations),
                )
                for number in range(groups)
            ),
        ],
        ["p->t", *configs],
        edge_configs=configs,
        simulation={"duration": 6, "seed": data.draw(st.integers(0, 99))},
    )
    event(f"stages and sources {parts(document)}")
    with mock.patch.object(recursion, "BLOCK", block):
        assert seen(document, "events") == seen(document, "auto")
