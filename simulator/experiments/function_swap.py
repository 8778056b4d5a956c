"""Swap of who does the work: a pool of workers becomes a Lambda function, and the other way round.

Only where both mean the same: who reads queues and logs and is called by nobody. What a poller, a cold start
and a timeout add, and what a worker knew that a function does not, is said.
"""

from __future__ import annotations

from math import ceil
from typing import Any

from simulator.design.document import Document, Edge, Node
from simulator.experiments.parameters import refuse
from simulator.kinds.traits import Note, assumed, lost, translated

#: What a worker may become, and what may become one.
FUNCTION, POOL = "aws.lambda", "consumer"
FUNCTION_TARGETS = (FUNCTION, POOL)
#: Brokers that a function reads by an event source mapping.
_SOURCES = ("aws.sqs", "kafka.topic", "rabbitmq.queue", "event-store", "aws.dynamodb")
#: Timeout of a new function over the mean time of its work, and its bounds (s).
_TIMEOUT_FACTOR, _LEAST_TIMEOUT, _LONGEST_TIMEOUT = 10.0, 3, 900
#: Executions of an account; so many cannot be reserved (AWS Lambda developer guide, Reserved concurrency).
_ACCOUNT, _UNRESERVABLE = 1_000, 100
#: Workers of a new pool where the function says nothing.
_WORKERS = 10


def swap_worker(document: Document, node: Node, kind: str) -> tuple[dict[str, Any], list[Note]]:
    """The document, as plain data, with the consumer or function `node` as the other, and what that means.

    Raises:
        InvalidDesign: where it cannot mean the same.
    """
    for edge in document.edges_into(node.id):
        source = document.node(edge.source)
        if edge.role != "consume":
            raise refuse(
                f"{edge.source} calls {node.id}: a pool of workers only reads",
                "swap functions that nothing but event source mappings invoke",
            )
        if source.kind not in _SOURCES:
            raise refuse(
                f"{node.id} reads {source.id} ({source.kind}), which has no event source mapping",
                f"swap the broker first: there are mappings of {', '.join(_SOURCES)}",
            )
    notes: list[Note] = []
    config, on_edge = _as_function(node, notes) if kind == FUNCTION else _as_pool(document, node, notes)
    data = document.to_data()
    data["nodes"] = [
        {**one, "kind": kind, "config": config} if one["id"] == node.id else one for one in data["nodes"]
    ]
    edges = []
    for one in data["edges"]:
        edge = next(edge for edge in document.edges if edge.id == one["id"])
        if edge.target == node.id:
            one = _read(one, edge, on_edge, notes)
        elif edge.source == node.id and edge.role not in ("publish", "invoke"):
            notes.append(lost(f"the edge {edge.id}: a worker leaves what fails to its broker"))
            continue
        edges.append(one)
    data["edges"] = edges
    faults = []
    for one in data.get("faults", []):
        if one["node"] == node.id and one["kind"] not in ("outage", "pause"):
            notes.append(lost(f"the fault {one['kind']} of {node.id} at {one['at']:g} s"))
        else:
            faults.append(one)
    data["faults"] = faults
    prefix = f"{node.id}.config."
    data["assumptions"] = {
        key: value
        for key, value in data.get("assumptions", {}).items()
        if not key.startswith(prefix) or key == f"{prefix}service_time"
    }
    return data, notes


def _read(one: dict[str, Any], edge: Edge, on_edge: dict[str, Any], notes: list[Note]) -> dict[str, Any]:
    """How the broker is read now."""
    given = sorted(set(edge.config) - set(on_edge))
    if given:
        notes.append(lost(f"{', '.join(given)} of {edge.id}: the new reader reads in its own way"))
    return {**{key: value for key, value in one.items() if key != "config"}, "config": dict(on_edge)}


def _as_function(node: Node, notes: list[Note]) -> tuple[dict[str, Any], dict[str, Any]]:
    settings: Any = node.config
    plain = settings.model_dump(mode="json", by_alias=True)
    mean = settings.service_time.mean()
    batch = settings.batch
    size = 1 if batch is None else batch.max_size
    whole = mean * (size if batch is not None and batch.service == "per-message" else 1)
    timeout = min(_LONGEST_TIMEOUT, max(_LEAST_TIMEOUT, ceil(_TIMEOUT_FACTOR * whole)))
    if whole >= _LONGEST_TIMEOUT:
        raise refuse(
            f"{node.id} works for {whole:g} s on average: a function ends after {_LONGEST_TIMEOUT} s",
            "let a state machine or a pool of workers do what takes so long",
        )
    config: dict[str, Any] = {
        "service_time": plain["service_time"],
        "batch_work": "per-message" if batch is None else batch.service,
        "failure": {"probability": settings.failure.probability},
        "Timeout": timeout,
    }
    notes.append(assumed(f"Timeout {timeout} s, ten times the mean of the work"))
    notes.append(assumed("memory, cold starts and the invoke overhead are the usual ones"))
    if settings.instances is not None:
        workers = settings.instances * settings.concurrency
        if workers <= _ACCOUNT - _UNRESERVABLE:
            config["ReservedConcurrentExecutions"] = workers
            notes.append(translated(f"{workers} workers are {workers} reserved executions"))
        else:
            notes.append(lost(f"{workers} workers: an account has {_ACCOUNT} executions"))
    mapping: dict[str, Any] = {"BatchSize": size}
    if batch is not None and batch.max_wait > 0.0:
        mapping["MaximumBatchingWindowInSeconds"] = min(300, ceil(batch.max_wait))
    for field, what in (
        ("retry", "its own retries: the mapping and the broker try again"),
        ("idempotent", "its memory of what it has done: duplicates take effect"),
        ("setup_after_idle", "its set-up after idle: cold starts take its place"),
        ("autoscaling", "its autoscaling: Lambda scales by itself"),
        ("instance_type", "its machines: executions are billed"),
    ):
        if getattr(settings, field) is not None:
            notes.append(lost(what))
    return config, mapping


def _as_pool(document: Document, node: Node, notes: list[Note]) -> tuple[dict[str, Any], dict[str, Any]]:
    settings: Any = node.config
    plain = settings.model_dump(mode="json", by_alias=True)
    workers = settings.reserved_concurrency
    if workers is None:
        workers = _WORKERS
        notes.append(assumed(f"{workers} workers: the function takes what the account has left"))
    else:
        notes.append(translated(f"{workers} reserved executions are {workers} workers"))
    config: dict[str, Any] = {
        "instances": workers,
        "service_time": plain["service_time"],
        "failure": {"probability": settings.failure.probability},
    }
    mappings = [edge.settings for edge in document.edges_into(node.id)]
    size = max([getattr(mapping, "batch_size", None) or 1 for mapping in mappings], default=1)
    calls = any(edge.role == "invoke" for edge in document.edges_from(node.id))
    if size > 1 and not calls:
        window = max([getattr(mapping, "batching_window", None) or 0 for mapping in mappings], default=0)
        config["batch"] = {"max_size": size, "max_wait": window, "service": settings.batch_work}
        notes.append(translated(f"batches of {size} messages are batches of {size}"))
    elif size > 1:
        notes.append(lost(f"batches of {size}: a worker that calls services takes one message at a time"))
    if settings.failure.poison is not None:
        notes.append(lost("its poison pattern: failures are drawn"))
    notes.append(lost(f"its Timeout of {settings.timeout} s: a worker goes on to the end"))
    notes.append(lost("cold starts and throttling: a pool of workers is there"))
    return config, {}
