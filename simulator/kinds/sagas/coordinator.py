"""`saga`: a coordinator with durable state that sends commands and waits for replies (orchestration).

It knows where every saga stands. A step that was refused or failed is not done; one that was not answered in
time is unknown, and is undone as if it were done. Sources: as in `simulator.kinds.sagas.record`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from simulator.engine.calls.retry import back_off
from simulator.engine.environment import Activity
from simulator.engine.message import Key, Message
from simulator.engine.request import Caller, Responder
from simulator.engine.world import World
from simulator.kinds.sagas.channels import Channel, Command, Deadline, edge_of
from simulator.kinds.sagas.record import COMPENSATED, COMPLETED, STUCK, SagaBook, SagaRecord
from simulator.kinds.sagas.settings import SagaSettings, StepSettings
from simulator.measurement.level import Level, Total
from simulator.measurement.ordering import Flow
from simulator.measurement.tally import Tally

if TYPE_CHECKING:
    from simulator.design.calls import RetrySettings

#: Bars of a waterfall that are shown.
MAX_BARS = 40


class SagaNode(Responder):
    """Starts a saga for every message that comes in.

    A saga is accepted when its message comes, in flight until it ends; one that is compensated or stuck is
    `dropped`.
    """

    category = "service"

    def __init__(self, world: World, id: str, settings: SagaSettings) -> None:
        super().__init__(id, world.env)
        self.settings = settings
        self.state_time = world.draws(settings.state_time, id, "state")
        self.uniform = world.uniform(id, "back-off")
        self.pivot = next((place for place, step in enumerate(settings.steps) if step.pivot), None)
        self.book = SagaBook(
            world.env,
            [step.name for step in settings.steps],
            {step.name for step in settings.steps if step.compensation is not None},
            is_idempotent=settings.idempotent,
            has_tombstones=settings.tombstones,
        )
        #: Flows that end here, by index of the producer.
        self.flows: dict[int, Flow] = {}
        self.channels: dict[str, Channel] = {}
        self.channel_of: dict[str, Channel] = {}
        self.retries = 0
        self.late_replies = 0
        #: Sagas that wait for another of their key, and the keys that one is open for.
        self.lines: dict[Key, deque[Saga]] = {}
        self.locked = Level()
        self.present = Total(self.locked, self.book.open)
        self.residence_sum = 0.0
        self.is_out = False
        self.open: set[Saga] = set()
        self._held: list[Callable[[float], None]] = []
        self.watched: Saga | None = None
        self.waterfall: dict[str, Any] = {}

    def connect(self, world: World) -> None:
        edges = list(world.edges_from(self.id, "invoke", "publish"))
        self.channels = {edge.id: Channel(world, edge) for edge in edges}
        for step in self.settings.steps:
            for name in (step.name, step.compensation):
                edge = None if name is None else edge_of(name, edges)
                if name is not None and edge is not None:
                    self.channel_of[name] = self.channels[edge.id]

    # -- starts ----------------------------------------------------------------------------------
    def accept(self, message: Message) -> bool:
        return self._start(message, None)

    def request(self, message: Message, caller: Caller) -> None:
        """A synchronous call is answered when the saga has ended."""
        if not self._start(message, caller):
            caller.answer(self.env._now, False)

    def _start(self, message: Message, caller: Caller | None) -> bool:
        now = self.env._now
        self.accepted += 1
        saga = Saga(self, message, caller, now)
        if self.settings.semantic_lock and message.key is not None:
            line = self.lines.get(message.key)
            if line is not None:
                line.append(saga)
                self.locked.up(now)
                self.present.note(now)
                return True
            self.lines[message.key] = deque()
        saga.begin(now)
        return True

    # -- progress --------------------------------------------------------------------------------
    def command(self, saga: Saga, now: float) -> None:
        """Store where the saga stands, then send its next command."""
        self.env.at(now + self.state_time(), _Stored(self, saga))

    def stored(self, saga: Saga, now: float) -> None:
        """The state is durable: the command leaves."""
        if self._waits(lambda later: self.stored(saga, later)) or saga.record.outcome:
            return
        step, is_undo = saga.current()
        name = step.compensation if is_undo else step.name
        assert name is not None
        command = Command(self, saga, step.name, name, is_undo=is_undo)
        saga.command = command
        saga.bar(name, now)
        command.channel.send(command, now)
        timeout = self.settings.recovery_timeout if saga.is_recovering() else step.timeout
        if timeout is not None and command.is_open:
            self.env.at(now + timeout, Deadline(command))

    def replied(self, command: Command, now: float, ok: bool, is_refused: bool) -> None:
        """A reply has come in time."""
        if self._waits(lambda later: self.replied(command, later, ok, is_refused)):
            return
        saga = command.saga
        if saga.record.outcome:
            return
        saga.close_bar(now)
        if ok and not is_refused:
            saga.succeeded(now)
        else:
            self._failed(saga, now, is_final=is_refused)

    def timed_out(self, command: Command, now: float) -> None:
        """No reply in time: nobody knows whether it was done."""
        if self._waits(lambda later: self.timed_out(command, later)):
            return
        saga = command.saga
        if saga.record.outcome:
            return
        self.book.steps[command.step].timeouts += 1
        saga.close_bar(now)
        if not command.is_undo:
            saga.is_unknown = True
        self._failed(saga, now, is_final=False)

    def _failed(self, saga: Saga, now: float, *, is_final: bool) -> None:
        saga.attempts += 1
        recovering = saga.is_recovering()
        policy: RetrySettings | None = self.settings.recovery if recovering else saga.current()[0].retry
        if policy is not None and saga.attempts < policy.max_attempts and (recovering or not is_final):
            self.retries += 1
            self.env.at(now + back_off(policy, saga.attempts, self.uniform), _Again(self, saga))
        elif recovering:
            saga.end(STUCK, now)
        else:
            saga.turn_back(now)

    def _waits(self, what: Callable[[float], None]) -> bool:
        """In an outage nothing goes on: replies and timers wait for its end."""
        if self.is_out:
            self._held.append(what)
        return self.is_out

    def ended(self, saga: Saga, now: float) -> None:
        """A saga has ended, whatever way."""
        self.open.discard(saga)
        self.present.note(now)
        self.residence_sum += now - saga.came_at
        if saga is self.watched:
            self.watched = None
            self.waterfall = {"last_saga": saga.record.outcome, "waterfall": saga.bars[:MAX_BARS]}
        message, ok = saga.message, saga.record.outcome == COMPLETED
        if ok:
            self.delivered += 1
        else:
            self.dropped += 1
        if saga.caller is not None:
            saga.caller.answer(now, ok)
        elif ok:
            flow = self.flows.get(message.source)
            if flow is not None:
                flow.record(message, now)
            message.end()
        else:
            self.lose(message)
        line = self.lines.get(message.key) if self.settings.semantic_lock else None
        if line:
            self.locked.down(now)
            line.popleft().begin(now)
        elif line is not None:
            del self.lines[message.key]

    # -- faults ----------------------------------------------------------------------------------
    def fail(self) -> None:
        """An outage begins: no saga starts or goes on. State that is not durable is gone with it."""
        super().fail()
        self.__dict__["_start"] = self._refuse_start
        self.is_out = True
        if not self.settings.durable:
            now = self.env._now
            for line in self.lines.values():
                self.open.update(line)
                for _ in line:
                    self.locked.down(now)
                line.clear()
            for saga in sorted(self.open, key=lambda one: one.number):
                if saga.command is not None:
                    saga.command.is_open = False
                saga.end(STUCK, now)

    def recover(self) -> None:
        super().recover()
        del self.__dict__["_start"]
        self.is_out = False
        held, self._held = self._held, []
        for what in held:
            what(self.env._now)

    def _refuse_start(self, message: Message, caller: Caller | None) -> bool:
        return self._refuse(message)

    # -- measures --------------------------------------------------------------------------------
    def waiting(self) -> int:
        return self.locked.value

    def in_flight(self) -> int:
        return self.book.open.value

    def counts(self) -> dict[str, int]:
        return {
            **super().counts(),
            **self.book.counts(),
            "task_retries": self.retries,
            "late_replies": self.late_replies,
        }

    def edge_counts(self) -> dict[str, dict[str, int]]:
        return {id: channel.counts() for id, channel in self.channels.items()}

    def levels(self) -> dict[str, Level | Total]:
        return {
            "queue_length": self.locked,
            "in_flight": self.book.open,
            "in_system": self.present,
            **self.book.levels(),
        }

    def tallies(self) -> dict[str, list[Tally]]:
        return self.book.tallies()

    def residence(self) -> tuple[int, float]:
        return self.delivered + self.dropped, self.residence_sum

    def detail(self) -> dict[str, Any]:
        return {
            "open_sagas": self.book.open.value,
            "steps": [counts.row(name) for name, counts in self.book.steps.items()],
            **self.waterfall,
        }


class Saga:
    """One saga on its way forward, or back."""

    __slots__ = (
        "attempts",
        "bars",
        "caller",
        "came_at",
        "command",
        "is_unknown",
        "message",
        "node",
        "number",
        "position",
        "record",
        "undoing",
    )

    record: SagaRecord

    def __init__(self, node: SagaNode, message: Message, caller: Caller | None, now: float) -> None:
        self.node = node
        self.message = message
        self.caller = caller
        self.came_at = now
        self.number = node.accepted
        self.position = 0
        self.attempts = 0
        #: An attempt at the present step was not answered.
        self.is_unknown = False
        #: What is still to be undone, the next one last; None on the way forward.
        self.undoing: list[StepSettings] | None = None
        self.command: Command | None = None
        self.bars: list[dict[str, Any]] = []

    def begin(self, now: float) -> None:
        """It starts."""
        node = self.node
        self.record = node.book.begin(self.message.key)
        node.open.add(self)
        node.present.note(now)
        if node.watched is None:
            node.watched = self
        node.command(self, now)

    def current(self) -> tuple[StepSettings, bool]:
        """What it is at, and whether it undoes that."""
        if self.undoing is not None:
            return self.undoing[-1], True
        return self.node.settings.steps[self.position], False

    def is_recovering(self) -> bool:
        """Whether it must go on: it undoes, or is past its pivot."""
        pivot = self.node.pivot
        return self.undoing is not None or (pivot is not None and self.position > pivot)

    def succeeded(self, now: float) -> None:
        """What it was at is done."""
        self.attempts = 0
        self.is_unknown = False
        if self.undoing is not None:
            self.undoing.pop()
            if self.undoing:
                self.node.command(self, now)
            else:
                self.end(COMPENSATED, now)
            return
        self.position += 1
        if self.position < len(self.node.settings.steps):
            self.node.command(self, now)
        else:
            self.end(COMPLETED, now)

    def turn_back(self, now: float) -> None:
        """Undo what was done and what may have been, the last first."""
        reached = self.position + (1 if self.is_unknown else 0)
        self.attempts = 0
        self.node.book.fail(self.record)
        self.undoing = [step for step in self.node.settings.steps[:reached] if step.compensation is not None]
        if self.undoing:
            self.node.command(self, now)
        else:
            self.end(COMPENSATED, now)

    def end(self, outcome: str, now: float) -> None:
        """It is over."""
        if not hasattr(self, "record"):  # it waited for its lock when the coordinator forgot it
            self.record = self.node.book.begin(self.message.key)
        self.node.book.end(self.record, outcome)
        self.node.ended(self, now)

    # -- the waterfall ---------------------------------------------------------------------------
    def bar(self, name: str, now: float) -> None:
        """A command leaves, for the inner view."""
        if self is self.node.watched:
            self.bars.append({"state": name, "from": round(now - self.came_at, 6), "to": None})

    def close_bar(self, now: float) -> None:
        """Its reply is there, or nobody waits for it any more."""
        if self is self.node.watched and self.bars:
            self.bars[-1]["to"] = round(now - self.came_at, 6)


class _Stored(Activity):
    """The state of a saga is durable."""

    __slots__ = ("_node", "_saga")

    def __init__(self, node: SagaNode, saga: Saga) -> None:
        self._node = node
        self._saga = saga

    def occur(self, now: float) -> None:
        self._node.stored(self._saga, now)


class _Again(_Stored):
    """The next attempt is due; the state is known already."""

    __slots__ = ()
