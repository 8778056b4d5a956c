"""`join`: waits for the copies of a message that were worked on side by side, and sends one on."""

from __future__ import annotations

from heapq import heappop, heappush
from itertools import count
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from simulator.design.distributions import DurationDistribution
from simulator.design.edges import PublishSettings
from simulator.design.fields import Settings, setting
from simulator.engine.environment import Activity
from simulator.engine.link import Outlet
from simulator.engine.message import Message
from simulator.engine.node import Acceptor
from simulator.engine.world import World
from simulator.graph.problem import Problem
from simulator.kinds.cost import free_of_charge
from simulator.kinds.kind import Kind
from simulator.measurement.level import Level
from simulator.measurement.ordering import Flow
from simulator.measurement.tally import Tally

if TYPE_CHECKING:
    from simulator.design.document import Document, Node


class JoinSettings(Settings):
    """Waits for the copies of a message on its inputs and sends one message on."""

    k: Annotated[int, Field(ge=1, le=20_000)] | None = setting(
        None,
        title="k",
        help="Inputs a message must have come in on before it goes on; empty means all of them.",
        unit="inputs",
    )
    timeout: DurationDistribution | None = setting(
        None,
        title="Timeout",
        help="Time after the first copy at which a message that is not complete is given up; empty: never.",
        unit="s",
        widget="distribution",
    )


class _Gathering:
    """The copies of one message that have come in."""

    __slots__ = ("first", "first_at", "is_closed", "is_overdue", "others", "seen", "since")

    def __init__(self, first: Message, now: float) -> None:
        self.first = first
        self.first_at = now
        #: Further copies that wait, on other inputs than the first.
        self.others: list[Message] = []
        #: Sum of the times at which the waiting copies came in.
        self.since = 0.0
        #: Inputs it has come in on.
        self.seen: set[int] = set()
        #: Sent on or given up: what comes now is absorbed.
        self.is_closed = False
        #: Its timeout has passed once: it is forgotten at the next one.
        self.is_overdue = False


class Join(Acceptor):
    """Fork/join with k of n: the message goes on when it has come in on `k` different inputs.

    Copies are matched by producer and sequence number. What comes after the message has gone on (or was
    given up), and what comes twice on one input, is absorbed. Conservation in copies: accepted =
    delivered (part of a joined message) + waiting + expired + absorbed.
    """

    category = "join"

    def __init__(self, world: World, id: str, settings: JoinSettings) -> None:
        super().__init__(id, world.env)
        self.inputs = len(world.document.edges_into(id))
        self.needed = settings.k or self.inputs
        self.timeout = None if settings.timeout is None else world.draws(settings.timeout, id, "timeout")
        self._entrances: list[_Entrance] = []
        self._gatherings: dict[tuple[int, int], _Gathering] = {}
        self._deadlines: list[tuple[float, int, tuple[int, int], _Gathering]] = []
        self._ordinal = count()
        self._timer = _Timer(self)
        self.outlet: Outlet
        #: Flows that end here, by index of the producer; none when the joined messages go on.
        self.flows: dict[int, Flow] = {}
        self.joined = 0
        self.absorbed = 0
        self.duplicates = 0
        self.copies = Level()
        self.sojourn_time = Tally()
        self.departures = 0
        self.residence_sum = 0.0

    def connect(self, world: World) -> None:
        self.outlet = world.outlet(self.id)

    def entrance(self, edge: str) -> Acceptor:
        made = _Entrance(self, edge, len(self._entrances))
        self._entrances.append(made)
        return made

    def accept(self, message: Message) -> bool:
        raise TypeError(f"{self.id} tells its inputs apart: messages come in by their edges")

    # -- copies ----------------------------------------------------------------------------------
    def arrive(self, message: Message, position: int) -> bool:
        """A copy has come in on the input with this position."""
        self.accepted += 1
        now = self.env._now
        key = (message.source, message.sequence)
        gathering = self._gatherings.get(key)
        if gathering is None:
            if message.duplicate:
                return self._absorb(message)
            gathering = self._gatherings[key] = _Gathering(message, now)
            if self.timeout is not None:
                self._watch(now + self.timeout(), key, gathering)
        elif position in gathering.seen:
            return self._absorb(message)
        gathering.seen.add(position)
        if gathering.is_closed:
            self.absorbed += 1
            message.end()
        else:
            self.copies.up(now)
            gathering.since += now
            if message is not gathering.first:
                gathering.others.append(message)
            if len(gathering.seen) >= self.needed:
                self._complete(gathering, now)
        if gathering.is_closed and len(gathering.seen) == self.inputs:
            del self._gatherings[key]
        return True

    def _absorb(self, message: Message) -> bool:
        self.absorbed += 1
        self.duplicates += 1
        message.end()
        return True

    def _complete(self, gathering: _Gathering, now: float) -> None:
        self.delivered += self._close(gathering, now)
        self.joined += 1
        self.sojourn_time.add(now - gathering.first_at)
        message = gathering.first
        message.processed = False
        flow = self.flows.get(message.source)
        if flow is not None:
            flow.record(message, now)
        if self.outlet:
            self.outlet.send(message)
        else:
            message.end()

    def _close(self, gathering: _Gathering, now: float) -> int:
        """The copies wait no longer; returns how many there were. The first of them stays open."""
        copies = 1 + len(gathering.others)
        self.departures += copies
        self.residence_sum += copies * now - gathering.since
        for _ in range(copies):
            self.copies.down(now)
        for message in gathering.others:
            message.end()
        gathering.others.clear()
        gathering.is_closed = True
        return copies

    # -- giving up -------------------------------------------------------------------------------
    def _watch(self, due: float, key: tuple[int, int], gathering: _Gathering) -> None:
        heappush(self._deadlines, (due, next(self._ordinal), key, gathering))
        if due < self._timer.due:
            self._timer.due = due
            self.env.at(due, self._timer)

    def deadlines_pass(self, now: float) -> float | None:
        """Give up what is not complete in time; returns the next deadline.

        What is closed is remembered for one more timeout, so that stragglers are still known.
        """
        deadlines = self._deadlines
        while deadlines and deadlines[0][0] <= now:
            _, _, key, gathering = heappop(deadlines)
            if self._gatherings.get(key) is not gathering:
                continue
            if gathering.is_overdue:
                del self._gatherings[key]
                continue
            if not gathering.is_closed:
                self.expired += self._close(gathering, now)
                self.lose(gathering.first)
            gathering.is_overdue = True
            assert self.timeout is not None
            heappush(deadlines, (now + max(self.timeout(), 1e-9), next(self._ordinal), key, gathering))
        return deadlines[0][0] if deadlines else None

    # -- measures --------------------------------------------------------------------------------
    def waiting(self) -> int:
        return self.copies.value

    def counts(self) -> dict[str, int]:
        return {**super().counts(), "completions": self.joined, "duplicates": self.duplicates}

    def ledger(self) -> dict[str, int]:
        return {**super().ledger(), "absorbed": self.absorbed}

    def levels(self) -> dict[str, Level]:
        return {"queue_length": self.copies, "in_system": self.copies}

    def tallies(self) -> dict[str, list[Tally]]:
        return {"sojourn_time": [self.sojourn_time]}

    def residence(self) -> tuple[int, float]:
        return self.departures, self.residence_sum


