"""The routing key and the headers of a publish: fixed, or taken from the message and its event."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from simulator.engine.message import Message
from simulator.kinds.rabbitmq.exchange_settings import RabbitPublishSettings

if TYPE_CHECKING:
    from simulator.design.document import Edge
    from simulator.engine.world import World

_FIELD = re.compile(r"{([^{}]+)}")


def key_maker(
    world: World, edge: Edge, settings: RabbitPublishSettings, default_key: str | None
) -> Callable[[Message], str]:
    """The routing key of each message of an edge (see `RabbitPublishSettings.routing_key`).

    Args:
        default_key: used where the edge gives none; on the default exchange the name of the queue.
    """
    given = settings.routing_key if settings.routing_key is not None else default_key
    if isinstance(given, dict):
        keys = list(given)
        limits = list(accumulate(given.values()))
        draw = world.uniform(edge.id, "routing key")

        def weighted(_message: Message) -> str:
            point = draw() * limits[-1]
            return next((key for key, limit in zip(keys, limits, strict=True) if point < limit), keys[-1])

        return weighted
    if given is None:
        return _own_key
    text = given
    if "{" not in text:
        return lambda _message: text

    def filled(message: Message) -> str:
        event = message.event
        found = text
        if event is not None:
            known: str | None = event.memo.get((key_maker, text))
            if known is None:
                known = text
                for name, value in event_fields(event.as_data()).items():
                    known = known.replace("{" + name + "}", value)
                event.memo[key_maker, text] = known
            found = known
        return found.replace("{key}", "" if message.key is None else str(message.key))

    return filled


def _own_key(message: Message) -> str:
    """The message's key, else its event type, else nothing."""
    if message.key is not None:
        return str(message.key)
    return "" if message.event is None else message.event.type


def event_fields(event: Any, prefix: str = "") -> dict[str, str]:
    """The plain fields of an event by their dotted names, as text."""
    found: dict[str, str] = {}
    for name, value in event.items():
        if isinstance(value, dict):
            found.update(event_fields(value, f"{prefix}{name}."))
        elif isinstance(value, str | int | float):
            found[prefix + name] = str(value)
    return found


def header_maker(headers: Mapping[str, Any]) -> Callable[[Mapping[str, Any]], dict[str, Any]] | None:
    """The headers of a message from its event, None where no header names a field such as `{detail.country}`.

    A header that is a field alone has the field's value with its type, and is left out where the event has no
    such field; in other texts fields are put in as text.
    """
    if not any(isinstance(value, str) and _FIELD.search(value) for value in headers.values()):
        return None

    def made(event: Mapping[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        texts = event_fields(event)
        for name, value in headers.items():
            field = _FIELD.fullmatch(value) if isinstance(value, str) else None
            if field is not None:
                taken = _value_at(event, field[1])
                if taken is not None:
                    found[name] = taken
            elif isinstance(value, str):
                found[name] = _FIELD.sub(lambda one: texts.get(one[1], ""), value)
            else:
                found[name] = value
        return found

    return made


def _value_at(event: Mapping[str, Any], path: str) -> Any:
    value: Any = event
    for step in path.split("."):
        if not isinstance(value, Mapping) or step not in value:
            return None
        value = value[step]
    return value
