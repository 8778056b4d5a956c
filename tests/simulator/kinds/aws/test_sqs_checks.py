"""What is refused and what is warned of before a run (Amazon SQS API reference and developer guide)."""

from __future__ import annotations

from typing import Any

import pytest

from simulator import Document, InvalidDesign, check
from tests.simulator.kinds.aws.test_sqs_designs import KEYS, queue_design


def errors(document: Document) -> list[tuple[str, str, str]]:
    return [(one.code, one.element, one.field) for one in check(document) if one.severity == "error"]


@pytest.mark.parametrize(("source", "dead"), [(False, True), (True, False)])
def test_a_dead_letter_queue_is_of_the_same_type(source: bool, dead: bool) -> None:
    document = queue_design(producer={"keys": KEYS}, queue={"FifoQueue": source}, dead={"FifoQueue": dead})
    assert errors(document) == [("D283", "e2", "to")]


def test_a_redrive_allow_policy_is_kept() -> None:
    for policy, is_refused in (
        ({"redrivePermission": "denyAll"}, True),
        ({"redrivePermission": "byQueue", "sourceQueueArns": ["other"]}, True),
        ({"redrivePermission": "byQueue", "sourceQueueArns": ["q"]}, False),
        ({"redrivePermission": "allowAll"}, False),
    ):
        document = queue_design(dead={"RedriveAllowPolicy": policy})
        assert bool(errors(document)) is is_refused


def test_parameters_that_do_not_fit_the_type_are_named_at_their_edge() -> None:
    fifo = queue_design(producer={"keys": KEYS}, queue={"FifoQueue": True}, send={"DelaySeconds": 3})
    assert errors(fifo) == [("D283", "e0", "config.DelaySeconds")]
    standard = queue_design(send={"MessageDeduplicationId": "x"})
    assert errors(standard) == [("D283", "e0", "config.MessageDeduplicationId")]


def test_messages_without_a_key_need_a_group_on_fifo() -> None:
    assert errors(queue_design(queue={"FifoQueue": True})) == [("D283", "e0", "config.MessageGroupId")]
    assert errors(queue_design(queue={"FifoQueue": True}, send={"MessageGroupId": "all"})) == []


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"queue": {"ContentBasedDeduplication": True}}, "FIFO"),
        ({"queue": {"FifoQueue": True, "FifoThroughputLimit": "perMessageGroupId"}}, "messageGroup"),
        ({"queue": {"MessageRetentionPeriod": 59}}, "60"),
        ({"queue": {"RedriveAllowPolicy": {"redrivePermission": "byQueue"}}}, "sourceQueueArns"),
        ({"send": {"batch_size": 11}}, "10"),
    ],
)
def test_what_amazon_refuses_is_refused_when_read(config: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidDesign, match=words):
        queue_design(**config)


def test_practice_is_named_with_its_reason() -> None:
    document = queue_design(
        arrivals={"process": "poisson", "rate": 1_000},
        producer={"keys": KEYS},
        queue={"FifoQueue": True, "ReceiveMessageWaitTimeSeconds": 0},
        consumer={"instances": 8, "service_time": 0.01},
        receive={"heartbeat": 60},
        dead={"FifoQueue": True},
    )
    told = " ".join(
        problem.message for problem in check(document) if problem.code in ("D310", "D521", "D522")
    )
    for words in ("maxReceiveCount 1", "order of q breaks", "1,000 send calls", "4 message groups"):
        assert words in told
    assert "first heartbeat" in told
    assert "without waiting" in told
