"""Share groups: acquisition locks, the delivery limit, more members than partitions. Exact times.

Sources: KIP-932; Apache Kafka documentation, broker configuration (group.share.record.lock.duration.ms,
group.share.delivery.count.limit, group.share.partition.max.record.locks).
"""

from __future__ import annotations

from typing import Any

import pytest

from simulator import simulate
from simulator.errors import InvalidDesign
from simulator.kinds.kafka.share_group import ShareGroup
from simulator.kinds.kafka.topic import KafkaTopic
from tests.simulator.designs import at, design, node
from tests.simulator.kinds.kafka.logs import log_design, outage, pause, run

SHARE = {"group_type": "share"}


def group_of(watched: Any) -> ShareGroup:
    log = watched.world.nodes["log"]
    assert isinstance(log, KafkaTopic)
    (group,) = log.groups
    assert isinstance(group, ShareGroup)
    return group


def test_members_of_one_partition_work_at_once_and_keep_no_order():
    # One partition, four members, one record a poll: four times as quick as a consumer group.
    document = log_design(
        {"id": "worker", "instances": 4, "service_time": 1, "edge": {**SHARE, "max.poll.records": 1}},
        times=(0.0,) * 8,
        duration=2.5,
    )
    _, recording = run(document)
    assert recording.ledgers["log:g"]["delivered"] == 8


def test_a_member_that_hangs_loses_its_locks_after_30_s_and_another_gets_the_records():
    # Facts, scenario 6: 10 records taken by one member that hangs; 30 s later they are available
    # again, and the other member gets them with delivery count 2.
    document = log_design(
        {"id": "stuck", "service_time": 1000, "edge": SHARE},
        {"id": "other", "service_time": 0.1, "edge": SHARE},
        times=(0.5,) * 10,
        faults=[pause("stuck", 0.1, 0.9), pause("other", 0.1, 9.9)],
        duration=60.0,
    )
    watched, recording = run(document)
    counts = recording.nodes["log"].counts[-1]
    assert counts["lock_expiries"] == counts["redelivered"] == 10
    group = group_of(watched)
    assert {subscription.consumer.id: subscription.total for subscription in group.subscriptions} == {
        "stuck": 10,
        "other": 10,
    }
    assert recording.ledgers["log:g"]["delivered"] == 10
    others = watched.world.nodes["other"]
    assert others.delivered == 10


@pytest.mark.parametrize(("limit", "deliveries"), [(None, 5), (2, 2), (10, 10)])
def test_a_poison_record_is_delivered_so_often_then_archived_and_holds_nothing_up(
    limit: int | None, deliveries: int
) -> None:
    # Facts, scenario 5: with a share group the record is archived, those after it are unaffected.
    topic = {} if limit is None else {"group.share.delivery.count.limit": limit}
    document = log_design(
        {
            "id": "worker",
            "service_time": 0.1,
            "failure": {"probability": 1},
            "edge": {**SHARE, "max.poll.records": 1},
        },
        times=(0.0,),
        topic=topic,
    )
    watched, recording = run(document)
    counts = recording.nodes["log"].counts[-1]
    assert counts["receives"] == deliveries
    assert counts["share_archived"] == counts["dropped"] == 1
    assert recording.flows[0].counts[-1]["lost"] == 1
    assert group_of(watched).lag.value == 0


def test_a_crash_releases_at_once_what_was_acquired():
    # Ten acquired at 1 s, two done when the member crashes at 1.25 s; its connection breaks, and the
    # other, away until 5 s, gets all that was not acknowledged. Implicit: nothing was.
    document = log_design(
        {"id": "first", "service_time": 0.1, "edge": SHARE},
        {"id": "second", "service_time": 0.1, "edge": SHARE},
        times=(0.5,) * 10,
        faults=[pause("first", 0.0, 1.0), pause("second", 0.0, 5.0), outage("first", 1.25, 18.0)],
        duration=20.0,
    )
    _, recording = run(document)
    counts = recording.nodes["log"].counts[-1]
    assert counts["redelivered"] == 10
    assert recording.ledgers["log:g"]["delivered"] == 10


def test_with_explicit_acknowledgement_a_crash_repeats_only_what_was_not_done():
    edge = {**SHARE, "share.acknowledgement.mode": "explicit"}
    document = log_design(
        {"id": "first", "service_time": 0.1, "edge": edge},
        {"id": "second", "service_time": 0.1, "edge": edge},
        times=(0.5,) * 10,
        faults=[pause("first", 0.0, 1.0), pause("second", 0.0, 5.0), outage("first", 1.25, 18.0)],
        duration=20.0,
    )
    _, recording = run(document)
    assert recording.nodes["log"].counts[-1]["redelivered"] == 8


def test_no_more_than_the_locks_allowed_are_in_flight_in_a_partition():
    document = log_design(
        {"id": "worker", "service_time": 50, "instances": 3, "edge": SHARE},
        times=(0.5,) * 400,
        topic={"group.share.partition.max.record.locks": 100},
        faults=[pause("worker", 0.1, 0.9)],
        duration=10.0,
    )
    _, recording = run(document)
    ledger = recording.ledgers["log:g"]
    assert (ledger["in_flight"], ledger["waiting"]) == (100, 300)


