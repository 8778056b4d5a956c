"""A DynamoDB table below its capacity without events: what calls that are told in order of time leave behind.

Every call is let in at once and takes what it draws; none meets another one. A call that might be throttled
and a partition that is split need events.
"""

from __future__ import annotations

from math import inf, isfinite
from typing import TYPE_CHECKING, Protocol

import numpy as np

from simulator.design.distributions import Constant
from simulator.engine.broker_stage import Follower, Noting, replacing
from simulator.engine.key_hash import point_of
from simulator.engine.quota_watch import QuotaWatch
from simulator.engine.request import InvokeEdge
from simulator.engine.stage_plan import EventsNeeded, sizes_into
from simulator.kinds.aws.dynamodb.operation import Client, Item
from simulator.kinds.aws.dynamodb.table import Table
from simulator.kinds.aws.dynamodb.units import (
    LARGEST_ITEM,
    PARTITION_READ,
    PARTITION_WRITE,
    read_units,
    write_units,
)
from simulator.kinds.aws.message_sizes import is_added_to
from simulator.measurement.level import NO_TIMES, Course
from simulator.measurement.tally import Samples

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulator.engine.link import Draw
    from simulator.engine.message import Key
    from simulator.engine.node import Node
    from simulator.engine.recursion import Flags, Numbers
    from simulator.engine.world import World
    from simulator.measurement.level import Times

#: Operations that meet nobody and leave an item there, or only read.
PLAIN = ("get", "put", "update", "query")


class Messages(Protocol):
    """Messages for which calls are made; arrays of one length."""

    number: Numbers
    source: Numbers
    sequence: Numbers
    keys: Numbers


class PlainCalls:
    """The calls to a table, all of which come from one node.

    Args:
        edges: on which they come, all of those into the table.
    """

    def __init__(self, world: World, table: Table, edges: Sequence[InvokeEdge]) -> None:
        self._table = table
        self._edges = edges
        clients = [edge.target for edge in edges]
        self._is_write = np.array([isinstance(one, Client) and one.is_write for one in clients])
        #: By edge and producer.
        self._units = np.array([_units_of(one, world) for one in clients])
        self._latencies = [_latency_of(table, one) for one in clients]
        self._admission = _Admission(table)
        #: Calls since the last time they were noted: when, on which edge, for which message, until when.
        self._calls: list[float] = []
        self._by: list[int] = []
        self._messages: list[int] = []
        self._answers: list[float] = []
        #: What has not been answered: (came, answered, edge, producer, key number).
        self._open = np.zeros((5, 0))

    def call(self, edge: int, message: int, now: float) -> float:
        """A call comes on the edge at this position for a message; returns when it is answered, seconds."""
        answered = now + self._latencies[edge]()
        self._calls.append(now)
        self._by.append(edge)
        self._messages.append(message)
        self._answers.append(answered)
        return answered

    def note(self, rows: Messages, keys: Sequence[Key], until: float) -> list[Follower]:
        """What the table will note up to `until` (seconds).

        Args:
            rows: the messages, in order of their numbers.
            keys: by the numbers in the rows.
        """
        table = self._table
        calls, by, answers = (
            np.array(self._calls),
            np.array(self._by, dtype=np.int64),
            np.array(self._answers),
        )
        row = rows.number.searchsorted(np.array(self._messages, dtype=np.int64))
        source, key, sequence = rows.source[row], rows.keys[row], rows.sequence[row]
        for listed in (self._calls, self._by, self._messages, self._answers):
            listed.clear()
        is_write = self._is_write[by]
        units = self._units[by, source]
        points = self._admission.points(keys, key, source, sequence)
        everything = np.concatenate((self._open, np.array([calls, answers, by, source, key])), axis=1)
        everything = everything[:, everything[1].argsort(kind="stable")]
        stop = int(everything[1].searchsorted(until, "right"))
        self._open, ended = everything[:, stop:], everything[:, :stop]
        left = ended[1]
        if bool((left[1:] == left[:-1]).any()):
            raise EventsNeeded(f"{table.id}: two calls are answered at one time")
        sojourn = Samples(left - ended[0])
        residence = np.add.accumulate(np.concatenate(([table.residence_sum], sojourn.values)))
        written, there = self._is_write[ended[2].astype(np.int64)], ended[4].astype(np.int64)

        def note_calls(part: slice) -> None:
            table.accepted += part.stop - part.start
            counts = np.bincount(by[part], minlength=len(self._edges)).tolist()
            for edge, count in zip(self._edges, counts, strict=True):
                edge.total += count
            self._admission.take(calls[part], units[part], is_write[part], points[part])

        def note_answers(part: slice) -> None:
            count = part.stop - part.start
            table.departures += count
            table.delivered += count
            table.residence_sum = float(residence[part.stop])
            table.sojourn_time.extend(sojourn, part)
            table.env.events += count
            self._write(there[part][written[part]], keys)

        return [
            Noting(calls, note_calls),
            Noting(left, note_answers),
            Course(table.under_way, *replacing(left, calls)),
        ]

    def _write(self, written: Numbers, keys: Sequence[Key]) -> None:
        """Items are there from now on."""
        items = self._table.items
        for number in set(written.tolist()):
            key = keys[number]
            if key is not None and key not in items:
                items[key] = item = Item()
                item.is_there = True


