"""For every rule a design that fires it, and one that does not.

The second is the first with other settings; where it is left out (`MENDED`), it is the first after its mend.
"""

from __future__ import annotations

from typing import Any

from simulator import Document
from tests.simulator.designs import design, node

MENDED = None


def rate(number: float) -> dict[str, Any]:
    return {"process": "poisson", "rate": number}


def made(number: float = 10, **config: Any) -> dict[str, Any]:
    return node("p", "producer", arrivals=rate(number), **config)


def worker(id: str = "c", /, work: float = 0.01, **config: Any) -> dict[str, Any]:
    return node(id, "consumer", service_time=work, **config)


FAILING: dict[str, Any] = {"failure": {"probability": 0.1}}
ALWAYS: dict[str, Any] = {"failure": {"probability": 1}}
ZIPF = {"distribution": "zipf", "count": 100, "exponent": 1.1}
ONE_KEY = {"distribution": "constant", "value": 1}


def line(
    kind: str,
    broker: dict[str, Any] | None = None,
    consumer: dict[str, Any] | None = None,
    read: dict[str, Any] | None = None,
    send: dict[str, Any] | None = None,
    producer: dict[str, Any] | None = None,
    **rest: Any,
) -> Document:
    """A producer, a broker, a consumer."""
    return design(
        [made(**(producer or {})), node("b", kind, **(broker or {})), worker(**(consumer or {}))],
        ["p->b", "b->c"],
        edge_configs={"b->c": read or {}, "p->b": send or {}},
        **rest,
    )


def sqs(**parts: Any) -> Document:
    return line("aws.sqs", **{"read": {"WaitTimeSeconds": 20}} | parts)


def log(broker: dict[str, Any] | None = None, **parts: Any) -> Document:
    safe = {"replication.factor": 3, "min.insync.replicas": 2}
    return line("kafka.topic", safe | (broker or {}), **parts)


def rabbit(
    broker: dict[str, Any] | None = None, read: dict[str, Any] | None = None, **parts: Any
) -> Document:
    return line("rabbitmq.queue", broker, read={"prefetch": 10} | (read or {}), **parts)


def letters(
    kind: str, broker: dict[str, Any], letter: dict[str, Any], edge: dict[str, Any], **rest: Any
) -> Document:
    """A broker with a dead-letter queue."""
    return design(
        [made(), node("b", kind, **broker), worker(), node("d", kind, **letter)],
        ["p->b", "b->c", "b->d:dead-letter"],
        edge_configs={"b->d:dead-letter": edge, "b->c": {"WaitTimeSeconds": 20}},
        **rest,
    )


def instance_before_two(instances: int) -> Document:
    return design(
        [
            made(),
            node("q", "queue"),
            worker(instances=instances),
            node("t", "topic"),
            worker("x"),
            worker("y"),
        ],
        ["p->q", "q->c", "c->t", "t->x", "t->y"],
    )


def part(reached: bool) -> Document:
    return design(
        [
            made(),
            node("q", "queue"),
            worker(),
            node("r", "queue"),
            worker("x"),
            node("s", "queue"),
            worker("y"),
        ],
        ["p->q", "q->c", "r->x", "x->s", "s->y", *(["p->r"] if reached else [])],
    )


def copies(number: int) -> Document:
    lines = [f"t{n}" for n in range(number)]
    return design(
        [made(), *(node(id, "topic") for id in lines), node("q", "queue"), worker(work=0.001)],
        [*(f"p->{id}" for id in lines), *(f"{id}->q:publish" for id in lines), "q->c"],
    )


def back_from_dead_letters(way: dict[str, Any]) -> Document:
    return design(
        [made(), node("q", "queue"), worker(**FAILING), node("d", "queue"), worker("redrive")],
        ["p->q", "q->c", "q->d:dead-letter", "d->redrive", "redrive->q"],
        edge_configs={"redrive->q": way},
    )


def writes(publishes: bool) -> Document:
    return design(
        [
            made(),
            node("s", "service", service_time=0.01),
            node("t", "aws.dynamodb"),
            node("b", "topic"),
            worker(),
        ],
        ["p->s", "s->t:invoke", "b->c", "s->b" if publishes else "p->b"],
    )


