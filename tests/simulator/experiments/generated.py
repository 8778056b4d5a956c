"""Generated designs for both engines: producers, topics, brokers of several kinds one after the other,
functions.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from simulator import Document
from tests.simulator.designs import design, node

_rates = st.floats(0.5, 60.0)
_arrivals = st.one_of(
    st.builds(lambda rate: {"process": "poisson", "rate": rate}, _rates),
    st.builds(
        lambda rate, limit: {"process": "constant", "rate": rate, "limit": limit}, _rates, st.integers(0, 99)
    ),
    st.builds(
        lambda rate, batch: {"process": "batch-poisson", "rate": rate / 4, "batch": batch},
        _rates,
        st.integers(2, 12),
    ),
    st.builds(lambda gap: {"process": "renewal", "interarrival": gap, "start": 0.5}, st.floats(0.02, 2.0)),
    st.builds(
        lambda rate: {
            "process": "mmpp",
            "states": [{"rate": rate, "mean_sojourn": 1}, {"rate": 0.1, "mean_sojourn": 2}],
        },
        _rates,
    ),
)
_density = st.builds(
    lambda mean, shape: {"distribution": "gamma", "mean": mean, "shape": shape},
    st.floats(0.001, 0.3),
    st.floats(0.8, 3.0),
)
_services = st.one_of(_density, _density, _density, st.floats(0.001, 0.5))
_sizes = st.sampled_from([1_024, 1_024, {"distribution": "uniform", "low": 100, "high": 7_000}])
_step = st.sampled_from([0.00001, 0.0003, 0.004])

#: By kind: settings of the broker, and of the edge by which it is read.
BROKERS: dict[str, tuple[st.SearchStrategy[dict[str, Any]], st.SearchStrategy[dict[str, Any]]]] = {
    "queue": (
        st.sampled_from([{}, {}, {}, {"capacity": 5}, {"capacity": 40}, {"ttl": 0.2}, {"ttl": 2}]),
        st.just({}),
    ),
    "aws.sqs": (
        st.fixed_dictionaries(
            {
                "VisibilityTimeout": st.floats(0.5, 5),
                "ReceiveMessageWaitTimeSeconds": st.sampled_from([0, 0.3, 1.1, 20]),
            }
        ),
        st.fixed_dictionaries({"MaxNumberOfMessages": st.integers(1, 10)}),
    ),
    "rabbitmq.queue": (
        st.fixed_dictionaries(
            {
                "x-queue-type": st.sampled_from(["classic", "quorum"]),
                "publish_time": _step,
                "deliver_time": _step,
                "acknowledge_time": _step,
            }
        ),
        st.fixed_dictionaries(
            {
                "prefetch": st.integers(0, 6),
                "auto_ack": st.sampled_from([False, False, True]),
                "round_trip": st.floats(0.0001, 0.02),
            }
        ),
    ),
}

#: Functions, and how a mapping invokes one; a queue must hide messages for as long as its function may run.
_functions: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "service_time": _services,
        "init_duration": _services,
        "invoke_overhead": st.sampled_from([0.008, 0.008, 0]),
        "batch_work": st.sampled_from(["per-message", "per-batch"]),
        "idle_expiry": st.sampled_from([0.2, 600]),
        "Timeout": st.sampled_from([1, 4]),
        "ProvisionedConcurrentExecutions": st.sampled_from([0, 0, 2]),
        "ReservedConcurrentExecutions": st.sampled_from([None, None, 4, 60]),
        "failure": st.sampled_from([{}, {}, {}, {"probability": 0.1}]),
    }
)
_mappings: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "BatchSize": st.integers(1, 10),
        "MaximumConcurrency": st.sampled_from([None, None, 2, 7]),
        "MaximumBatchingWindowInSeconds": st.sampled_from([None, None, None, 1]),
    }
)
_exchanges: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"type": st.sampled_from(["fanout", "direct", "topic", "x-consistent-hash"])}
)
_binding_keys = st.sampled_from(["1", "2", "3"])
_publishes: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "routing_key": st.sampled_from([None, None, "1", "{key}", {"1": 1, "2": 2}]),
        "mandatory": st.booleans(),
        "delay": st.sampled_from([None, None, 0.01]),
    }
)
_tables: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "BillingMode": st.sampled_from(["PAY_PER_REQUEST", "PAY_PER_REQUEST", "PROVISIONED"]),
        "WarmThroughput.WriteUnitsPerSecond": st.sampled_from([4_000, 8_000]),
        "put_latency": _services,
        "StreamViewType": st.sampled_from([None, None, None, "KEYS_ONLY"]),
    }
)
_calls: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "operation": st.sampled_from(["get", "put", "update", "query"]),
        "item_size": st.sampled_from([None, 9_000]),
    }
)
#: What producers say in their events, and what subscriptions of SNS want of that.
_attributes: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [
        {},
        {"kind": "a"},
        {"kind": {"choice": {"a": 3, "b": 1}}},
        {"kind": {"choice": {"a": 3, "b": 1}}, "n": {"distribution": "uniform", "low": 0, "high": 10}},
    ]
)
_policies: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [
        {},
        {},
        {"FilterPolicy": {"kind": ["a"]}},
        {"FilterPolicy": {"kind": [{"exists": False}]}},
        {"FilterPolicy": {"n": [{"numeric": [">", 5]}]}},
        {"FilterPolicy": {"n": [{"numeric": ["<", 3]}]}, "FilterPolicyScope": "MessageBody"},
    ]
)


def _event(attributes: dict[str, Any]) -> dict[str, Any]:
    detail = {"n": {"distribution": "uniform", "low": 0, "high": 5}, "s": "x"}
    return {"event": {"type": "T", "detail": detail, "attributes": attributes}}


#: What does the work: a consumer of a broker, a function that reads it, or a function alone.
_FORMS = ["consumer", "consumer", "consumer", "mapping", "mapping", "function"]


@st.composite
def documents(draw: st.DrawFn, kinds: list[str]) -> Document:
    """Producers, perhaps a topic, and brokers with and without what keeps them from being stages."""
    has_topic = draw(st.booleans())
    # What SNS brings comes late by itself; only queues of SQS subscribe to it. Exchanges have their own, too.
    own = {"aws.sqs": "aws.sns", "rabbitmq.queue": "rabbitmq.exchange"}.get(kinds[0], "topic")
    topic = draw(st.sampled_from(["topic", own, own])) if len(kinds) == 1 else "topic"
    is_exchange, has_events = topic == "rabbitmq.exchange", has_topic and topic == "aws.sns"
    producers = [
        node(
            f"p{number}",
            "producer",
            **(_event(draw(_attributes)) if has_events and draw(st.booleans()) else {}),
            arrivals=draw(_arrivals),
            keys=draw(st.none() | st.just({"distribution": "zipf", "count": 5, "exponent": 1.0})),
            size=draw(_sizes) if kinds == ["aws.sqs"] else 1_024,
        )
        for number in range(draw(st.sampled_from([1, 1, 2])))
    ]
    nodes = [
        *producers,
        *([node("t", topic, **(draw(_exchanges) if is_exchange else {}))] if has_topic else []),
    ]
    edges = [f"{producer['id']}->t" for producer in producers] if has_topic else []
    configs = {edge: draw(_publishes) for edge in edges if is_exchange}
    last = ""
    for number in range(draw(st.integers(1, 3))):
        broker, consumer = f"q{number}", f"c{number}"
        kind = draw(st.sampled_from(kinds))
        form = draw(st.sampled_from(_FORMS)) if kind == "aws.sqs" else "consumer"
        is_tandem = bool(last) and draw(st.booleans())
        before = [last] if is_tandem else ["t"] if has_topic else [producer["id"] for producer in producers]
        if form == "function" and before == ["t"] and topic == "topic":
            form = "mapping"  # a function reads a topic by a mapping of its own
        attributes, read = BROKERS[kind]
        if form == "function":
            broker = consumer
        else:
            hidden = {"VisibilityTimeout": 4} if form == "mapping" else {}
            nodes.append(node(broker, kind, **draw(attributes) | hidden))
        if form == "consumer":
            nodes.append(
                node(
                    consumer,
                    "consumer",
                    instances=draw(st.integers(1, 4)),
                    concurrency=draw(st.integers(1, 2)),
                    service_time=draw(_services),
                    failure={"probability": draw(st.sampled_from([0.0, 0.0, 0.0, 0.2]))},
                )
            )
        else:
            nodes.append(node(consumer, "aws.lambda", **draw(_functions)))
            for call in draw(st.lists(_calls, max_size=2)):
                table = f"t{len(nodes)}"
                nodes.append(node(table, "aws.dynamodb", **draw(_tables)))
                edges.append(f"{consumer}->{table}")
                configs[edges[-1]] = call
        is_called = form == "function" and before[0] in ("p0", "p1") and draw(st.booleans())
        role = ":invoke" if is_called else ":publish"
        edges += [f"{one}->{broker}{role}" for one in before]
        may_delay = (before != ["t"] or topic == "topic") and not is_called
        if may_delay and draw(st.sampled_from([False, False, False, True])):
            configs[f"{before[0]}->{broker}{role}"] = {"delay": draw(_services)}
        if is_exchange and before == ["t"]:
            configs[f"t->{broker}{role}"] = {"routing_key": draw(_binding_keys)}
        if has_events and before == ["t"]:
            configs[f"t->{broker}{role}"] = draw(_policies)
        if form != "function":
            edges.append(f"{broker}->{consumer}")
            configs[f"{broker}->{consumer}"] = draw(_mappings if form == "mapping" else read)
        if kind == "aws.sqs" and form != "function" and draw(st.booleans()):
            nodes.append(node(f"d{number}", "aws.sqs"))
            give_up = f"{broker}->d{number}:dead-letter"
            edges.append(give_up)
            configs[give_up] = {"maxReceiveCount": draw(st.integers(1, 3))}
        last = consumer
    faults: list[dict[str, Any]] = []
    for _ in range(draw(st.sampled_from([0, 0, 1, 2]))):
        # Consumers twice: stages of theirs may outlast it.
        consumers = [one["id"] for one in nodes if one["kind"] == "consumer"]
        others = [one["id"] for one in nodes if one["kind"] in ("aws.lambda", *kinds)]
        struck = draw(st.sampled_from([*consumers, *consumers, *others]))
        kind = draw(st.sampled_from(["outage", "pause"])) if struck in consumers else "outage"
        start = draw(st.floats(0, 2))
        if not any(one["node"] == struck and abs(one["at"] - start) <= 0.5 for one in faults):
            faults.append({"kind": kind, "node": struck, "at": start, "duration": 0.4})
    simulation = {"duration": 3, "seed": draw(st.integers(0, 99))}
    return design(nodes, edges, edge_configs=configs, faults=faults, simulation=simulation)