class _Entrance(Acceptor):
    """One input of a join."""

    def __init__(self, join: Join, edge: str, position: int) -> None:
        super().__init__(f"{join.id}:{edge}", join.env)
        self.join = join
        self.position = position

    def accept(self, message: Message) -> bool:
        return self.join.arrive(message, self.position)

    def lose(self, message: Message) -> None:
        # Lost on the way here: whether the message is lost too, the join finds out.
        message.end()


class _Timer(Activity):
    """The earliest deadline of a join."""

    __slots__ = ("due", "join")

    def __init__(self, join: Join) -> None:
        self.join = join
        self.due = float("inf")

    def occur(self, now: float) -> float | None:
        # An earlier deadline that came later leaves the old entry in the heap; it finds nothing to do.
        if now < self.due:
            return None
        upcoming = self.join.deadlines_pass(now)
        self.due = float("inf") if upcoming is None else upcoming
        return upcoming


def check(document: Document, node: Node) -> list[Problem]:
    """Practice rules: k inputs must exist, and what may be lost must not be waited for without end."""
    settings = node.config
    assert isinstance(settings, JoinSettings)
    edges = document.edges_into(node.id)
    path = f"{document.path_of(node)}.config"
    if settings.k is not None and settings.k > len(edges):
        return [
            Problem(
                "D303",
                "warning",
                node.id,
                "config.k",
                f"{node.id} waits for {settings.k} inputs and has {len(edges)}: nothing ever leaves it",
                f"connect more inputs, or set k to {max(len(edges), 1)} or less",
                f"{path}.k",
            )
        ]
    if settings.timeout is None and any(edge.routing().loss > 0.0 for edge in edges):
        return [
            Problem(
                "D304",
                "hint",
                node.id,
                "config.timeout",
                f"messages may be lost on the way to {node.id}, which waits for them without end",
                "set a timeout",
                f"{path}.timeout",
            )
        ]
    return []


KIND = Kind(
    kind="join",
    title="Join",
    group="Services",
    category="join",
    summary="Waits for the copies of a message that were worked on side by side; k of n.",
    docs="",
    settings=JoinSettings,
    build=Join,
    edge_settings={"publish": PublishSettings},
    check=check,
    badges=("throughput", "queue_length", "sojourn_time"),
    cost=free_of_charge,
)