def topic(
    target: dict[str, Any], subscription: dict[str, Any] | None = None, dead: bool = False, **p: Any
) -> Document:
    tail = [node("d", "aws.sqs")] if dead else []
    is_queue = target["kind"] == "aws.sqs"
    return design(
        [made(**p), node("t", "aws.sns"), target, *tail, *([worker()] if is_queue else [])],
        [
            "p->t",
            f"t->{target['id']}",
            *(["t->d:dead-letter"] if dead else []),
            *(["x->c"] if is_queue else []),
        ],
        edge_configs={f"t->{target['id']}": subscription or {}, "x->c": {"WaitTimeSeconds": 20}},
    )


API = node("x", "service", service_time=0.01)
QUEUE = node("x", "aws.sqs")


def function(**config: Any) -> dict[str, Any]:
    return node("x", "aws.lambda", **{"service_time": 0.1, "Timeout": 30} | config)


def bus(
    first: dict[str, Any] | None = None,
    second: dict[str, Any] | None = None,
    dead: bool = True,
    send: dict[str, Any] | None = None,
    producer: dict[str, Any] | None = None,
    config: dict[str, Any] | None = None,
    **rest: Any,
) -> Document:
    event = {"source": "shop", "type": "Ordered"}
    return design(
        [
            made(**{"event": event} | (producer or {})),
            node("b", "aws.eventbridge", **(config or {})),
            node("x", "service", service_time=0.01, instances=100),
            node("y", "service", service_time=0.01, instances=100),
            *([node("d", "aws.sqs")] if dead else []),
        ],
        ["p->b", "b->x", "b->y", *(["b->d:dead-letter"] if dead else [])],
        edge_configs={
            "p->b": send or {},
            "b->x": {"EventPattern": {"source": ["shop"]}} | (first or {}),
            "b->y": {"EventPattern": {"source": ["shop"]}} if second is None else second,
        },
        **rest,
    )


def called(
    config: dict[str, Any], number: float = 10, objectives: tuple[dict[str, Any], ...] = ()
) -> Document:
    return design([made(number), function(**config)], ["p->x:invoke"], objectives=list(objectives))


def chained(role: str) -> Document:
    inner = node("y", "aws.lambda", service_time=0.1, Timeout=30)
    return design([made(), function(), inner], ["p->x:invoke", f"x->y:{role}"])


def table(points: list[list[float]]) -> Document:
    arrivals = {"process": "schedule", "points": points, "repeat": False}
    config = {"BillingMode": "PROVISIONED", "WriteCapacityUnits": 1_000, "auto_scaling": {"maximum": 10_000}}
    return design(
        [node("p", "producer", arrivals=arrivals), node("t", "aws.dynamodb", **config)], ["p->t:invoke"]
    )


def exchanged(keys: tuple[str, str]) -> Document:
    return design(
        [
            made(event={"source": "shop", "type": "a.b"}),
            node("e", "rabbitmq.exchange"),
            node("q", "rabbitmq.queue"),
            node("r", "rabbitmq.queue"),
            worker(),
            worker("x"),
        ],
        ["p->e", "e->q", "e->r", "q->c", "r->x"],
        edge_configs={"e->q": {"routing_key": keys[0]}, "e->r": {"routing_key": keys[1]}},
    )


def two_senders(first: int | None, second: int | None) -> Document:
    return design(
        [made(), node("o", "producer", arrivals=rate(1)), node("b", "rabbitmq.queue"), worker()],
        ["p->b", "o->b", "b->c"],
        edge_configs={"p->b": {"expiration": first}, "o->b": {"expiration": second}},
    )


def interrupted(**read: Any) -> Document:
    change = {"kind": "outage", "node": "c", "at": 10, "duration": 60}
    return log({"partitions": 6}, consumer={"instances": 3}, read=read, faults=[change])


def two_functions(reserved: int | None) -> Document:
    busy = function(ReservedConcurrentExecutions=reserved)
    return design(
        [made(6_000), made_by("o"), busy, node("y", "aws.lambda", Timeout=30)], ["p->x:invoke", "o->y:invoke"]
    )


def made_by(id: str) -> dict[str, Any]:
    return node(id, "producer", arrivals=rate(1))


def downstream(most: int) -> Document:
    return design(
        [
            made(),
            node("q", "aws.sqs", VisibilityTimeout=300),
            function(),
            node("s", "service", service_time=0.01, concurrency=5),
        ],
        ["p->q", "q->x", "x->s:invoke"],
        edge_configs={"q->x": {"MaximumConcurrency": most}},
    )


