"""A fair queue: a standard queue whose messages name their tenant (`MessageGroupId`).

Source: SQS developer guide, *Amazon SQS fair queues*. A tenant is noisy when it has at least 30 messages and
more than a tenth of all in flight, or more than a tenth of the recent processing time. Messages of quiet
tenants go first; among noisy tenants the one with the fewest in flight does. A tenant is quiet again when its
backlog is drained, or when it has sent nothing for five minutes. Nothing is dropped, nothing blocked.
"""

from __future__ import annotations

from heapq import heappop, heappush, nlargest
from math import exp, inf
from typing import Any

from simulator.engine.message import Message
from simulator.engine.world import World
from simulator.kinds.aws.sqs.envelope import envelope_of
from simulator.kinds.aws.sqs.reader import Reader
from simulator.kinds.aws.sqs.settings import SqsSettings
from simulator.kinds.aws.sqs.standard import StandardQueue

#: Share of the messages in flight, or of the processing time, above which a tenant is noisy.
NOISY_SHARE = 0.1
#: Messages in flight below which the first rule makes nobody noisy.
NOISY_IN_FLIGHT = 30
#: Seconds without a send after which a tenant is quiet again.
SILENCE = 300.0
#: Seconds over which processing time counts as recent (decays by e); an estimate, Amazon names none.
RECENT = 60.0
#: Tenants in a frame.
MOST_ROWS = 20

Entry = tuple[float, int, Message]


class Usage:
    """Messages in flight, and their recent processing time (decaying, seconds)."""

    __slots__ = ("_at", "_time", "in_flight")

    def __init__(self) -> None:
        self.in_flight = 0
        self._time = 0.0
        self._at = 0.0

    def time(self, now: float) -> float:
        """Processing time of late, at `now`."""
        if now > self._at:
            kept = exp((self._at - now) / RECENT)
            self._time = self._time * kept + self.in_flight * RECENT * (1.0 - kept)
            self._at = now
        return self._time

    def change(self, by: int, now: float) -> None:
        """So many more are in flight."""
        self.time(now)
        self.in_flight += by


class Tenant(Usage):
    """One message group: what of it waits while it is noisy, and how much it takes up."""

    __slots__ = ("backlog", "id", "is_noisy", "latest", "waiting")

    def __init__(self, id: str) -> None:
        super().__init__()
        self.id = id
        self.is_noisy = False
        #: Its messages that wait behind those of quiet tenants.
        self.backlog: list[Entry] = []
        #: Its messages that are available.
        self.waiting = 0
        #: When it sent last, seconds.
        self.latest = 0.0


