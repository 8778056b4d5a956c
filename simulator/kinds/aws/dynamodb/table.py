"""`aws.dynamodb`: a table that answers calls within its capacity, and the stream of its changes.

Source: Amazon DynamoDB developer guide; which rule is from where stands beside it, in `units`, `capacity`,
`cache` and the settings.
"""

from __future__ import annotations

from collections.abc import Mapping
from heapq import heappop, heappush
from typing import Any

from simulator.engine.broker import Broker, Subscription
from simulator.engine.endpoint import Server
from simulator.engine.key_hash import point_of
from simulator.engine.message import Key, Message
from simulator.engine.payload import Event
from simulator.engine.request import CalledByEdge, Caller, Responder
from simulator.engine.shard_reader import ShardReader, connect_readers
from simulator.engine.sharded_log import ShardedLog
from simulator.engine.timer import Timer
from simulator.engine.world import World
from simulator.kinds.aws.dynamodb.cache import ItemCache
from simulator.kinds.aws.dynamodb.call_settings import DynamoDbCallSettings
from simulator.kinds.aws.dynamodb.capacity import Capacity
from simulator.kinds.aws.dynamodb.operation import Client, Item, Operation
from simulator.kinds.aws.dynamodb.settings import DynamoDbSettings
from simulator.measurement.level import Level, Total
from simulator.measurement.ordering import Flow
from simulator.measurement.tally import Tally

#: Rows of the node's own view.
LISTED = 16
#: Seconds that records of a stream are kept.
STREAM_RETENTION = 86_400.0
#: Why a call is throttled: the ceiling of a partition, the capacity of the table, an index behind it.
CAUSES = ("partition", "table", "index")
#: What a record of the stream says of itself beside the item (Amazon DynamoDB Streams API reference, Record).
CHANGES = {name: {"eventName": name} for name in ("INSERT", "MODIFY", "REMOVE")}


