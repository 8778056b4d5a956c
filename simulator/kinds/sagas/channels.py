"""How the commands of a saga reach their participants, and what comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.engine.environment import Activity
from simulator.engine.message import Journey, Message
from simulator.engine.payload import Event
from simulator.engine.request import Caller
from simulator.kinds.sagas.settings import CommandSettings

if TYPE_CHECKING:
    from simulator.design.document import Edge
    from simulator.engine.world import World
    from simulator.kinds.sagas.coordinator import Saga, SagaNode


def edge_of(name: str, edges: list[Edge]) -> Edge | None:
    """The edge of a command: the first that names it, else the first that names nothing."""
    tasks = {edge.id: edge.settings.tasks for edge in edges if isinstance(edge.settings, CommandSettings)}
    named = next((edge for edge in edges if name in tasks.get(edge.id, ())), None)
    return named or next((edge for edge in edges if not tasks.get(edge.id)), None)


class Channel:
    """An edge on which commands leave a coordinator.

    A service answers. Through a queue the reply is there when the message has been worked on; one that the
    queue gives up is answered with an error.
    """

    def __init__(self, world: World, edge: Edge) -> None:
        settings = edge.settings
        assert isinstance(settings, CommandSettings)
        self.id = edge.id
        self.env = world.env
        self.refusal = settings.refusal
        self.uniform = world.uniform(edge.id, "refusal")
        self.latency = world.draws(settings.latency, edge.id, "latency")
        self.is_slow = settings.latency.mean() > 0.0
        self._call = world.invoke_edge(edge) if edge.role == "invoke" else None
        self._link = world.link(edge) if edge.role == "publish" else None
        self.commands = 0
        self.errors = 0

    def send(self, command: Command, now: float) -> None:
        """A command leaves the coordinator."""
        self.commands += 1
        if self.is_slow:
            self.env.at(now + self.latency(), _Arrival(self, command))
        else:
            self.arrive(command)

    def arrive(self, command: Command) -> None:
        """It is at the participant, or in its queue."""
        message = command.message()
        if self._call is not None:
            self._call.request(message, command)
            return
        link = self._link
        assert link is not None
        message.journey = Journey(lambda: command.answer(self.env._now, message.processed))
        link.total += 1
        if not link.target.accept(message):
            message.journey = None
            command.answer(self.env._now, False)

    def counts(self) -> dict[str, int]:
        """What happened on this edge."""
        return {"task_calls": self.commands, "task_failures": self.errors}


class Command(Caller):
    """One attempt at a step or a compensation.

    Args:
        saga: whose.
        step: its name.
        name: of the command.
    """

    __slots__ = ("channel", "is_open", "is_undo", "name", "node", "saga", "step")

    def __init__(self, node: SagaNode, saga: Saga, step: str, name: str, *, is_undo: bool) -> None:
        self.node = node
        self.saga = saga
        self.step = step
        self.name = name
        self.is_undo = is_undo
        self.channel = node.channel_of[name]
        #: Whether the coordinator still waits for the reply.
        self.is_open = True

    def message(self) -> Message:
        """The command as a message; repeated where the participant has its effect already."""
        origin = self.saga.message
        made = origin.offspring()
        made.duplicate = origin.duplicate or (not self.is_undo and self.step in self.saga.record.held)
        before = origin.event
        made.event = Event(self.node.id, self.name, {} if before is None else before.detail)
        return made

    def answer(self, now: float, ok: bool) -> None:
        """The participant has worked on it, or could not; what it did stays done also if nobody waits."""
        channel, book, record = self.channel, self.node.book, self.saga.record
        is_refused = False
        if not ok:
            channel.errors += 1
        elif self.is_undo:
            book.undo(self.step, record)
        elif channel.refusal > 0.0 and channel.uniform() < channel.refusal:
            is_refused = True
            book.refuse(self.step, record)
        else:
            book.do(self.step, record)
        if channel.is_slow:
            channel.env.at(now + channel.latency(), _Reply(self, ok, is_refused))
        else:
            self.reply(now, ok, is_refused)

    def reply(self, now: float, ok: bool, is_refused: bool) -> None:
        """The reply is at the coordinator."""
        if self.is_open:
            self.is_open = False
            self.node.replied(self, now, ok, is_refused)
        else:
            self.node.late_replies += 1


class Deadline(Activity):
    """A command has waited long enough for its reply."""

    __slots__ = ("_command",)

    def __init__(self, command: Command) -> None:
        self._command = command

    def occur(self, now: float) -> None:
        command = self._command
        if command.is_open:
            command.is_open = False
            command.node.timed_out(command, now)


class _Arrival(Activity):
    __slots__ = ("_channel", "_command")

    def __init__(self, channel: Channel, command: Command) -> None:
        self._channel = channel
        self._command = command

    def occur(self, now: float) -> None:
        self._channel.arrive(self._command)


class _Reply(Activity):
    __slots__ = ("_command", "_is_refused", "_ok")

    def __init__(self, command: Command, ok: bool, is_refused: bool) -> None:
        self._command = command
        self._ok = ok
        self._is_refused = is_refused

    def occur(self, now: float) -> None:
        self._command.reply(now, self._ok, self._is_refused)
