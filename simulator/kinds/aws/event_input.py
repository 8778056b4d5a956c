"""What a target of a rule gets: the event, a constant, a part of the event, or a text made from it.

Source: Amazon EventBridge user guide, *Input transformation*.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from simulator.engine.payload import Event
from simulator.errors import HeadraceError

if TYPE_CHECKING:
    from simulator.kinds.aws.eventbridge_settings import RuleTargetSettings

#: Variables that every template knows (user guide, *Input transformation*, predefined variables).
PREDEFINED = ("aws.events.rule-name", "aws.events.event", "aws.events.event.json")
_VARIABLE = re.compile(r"<([A-Za-z0-9_.\-]+)>")
_STEP = re.compile(r"\.([A-Za-z_][\w\-]*)|\[(\d+)\]|\['([^']+)'\]")

#: Event in; what goes on, and its size in bytes (None: that of the event).
Input = Callable[[Event], tuple[Event, int | None]]


class InvalidInput(HeadraceError, ValueError):
    """A path or template that cannot be used; the message says why."""


def check_path(path: str) -> list[str | int]:
    """The steps of a JSON path; raises `InvalidInput`."""
    if not path.startswith("$"):
        raise InvalidInput(f"the path {path!r} does not begin with $: write $.detail.id")
    steps: list[str | int] = []
    place = 1
    while place < len(path):
        step = _STEP.match(path, place)
        if step is None:
            raise InvalidInput(f"the path {path!r} has no step at position {place}: write $.detail.id")
        name, index, quoted = step.groups()
        steps.append(int(index) if index is not None else name or quoted)
        place = step.end()
    return steps


def check_template(template: str, paths: Mapping[str, str]) -> None:
    """Whether all variables of a template are known; raises `InvalidInput`."""
    for name in _VARIABLE.findall(template):
        if name not in paths and name not in PREDEFINED:
            raise InvalidInput(
                f"the variable <{name}> of InputTemplate is not in InputPathsMap, which has "
                f"{', '.join(paths) or 'none'}"
            )
    for name in paths:
        if name.startswith("aws."):
            raise InvalidInput(f"a variable cannot be called {name}: names that begin with AWS. are taken")


def look_up(data: Any, steps: list[str | int]) -> Any:
    """The value at a path, None where there is nothing."""
    for step in steps:
        if isinstance(step, int):
            data = data[step] if isinstance(data, list) and step < len(data) else None
        else:
            data = data.get(step) if isinstance(data, Mapping) else None
    return data


def value_maker(text: str) -> Callable[[Event | None], str]:
    """A text, or with a path the value at it, as text (empty where there is none)."""
    if not text.startswith("$"):
        return lambda _event: text
    steps = check_path(text)

    def value(event: Event | None) -> str:
        found = None if event is None else look_up(event.as_eventbridge(), steps)
        if found is None:
            return ""
        return found if isinstance(found, str) else _text(found)

    return value


def input_of(settings: RuleTargetSettings, rule: str) -> Input | None:
    """What the target gets of an event; None where it gets the event as it is."""
    if settings.input is not None:
        constant = settings.input
        return lambda event: _made(event, constant)
    if settings.input_path is not None:
        steps = check_path(settings.input_path)
        if not steps:
            return None
        return lambda event: _made(event, look_up(event.as_eventbridge(), steps))
    transformer = settings.input_transformer
    if transformer is None:
        return None
    paths = {name: check_path(path) for name, path in transformer.input_paths_map.items()}
    template = transformer.input_template

    def transform(event: Event) -> tuple[Event, int | None]:
        data = event.as_eventbridge()
        values: dict[str, Any] = {name: look_up(data, steps) for name, steps in paths.items()}
        values["aws.events.rule-name"] = rule
        values["aws.events.event"] = values["aws.events.event.json"] = data
        text = _filled(template, values)
        try:
            body = json.loads(text)
        except ValueError:
            body = text
        return _event(event, body), len(text.encode())

    return transform


def _filled(template: str, values: Mapping[str, Any]) -> str:
    """The template with its variables; inside quotation marks a text stands without its own."""
    parts: list[str] = []
    place, is_quoted = 0, False
    for variable in _VARIABLE.finditer(template):
        before = template[place : variable.start()]
        is_quoted ^= before.replace('\\"', "").count('"') % 2 == 1
        value = values[variable.group(1)]
        if is_quoted:
            shown = value if isinstance(value, str) else _text(value)
            parts += [before, json.dumps(shown, ensure_ascii=False)[1:-1]]
        else:
            parts += [before, _text(value)]
        place = variable.end()
    return "".join([*parts, template[place:]])


def _made(event: Event, body: Any) -> tuple[Event, int]:
    return _event(event, body), len(_text(body).encode())


def _text(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _event(event: Event, body: Any) -> Event:
    """The payload that goes on: its detail is what the target gets, where that is an object."""
    detail = body if isinstance(body, dict) else {"value": body}
    return Event(event.source, event.type, detail, event.attributes)
