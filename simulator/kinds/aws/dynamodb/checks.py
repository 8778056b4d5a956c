"""What may be wrong with a DynamoDB table: practice rules from AWS's guidance.

Source: Amazon DynamoDB developer guide, *Best practices for designing and using partition keys*,
*Using global secondary indexes*, *Change data capture for DynamoDB Streams*.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.graph.problem import Problem
from simulator.kinds.aws.dynamodb.call_settings import READS, DynamoDbCallSettings
from simulator.kinds.aws.dynamodb.settings import DynamoDbSettings
from simulator.kinds.aws.dynamodb.units import (
    LARGEST_ITEM,
    PARTITION_READ,
    PARTITION_WRITE,
    read_units,
    write_units,
)

if TYPE_CHECKING:
    from simulator.design.document import Document, Edge, Node

#: Readers of one shard that a stream serves.
READERS = 2
#: Bytes of an item from which its units are worth a hint.
LARGE_ITEM = 0.75 * LARGEST_ITEM
#: Keys of an index below which it is a hot spot.
FEW_KEYS = 20


def check(document: Document, node: Node) -> list[Problem]:
    """Practice rules of a table (D39x)."""
    settings = node.config
    assert isinstance(settings, DynamoDbSettings)
    path = f"{document.path_of(node)}.config"
    problems: list[Problem] = []

    def say(code: str, severity: str, field: str, message: str, hint: str) -> None:
        place = f"{path}.{field}" if field else path.removesuffix(".config")
        problems.append(
            Problem(code, severity, node.id, f"config.{field}" if field else "", message, hint, place)  # type: ignore[arg-type]
        )

    readers = [edge for edge in document.edges_from(node.id) if edge.role == "consume"]
    if readers and settings.stream_view_type is None:
        say(
            "D390",
            "error",
            "StreamViewType",
            f"{readers[0].target} reads the stream of {node.id}, which has none",
            "choose a StreamViewType, such as NEW_AND_OLD_IMAGES",
        )
    if len(readers) > READERS:
        say(
            "D391",
            "warning",
            "",
            f"{len(readers)} readers of the stream of {node.id}: more than {READERS} are throttled",
            "let one reader fan out, through a topic or a bus",
        )
    read, write = _offered(document, node)
    if settings.billing_mode == "PROVISIONED":
        for offered, given, name in (
            (read, settings.read_capacity_units, "ReadCapacityUnits"),
            (write, settings.write_capacity_units, "WriteCapacityUnits"),
        ):
            if offered > given and settings.auto_scaling is None:
                say(
                    "D392",
                    "warning",
                    name,
                    f"{offered:.4g} units/s are offered to {node.id}, which has {given:,}: bursts "
                    "last 300 s at most",
                    f"give it {int(offered / 0.7) + 1:,}, auto scaling, or bill it on demand",
                )
    else:
        for offered, given, name in (
            (read, settings.warm_read, "WarmThroughput.ReadUnitsPerSecond"),
            (write, settings.warm_write, "WarmThroughput.WriteUnitsPerSecond"),
        ):
            if offered > given:
                say(
                    "D393",
                    "warning",
                    name,
                    f"{offered:.4g} units/s are offered to {node.id}, which takes {given:,} at once: "
                    "more only half an hour later",
                    "warm it up before the load comes",
                )
    for index in settings.indexes:
        if index.distinct_keys is not None and index.distinct_keys < FEW_KEYS and write > PARTITION_WRITE:
            say(
                "D394",
                "warning",
                "GlobalSecondaryIndexes",
                f"the index {index.index_name} of {node.id} has {index.distinct_keys} keys: it "
                "throttles the writes of the table",
                "add a suffix to its key, or index fewer items",
            )
    for edge in document.edges_into(node.id):
        problems += _of_call(document, node, edge)
    return problems


def _offered(document: Document, node: Node) -> tuple[float, float]:
    """Units per second that the edges into a table ask for, reads and writes, retries apart."""
    edges = [edge for edge in document.edges_into(node.id) if isinstance(edge.settings, DynamoDbCallSettings)]
    read = write = 0.0
    for edge in edges:
        units = _units(document, edge)
        if units is None:
            continue
        call = edge.settings
        assert isinstance(call, DynamoDbCallSettings)
        if call.operation in READS:
            read += _rate(document, edge.source) * units
        else:
            write += _rate(document, edge.source) * units
    return read, write


def _rate(document: Document, id: str, seen: frozenset[str] = frozenset()) -> float:
    """Messages per second of a producer, and of a service by the producers and services that call it; what
    comes through brokers is not known here.
    """
    arrivals = getattr(document.node(id).config, "arrivals", None)
    if arrivals is not None:
        return (
            0.0 if arrivals.process == "closed" else float(arrivals.mean_rate(document.simulation.duration))
        )
    calls = [edge for edge in document.edges_into(id) if edge.role == "invoke" and edge.source not in seen]
    return sum(_rate(document, edge.source, seen | {id}) for edge in calls)


def _units(document: Document, edge: Edge) -> float | None:
    """Units of one call, by the mean size of an item; None where that is not known."""
    call = edge.settings
    assert isinstance(call, DynamoDbCallSettings)
    size = (
        call.item_size
        if call.item_size is not None
        else getattr(document.node(edge.source).config, "size", None)
    )
    mean = 1_024.0 if size is None else size.mean()
    items = max(1, round(call.items.mean()))
    if call.operation in READS:
        return read_units(call.operation, mean, items, is_consistent=call.consistent_read)
    return write_units(call.operation, mean, items)


def _of_call(document: Document, node: Node, edge: Edge) -> list[Problem]:
    """What one caller may do wrong: hot keys, large items, strong reads, blind conflicts."""
    call = edge.settings
    if not isinstance(call, DynamoDbCallSettings):
        return []
    found: list[tuple[str, str, str, str, str]] = []
    producer = document.node(edge.source).config
    keys, arrivals = getattr(producer, "keys", None), getattr(producer, "arrivals", None)
    units = _units(document, edge)
    share = _top_share(keys)
    if share is not None and arrivals is not None and arrivals.process != "closed" and units is not None:
        hot = share * float(arrivals.mean_rate(document.simulation.duration)) * units
        ceiling = PARTITION_READ if call.operation in READS else PARTITION_WRITE
        if hot > ceiling:
            found.append(
                (
                    "D395",
                    "warning",
                    "operation",
                    f"a key of {edge.source} asks {node.id} for {hot:.4g} units/s: the limit is {ceiling:,}",
                    "spread the key over several (a suffix), or cache what is read",
                )
            )
    if call.item_size is not None and call.item_size.mean() >= LARGE_ITEM:
        found.append(
            (
                "D396",
                "hint",
                "item_size",
                f"items of {edge.source} are near the limit of 400 KB: {units:g} units for each call",
                "keep the large part in an object store and its address in the item",
            )
        )
    if call.operation == "transact-write" and call.conflict_attempts == 1 and keys is not None:
        found.append(
            (
                "D397",
                "hint",
                "conflict_attempts",
                f"{edge.source} gives a transaction up after the first conflict at {node.id}",
                "try again a few times",
            )
        )
    needs = _needs_a_key(node, call)
    keyless = _keyless(document, edge) if needs is not None else None
    if needs is not None and keyless is not None:
        found.append(
            (
                "D398",
                "warning",
                "operation",
                f"{needs}, and the messages of {keyless} have none: every one is an item of its own",
                f"give {keyless} keys: they are the primary key of the table",
            )
        )
    if not found:
        return []
    place = f"{document.path_of(edge)}.config"
    return [
        Problem(code, severity, edge.id, f"config.{field}", message, hint, f"{place}.{field}")  # type: ignore[arg-type]
        for code, severity, field, message, hint in found
    ]


def _needs_a_key(node: Node, call: DynamoDbCallSettings) -> str | None:
    """What of a call only works on items with a key; None: nothing."""
    settings = node.config
    assert isinstance(settings, DynamoDbSettings)
    if call.operation not in READS:
        if call.condition != "none":
            return f"the condition {call.condition} is about the item of a key"
        if call.operation == "transact-write":
            return "transactions conflict on the item of a key"
        if settings.time_to_live is not None:
            return f"{node.id} lets the item of a key expire"
    elif settings.cache is not None and call.operation == "get":
        return f"the cache of {node.id} holds the item of a key"
    return None


def _keyless(document: Document, edge: Edge) -> str | None:
    """A producer from which an edge is reached and whose messages have no key."""
    seen, left = {edge.source}, [edge.source]
    while left:
        id = left.pop()
        config = document.node(id).config
        if hasattr(config, "arrivals") and getattr(config, "keys", None) is None:
            return id
        for one in document.edges_into(id):
            if one.source not in seen:
                seen.add(one.source)
                left.append(one.source)
    return None


def _top_share(keys: object) -> float | None:
    """Share of the most frequent key; None where it cannot be told."""
    kind = getattr(keys, "distribution", None)
    if kind == "constant":
        return 1.0
    if kind == "zipf":
        count, exponent = keys.count, keys.exponent  # type: ignore[attr-defined]
        return float(1.0 / sum(rank**-exponent for rank in range(1, min(count, 100_000) + 1)))
    return None
