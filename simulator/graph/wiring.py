"""Which categories of node may be connected, in which roles, and why others may not."""

from __future__ import annotations

from dataclasses import dataclass

CATEGORIES = ("producer", "queue", "topic", "bus", "consumer", "service", "join", "store", "view", "function")

_LOG_IS_READ = "A store's changes are read: put a consumer between that publishes on."
_BACK_TO_PRODUCER = "A producer is a source: nothing leads into it."

#: Roles allowed between two categories; the first is the one an edge gets when it names none.
_ROLES: dict[tuple[str, str], tuple[str, ...]] = {
    ("producer", "queue"): ("publish", "dead-letter"),
    ("producer", "topic"): ("publish",),
    ("producer", "service"): ("invoke",),
    ("queue", "queue"): ("dead-letter",),
    ("queue", "topic"): ("dead-letter",),
    ("queue", "consumer"): ("consume",),
    ("topic", "queue"): ("publish", "consume"),
    ("topic", "topic"): ("publish",),
    ("topic", "consumer"): ("consume",),
    ("consumer", "queue"): ("publish",),
    ("consumer", "topic"): ("publish",),
    ("consumer", "service"): ("invoke",),
    ("service", "queue"): ("publish",),
    ("service", "topic"): ("publish",),
    ("service", "service"): ("invoke",),
    ("producer", "join"): ("publish",),
    ("topic", "join"): ("publish",),
    ("consumer", "join"): ("publish",),
    ("service", "join"): ("publish",),
    ("join", "queue"): ("publish",),
    ("join", "topic"): ("publish",),
    ("join", "join"): ("publish",),
    ("producer", "bus"): ("publish",),
    ("consumer", "bus"): ("publish",),
    ("service", "bus"): ("publish",),
    ("topic", "bus"): ("publish",),
    ("join", "bus"): ("publish",),
    ("bus", "queue"): ("publish", "dead-letter"),
    ("bus", "topic"): ("publish",),
    ("bus", "bus"): ("publish",),
    ("bus", "service"): ("publish",),
    ("producer", "store"): ("invoke", "publish"),
    ("consumer", "store"): ("invoke", "publish"),
    ("service", "store"): ("invoke", "publish"),
    ("join", "store"): ("publish",),
    ("view", "store"): ("invoke", "publish"),
    ("store", "consumer"): ("consume",),
    ("queue", "view"): ("consume",),
    ("topic", "view"): ("consume",),
    ("store", "view"): ("consume",),
    ("producer", "view"): ("invoke",),
    ("consumer", "view"): ("invoke",),
    ("service", "view"): ("invoke",),
    ("view", "queue"): ("publish",),
    ("view", "topic"): ("publish",),
    ("view", "bus"): ("publish",),
    ("view", "join"): ("publish",),
    ("view", "service"): ("invoke",),
    ("view", "view"): ("invoke",),
    ("producer", "function"): ("invoke", "publish"),
    ("queue", "function"): ("consume",),
    ("topic", "function"): ("consume",),
    ("bus", "function"): ("publish",),
    ("consumer", "function"): ("invoke", "publish"),
    ("service", "function"): ("invoke", "publish"),
    ("function", "function"): ("publish", "invoke", "dead-letter"),
    ("function", "queue"): ("publish", "dead-letter"),
    ("function", "topic"): ("publish", "dead-letter"),
    ("function", "bus"): ("publish", "dead-letter"),
    ("function", "service"): ("invoke",),
    ("function", "join"): ("publish",),
    ("function", "store"): ("invoke", "publish"),
    ("store", "function"): ("consume",),
    ("function", "view"): ("invoke",),
    ("view", "function"): ("invoke", "publish"),
}

_REFUSALS: dict[tuple[str, str], str] = {
    ("function", "consumer"): "A consumer reads from a broker: put a queue or a topic between.",
    ("join", "function"): "A join does not call functions: put a queue between, which the function reads.",
    ("producer", "consumer"): "A consumer reads from a broker: put a queue or a topic between.",
    ("consumer", "consumer"): "A consumer reads from a broker: put a queue or a topic between.",
    ("service", "consumer"): "A consumer reads from a broker: put a queue or a topic between.",
    ("queue", "service"): "A queue does not call anybody: put a consumer between that invokes the service.",
    ("queue", "join"): "A queue hands its messages to consumers: put a consumer between that publishes on.",
    ("join", "consumer"): "A consumer reads from a broker: put a queue or a topic between.",
    ("join", "service"): "A join does not call services: put a queue and a consumer between.",
    ("queue", "bus"): "A queue hands its messages to consumers: put a consumer between that publishes on.",
    ("bus", "consumer"): "It pushes, a consumer pulls: put a queue between, or lead it to a service.",
    ("bus", "join"): "It does not know a join: put a queue and a consumer between that publishes on.",
    ("queue", "store"): "A queue does not write: put a consumer between that writes.",
    ("topic", "store"): "A topic does not write: put a consumer between that writes.",
    ("bus", "store"): "It does not write to stores: lead it to a service or a queue whose consumer writes.",
    ("store", "queue"): _LOG_IS_READ,
    ("store", "topic"): _LOG_IS_READ,
    ("store", "bus"): _LOG_IS_READ,
    ("store", "join"): _LOG_IS_READ,
    (
        "store",
        "service",
    ): "A store calls nobody: put a consumer between that reads it and invokes the service.",
    (
        "store",
        "store",
    ): "A store writes nowhere: put a consumer between that reads the one and writes the other.",
    ("bus", "view"): "It pushes, a projection pulls: put a queue between.",
    ("join", "view"): "A projection reads from a broker or a store: put a queue between.",
    ("view", "consumer"): "A consumer reads from a broker: put a queue or a topic between.",
    ("topic", "service"): "A topic does not call services: put a consumer between that invokes the service.",
}


@dataclass(frozen=True, slots=True)
class Wire:
    """What may connect one category to another: roles, or none and the reason."""

    source: str
    target: str
    roles: tuple[str, ...]
    refusal: str | None

    def as_dict(self) -> dict[str, object]:
        """For the front end (`wiring` of the schema)."""
        return {
            "from": self.source,
            "to": self.target,
            "roles": list(self.roles),
            "refusal": self.refusal,
        }


def wire(source: str, target: str) -> Wire:
    """The rule between two categories."""
    roles = _ROLES.get((source, target), ())
    if roles:
        return Wire(source, target, roles, None)
    refusal = _BACK_TO_PRODUCER if target == "producer" else _REFUSALS[source, target]
    return Wire(source, target, (), refusal)


def table() -> list[Wire]:
    """All pairs of categories."""
    return [wire(source, target) for source in CATEGORIES for target in CATEGORIES]