def test_what_is_archived_goes_to_the_dead_letter_topic_where_there_is_one():
    document = design(
        [
            node("source", "producer", arrivals=at(0.5)),
            node("log", "kafka.topic", **{"linger.ms": 0, "group.share.delivery.count.limit": 3}),
            node("worker", "consumer", service_time=0.1, failure={"probability": 1}),
            node("letters", "queue"),
        ],
        ["source->log", "log->worker", "log->letters:dead-letter"],
        edge_configs={"log->worker": SHARE, "log->letters:dead-letter": {"maxReceiveCount": 50}},
        simulation={"duration": 10, "warmup": 0},
    )
    _, recording = run(document)
    counts = recording.nodes["log"].counts[-1]
    assert (counts["receives"], counts["dead_lettered"], counts["dropped"]) == (3, 1, 0)
    assert recording.ledgers["letters"]["waiting"] == 1


RENEWING = {**SHARE, "share.acknowledgement.mode": "explicit", "lock_renewal": 10}


@pytest.mark.parametrize(
    ("edge", "faults", "expected"),
    [
        # Work of 70 s on one record with locks of 30 s: at 30.5 s it is available again, and the member gets
        # it once more when it is done, at 70.5 s.
        ({**SHARE, "share.acknowledgement.mode": "explicit"}, [], (1, 0, 1)),
        # KIP-1222: renewed each 10 s, at 10, 20, ... 60 s after it was acquired, it stays where it is.
        (RENEWING, [], (0, 6, 0)),
        # Processes that stand still renew nothing: the last renewal, at 20.5 s, lasts until 50.5 s.
        (RENEWING, [pause("slow", 25.0, 500.0)], (1, 2, 0)),
        # Neither do those that reach no broker, here at 30.5 s; the lock of 20.5 s is enough until 40.5 s.
        (
            RENEWING,
            [{"kind": "network-partition", "node": "log", "at": 25.0, "duration": 15.0}],
            (0, 5, 0),
        ),
    ],
    ids=["without", "renewed", "paused", "cut off"],
)
def test_a_lock_that_is_renewed_does_not_run_out(
    edge: dict[str, Any], faults: list[dict[str, Any]], expected: tuple[int, int, int]
) -> None:
    document = log_design(
        {"id": "slow", "service_time": 70, "instances": 1, "edge": {**edge, "max.poll.records": 1}},
        times=(0.5,),
        faults=faults,
        duration=100.0,
    )
    _, recording = run(document)
    counts = recording.nodes["log"].counts[-1]
    found = (counts["lock_expiries"], counts.get("lock_renewals", 0), counts["redelivered"])
    assert found == expected


def test_a_renewal_is_no_delivery():
    # The limit of two deliveries is reached by deliveries alone: six renewals do not archive the record.
    document = log_design(
        {"id": "slow", "service_time": 70, "edge": {**RENEWING, "max.poll.records": 1}},
        times=(0.5,),
        topic={"group.share.delivery.count.limit": 2},
        duration=200.0,
    )
    _, recording = run(document)
    counts = recording.nodes["log"].counts[-1]
    assert (counts["lock_renewals"], counts["share_archived"]) == (6, 0)
    assert recording.ledgers["log:g"]["delivered"] == 1


@pytest.mark.parametrize(
    ("level", "aborted", "times", "lost"),
    [
        # Transactions from 1 to 3 s (two records) and from 3.5 to 5.5 s. With read_committed the group waits
        # for the end and gets what was committed alone; the broker archives aborted records, and nobody
        # acquires them (KIP-932, "Reading transactional records").
        ("read_committed", 0.0, [3.0, 3.001, 5.5], 0),
        ("read_committed", 1.0, [], 3),
        ("read_uncommitted", 1.0, [1.0, 2.0, 3.5], 0),
        (None, 1.0, [1.0, 2.0, 3.5], 0),
    ],
)
def test_what_a_share_group_reads_of_transactions(
    level: str | None, aborted: float, times: list[float], lost: int
) -> None:
    edge = SHARE if level is None else {**SHARE, "share.isolation.level": level}
    document = log_design(
        {"id": "worker", "service_time": 0.001, "edge": edge},
        times=(1.0, 2.0, 3.5),
        topic={"transactional.id": "t", "transaction_time": 2.0, "abort_probability": aborted},
    )
    watched, recording = run(document)
    assert watched.times("worker") == times
    assert recording.flows[0].counts[-1]["lost"] == lost
    assert group_of(watched).lag.value == 0


@pytest.mark.parametrize(
    ("edge", "topic", "word"),
    [
        ({**SHARE, "lock_renewal": 10}, {}, "share.acknowledgement.mode explicit"),
        ({**RENEWING, "share.renew.acknowledge.enable": False}, {}, "share.renew.acknowledge.enable true"),
        (
            {**RENEWING, "lock_renewal": 20},
            {"group.share.record.lock.duration.ms": 15_000},
            "before they are",
        ),
        ({"share.isolation.level": "read_committed"}, {}, "set group_type to share"),
        ({"lock_renewal": 10}, {}, "set group_type to share"),
    ],
)
def test_settings_of_share_groups_that_cannot_be(
    edge: dict[str, Any], topic: dict[str, Any], word: str
) -> None:
    with pytest.raises(InvalidDesign) as refused:
        simulate(log_design({"id": "worker", "edge": edge}, topic=topic))
    assert any(word in problem.message for problem in refused.value.problems)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("enable.auto.commit", True),
        ("auto.offset.reset", "earliest"),
        ("group.instance.id", "one"),
        ("partition.assignment.strategy", "range"),
        ("session.timeout.ms", 45_000),
    ],
)
def test_settings_of_consumer_groups_are_refused(field: str, value: Any) -> None:
    with pytest.raises(InvalidDesign) as refused:
        log_design({"id": "worker", "edge": {**SHARE, field: value}})
    assert any(field in problem.message for problem in refused.value.problems)