class Table(Broker, CalledByEdge):
    """Admits calls by capacity units, lets conditions and transactions conflict, and keeps a stream.

    A call counts as delivered when it is answered well, as dropped when throttling or conflicts have used up
    its attempts. What readers of the stream have not read stands in ledgers of their own.
    """

    category = "store"

    def __init__(self, world: World, id: str, settings: DynamoDbSettings) -> None:
        super().__init__(id, world.env)
        self._world = world
        self.settings = settings
        self.capacity = Capacity(settings)
        self.indexes = [(index, Capacity(settings)) for index in settings.indexes]
        self.cache: ItemCache | None = None
        if settings.cache is not None:
            self.cache = ItemCache(settings.cache.item_ttl, settings.cache.items)
            self.cache_latency = world.draws(settings.cache.latency, id, "cache")
        self.get_latency = world.draws(settings.get_latency, id, "get")
        self.put_latency = world.draws(settings.put_latency, id, "put")
        self.query_latency = world.draws(settings.query_latency, id, "query")
        self.ttl_delay = world.draws(settings.ttl_delay, id, "ttl")
        self.log = ShardedLog(
            world.env,
            len(self.capacity.partitions),
            retention=STREAM_RETENTION,
            delay=world.draws(settings.stream_delay, id, "stream"),
        )
        self.readers: list[ShardReader] = []
        self.subscriptions: list[Subscription] = []
        #: Flows of producers that call this table, by index of the producer.
        self.flows: dict[int, Flow] = {}
        self.clients: dict[str, Client] = {}
        self.items: dict[Key, Item] = {}
        #: Items that a transaction under way has to itself.
        self.locks: dict[Key, Operation] = {}
        self._expiries: list[tuple[float, int, Key, int]] = []
        self._expiry = Timer(world.env, self._expire)
        self._changes = 0
        self.under_way = Level()
        self.read_units = 0.0
        self.write_units = 0.0
        self.throttled = dict.fromkeys(CAUSES, 0)
        self.sdk_retries = 0
        self.throttled_out = 0
        self.conditions_failed = 0
        self.transaction_conflicts = 0
        self.conflict_retries = 0
        self.conflicts_given_up = 0
        self.ttl_deleted = 0
        self.sojourn_time = Tally()
        self.hot_share = Tally()
        self.departures = 0
        self.residence_sum = 0.0

    def connect(self, world: World) -> None:
        self.readers = connect_readers(world, self.id, self.log)

    def door(self, edge: str, settings: Any) -> Responder:
        assert isinstance(settings, DynamoDbCallSettings)
        made = self.clients[edge] = Client(self, edge, settings, self._world)
        return made

    # -- calls -----------------------------------------------------------------------------------
    def begin(self, message: Message, caller: Caller | None, client: Client) -> bool:
        """A call comes in."""
        now = self.env._now
        self.accepted += 1
        self.under_way.up(now)
        Operation(self, client, message, caller, now).attempt(now)
        return True

    def admit(self, operation: Operation, now: float) -> str | None:
        """Take the units of a call, or say why it is throttled. A full index throttles the whole write."""
        point, units, is_write = operation.point, operation.units, operation.is_write
        cause = self.capacity.refusal(point, units, now, is_write=is_write)
        at_indexes: list[tuple[Capacity, float, float]] = []
        if is_write:
            for index, capacity in self.indexes:
                place = point if index.distinct_keys is None else operation.index_point(index.distinct_keys)
                there = max(1.0, round(units * index.item_share))
                at_indexes.append((capacity, place, there))
                if cause is None and capacity.refusal(place, there, now, is_write=True) is not None:
                    cause = "index"
        if self.capacity.fresh or self.capacity.shares:
            self.note_minute()
        if cause is not None:
            self.throttled[cause] += 1
            return cause
        self.capacity.consume(point, units, now, is_write=is_write)
        for capacity, place, there in at_indexes:
            capacity.consume(place, there, now, is_write=True)
            self.write_units += there
        if is_write:
            self.write_units += units
        else:
            self.read_units += units
        return None

    def note_minute(self) -> None:
        """What the last minute has shown: the hottest partition, and shards for what was split."""
        for share in self.capacity.shares:
            self.hot_share.add(share)
        self.capacity.shares.clear()
        for partition, other in self.capacity.fresh:
            parent = self.log.shards[partition.shard]
            partition.shard = self.log.split(partition.shard)
            other.shard = self.log.open(parent)
            self._world.note(
                "split", self.id, f"{self.id}: a partition is split, {len(self.capacity.partitions)} now"
            )
        self.capacity.fresh.clear()

    def write(self, operation: Operation, now: float) -> None:
        """A write takes effect: the item, its time to live, and its record in the stream."""
        message, key = operation.message, operation.message.key
        is_delete = operation.client.settings.operation == "delete"
        self._changes += 1
        name = "REMOVE" if is_delete else "INSERT"
        if key is not None:
            item = self.items.setdefault(key, Item())
            if item.is_there and not is_delete:
                name = "MODIFY"
            item.version += 1
            item.written_at = now
            item.is_there = not is_delete
            if self.settings.time_to_live is not None and not is_delete:
                item.message = message.copy()
                item.message.end()
                due = now + self.settings.time_to_live + self.ttl_delay()
                heappush(self._expiries, (due, self._changes, key, item.version))
                self._expiry.arm(due)
        if self.cache is not None:
            if is_delete:
                self.cache.forget(key)
            else:
                self.cache.put(key, now)
        self._record(message, operation.point, now, name)

    def _record(self, message: Message, point: float, now: float, name: str) -> None:
        """A record of the stream; `name` is its eventName, which filters look at."""
        if self.settings.stream_view_type is not None:
            self.log.append(message, self.capacity.partition(point).shard, now, CHANGES[name])

    def _expire(self, now: float) -> None:
        """Delete what has expired; it costs no units and is a change like any other for the stream."""
        expiries = self._expiries
        while expiries and expiries[0][0] <= now:
            _, _, key, version = heappop(expiries)
            item = self.items[key]
            if item.version != version or not item.is_there or item.message is None:
                continue
            item.version += 1
            item.is_there = False
            self.ttl_deleted += 1
            if self.cache is not None:
                self.cache.forget(key)
            message = item.message.copy()
            detail = {"eventName": "REMOVE", "userIdentity": {"principalId": "dynamodb.amazonaws.com"}}
            message.event = Event("aws:dynamodb", "REMOVE", detail)
            self._record(message, point_of(key), now, "REMOVE")
        if expiries:
            self._expiry.arm(expiries[0][0])

    def finish(self, operation: Operation, now: float, ok: bool, error: str = "") -> None:
        """Answer a call; `error` is the name that the service gives a refusal."""
        message, caller = operation.message, operation.caller
        self.under_way.down(now)
        self.departures += 1
        self.residence_sum += now - operation.accepted_at
        if ok:
            self.delivered += 1
            self.sojourn_time.add(now - operation.accepted_at)
        else:
            self.dropped += 1
        if caller is not None and error:
            caller.refused(now, f"DynamoDB.{error}")
        elif caller is not None:
            caller.answer(now, ok)
        elif ok:
            flow = self.flows.get(message.source)
            if flow is not None:
                flow.record(message, now)
            message.end()
        else:
            self.lose(message)

    def take(self, subscription: Subscription, server: Server) -> Message | None:
        raise TypeError(f"{self.id} is no queue: the readers of its stream are asked")

    def acknowledge(self, message: Message, receipt: int) -> None:
        raise TypeError(f"{self.id} is no queue: the readers of its stream are told")

    def reject(self, message: Message, receipt: int) -> None:
        raise TypeError(f"{self.id} is no queue: the readers of its stream are told")

    # -- faults ----------------------------------------------------------------------------------
    def fail(self) -> None:
        """An outage begins: calls are refused and the stream gives nothing; calls under way are finished."""
        super().fail()
        self.__dict__["begin"] = self._refuse_call
        for reader in self.readers:
            reader.fail()

    def recover(self) -> None:
        super().recover()
        del self.__dict__["begin"]
        for reader in self.readers:
            reader.recover()

    def _refuse_call(self, message: Message, caller: Caller | None, client: Client) -> bool:
        return self._refuse(message)

    # -- measures --------------------------------------------------------------------------------
    def in_flight(self) -> int:
        return self.under_way.value

    def ledgers(self) -> dict[str, dict[str, int]]:
        return {self.id: self.ledger(), **{reader.id: reader.ledger() for reader in self.readers}}

    def counts(self) -> dict[str, int]:
        found = {
            **super().counts(),
            "read_units": int(self.read_units),
            "write_units": int(self.write_units),
            "throttled": sum(self.throttled.values()),
            **{f"throttled_{cause}": count for cause, count in self.throttled.items()},
            "throttled_out": self.throttled_out,
            "sdk_retries": self.sdk_retries,
            "conflicts": self.conditions_failed + self.transaction_conflicts,
            "conditions_failed": self.conditions_failed,
            "transaction_conflicts": self.transaction_conflicts,
            "conflict_retries": self.conflict_retries,
            "conflicts_given_up": self.conflicts_given_up,
            "splits": self.capacity.splits,
            "ttl_deleted": self.ttl_deleted,
        }
        if self.cache is not None:
            found |= {"cache_lookups": self.cache.lookups, "cache_hits": self.cache.hits}
        return found

    def levels(self) -> Mapping[str, Level | Total]:
        shown: dict[str, Level | Total] = {"in_flight": self.under_way, "in_system": self.under_way}
        if self.readers:
            shown["unread"] = Total(*(reader.present for reader in self.readers))
        return shown

    def tallies(self) -> dict[str, list[Tally]]:
        found = {"sojourn_time": [self.sojourn_time], "hot_partition_share": [self.hot_share]}
        if self.readers:
            found["iterator_age"] = [reader.subscriptions[0].waiting for reader in self.readers]
        return found

    def edge_counts(self) -> Mapping[str, Mapping[str, int]]:
        return {edge: client.counts() for edge, client in self.clients.items()}

    def residence(self) -> tuple[int, float]:
        return self.departures, self.residence_sum

    def detail(self) -> Mapping[str, Any]:
        """The hottest partitions, the capacity now, and what readers of the stream have not read."""
        now = self.env._now
        capacity = self.capacity
        hottest = sorted(capacity.partitions, key=lambda one: (-one.last, one.low))[:LISTED]
        return {
            "billing": self.settings.billing_mode,
            "read_capacity": capacity.sides[False].bucket.rate,
            "write_capacity": capacity.sides[True].bucket.rate,
            "partitions_in_all": len(capacity.partitions),
            "items": sum(1 for item in self.items.values() if item.is_there),
            "cached_items": None if self.cache is None else len(self.cache),
            "partitions": [
                {
                    "keys_from": f"{partition.low:.4f}",
                    "heat": round(100.0 * partition.last, 1),
                    "throttled": partition.throttled,
                    "shard": partition.shard,
                }
                for partition in sorted(hottest, key=lambda one: one.low)
            ],
            "stream_readers": [
                {
                    "to": reader.subscriptions[0].consumer.id,
                    "unread": reader.waiting(),
                    "iterator_age": round(reader.age(now), 3),
                }
                for reader in self.readers[:LISTED]
            ],
        }
