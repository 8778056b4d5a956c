"""What a saga must be, and what people come to regret (the list is that of the collected facts)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from simulator.graph.problem import Problem, Severity
from simulator.kinds.sagas.channels import edge_of
from simulator.kinds.sagas.participant import first_of, participants_of
from simulator.kinds.sagas.participant_settings import ParticipantSettings, SagaPublishSettings
from simulator.kinds.sagas.settings import CommandSettings, SagaSettings

if TYPE_CHECKING:
    from simulator.design.document import Document, Edge, Node

#: Participants from which on nobody can follow a saga by events any more.
MANY = 5

Finding = tuple[str, Severity, str, str, str]


def check_saga(document: Document, node: Node) -> list[Problem]:
    """Commands that go nowhere (D284), and practice (D400 to D406)."""
    settings = node.config
    assert isinstance(settings, SagaSettings)
    edges = [edge for edge in document.edges_from(node.id) if edge.role in ("invoke", "publish")]
    problems = _problems(document, node, [*_unbound(settings, edges), *_regrets(document, node, settings)])
    return problems + list(_edges(document, settings, edges))


def _problems(document: Document, node: Node, findings: list[Finding]) -> list[Problem]:
    path = f"{document.path_of(node)}.config"
    return [
        Problem(code, severity, node.id, f"config.{field}", message, hint, f"{path}.{field}")
        for code, severity, field, message, hint in findings
    ]


def _unbound(settings: SagaSettings, edges: list[Edge]) -> Iterator[Finding]:
    for place, step in enumerate(settings.steps):
        for field, name in (("name", step.name), ("compensation", step.compensation)):
            if name is not None and edge_of(name, edges) is None:
                yield (
                    "D284",
                    "error",
                    f"steps[{place}].{field}",
                    f"{name!r} is bound to nothing",
                    f"lead an edge to what does it, with tasks: [{name}]",
                )


def _regrets(document: Document, node: Node, settings: SagaSettings) -> Iterator[Finding]:
    pivot = next((place for place, step in enumerate(settings.steps) if step.pivot), None)
    last = len(settings.steps) - 1 if pivot is None else pivot
    for place, step in enumerate(settings.steps):
        field = f"steps[{place}]"
        if place < last and step.compensation is None:
            yield (
                "D400",
                "warning",
                f"{field}.compensation",
                f"{step.name!r} may have to be undone and has no compensation: its effect would stay",
                "name the command that undoes it, or put the step behind the pivot",
            )
        if step.timeout is None:
            yield (
                "D401",
                "warning",
                f"{field}.timeout",
                f"{step.name!r} has no timeout: a saga whose reply is lost stays half done for ever",
                "set a timeout above the slowest reply",
            )
        if place > last and step.compensation is not None and pivot is not None:
            yield (
                "D402",
                "hint",
                f"{field}.compensation",
                f"{step.name!r} comes after the pivot: its compensation is never sent",
                "take the compensation away, or move the pivot",
            )
    if settings.recovery_timeout is None:
        yield (
            "D401",
            "warning",
            "recovery_timeout",
            "compensations have no timeout: one lost reply, and a saga stays half done for ever",
            "set a timeout above the slowest reply",
        )
    if settings.recovery.max_attempts == 1 and any(step.compensation for step in settings.steps):
        yield (
            "D403",
            "warning",
            "recovery.max_attempts",
            "a compensation is tried once: the first error leaves the saga stuck",
            "let it be tried again, with a back-off",
        )
    is_repeated = settings.recovery.max_attempts > 1 or any(step.retry for step in settings.steps)
    if not settings.idempotent and is_repeated:
        yield (
            "D404",
            "warning",
            "idempotent",
            "commands are tried again and participants do not recognize them: a charge is made twice",
            "give commands an idempotency key that participants remember",
        )
    if not settings.tombstones and any(step.timeout for step in settings.steps):
        yield (
            "D404",
            "warning",
            "tombstones",
            "a step that was given up may come after its compensation, and its effect then stays",
            "let participants remember what was compensated",
        )
    if not settings.durable:
        yield (
            "D405",
            "warning",
            "durable",
            "the state of sagas is kept in memory: an outage leaves all open ones half done",
            "store the state before every command",
        )
    callers = [
        edge
        for edge in document.edges_into(node.id)
        if edge.role == "invoke" and document.node(edge.source).kind != "producer"
    ]
    if callers:
        yield (
            "D406",
            "hint",
            "steps",
            f"{callers[0].source} waits for the end of a saga, compensations and retries included",
            "start it with a message, and tell the caller the outcome later",
        )


def _edges(document: Document, settings: SagaSettings, edges: list[Edge]) -> Iterator[Problem]:
    known = {step.name for step in settings.steps} | {
        step.compensation for step in settings.steps if step.compensation is not None
    }
    taken = {found.id for name in known if (found := edge_of(name, edges)) is not None}
    for edge in edges:
        place = document.path_of(edge)
        assert isinstance(edge.settings, CommandSettings)
        strange = [name for name in edge.settings.tasks if name not in known]
        category = document.node(edge.target).kind
        if edge.role == "publish" and category in (
            "topic",
            "aws.sns",
            "aws.eventbridge",
            "rabbitmq.exchange",
        ):
            yield Problem(
                "D284",
                "error",
                edge.id,
                "",
                f"{edge.id} sends commands to {edge.target}, which copies them: a command has one addressee, "
                "whose reply is waited for",
                "publish to a queue, or invoke the service",
                place,
            )
        elif strange:
            yield Problem(
                "D407",
                "warning",
                edge.id,
                "config.tasks",
                f"{edge.id} names {strange[0]!r}, which is no step and no compensation of the saga",
                "name steps or compensations as the saga does",
                f"{place}.config.tasks",
            )
        elif edge.id not in taken:
            yield Problem(
                "D407",
                "warning",
                edge.id,
                "config.tasks",
                f"no command goes along {edge.id}",
                "name its tasks, or drop the edge",
                place,
            )


# -- choreography ------------------------------------------------------------------------------------
def check_participant(document: Document, node: Node) -> list[Problem]:
    """Events that nobody publishes or hears (D410 to D417)."""
    settings = node.config
    assert isinstance(settings, ParticipantSettings)
    members = participants_of(document, settings.saga)
    problems = _problems(document, node, list(_heard(document, node, settings, members)))
    first = first_of(document, settings.saga)
    if first is node:
        problems += _problems(document, node, list(_as_a_whole(node, members)))
    elif settings.timeout is not None:
        problems += _problems(
            document,
            node,
            [
                (
                    "D414",
                    "warning",
                    "timeout",
                    f"the saga begins at {first.id}: the timeout here is never started",
                    f"set the timeout at {first.id}",
                )
            ],
        )
    return problems


def _settings(node: Node) -> ParticipantSettings:
    assert isinstance(node.config, ParticipantSettings)
    return node.config


def _heard(
    document: Document, node: Node, settings: ParticipantSettings, members: list[Node]
) -> Iterator[Finding]:
    published = {event for one in members for event in _settings(one).own_events()}
    heard = {
        event for one in members for event in (*_settings(one).reacts_to, *_settings(one).compensates_on)
    }
    edges = [edge for edge in document.edges_from(node.id) if edge.role == "publish"]
    for event in settings.compensates_on:
        if event not in published:
            yield (
                "D410",
                "warning",
                "compensates_on",
                f"nobody of {settings.saga!r} publishes {event!r}: nothing is undone upon it",
                "name the event that says a later step was refused or undone",
            )
    for field in ("done_event", "refused_event", "compensated_event", "timeout_event"):
        event = getattr(settings, field)
        if event is None:
            continue
        leaves = any(
            isinstance(edge.settings, SagaPublishSettings)
            and (not edge.settings.events or event in edge.settings.events)
            for edge in edges
        )
        if not leaves:
            message, hint = (
                f"{event!r} leaves {node.id} on no edge",
                "lead a publish edge to a topic or queue",
            )
            yield "D411", "warning", field, message, hint
        elif field in ("refused_event", "timeout_event") and event not in heard:
            yield (
                "D411",
                "warning",
                field,
                f"nobody of {settings.saga!r} reacts to {event!r}: what was done before is never undone",
                "let the participants before it compensate on it",
            )
    if settings.refusal > 0.0 and settings.refused_event is None:
        yield (
            "D411",
            "warning",
            "refused_event",
            f"{node.id} refuses and tells nobody: what was done before is never undone",
            "give it a refused_event",
        )
    for field in ("idempotent", "tombstones"):
        if not getattr(settings, field):
            yield (
                "D404",
                "warning",
                field,
                "events may come twice or late: a second effect, or one after its compensation, stays",
                "let the participant remember what it did and what it undid",
            )


def _as_a_whole(node: Node, members: list[Node]) -> Iterator[Finding]:
    """Findings about the saga, told at its first participant."""
    settings = _settings(node)
    if len(members) > MANY:
        yield (
            "D412",
            "hint",
            "saga",
            f"{len(members)} services react to each other in {settings.saga!r}: nobody sees how it goes",
            "from four or five steps on let a coordinator (saga) drive them",
        )
    circle = circle_of(members)
    if circle:
        yield (
            "D413",
            "warning",
            "reacts_to",
            f"the events go round in a circle: {' -> '.join([*circle, circle[0]])}",
            "let one of them react to an event that none of them publishes",
        )
    if settings.timeout is None:
        yield (
            "D401",
            "warning",
            "timeout",
            f"{settings.saga!r} has no timeout: a saga one of whose events is lost stays half done for ever",
            "give the first participant a timeout and a timeout_event that the others compensate on",
        )
    for one in members:
        others = [
            other
            for other in members
            if other is not one and set(_settings(other).reacts_to) & set(_settings(one).own_events())
        ]
        may_fail = [other for other in members if _settings(other).refusal > 0.0 and other is not one]
        if others and may_fail and not _settings(one).compensates_on and one is not may_fail[0]:
            yield (
                "D400",
                "warning",
                "saga",
                f"{one.id} comes before others and compensates on nothing: its effect would stay",
                f"let {one.id} compensate on the events that say a later step was refused or undone",
            )


def circle_of(members: list[Node]) -> list[str]:
    """Participants whose done events begin each other's local transactions in a circle; empty: none do."""
    after = {
        one.id: [other.id for other in members if _settings(one).done_event in _settings(other).reacts_to]
        for one in members
    }
    for start in after:
        way, seen = [start], {start}
        while True:
            following = [id for id in after[way[-1]] if id not in seen or id == start]
            if not following:
                break
            if start in following:
                return way
            way.append(following[0])
            seen.add(following[0])
    return []
