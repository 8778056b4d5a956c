"""All kinds: one line for each, with the module that is loaded when a design first needs it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module

from simulator.kinds.kind import Kind

#: Where each kind's `KIND` stands, in the order of the palette. A module's name and not an import: a run
#: loads the kinds of its design alone, which keeps its start short and its memory small.
_MODULES = {
    "producer": "simulator.kinds.basic.producer",
    "aws.scheduler": "simulator.kinds.aws.scheduler",
    "queue": "simulator.kinds.basic.queue",
    "topic": "simulator.kinds.basic.topic",
    "aws.sqs": "simulator.kinds.aws.sqs.kind",
    "aws.sns": "simulator.kinds.aws.sns",
    "aws.eventbridge": "simulator.kinds.aws.eventbridge",
    "kafka.topic": "simulator.kinds.kafka.topic",
    "rabbitmq.exchange": "simulator.kinds.rabbitmq.exchange_kind",
    "rabbitmq.queue": "simulator.kinds.rabbitmq.queue_kind",
    "consumer": "simulator.kinds.basic.consumer",
    "aws.pipe": "simulator.kinds.aws.pipe",
    "service": "simulator.kinds.basic.service.kind",
    "llm": "simulator.kinds.ai.llm_kind",
    "aws.lambda": "simulator.kinds.aws.lambda_function.kind",
    "aws.stepfunctions": "simulator.kinds.aws.stepfunctions.kind",
    "saga": "simulator.kinds.sagas.kind",
    "saga-participant": "simulator.kinds.sagas.participant_kind",
    "outbox": "simulator.kinds.outbox.kind",
    "join": "simulator.kinds.basic.join",
    "aws.dynamodb": "simulator.kinds.aws.dynamodb.kind",
    "event-store": "simulator.kinds.cqrs.event_store_kind",
    "projection": "simulator.kinds.cqrs.projection_kind",
}


class Catalogue(Mapping[str, Kind]):
    """The kinds by their identifiers; each is loaded when it is first asked for."""

    def __init__(self, modules: Mapping[str, str]) -> None:
        self._modules = modules
        self._loaded: dict[str, Kind] = {}

    def __getitem__(self, kind: str) -> Kind:
        found = self._loaded.get(kind)
        if found is None:
            found = self._loaded[kind] = import_module(self._modules[kind]).KIND
        return found

    def __contains__(self, kind: object) -> bool:
        return kind in self._modules

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __len__(self) -> int:
        return len(self._modules)


KINDS = Catalogue(_MODULES)
