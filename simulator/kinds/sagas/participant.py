"""`saga-participant`: a service that reacts to the events of others and undoes on theirs (choreography).

There is no coordinator and no place that knows where a saga stands: what is told here is seen from outside. A
saga is completed when every participant has done its part, compensated when one refused and nothing is in
place any more, and stuck when no event of it is under way and neither is the case.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from simulator.design.distributions import Uniform
from simulator.engine.broker import Subscription
from simulator.engine.endpoint import Consumer, Server
from simulator.engine.environment import Activity
from simulator.engine.link import Outlet
from simulator.engine.message import Journey, Message
from simulator.engine.payload import Event
from simulator.engine.world import World
from simulator.kinds.sagas.participant_settings import ParticipantSettings, SagaPublishSettings
from simulator.kinds.sagas.record import COMPENSATED, COMPLETED, STUCK, SagaBook, SagaRecord
from simulator.measurement.level import Level
from simulator.measurement.tally import Tally

if TYPE_CHECKING:
    from simulator.design.document import Document, Node


def participants_of(document: Document, saga: str) -> list[Node]:
    """The nodes that take part in a saga, in document order."""
    return [
        node
        for node in document.nodes
        if isinstance(node.config, ParticipantSettings) and node.config.saga == saga
    ]


def first_of(document: Document, saga: str) -> Node:
    """The participant at which a saga begins: the first that reacts to an event of none of them."""
    members = participants_of(document, saga)
    own = {event for one in members for event in one.config.own_events()}  # type: ignore[attr-defined]
    begins = [one for one in members if set(one.config.reacts_to) - own]  # type: ignore[attr-defined]
    return (begins or members)[0]


class Choreography:
    """The sagas of one name, seen from outside."""

    def __init__(self, world: World, saga: str) -> None:
        members = participants_of(world.document, saga)
        self.steps = [one.id for one in members]
        self.first = first_of(world.document, saga).id
        #: Idempotency and tombstones are each participant's own: they set them before they ask.
        undoable = {one.id for one in members if one.config.compensates_on}  # type: ignore[attr-defined]
        self.book = SagaBook(world.env, self.steps, undoable, is_idempotent=True, has_tombstones=True)
        self.open: dict[tuple[int, int], _Open] = {}

    @staticmethod
    def of(world: World, saga: str) -> Choreography:
        """That of the world, made by whoever asks first."""
        name = f"saga {saga}"
        found = world.shared.get(name)
        if found is None:
            found = world.shared[name] = Choreography(world, saga)
        assert isinstance(found, Choreography)
        return found

    def begin(self, message: Message) -> _Open:
        """A saga begins at its first participant; it is followed until nothing is under way."""
        key = (message.source, message.sequence)
        record = self.book.begin(message.key)
        opened = self.open[key] = _Open(record, message.journey)
        opened.journey = Journey(lambda: self._nothing_follows(key))
        return opened

    def _nothing_follows(self, key: tuple[int, int]) -> None:
        opened = self.open.pop(key)
        record = opened.record
        if not record.outcome:
            is_undone = record.has_failed and not record.held
            if is_undone:  # what came after the last compensation was only passed over
                self.book.end(record, COMPENSATED, record.changed_at)
            else:
                self.book.end(record, STUCK)
        if opened.client is not None:
            opened.client.end_copy()

    def changed(self, opened: _Open) -> None:
        """Something was done or undone: perhaps it was the last, and no timeout is needed any more."""
        record = opened.record
        if record.has_failed:
            if not record.held:
                opened.release()
        elif not record.outcome and len(record.held) == len(self.steps):
            self.book.end(record, COMPLETED)
            opened.release()


class _Open:
    """A saga that is under way."""

    __slots__ = ("client", "is_guarded", "journey", "record")

    journey: Journey

    def __init__(self, record: SagaRecord, client: Journey | None) -> None:
        self.record = record
        #: The journey of a closed client's message, which goes on until the saga has ended.
        self.client = client
        if client is not None:
            client.open_copies += 1
        #: Whether it is kept open for its first reaction, or its timeout.
        self.is_guarded = True

    def release(self) -> None:
        """Nothing keeps it open but events under way."""
        if self.is_guarded:
            self.is_guarded = False
            self.journey.end_copy()


class Participant(Consumer):
    """One service of a saga by events."""

    def __init__(self, world: World, id: str, settings: ParticipantSettings) -> None:
        chance = world.message_draws(Uniform(low=0.0, high=1.0), id, "failure")
        failure = settings.failure.probability
        fails: Callable[[Message], bool] | None = None
        if failure > 0.0:

            def fails(message: Message) -> bool:
                return self.reaction(message) != "" and chance(message) < failure

        super().__init__(
            id,
            world.env,
            servers=settings.instances * settings.concurrency,
            service_time=world.message_draws(settings.service_time, id, "service"),
            fails=fails,
            poll_interval=0.0,
        )
        self.settings = settings
        undoing = settings.compensation_time or settings.service_time
        self.compensation_time = world.draws(undoing, id, "compensation")
        self.uniform = world.uniform(id, "refusal")
        self.begins = frozenset(settings.reacts_to)
        self.undoes = frozenset(settings.compensates_on)
        self.choreography = Choreography.of(world, settings.saga)
        self.is_first = self.choreography.first == id
        self.outlets: dict[str, Outlet] = {}
        self.published = 0

    def connect(self, world: World) -> None:
        edges = list(world.edges_from(self.id, "publish"))
        chosen = {
            event: {
                edge.id
                for edge in edges
                if isinstance(edge.settings, SagaPublishSettings)
                and (not edge.settings.events or event in edge.settings.events)
            }
            for event in self.settings.own_events()
        }
        self.outlets = world.outlets(self.id, chosen)

    def reaction(self, message: Message) -> str:
        """What it does upon an event: `do`, `undo`, or nothing."""
        type = "" if message.event is None else message.event.type
        return "do" if type in self.begins else "undo" if type in self.undoes else ""

    def open(self, server: Server, starts: float) -> float:
        reaction = self.reaction(server.message)
        if reaction == "do":
            return super().open(server, starts)
        server.started_at = starts
        if server.message.receive_count <= 1:
            server.subscription.add_waiting(starts - server.message.accepted_at)
        return starts + self.compensation_time() if reaction == "undo" else starts

    def complete(self, message: Message, subscription: Subscription, receipt: int, now: float) -> None:
        self.delivered += 1
        if not message.processed:
            subscription.add_sojourn(now - message.accepted_at)
        if message.processed or message.duplicate:
            self.duplicates += 1
        reaction = self.reaction(message)
        if reaction:
            self._react(message, now, is_undo=reaction == "undo")
        message.processed = True
        subscription.broker.acknowledge(message, receipt)

    def _react(self, message: Message, now: float, *, is_undo: bool) -> None:
        sagas = self.choreography
        book = sagas.book
        opened = sagas.open.get((message.source, message.sequence))
        if opened is None:
            if is_undo or not self.is_first or message.duplicate or message.processed:
                return  # of a saga that has ended: a straggler, or a dead letter taken back
            opened = sagas.begin(message)
            self._watch(opened, message, now)
        book.is_idempotent, book.has_tombstones = self.settings.idempotent, self.settings.tombstones
        record, settings = opened.record, self.settings
        if is_undo:
            book.fail(record)
            if book.undo(self.id, record) or not settings.idempotent:
                self._publish(settings.compensated_event, message, opened)
        elif self._is_new(record) and settings.refusal > 0.0 and self.uniform() < settings.refusal:
            book.refuse(self.id, record)
            book.fail(record)
            self._publish(settings.refused_event, message, opened)
        elif book.do(self.id, record):
            flow = self.flows.get(message.source)
            if flow is not None:
                flow.record(message, now)
            self._publish(settings.done_event, message, opened)
        sagas.changed(opened)
        if self.is_first and not settings.timeout:
            opened.release()

    def _is_new(self, record: SagaRecord) -> bool:
        """Whether it has not been asked yet, as far as it remembers."""
        known = record.held.keys() | record.tombstones | record.refused
        return self.id not in known or not self.settings.idempotent

    def _publish(self, type: str | None, origin: Message, opened: _Open) -> None:
        if type is None:
            return
        outlet = self.outlets[type]
        if not outlet:
            return
        made = origin.offspring()
        made.duplicate = origin.duplicate
        before = origin.event
        made.event = Event(self.id, type, {} if before is None else before.detail)
        made.journey = opened.journey
        opened.journey.open_copies += 1
        self.published += 1
        outlet.send(made)

    def _watch(self, opened: _Open, message: Message, now: float) -> None:
        if self.settings.timeout is not None:
            self.env.at(now + self.settings.timeout, _Deadline(self, opened, message))

    def too_late(self, opened: _Open, message: Message) -> None:
        """The timeout of a saga that began here is over: whoever compensates on its event begins to undo."""
        if not opened.is_guarded:
            return
        book = self.choreography.book
        book.steps[self.id].timeouts += 1
        book.fail(opened.record)
        self._publish(self.settings.timeout_event, message, opened)
        opened.release()

    # -- measures --------------------------------------------------------------------------------
    def counts(self) -> dict[str, int]:
        own = self.choreography.book.steps[self.id]
        counts = {**super().counts(), "events_published": self.published}
        if self.is_first:
            return {**counts, **self.choreography.book.counts()}
        return {
            **counts,
            "steps_done": own.done,
            "steps_refused": own.refused,
            "compensations": own.compensated,
            "late_steps_refused": own.late_refused,
            "repeats_refused": own.repeats_refused,
            "effects_repeated": own.repeated,
        }

    def levels(self) -> dict[str, Level]:
        levels = super().levels()
        return {**levels, **self.choreography.book.levels()} if self.is_first else levels

    def tallies(self) -> dict[str, list[Tally]]:
        tallies = super().tallies()
        return {**tallies, **self.choreography.book.tallies()} if self.is_first else tallies

    def detail(self) -> dict[str, Any] | None:
        """The first participant shows all of them."""
        book = self.choreography.book
        if not self.is_first:
            return None
        return {
            "open_sagas": book.open.value,
            "steps": [counts.row(name) for name, counts in book.steps.items()],
        }


class _Deadline(Activity):
    """The timeout of a saga is over."""

    __slots__ = ("_message", "_node", "_opened")

    def __init__(self, node: Participant, opened: _Open, message: Message) -> None:
        self._node = node
        self._opened = opened
        self._message = message

    def occur(self, now: float) -> None:
        self._node.too_late(self._opened, self._message)