def piped(readers: tuple[str, ...]) -> Document:
    pipe = node("x", "aws.pipe", FilterPattern={"body": {"source": ["shop"]}})
    return design(
        [made(event={"source": "shop"}), node("q", "aws.sqs"), pipe, node("s", "service"), worker()],
        ["p->q", "q->x", "x->s:invoke", *(f"q->{reader}" for reader in readers)],
    )


def circle(*timed: str) -> Document:
    """Two queues, each the dead-letter exchange of the other."""
    queues = [
        node(id, "rabbitmq.queue", **({"x-message-ttl": 1_000} if id in timed else {})) for id in ("q", "r")
    ]
    return design(
        [made(), *queues, worker(), worker("y")],
        ["p->q", "q->c", "r->y", "q->r:dead-letter", "r->q:dead-letter"],
    )


DOWN = [{"kind": "node-down", "node": "b", "at": 10, "duration": 5}]
AWAY = [{"kind": "pause", "node": "c", "at": 10, "duration": 200}]
Case = tuple[Document, Document | None]


CASES: dict[str, Case] = {
    "D500": (instance_before_two(1), instance_before_two(2)),
    "D501": (part(reached=False), part(reached=True)),
    "D502": (copies(4), copies(2)),
    "D503": (line("queue", consumer=FAILING), MENDED),
    "D504": (sqs(broker={"MessageRetentionPeriod": 120}, faults=AWAY), MENDED),
    "D505": (letters("aws.sqs", {}, {}, {}), MENDED),
    "D506": (back_from_dead_letters({}), back_from_dead_letters({"probability": 0.5})),
    "D507": (line("queue", consumer={"work": 0.095}), MENDED),
    "D508": (writes(publishes=True), writes(publishes=False)),
    "D520": (letters("aws.sqs", {}, {}, {}), MENDED),
    "D521": (sqs(read={}), MENDED),
    "D522": (letters("aws.sqs", {}, {"MessageRetentionPeriod": 1_209_600}, {"maxReceiveCount": 1}), MENDED),
    "D523": (sqs(consumer=FAILING), MENDED),
    "D524": (sqs(broker={"FifoQueue": True}, consumer=FAILING, producer={"keys": ZIPF}), MENDED),
    "D525": (sqs(producer={"size": 100_000}), sqs(producer={"size": 60_000})),
    "D530": (topic(API, {"DeliveryPolicy": {}}), MENDED),
    "D531": (topic(QUEUE), MENDED),
    "D532": (topic(API, dead=True), MENDED),
    "D533": (
        topic(function(ReservedConcurrentExecutions=5), dead=True, number=100),
        topic(function(ReservedConcurrentExecutions=20), dead=True, number=100),
    ),
    "D534": (
        topic(node("x", "aws.sqs", MaximumMessageSize=10_000), dead=True, size=9_000),
        topic(node("x", "aws.sqs", MaximumMessageSize=10_000), dead=True, size=5_000),
    ),
    "D540": (bus(dead=False), MENDED),
    "D541": (bus(config={"Archive": {}}), bus(config={"Archive": {"RetentionDays": 30}})),
    "D542": (bus(second={}), bus()),
    "D543": (bus(producer={"number": 20_000}), bus(producer={"number": 20_000}, send={"entries": 10})),
    "D544": (bus(producer={"size": 100_000}), bus(producer={"size": 1_000})),
    "D545": (
        bus(config={"Archive": {"RetentionDays": 1}}, faults=[{"kind": "replay", "node": "b", "at": 10}]),
        bus(
            first={"RuleName": "one"},
            config={"Archive": {"RetentionDays": 1}},
            faults=[{"kind": "replay", "node": "b", "at": 10, "config": {"FilterArns": ["one"]}}],
        ),
    ),
    "D546": (
        bus(
            first={"RetryPolicy": {"MaximumEventAgeInSeconds": 60}},
            faults=[{"kind": "outage", "node": "x", "at": 10, "duration": 100}],
        ),
        MENDED,
    ),
    "D547": (piped(("c",)), piped(())),
    "D550": (line("kafka.topic"), MENDED),
    "D551": (log({"min.insync.replicas": 1}), MENDED),
    "D552": (log({"acks": "1"}), MENDED),
    "D553": (log({"enable.idempotence": False}), MENDED),
    "D554": (
        log({"partitions": 20}, producer={"keys": ZIPF}),
        log({"partitions": 3}, producer={"keys": ZIPF}),
    ),
    "D555": (
        log(
            producer={"keys": ZIPF},
            faults=[{"kind": "add-partitions", "node": "b", "at": 1, "config": {"partitions": 3}}],
        ),
        log(faults=[{"kind": "add-partitions", "node": "b", "at": 1, "config": {"partitions": 3}}]),
    ),
    "D556": (log({"linger.ms": 0, "partitions": 20}, producer={"number": 2_000, "size": 100}), MENDED),
    "D557": (log(producer={"size": 1_000_000}), log(producer={"size": 1_000})),
    "D558": (log({"cleanup.policy": "compact"}), log({"cleanup.policy": "compact"}, producer={"keys": ZIPF})),
    "D559": (log({"retention.bytes": 1_000_000, "segment.bytes": 1_048_576}, faults=AWAY), MENDED),
    "D560": (log(consumer=ALWAYS), log(consumer=ALWAYS, read={"attempts": 3})),
    "D561": (log(read={"enable.auto.commit": False, "commit": "before-processing"}), MENDED),
    "D562": (log(consumer={"work": 0.2}), log({"partitions": 6}, consumer={"work": 0.2, "instances": 6})),
    "D563": (interrupted(), MENDED),
    "D564": (log(read={"group_type": "share"}, consumer={"instances": 2}, producer={"keys": ZIPF}), MENDED),
    "D565": (
        log(
            {"partitions": 9},
            read={"enable.auto.commit": False, "commit": "after-record"},
            producer={"number": 90},
        ),
        MENDED,
    ),
    "D566": (
        log({"transactional.id": "t", "transaction_time": 20}, read={"isolation.level": "read_committed"}),
        log({"transactional.id": "t", "transaction_time": 1}, read={"isolation.level": "read_committed"}),
    ),
    "D567": (
        log(read={"group_type": "share"}, consumer=FAILING),
        log(read={"group_type": "share"}),
    ),
    "D570": (rabbit(read={"prefetch": 0}, consumer={"instances": 2}), MENDED),
    "D571": (rabbit(read={"auto_ack": True, "prefetch": 0}), MENDED),
    "D572": (rabbit(consumer=FAILING), MENDED),
    "D573": (rabbit({"x-max-length": 10}), MENDED),
    "D574": (rabbit(faults=DOWN, send={"delivery_mode": 2, "confirms": True}), MENDED),
    "D575": (rabbit(consumer={"work": 0.095}), rabbit(consumer={"work": 0.05})),
    "D576": (rabbit({"x-max-priority": 100}), MENDED),
    "D577": (
        rabbit({"x-single-active-consumer": True}, consumer={"work": 0.2, "instances": 4}),
        rabbit({"x-single-active-consumer": True}, consumer={"work": 0.05, "instances": 4}),
    ),
    "D578": (rabbit(producer={"number": 40_000}), rabbit(producer={"number": 4_000})),
    "D579": (rabbit({"x-max-priority": 5}, {"prefetch": 100}), MENDED),
    "D580": (rabbit(send={"delivery_mode": 2}), MENDED),
    "D581": (rabbit({"x-max-length": 10, "x-overflow": "reject-publish"}), MENDED),
    "D582": (rabbit(faults=DOWN), MENDED),
    "D583": (two_senders(1_000, None), two_senders(1_000, 1_000)),
    "D584": (exchanged(("a.*", "#")), exchanged(("a.*", "a.b"))),
    "D585": (rabbit({"x-queue-type": "stream"}, {"x-stream-offset": "next"}), MENDED),
    "D586": (circle("q", "r"), circle("q")),
    "D587": (exchanged(("b.*", "c.#")), exchanged(("a.*", "c.#"))),
    "D600": (called({"Timeout": 1, "service_time": 2}), MENDED),
    "D601": (
        called({"ReservedConcurrentExecutions": 5}, 100),
        called({"ReservedConcurrentExecutions": 50}, 100),
    ),
    "D602": (chained("invoke"), chained("publish")),
    "D603": (
        called({}, objectives=({"metric": "end_to_end_latency.p99", "from": "p", "to": "x", "below": 0.2},)),
        called({}, objectives=({"metric": "end_to_end_latency.p99", "from": "p", "to": "x", "below": 2},)),
    ),
    "D604": (two_functions(None), two_functions(700)),
    "D605": (downstream(50), downstream(5)),
    "D630": (table([[0, 100], [60, 500]]), table([[0, 100], [600, 500]])),
}
