"""The cost of a design: the arithmetic of the vendors' price pages, worked by hand.

Sources of the expectations: Amazon SQS, SNS, EventBridge, MSK, MQ and EC2 pricing, as the package's price
file quotes them; a month is 730 hours.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from simulator import Document, InvalidDesign, simulate
from simulator.experiments.compare import Alternative, compare
from simulator.pricing.prices import PriceLine, Prices, package_prices, price_list, read_prices
from simulator.report.alternatives_table import comparison_table
from simulator.report.cost_table import cost_table
from simulator.report.table import result_table
from tests.simulator.designs import design, node

MONTH = 730 * 3_600
RATE = 10
#: Millions of messages a month.
MILLIONS = RATE * MONTH / 1e6
#: Gigabytes a month of messages of 1,000 bytes.
GIGABYTES = RATE * MONTH * 1_000 / 1e9

SOURCE = {
    "arrivals": {"process": "constant", "rate": RATE},
    "keys": {"distribution": "uniform", "low": 0, "high": 100},
    "size": {"distribution": "constant", "value": 1_000},
}
LONG = {"ReceiveMessageWaitTimeSeconds": 20}
WORK = {"service_time": {"distribution": "constant", "value": 0.01}}


def cost_of(nodes: list[dict[str, Any]], edges: list[str], **rest: Any) -> dict[str, Any]:
    document = design(nodes, edges, simulation={"duration": 240, "warmup": 40}, **rest)
    found = simulate(document)["cost"]
    assert isinstance(found, dict)
    return found


def through(*middle: dict[str, Any], size: int = 1_000, **rest: Any) -> dict[str, Any]:
    """A producer, what is in the middle, and a consumer."""
    names = ["web", *(one["id"] for one in middle), "billing"]
    source = {**SOURCE, "size": {"distribution": "constant", "value": size}}
    return cost_of(
        [node("web", "producer", **source), *middle, node("billing", "consumer", **WORK)],
        [f"{a}->{b}" for a, b in pairwise(names)],
        **rest,
    )


KAFKA: dict[str, Any] = {"partitions": 3, "replication.factor": 3, "brokers": 3}
#: Replicas in two other zones, and two thirds of what clients write and read; out and in.
CROSSING = 2 * (2 + 2 / 3 + 2 / 3) * GIGABYTES * 0.01
WEEK = RATE * 1_000 * 7 * 86_400 / 1e9

#: What stands between producer and consumer, the cost of the first of it a month, and of which causes.
CASES: list[tuple[str, list[dict[str, Any]], float, dict[str, float], dict[str, Any]]] = [
    ("a queue of the textbook is free", [node("q", "queue")], 0.0, {}, {}),
    (
        "SQS: send, receive and delete; a million is free",
        [node("q", "aws.sqs", **LONG)],
        (3 * MILLIONS - 1) * 0.40,
        {"requests": (3 * MILLIONS - 1) * 0.40},
        {},
    ),
    (
        "SQS: each 64 KiB of 200 KiB is a request, of sends and receives",
        [node("q", "aws.sqs", **LONG)],
        (9 * MILLIONS - 1) * 0.40,
        {"payload chunks": 6 / 9 * (9 * MILLIONS - 1) * 0.40},
        {"size": 200 * 1_024},
    ),
    (
        "SQS: ten at a time, to send, to receive and to delete",
        [node("q", "aws.sqs", **LONG)],
        (3 / 10 * MILLIONS - 1) * 0.40,
        {},
        {
            "edge_configs": {
                "web->q": {"batch_size": 10, "linger": 5},
                "q->billing": {"MaxNumberOfMessages": 10, "delete_batch_size": 10, "delete_linger": 5},
            }
        },
    ),
    (
        "SQS FIFO",
        [node("q", "aws.sqs", FifoQueue=True, **LONG)],
        (3 * MILLIONS - 1) * 0.50,
        {},
        {},
    ),
    (
        "Kafka of one's own: brokers, a week of three copies, traffic between zones",
        [node("log", "kafka.topic", **KAFKA)],
        3 * 730 * 0.0816 + 3 * WEEK * 0.08 + CROSSING,
        {"node hours": 3 * 730 * 0.0816, "storage": 3 * WEEK * 0.08, "data transfer": CROSSING},
        {},
    ),
    (
        "Kafka as Amazon MSK: copies between zones are free",
        [node("log", "kafka.topic", hosting="msk", broker_type="m7g.large", **KAFKA)],
        3 * 730 * 0.204 + 3 * WEEK * 0.10,
        {"node hours": 3 * 730 * 0.204},
        {},
    ),
    (
        "Kafka keeps no more than retention.bytes of each partition",
        [node("log", "kafka.topic", hosting="msk", **{"retention.bytes": 10**8, **KAFKA})],
        3 * 730 * 0.204 + 3 * 3 * 0.1 * 0.10,
        {"storage": 0.09},
        {},
    ),
    (
        "Kafka compacted: what it stores depends on its keys, and is not guessed",
        [
            node(
                "log",
                "kafka.topic",
                hosting="msk",
                broker_type="m7g.large",
                **{**KAFKA, "cleanup.policy": "compact"},
            )
        ],
        3 * 730 * 0.204,
        {"node hours": 3 * 730 * 0.204},
        {},
    ),
    (
        "RabbitMQ of one's own, a quorum queue",
        [node("q", "rabbitmq.queue", **{"x-queue-type": "quorum"})],
        3 * 730 * 0.0816 + CROSSING,
        {"node hours": 3 * 730 * 0.0816, "data transfer": CROSSING},
        {},
    ),
    (
        "RabbitMQ as a cluster of Amazon MQ",
        [node("q", "rabbitmq.queue", hosting="amazon-mq")],
        3 * 730 * 0.288,
        {"node hours": 3 * 730 * 0.288},
        {},
    ),
    (
        "SNS: one publish, deliveries to SQS are free and so are their sends",
        [node("topic", "aws.sns"), node("q", "aws.sqs", **LONG)],
        (MILLIONS - 1) * 0.50 + (2 * MILLIONS - 1) * 0.40,
        {"requests": (MILLIONS - 1) * 0.50 + (2 * MILLIONS - 1) * 0.40},
        {},
    ),
    (
        "EventBridge: 150 KiB are three events; its target bills send, receive and delete",
        [node("bus", "aws.eventbridge"), node("q", "aws.sqs", **LONG)],
        3 * MILLIONS * 1.00 + (7 * MILLIONS - 1) * 0.40,
        {},
        {"size": 150 * 1_024},
    ),
]


@pytest.mark.parametrize(
    ("middle", "total", "causes", "rest"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_the_price_pages_by_hand(
    middle: list[dict[str, Any]], total: float, causes: dict[str, float], rest: dict[str, Any]
) -> None:
    cost = through(*middle, **rest)
    if total == 0.0:
        assert cost["items"] == []
        return
    month = cost["per_month"]
    assert month["mean"] == pytest.approx(total, rel=0.01)
    assert month["mean"] == pytest.approx(sum(month["by_node"].values()))
    assert month["mean"] == pytest.approx(sum(month["by_cause"].values()))
    for cause, amount in causes.items():
        assert month["by_cause"][cause] == pytest.approx(amount, rel=0.01)
    assert cost["per_million_messages"]["mean"] == pytest.approx(month["mean"] / MILLIONS, rel=0.01)


def test_a_pipe_pays_for_what_passes_its_filter() -> None:
    source = {**SOURCE, "event": {"detail": {"kind": "paid"}}}
    found = {}
    for wanted in ("paid", "open"):
        pipe = {"FilterPattern": {"body": {"detail": {"kind": [wanted]}}}}
        cost = cost_of(
            [
                node("web", "producer", **source),
                node("q", "aws.sqs", **LONG),
                node("pipe", "aws.pipe", **pipe),
                node("out", "queue"),
                node("billing", "consumer", **WORK),
            ],
            ["web->q", "q->pipe", "pipe->out", "out->billing"],
        )
        found[wanted] = cost["per_month"]["by_node"].get("pipe")
    assert found["paid"] == pytest.approx(MILLIONS * 0.40, rel=0.01)
    assert found["open"] == 0.0


def test_retries_stand_apart() -> None:
    # Of each message 1 / (1 - p) receives, p / (1 - p) of them again.
    cost = cost_of(
        [
            node("web", "producer", **SOURCE),
            node("q", "aws.sqs", VisibilityTimeout=1, **LONG),
            node("billing", "consumer", **WORK, failure={"probability": 0.2}),
        ],
        ["web->q", "q->billing"],
    )
    amounts = {one["cause"]: one["amount"] for one in cost["items"] if one["node"] == "q"}
    assert amounts["retries"] == pytest.approx(0.25 * MILLIONS * 1e6, rel=0.1)
    assert amounts["requests"] == pytest.approx(3 * MILLIONS * 1e6, rel=0.01)


def test_work_done_twice_costs_a_delete_more() -> None:
    # A fifth of the deletes are lost: p / (1 - p) receives and deletes more for each message.
    cost = cost_of(
        [
            node("web", "producer", **SOURCE),
            node("q", "aws.sqs", VisibilityTimeout=1, undeleted_probability=0.2, **LONG),
            node("billing", "consumer", **WORK),
        ],
        ["web->q", "q->billing"],
    )
    amounts = {one["cause"]: one["amount"] for one in cost["items"] if one["node"] == "q"}
    assert amounts["duplicates"] == pytest.approx(0.25 * MILLIONS * 1e6, rel=0.1)
    assert amounts["retries"] == pytest.approx(0.25 * MILLIONS * 1e6, rel=0.1)
    assert amounts["requests"] == pytest.approx(3 * MILLIONS * 1e6, rel=0.01)


@pytest.mark.parametrize(
    ("front", "edge", "lines"),
    [
        # SNS: a publish, and a delivery by HTTP for each.
        (node("front", "aws.sns"), {}, {"aws.sns.http.deliveries": MILLIONS * 0.60}),
        # A filter on the body scans all of it.
        (
            node("front", "aws.sns"),
            {"FilterPolicy": {"kind": ["paid"]}, "FilterPolicyScope": "MessageBody"},
            {"aws.sns.body_filtering": GIGABYTES * 0.09},
        ),
        # EventBridge: an API destination; ten days of a month of 730 hours in the archive.
        (
            node("front", "aws.eventbridge", archive={"RetentionDays": 10}),
            {},
            {
                "aws.eventbridge.api_destinations": MILLIONS * 0.20,
                "aws.eventbridge.archive_processing": GIGABYTES * 0.10,
                "aws.eventbridge.archive_storage": GIGABYTES * 10 / (730 / 24) * 0.023,
            },
        ),
    ],
)
def test_deliveries_by_http_filters_and_archives(
    front: dict[str, Any], edge: dict[str, Any], lines: dict[str, float]
) -> None:
    cost = cost_of(
        [
            node("web", "producer", **SOURCE, event={"detail": {"kind": "paid"}}),
            front,
            node("api", "service", instances=5, service_time=0.01),
        ],
        ["web->front", "front->api"],
        edge_configs={"front->api": edge},
    )
    found: dict[str, float] = {}
    for one in cost["items"]:
        found[one["price"]] = found.get(one["price"], 0.0) + one["per_month"]
    for line, amount in lines.items():
        assert found[line] == pytest.approx(amount, rel=0.02), line


def test_empty_receives_stand_apart() -> None:
    # Ten workers poll every second and find something for a hundredth of the time.
    cost = cost_of(
        [
            node("web", "producer", arrivals={"process": "constant", "rate": 0.01}),
            node("q", "aws.sqs", ReceiveMessageWaitTimeSeconds=1),
            node("billing", "consumer", instances=10, **WORK),
        ],
        ["web->q", "q->billing"],
    )
    amounts = {one["cause"]: one["amount"] for one in cost["items"] if one["node"] == "q"}
    assert amounts["empty receives"] == pytest.approx(10 * MONTH, rel=0.02)


def test_instances_cost_their_hours_busy_or_not() -> None:
    # 10 messages a second of 0.05 s on two instances: a utilization of 0.25.
    workers = {"instances": 2, "instance_type": "m7g.large"}
    cost = cost_of(
        [
            node("web", "producer", **SOURCE),
            node("q", "queue"),
            node("billing", "consumer", service_time={"distribution": "constant", "value": 0.05}, **workers),
        ],
        ["web->q", "q->billing"],
    )
    month = cost["per_month"]
    assert month["mean"] == pytest.approx(2 * 730 * 0.0816)
    assert month["by_cause"]["idle hours"] == pytest.approx(0.75 * 2 * 730 * 0.0816, rel=0.01)
    assert cost["unpriced"] == []


def test_topics_of_one_cluster_share_its_brokers() -> None:
    cost = cost_of(
        [
            node("web", "producer", **SOURCE),
            *(node(id, "kafka.topic", hosting="msk", **KAFKA) for id in ("a", "b")),
            *(node(f"read-{id}", "consumer", **WORK) for id in ("a", "b")),
        ],
        ["web->a", "web->b", "a->read-a", "b->read-b"],
    )
    hours = [one["per_month"] for one in cost["items"] if one["cause"] == "node hours"]
    assert hours == [pytest.approx(3 * 730 * 0.204 / 2)] * 2


def test_every_replication_has_its_bill() -> None:
    document = design(
        [
            node("web", "producer", arrivals={"process": "poisson", "rate": 10}),
            node("q", "aws.sqs", **LONG),
            node("billing", "consumer", **WORK),
        ],
        ["web->q", "q->billing"],
    )
    month = simulate(document, duration=60, replications=5)["cost"]["per_month"]
    low, high = month["ci95"]
    assert low < month["mean"] < high
    assert simulate(document, duration=60)["cost"]["per_month"]["ci95"] is None


def test_a_comparison_says_how_much_less_an_alternative_costs() -> None:
    def pool(instances: int, machine: str | None = "m7g.large") -> Document:
        return design(
            [
                node("web", "producer", **SOURCE),
                node("q", "queue"),
                node("billing", "consumer", instances=instances, instance_type=machine, **WORK),
            ],
            ["web->q", "q->billing"],
            simulation={"duration": 20, "warmup": 2},
        )

    found = compare([Alternative("four", pool(4)), Alternative("three", pool(3))], replications=3)
    difference = found["cost"]["differences"]["three"]
    assert difference["mean"] == pytest.approx(-730 * 0.0816)  # one instance less, all month
    assert difference["verdict"] == "lower"
    assert "three: 59.57 a month less than four" in comparison_table(found)
    apart = compare([Alternative("four", pool(4)), Alternative("none", pool(3, None))], replications=2)
    assert apart["cost"] is None  # one of them has no price


# -- prices ------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("requests", "dollars"),
    [(0, 0), (1e6, 0.40), (100e9, 40_000), (150e9, 55_000), (250e9, 40_000 + 30_000 + 12_000)],
)
def test_volume_tiers(requests: float, dollars: float) -> None:
    # 0.40 a million up to 100 thousand million, 0.30 up to 200, 0.24 beyond (Amazon SQS pricing).
    line = package_prices().lines["aws.sqs.standard.requests"]
    assert isinstance(line, PriceLine)
    assert line.cost(requests) == pytest.approx(dollars)


def test_free_requests_are_given_once_for_the_account() -> None:
    # Two queues, each alone within the free million: 2 x 3 x 0.2 million requests.
    cost = cost_of(
        [
            node("web", "producer", **{**SOURCE, "arrivals": {"process": "constant", "rate": 0.1}}),
            node("a", "aws.sqs", **LONG),
            node("b", "aws.sqs", FifoQueue=True, **LONG),
            node("read-a", "consumer", **WORK),
            node("read-b", "consumer", **WORK),
        ],
        ["web->a", "web->b", "a->read-a", "b->read-b"],
    )
    amount = sum(one["amount"] for one in cost["items"])
    billed = 1 - 1e6 / amount
    for one in cost["items"]:
        price = {"a": 0.40, "b": 0.50}[one["node"]]
        assert one["per_month"] == pytest.approx(one["amount"] * billed * price / 1e6)


def test_without_the_free_tier_the_first_request_costs() -> None:
    plain, paid = (
        through(node("q", "aws.sqs", **LONG), pricing={"free_tier": free})["per_month"]["mean"]
        for free in (True, False)
    )
    assert paid - plain == pytest.approx(0.40)


def test_every_line_of_the_package_names_its_source() -> None:
    package = package_prices()
    assert (package.dated, package.region, package.currency) == ("2026-11", "us-east-1", "USD")
    for name, line in package.lines.items():
        assert isinstance(line, PriceLine), name
        assert line.title, name
        assert line.dated, name
        assert line.source, name
        assert line.evidence != "own", name
        assert (line.source == "none") == (line.evidence == "unverified"), name


def test_a_design_may_bring_prices_of_its_own() -> None:
    own = {"lines": {"machine.m7g.large": 0.05, "machine.tiny": {"price": 0.01, "unit": "hour"}}}
    cost = through(node("log", "kafka.topic", **KAFKA), pricing=own)
    assert cost["per_month"]["by_cause"]["node hours"] == pytest.approx(3 * 730 * 0.05)
    assert cost["own_prices"] == ["machine.m7g.large"]
    assert {one["name"]: one["evidence"] for one in cost["prices"]}["machine.m7g.large"] == "own"


def test_prices_in_another_currency_stand_alone() -> None:
    found = price_list(Prices.model_validate({"currency": "EUR", "lines": {"machine.m7g.large": 0.07}}))
    assert set(found.lines) == {"machine.m7g.large"}
    assert found.dated == ""


def test_what_has_no_price_is_said_and_is_not_zero() -> None:
    cost = through(node("q", "rabbitmq.queue", hosting="amazon-mq", node_type="m7g.large"))
    assert "q" in cost["per_month"]["by_node"]  # its storage has a price
    where = "(add it with --prices, or under pricing.lines)"
    assert [one["statement"] for one in cost["unpriced"]] == [
        f"no price for q: the prices have no line aws.mq.m7g.large {where}",
        "no price for billing: instances without an Instance type",
    ]
    nothing = through(node("q", "queue"))
    assert nothing["per_month"] is None
    assert nothing["per_million_messages"] is None
    assert cost_table(nothing) == ""


def test_the_table_shows_nodes_causes_and_doubts() -> None:
    document = design(
        [
            node("web", "producer", **SOURCE),
            node("log", "kafka.topic", **KAFKA),
            node("billing", "consumer", **WORK),
        ],
        ["web->log", "log->billing"],
    )
    text = result_table(simulate(document, duration=60))
    assert "Cost in USD (prices of 2026-11; us-east-1" in text
    assert "node hours" in text
    assert "no price for billing: instances without an Instance type" in text
    assert "not verified, check before you rely on it: EC2 m7g.large" in text


BAD: list[tuple[str, str, str]] = [
    ("no mapping", "- 1", "mapping"),
    ("unknown key", "format: headrace-prices/1\nline: {}", "line"),
    ("negative", "lines: {machine.x: {price: -1}}", "lines"),
    ("text", "lines: {machine.x: {price: cheap}}", "price"),
    ("no price", "lines: {machine.x: {unit: hour}}", "price"),
    ("falling tiers", "lines: {m: {price: 1, tiers: [{above: 5, price: 1}, {above: 2, price: 1}]}}", "rise"),
    ("another format", "format: headrace-prices/2", "format"),
    ("a month that is none", "dated: 2026-13", "dated"),
    ("currency", "currency: dollars", "currency"),
    ("broken YAML", "lines: {", "line"),
]


@pytest.mark.parametrize(("text", "names"), [one[1:] for one in BAD], ids=[one[0] for one in BAD])
def test_a_bad_price_file_is_refused(text: str, names: str) -> None:
    with pytest.raises(InvalidDesign) as refused:
        read_prices(text, "own.yaml")
    assert names in str(refused.value)


def test_a_design_with_bad_prices_is_refused() -> None:
    data = {"format": "headrace/1", "name": "x", "pricing": {"lines": {"machine.x": -1}}}
    with pytest.raises(InvalidDesign) as refused:
        Document.parse(data)
    assert "pricing" in str(refused.value)
