"""What a message says: its event, drawn from the producer's template.

Every field that is drawn has a stream of its own, named by the producer and the path of the field, and draw n
belongs to message n: a further field moves no other draw, and two alternatives see the same events.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

import numpy as np

from simulator.design.event_template import Choice, Slot, Template, Variable, whole
from simulator.engine.random_streams import RandomStreams

#: What was drawn for one event: the position of a choice, the number of a distribution.
Row = tuple[float, ...]

#: Different payloads of one template that are remembered; further ones are made anew each time.
KEPT = 20_000
#: Events made at a time: the first few, and at most.
FIRST_BLOCK, BLOCK = 64, 1024


class Event:
    """The payload of a message: never changed once made, and shared by all messages that say the same.

    Args:
        attributes: SNS message attributes: text, number or list by name.
    """

    __slots__ = ("attributes", "detail", "memo", "source", "type")

    def __init__(
        self, source: str, type: str, detail: dict[str, Any], attributes: dict[str, Any] | None = None
    ) -> None:
        self.source = source
        self.type = type
        self.detail = detail
        self.attributes = {} if attributes is None else attributes
        #: What brokers have found out about it (which rules match), by whatever they choose as a key.
        self.memo: dict[Any, Any] = {}

    def as_data(self) -> dict[str, Any]:
        """Source, type, detail and attributes as plain data."""
        return {
            "source": self.source,
            "type": self.type,
            "detail": self.detail,
            "attributes": self.attributes,
        }

    def as_eventbridge(
        self,
        *,
        id: str = "00000000-0000-0000-0000-000000000000",
        time: str = "1970-01-01T00:00:00Z",
        account: str = "123456789012",
        region: str = "us-east-1",
    ) -> dict[str, Any]:
        """The event as Amazon EventBridge writes it (user guide, *Event structure reference*)."""
        return {
            "version": "0",
            "id": id,
            "detail-type": self.type,
            "source": self.source,
            "account": account,
            "time": time,
            "region": region,
            "resources": [],
            "detail": self.detail,
        }

    def __repr__(self) -> str:
        return f"Event({self.source!r}, {self.type!r}, {self.detail!r}, {self.attributes!r})"


class _Draws:
    """What a template draws: one row for each event.

    Args:
        element: id of the producer or edge, for the names of the streams.
    """

    def __init__(self, template: Template, streams: RandomStreams, element: str) -> None:
        self.template = template
        self._columns = [_column(variable, streams, element) for variable in template.variables]
        self._choices = [
            draw.values if isinstance(draw := one.draw, Choice) else None for one in template.variables
        ]
        #: Whether equal rows come again, so that it pays to remember them.
        self.is_discrete = all(variable.is_discrete for variable in template.variables)

    def blocks(self) -> Iterator[list[Row]]:
        """Rows without end, some at a time."""
        size = FIRST_BLOCK
        while True:
            yield list(zip(*[column(size) for column in self._columns], strict=True))
            size = min(size * 2, BLOCK)

    def parts(self, row: Row) -> dict[str, Any]:
        """The parts of the template with a row filled in."""
        values = [
            whole(drawn) if options is None else options[int(drawn)]
            for drawn, options in zip(row, self._choices, strict=True)
        ]
        return {name: _filled(part, values) for name, part in self.template.parts.items()}


def events(template: Template, streams: RandomStreams, element: str) -> Callable[[], Event]:
    """The events of a template, one for each call; equal ones are the same object where all draws are
    discrete.

    Args:
        element: id of the producer, for the names of the streams.
    """
    draws = _Draws(template, streams, element)
    if not template.variables:
        event = _event(draws.parts(()))
        return lambda: event
    known: dict[Row, Event] = {}

    def make(row: Row) -> Event:
        found = known.get(row)
        if found is None:
            found = _event(draws.parts(row))
            if len(known) < KEPT:
                known[row] = found
        return found

    blocks = draws.blocks()
    if draws.is_discrete:
        return chain.from_iterable([make(row) for row in block] for block in blocks).__next__
    return chain.from_iterable([_event(draws.parts(row)) for row in block] for block in blocks).__next__


class Retyping:
    """Makes the event that goes on out of the one that came: what the template gives takes its place, fields
    of detail and attributes one by one.

    Args:
        element: id of the edge, for the names of the streams.
    """

    def __init__(self, template: Template, streams: RandomStreams, element: str) -> None:
        self._draws = draws = _Draws(template, streams, element)
        self._rows = chain.from_iterable(draws.blocks()).__next__ if template.variables else None
        self._nothing = Event("", "", {})

    def __call__(self, event: Event | None) -> Event:
        before = self._nothing if event is None else event
        rows = self._rows
        if rows is None:
            found: Event | None = before.memo.get(self)
            if found is None:
                found = before.memo[self] = self._after(before, ())
            return found
        row = rows()
        if not self._draws.is_discrete:
            return self._after(before, row)
        found = before.memo.get((self, row))
        if found is None:
            found = self._after(before, row)
            if len(before.memo) < KEPT:
                before.memo[self, row] = found
        return found

    def _after(self, before: Event, row: Row) -> Event:
        parts = self._draws.parts(row)
        return Event(
            parts.get("source", before.source),
            parts.get("type", before.type),
            {**before.detail, **parts.get("detail", {})},
            {**before.attributes, **parts.get("attributes", {})},
        )


def _event(parts: dict[str, Any]) -> Event:
    return Event(
        parts.get("source", ""), parts.get("type", ""), parts.get("detail", {}), parts.get("attributes", {})
    )


def _column(variable: Variable, streams: RandomStreams, element: str) -> Callable[[int], list[float]]:
    """So many draws of a variable: positions of a choice, numbers of a distribution."""
    path = ".".join(str(step).replace(".", "\\.") for step in variable.path)
    generator = streams.generator(element, f"event {path}")
    draw = variable.draw
    if not isinstance(draw, Choice):
        distribution = draw
        return lambda size: distribution.block(generator, size).tolist()
    limits = np.cumsum(draw.weights)
    limits /= limits[-1]
    last = len(limits) - 1  # the last limit may round to just under 1

    def positions(size: int) -> list[float]:
        found = np.searchsorted(limits, generator.random(size), side="right")
        chosen: list[float] = np.minimum(found, last).tolist()
        return chosen

    return positions


def _filled(part: Any, values: list[Any]) -> Any:
    if isinstance(part, Slot):
        return values[part.number]
    if isinstance(part, dict):
        return {name: _filled(inner, values) for name, inner in part.items()}
    if isinstance(part, list):
        return [_filled(inner, values) for inner in part]
    return part