class _Admission:
    """The capacity of a table, of which no call ever wants more than there is."""

    def __init__(self, table: Table) -> None:
        self._table = table
        capacity = table.capacity
        self._highs = np.array([partition.high for partition in capacity.partitions])
        self._sides = {
            is_write: QuotaWatch(side.bucket.rate, side.bucket.burst)
            for is_write, side in capacity.sides.items()
        }
        self._partitions = [
            {
                False: QuotaWatch(PARTITION_READ, PARTITION_READ),
                True: QuotaWatch(PARTITION_WRITE, PARTITION_WRITE),
            }
            for _ in capacity.partitions
        ]
        #: By number of a key.
        self._points = NO_TIMES

    def points(self, keys: Sequence[Key], key: Numbers, source: Numbers, sequence: Numbers) -> Numbers:
        """The partition of each call."""
        if len(self._highs) == 1:
            return np.zeros(len(key), dtype=np.int64)
        known = len(self._points)
        if len(keys) > known:
            fresh = [0.0 if one is None else point_of(one) for one in keys[known:]]
            self._points = np.concatenate((self._points, fresh))
        points = self._points[key]
        # An item without a key is one of its own.
        for row in np.flatnonzero(np.array([keys[one] is None for one in key.tolist()], dtype=bool)).tolist():
            points[row] = point_of(f"{source[row]}:{sequence[row]}")
        found: Numbers = self._highs.searchsorted(points, "right")
        return found

    def take(self, times: Times, units: Times, is_write: Flags, places: Numbers) -> None:
        """Calls are let in.

        Raises:
            EventsNeeded: when one might not be.
        """
        table, capacity = self._table, self._table.capacity
        start = 0
        while start < len(times):
            capacity.catch_up(float(times[start]))
            if capacity.splits:
                raise EventsNeeded(f"{table.id}: a partition is split")
            table.note_minute()
            stop = int(times.searchsorted(capacity.minute))
            part = slice(start, stop)
            self._take(times[part], units[part], is_write[part], places[part])
            start = stop

    def _take(self, times: Times, units: Times, is_write: Flags, places: Numbers) -> None:
        table, capacity = self._table, self._table.capacity
        heat = units / np.where(is_write, PARTITION_WRITE, PARTITION_READ)
        is_enough = True
        for does_write, side in capacity.sides.items():
            which = np.flatnonzero(is_write == does_write)
            side.used += float(units[which].sum())
            is_enough &= self._sides[does_write].suffices(times[which], units[which])
            for place, watch in enumerate(self._partitions):
                there = which[places[which] == place]
                is_enough &= watch[does_write].suffices(times[there], units[there])
        if not is_enough:
            raise EventsNeeded(f"{table.id}: a call may be throttled")
        for place, partition in enumerate(capacity.partitions):
            terms = np.concatenate(([partition.consumed], heat[places == place]))
            partition.consumed = float(np.add.accumulate(terms)[-1])
        table.write_units += float(units[is_write].sum())
        table.read_units += float(units[~is_write].sum())


def _latency_of(table: Table, client: object) -> Draw:
    assert isinstance(client, Client)
    if client.is_write:
        return table.put_latency
    return table.query_latency if client.settings.operation == "query" else table.get_latency


def _units_of(client: object, world: World) -> list[float]:
    """Units of a call, by producer of the message."""
    assert isinstance(client, Client)
    settings = client.settings
    own = settings.item_size
    found = []
    for producer in world.producers:
        given = own or getattr(world.document.node(producer).config, "size", None)
        size = min(given.value if isinstance(given, Constant) else inf, LARGEST_ITEM)
        items = max(1, round(settings.items.mean()))
        if client.is_write:
            found.append(write_units(settings.operation, size, items))
        else:
            found.append(read_units(settings.operation, size, items, is_consistent=settings.consistent_read))
    return found


def is_plainly_called(world: World, caller: Node, edges: Sequence[InvokeEdge]) -> bool:
    """Whether all that a node calls are tables which nobody else calls or reads, by operations that meet
    nobody, without cache, indexes, stream and time to live.
    """
    # A topic adds to the size what the event and the endpoint ask for.
    are_known = all(isfinite(size) for size in sizes_into(world, caller)) and not is_added_to(world, caller)
    clients = [edge.target for edge in edges if type(edge) is InvokeEdge and isinstance(edge.target, Client)]
    return len(clients) == len(edges) and all(
        _is_plain(world, caller, one, are_known=are_known) for one in clients
    )


def _is_plain(world: World, caller: Node, client: Client, *, are_known: bool) -> bool:
    asked, table = client.settings, client.table
    settings, document = table.settings, world.document
    return (
        settings.cache is None
        and not settings.indexes
        and settings.stream_view_type is None
        and settings.time_to_live is None
        and not document.edges_from(table.id)
        and all(edge.source == caller.id and edge.role == "invoke" for edge in document.edges_into(table.id))
        and asked.operation in PLAIN
        and asked.condition == "none"
        and isinstance(asked.items, Constant)
        and (are_known if asked.item_size is None else isinstance(asked.item_size, Constant))
    )


def plain_calls(world: World, edges: Sequence[InvokeEdge]) -> list[tuple[PlainCalls, int]]:
    """By edge the calls to its table, and the position of the edge among those."""
    by_table: dict[Table, list[InvokeEdge]] = {}
    tables = [edge.target.table for edge in edges if isinstance(edge.target, Client)]
    for edge, table in zip(edges, tables, strict=True):
        by_table.setdefault(table, []).append(edge)
    made = {table: PlainCalls(world, table, own) for table, own in by_table.items()}
    return [(made[table], by_table[table].index(edge)) for edge, table in zip(edges, tables, strict=True)]
