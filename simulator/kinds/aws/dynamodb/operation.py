"""One call to a table on its way: admission, the work, what it may meet, and the attempts of its client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.engine.environment import Activity
from simulator.engine.key_hash import point_of
from simulator.engine.message import Message
from simulator.engine.request import Caller, Responder
from simulator.engine.world import World
from simulator.kinds.aws.dynamodb.call_settings import READS, DynamoDbCallSettings
from simulator.kinds.aws.dynamodb.units import LARGEST_ITEM, read_units, write_units
from simulator.kinds.aws.sdk_retry import SdkRetry

if TYPE_CHECKING:
    from simulator.kinds.aws.dynamodb.table import Table


class Item:
    """What is known of an item: how often it was written, when last, and whether it is there."""

    __slots__ = ("is_there", "message", "version", "written_at")

    def __init__(self) -> None:
        self.version = 0
        self.written_at = float("-inf")
        self.is_there = False
        #: The message that wrote it last, kept where items expire.
        self.message: Message | None = None


class Client(Responder):
    """One edge into the table: the client of the SDK behind it, with its settings and retry quota."""

    def __init__(self, table: Table, edge: str, settings: DynamoDbCallSettings, world: World) -> None:
        super().__init__(f"{table.id}:{edge}", table.env)
        self.table = table
        self.flows = table.flows
        self.settings = settings
        self.is_write = settings.operation not in READS
        self.item_size = None
        if settings.item_size is not None:
            self.item_size = world.draws(settings.item_size, edge, "item size")
        self.items = world.draws(settings.items, edge, "items")
        self.read_to_write = world.draws(settings.read_to_write, edge, "read to write")
        self.index_draw = world.uniform(edge, "index")
        self.jitter = world.uniform(edge, "conflict back-off")
        self.retry = SdkRetry(
            world.uniform(edge, "back-off"), max_attempts=settings.max_attempts, base=settings.retry_base
        )
        self.throttled = 0
        self.conflicts = 0
        self.retries = 0

    def accept(self, message: Message) -> bool:
        return self.table.begin(message, None, self)

    def request(self, message: Message, caller: Caller) -> None:
        if not self.table.begin(message, caller, self):
            caller.answer(self.env._now, False)

    def lose(self, message: Message) -> None:
        self.table.lose(message)

    def counts(self) -> dict[str, int]:
        """What happened on this edge."""
        return {"throttled": self.throttled, "sdk_retries": self.retries, "conflicts": self.conflicts}


class Operation(Activity):
    """One call, with all of its attempts."""

    __slots__ = (
        "_due",
        "accepted_at",
        "attempts",
        "caller",
        "client",
        "is_write",
        "message",
        "point",
        "read_at",
        "table",
        "tries",
        "units",
        "version",
    )

    def __init__(
        self, table: Table, client: Client, message: Message, caller: Caller | None, now: float
    ) -> None:
        self.table = table
        self.client = client
        self.message = message
        self.caller = caller
        self.accepted_at = now
        self.is_write = client.is_write
        #: Attempts of the SDK at the present write, and writes after conflicts.
        self.attempts = 0
        self.tries = 1
        self.version = 0
        self.read_at = now
        #: What is due: `attempt`, `work` or `hit`.
        self._due = "attempt"
        key = message.key
        # An item without a key is one of its own.
        self.point = point_of(key if key is not None else f"{message.source}:{message.sequence}")
        settings = client.settings
        size = min(message.size if client.item_size is None else client.item_size(), LARGEST_ITEM)
        items = max(1, round(client.items()))
        if self.is_write:
            self.units = write_units(settings.operation, size, items)
        else:
            self.units = read_units(settings.operation, size, items, is_consistent=settings.consistent_read)

    def index_point(self, distinct: int) -> float:
        """Where the item falls in an index with so many keys: the state of an order is any of them."""
        return point_of(f"index {int(self.client.index_draw() * distinct)}")

    def attempt(self, now: float) -> None:
        """Ask the table: it lets the call in, or throttles it."""
        table, client = self.table, self.client
        settings = client.settings
        is_cached = settings.operation == "get" and not settings.consistent_read
        if table.cache is not None and is_cached and table.cache.get(self.message.key, now):
            self._schedule("hit", now + table.cache_latency())
            return
        self.attempts += 1
        if table.admit(self, now) is not None:
            client.throttled += 1
            pause = client.retry.wait(self.attempts)
            if pause is None:
                table.throttled_out += 1
                table.finish(self, now, False, "ProvisionedThroughputExceededException")
            else:
                table.sdk_retries += 1
                client.retries += 1
                self._schedule("attempt", now + pause)
            return
        client.retry.succeeded(self.attempts)
        self._begin(now)

    def _begin(self, now: float) -> None:
        table, settings, key = self.table, self.client.settings, self.message.key
        if self.is_write and key is not None:
            if key in table.locks:
                table.transaction_conflicts += 1
                self._conflict(now)
                return
            if settings.operation == "transact-write":
                table.locks[key] = self
            item = table.items.get(key)
            self.version = 0 if item is None else item.version
            self.read_at = now - (self.client.read_to_write() if settings.condition == "version" else 0.0)
        if self.is_write:
            taken = table.put_latency()
        else:
            taken = table.query_latency() if settings.operation == "query" else table.get_latency()
        self._schedule("work", now + taken * (2.0 if settings.operation.startswith("transact") else 1.0))

    def _schedule(self, due: str, at: float) -> None:
        self._due = due
        self.table.env.at(at, self)

    def occur(self, now: float) -> None:
        table, key = self.table, self.message.key
        if self._due == "attempt":
            self.attempt(now)
            return
        if self._due == "work":
            if not self.is_write:
                if table.cache is not None and self.client.settings.operation == "get":
                    table.cache.put(key, now)
            else:
                if table.locks.get(key) is self:
                    del table.locks[key]
                if not self._holds():
                    table.conditions_failed += 1
                    self._conflict(now)
                    return
                table.write(self, now)
        table.finish(self, now, True)

    def _holds(self) -> bool:
        """Whether the condition of the write is met, as the item is now."""
        condition = self.client.settings.condition
        item = self.table.items.get(self.message.key)
        if condition == "none" or item is None:
            return True
        if condition == "not-exists":
            return not item.is_there
        return item.version == self.version and item.written_at <= self.read_at

    def _conflict(self, now: float) -> None:
        """The write was refused for what somebody else has done: read again and try, or give up."""
        table, client = self.table, self.client
        client.conflicts += 1
        if self.tries >= client.settings.conflict_attempts:
            table.conflicts_given_up += 1
            is_transaction = client.settings.operation.startswith("transact")
            name = "TransactionCanceled" if is_transaction else "ConditionalCheckFailed"
            table.finish(self, now, False, f"{name}Exception")
            return
        pause = client.jitter() * min(20.0, client.settings.retry_base * 2.0 ** (self.tries - 1))
        self.tries += 1
        self.attempts = 0
        table.conflict_retries += 1
        self._schedule("attempt", now + pause)