class FairQueue(StandardQueue):
    """Quiet tenants first. A message without a group is a tenant of its own, and never noisy."""

    def __init__(self, world: World, id: str, settings: SqsSettings) -> None:
        super().__init__(world, id, settings)
        self._tenants: dict[str, Tenant] = {}
        self._noisy: dict[str, Tenant] = {}
        self._all = Usage()

    def _tenant(self, message: Message) -> Tenant | None:
        envelope = envelope_of(message)
        if envelope is None or envelope.group is None:
            return None
        tenant = self._tenants.get(envelope.group)
        if tenant is None:
            tenant = self._tenants[envelope.group] = Tenant(envelope.group)
        return tenant

    # -- what waits ------------------------------------------------------------------------------
    def _make_available(self, message: Message, now: float) -> None:
        tenant = self._tenant(message)
        if tenant is not None:
            tenant.latest = now
        self._store_again(message)
        self._becomes_available(now)

    def _store_again(self, message: Message) -> None:
        tenant = self._tenant(message)
        entry = (message.enqueued_at, next(self._ordinal), message)
        if tenant is None:
            heappush(self._returned, entry)
        else:
            tenant.waiting += 1
            heappush(tenant.backlog if tenant.is_noisy else self._returned, entry)

    def _becomes_noisy(self, tenant: Tenant, now: float) -> bool:
        every = self._all
        share = NOISY_SHARE * every.in_flight
        return (tenant.in_flight >= NOISY_IN_FLIGHT and tenant.in_flight > share) or tenant.time(
            now
        ) > NOISY_SHARE * every.time(now)

    def _calm(self, tenant: Tenant) -> None:
        """The tenant is quiet again; what it still has waits with the others."""
        tenant.is_noisy = False
        del self._noisy[tenant.id]
        for entry in tenant.backlog:
            heappush(self._returned, entry)
        tenant.backlog = []

    def _pop(self, now: float) -> Message | None:
        """The next available message, which is still counted as available."""
        for tenant in list(self._noisy.values()):
            if not tenant.waiting or now - tenant.latest >= SILENCE:
                self._calm(tenant)
        quiet = self._returned
        while quiet:
            entry = heappop(quiet)
            message = entry[2]
            if message.receipt < 0:
                continue
            owner = self._tenant(message)
            if owner is None:
                return message
            if not owner.is_noisy and self._becomes_noisy(owner, now):
                owner.is_noisy = True
                self._noisy[owner.id] = owner
            if not owner.is_noisy:
                owner.waiting -= 1
                return message
            heappush(owner.backlog, entry)
        return self._pop_noisy()

    def _pop_noisy(self) -> Message | None:
        while True:
            waiting = [tenant for tenant in self._noisy.values() if tenant.backlog]
            if not waiting:
                return None
            tenant = min(waiting, key=lambda one: (one.in_flight, one.backlog[0][:2]))
            message = heappop(tenant.backlog)[2]
            if message.receipt >= 0:
                tenant.waiting -= 1
                return message

    def _next_available(self, now: float) -> Message | None:
        while True:
            message = self._pop(now)
            if message is None:
                return None
            self.available.down(now)
            if self.is_too_old(message, now):
                self.expire(message, now)
            elif self._is_given_up(message):
                self._give_up(message, now)
            else:
                return message

    # -- in flight -------------------------------------------------------------------------------
    def _hand_over(self, message: Message, reader: Reader, deadline: float, now: float) -> int:
        tenant = self._tenant(message)
        self._all.change(1, now)
        if tenant is not None:
            tenant.change(1, now)
        return super()._hand_over(message, reader, deadline, now)

    def leaves_flight(self, message: Message) -> None:
        now = self.env._now
        tenant = self._tenant(message)
        self._all.change(-1, now)
        if tenant is not None:
            tenant.change(-1, now)

    def leaves_available(self, message: Message) -> None:
        tenant = self._tenant(message)
        if tenant is not None:
            tenant.waiting -= 1

    # -- ends ------------------------------------------------------------------------------------
    def _heaps(self) -> list[list[Entry]]:
        return [self._returned, *[tenant.backlog for tenant in self._noisy.values()]]

    def _expire_available(self, now: float) -> float:
        for heap in self._heaps():
            while heap and (heap[0][2].receipt < 0 or self.is_too_old(heap[0][2], now)):
                message = heappop(heap)[2]
                if message.receipt >= 0:
                    self.leaves_available(message)
                    self.available.down(now)
                    self.expire(message, now)
        return self.oldest_available()

    def oldest_available(self) -> float:
        oldest = inf
        for heap in self._heaps():
            while heap and heap[0][2].receipt < 0:
                heappop(heap)
            if heap:
                oldest = min(oldest, heap[0][0])
        return oldest

    def pop_available(self, now: float) -> Message | None:
        message = self._pop(now)
        if message is not None:
            self.available.down(now)
        return message

    def remove_available(self, now: float) -> list[Message]:
        taken = [entry[2] for heap in self._heaps() for entry in sorted(heap) if entry[2].receipt >= 0]
        for tenant in list(self._noisy.values()):
            tenant.backlog = []
            self._calm(tenant)
        self._returned.clear()
        for message in taken:
            self.leaves_available(message)
            self.available.down(now)
        return taken

    # -- measures --------------------------------------------------------------------------------
    def detail(self) -> dict[str, Any]:
        tenants = nlargest(
            MOST_ROWS, self._tenants.values(), key=lambda tenant: tenant.waiting + tenant.in_flight
        )
        rows = [
            {
                "tenant": tenant.id,
                "waiting": tenant.waiting,
                "in_flight": tenant.in_flight,
                "is_noisy": tenant.is_noisy,
            }
            for tenant in tenants
        ]
        return {**super().detail(), "tenants": rows, "more_tenants": len(self._tenants) - len(rows)}
