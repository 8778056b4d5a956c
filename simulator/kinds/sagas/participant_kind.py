"""`saga-participant` in the palette."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.kinds.cost import instance_hours
from simulator.kinds.kind import Kind
from simulator.kinds.sagas.checks import check_participant
from simulator.kinds.sagas.participant import Participant, participants_of
from simulator.kinds.sagas.participant_settings import ParticipantSettings, SagaPublishSettings

if TYPE_CHECKING:
    from simulator.design.document import Document, Edge, Node

#: Whoever reads one of these gets the events of all participants.
KINDS_THAT_COPY_ALL = {"topic", "kafka.topic"}


def events_on(document: Document, node: Node, edge: Edge) -> float:
    """Events on the edge for each event that comes in, where nothing fails.

    One that reads a topic gets the events of all participants, and answers one of them.
    """
    settings = node.config
    assert isinstance(settings, ParticipantSettings)
    if not isinstance(edge.settings, SagaPublishSettings) or settings.done_event is None:
        return 0.0
    if edge.settings.events and settings.done_event not in edge.settings.events:
        return 0.0
    return events_worked_on(document, node)


def events_worked_on(document: Document, node: Node) -> float:
    """Share of the events that come in to which a participant reacts, where nothing fails."""
    assert isinstance(node.config, ParticipantSettings)
    reads_all = any(
        KINDS_THAT_COPY_ALL & {document.node(edge.source).kind}
        for edge in document.edges_into(node.id)
        if edge.role == "consume"
    )
    return 1.0 / (1 + len(participants_of(document, node.config.saga))) if reads_all else 1.0


KIND = Kind(
    kind="saga-participant",
    title="Saga participant",
    group="Services",
    category="consumer",
    summary="A service that takes part in a saga by events: it reacts to the others, and undoes on theirs.",
    docs="",
    settings=ParticipantSettings,
    build=Participant,
    edge_settings={"publish": SagaPublishSettings},
    check=check_participant,
    can_pause=True,
    badges=("throughput", "steps_refused", "compensations"),
    share=events_on,
    worked_share=events_worked_on,
    answers_its_source=True,
    cost=instance_hours,
)
