"""The template of an event: fixed fields, weighted choices and distributions, checked and taken apart.

`{choice: {DK: 3, SE: 1}}` draws one of several texts by weight, `{choice: [{value: 120, weight: 3}, ...]}`
one of any values; what stands under `value` is taken as it is. `{distribution: NAME, ...}` draws a number.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, NoReturn

from pydantic import AfterValidator, JsonValue, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from simulator.design.distributions import AnyDistribution, Constant, parse_distribution

Step = str | int
#: Where a value stands in the template.
Path = tuple[Step, ...]

PARTS = ("source", "type", "detail", "attributes")
MOST_CHOICES = 10_000

_CHOICE_HINT = "write {choice: {DK: 3, SE: 1}}, or {choice: [{value: 120, weight: 3}, {value: 80}]}"
_ATTRIBUTE_HINT = "text, a number, or a list of texts, numbers, true, false and null"


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several values, by weight."""

    values: tuple[Any, ...]
    weights: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in the template that is drawn for every message: the number of its variable."""

    number: int


@dataclass(frozen=True, slots=True)
class Variable:
    """What is drawn for a place of the template."""

    path: Path
    draw: Choice | AnyDistribution

    @property
    def is_discrete(self) -> bool:
        """Whether only some values can come, each with a probability."""
        return isinstance(self.draw, Choice) or not self.draw.is_continuous


@dataclass(frozen=True, slots=True)
class Template:
    """A checked template: its parts with a `Slot` wherever something is drawn.

    Args:
        parts: what was given of source, type, detail and attributes.
        variables: what is drawn, by number of the slot.
    """

    parts: dict[str, Any]
    variables: tuple[Variable, ...]


class _Reader:
    """Takes a template apart and remembers every fault with its path."""

    def __init__(self) -> None:
        self.variables: list[Variable] = []
        self.faults: list[InitErrorDetails] = []

    def fault(self, path: Path, value: object, code: str, message: str, hint: str = "") -> None:
        error = PydanticCustomError(code, "{message}", {"message": message, "hint": hint})
        self.faults.append(InitErrorDetails(type=error, loc=path, input=value))

    # -- parts -----------------------------------------------------------------------------------
    def template(self, data: Mapping[str, Any], *, is_result: bool) -> Template:
        parts: dict[str, Any] = {}
        for name, value in data.items():
            if name not in PARTS:
                message = f"an event has no part {name!r}"
                self.fault((name,), value, "D102", message, f"its parts are {', '.join(PARTS)}")
            elif name in ("source", "type"):
                parts[name] = self._text((name,), value)
            elif name == "detail" and is_result:
                parts[name] = self._value((name,), value)
            else:
                parts[name] = self._object((name,), value, is_attributes=name == "attributes")
        return Template(parts, tuple(self.variables))

    def _text(self, path: Path, value: Any) -> Any:
        if _is_choice(value):
            choice = self._choice(path, value)
            if choice is not None and not all(isinstance(one, str) for one in choice.values):
                self.fault(path, value, "D103", f"the values of {path[0]} are text", 'quote them: "120"')
            return self._slot(path, choice)
        if not isinstance(value, str):
            self.fault(path, value, "D103", "expected text or a weighted choice of texts", _CHOICE_HINT)
        return value

    def _object(self, path: Path, value: Any, *, is_attributes: bool) -> Any:
        if not isinstance(value, dict):
            self.fault(path, value, "D103", "expected a mapping (name: value)")
            return value
        if _is_choice(value):
            choice = self._choice(path, value)
            for one in () if choice is None else choice.values:
                if not isinstance(one, dict):
                    message = f"{path[0]} is a mapping, so each value of the choice is one"
                    self.fault(path, value, "D103", message, "write {choice: [{value: {country: DK}}, ...]}")
                elif is_attributes:
                    self._fixed_attributes(path, one)
            return self._slot(path, choice)
        if is_attributes:
            return {name: self._attribute((*path, name), inner) for name, inner in value.items()}
        return {name: self._value((*path, name), inner) for name, inner in value.items()}

    def _fixed_attributes(self, path: Path, attributes: Mapping[str, Any]) -> None:
        for name, value in attributes.items():
            if not _is_attribute(value):
                self.fault(path, value, "D103", f"attribute {name!r} has no type", _ATTRIBUTE_HINT)

    def _attribute(self, path: Path, value: Any) -> Any:
        before = len(self.faults)
        read = self._value(path, value)
        if len(self.faults) > before:
            return read
        values: tuple[Any, ...] = (read,)
        if isinstance(read, Slot):
            draw = self.variables[read.number].draw
            values = draw.values if isinstance(draw, Choice) else ()
        if not all(_is_attribute(one) for one in values):
            message = "a message attribute is a String, a Number or a String.Array"
            self.fault(path, value, "D103", message, _ATTRIBUTE_HINT)
        return read

    # -- values ----------------------------------------------------------------------------------
    def _value(self, path: Path, value: Any) -> Any:
        if _is_choice(value):
            return self._slot(path, self._choice(path, value))
        if _is_distribution(value):
            try:
                return self._slot(path, parse_distribution(value))
            except ValidationError as error:
                for line in error.errors(include_url=False):
                    self._pass_on(path, line)
                return value
        if isinstance(value, dict):
            return {name: self._value((*path, name), inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [self._value((*path, place), inner) for place, inner in enumerate(value)]
        return value

    def _pass_on(self, path: Path, line: Any) -> None:
        """A fault inside a distribution, at its place in the template."""
        kind = line["type"]
        context = line.get("ctx", {})
        made: Any = kind
        if kind.startswith("D1"):
            made = PydanticCustomError(kind, "{message}", {"message": line["msg"]})
        details = InitErrorDetails(type=made, loc=(*path, *line["loc"]), input=line["input"])
        if context:
            details["ctx"] = context
        self.faults.append(details)

    def _slot(self, path: Path, draw: Choice | AnyDistribution | None) -> Any:
        if draw is None:
            return None
        if isinstance(draw, Constant):
            return whole(draw.value)
        if isinstance(draw, Choice) and len(draw.values) == 1:
            return draw.values[0]
        self.variables.append(Variable(path, draw))
        return Slot(len(self.variables) - 1)

    def _choice(self, path: Path, value: Mapping[str, Any]) -> Choice | None:
        """The choice, equal values made one; None with a fault told."""
        before = len(self.faults)
        weights: dict[str, float] = {}
        values: dict[str, Any] = {}
        for place, one, weight in self._options((*path, "choice"), value["choice"]):
            if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 < weight <= 1e9:
                self.fault(place, weight, "D104", "a weight is a number above 0 and at most 1e9")
            else:
                text = json.dumps(one, sort_keys=True)
                weights[text] = weights.get(text, 0.0) + weight
                values.setdefault(text, one)
        for key in value:
            if key != "choice":
                self.fault((*path, key), value[key], "D102", f"a choice has no {key!r}", _CHOICE_HINT)
        if len(self.faults) > before:
            return None
        return Choice(tuple(values.values()), tuple(weights.values()))

    def _options(self, path: Path, options: Any) -> Iterator[tuple[Path, Any, Any]]:
        """Place, value and weight of each option."""
        if not isinstance(options, dict | list) or not options:
            self.fault(path, options, "D103", "expected what to choose from, with weights", _CHOICE_HINT)
        elif len(options) > MOST_CHOICES:
            self.fault(path, options, "D108", f"at most {MOST_CHOICES:,} values to choose from")
        elif isinstance(options, dict):
            for text, weight in options.items():
                yield (*path, text), text, weight
        else:
            for place, option in enumerate(options):
                here = (*path, place)
                if not isinstance(option, dict) or "value" not in option:
                    self.fault(here, option, "D103", "expected value and weight", _CHOICE_HINT)
                elif extra := option.keys() - {"value", "weight"}:
                    names = ", ".join(sorted(extra))
                    self.fault(here, option, "D102", f"an option has no {names}", _CHOICE_HINT)
                else:
                    yield (*here, "weight"), option["value"], option.get("weight", 1)


def template_of(data: Mapping[str, Any], *, is_result: bool = False) -> Template:
    """Take a template apart; raises `ValidationError` with the path of every fault.

    Args:
        is_result: it is what a task gives, whose detail may be a list or any other value.
    """
    reader = _Reader()
    template = reader.template(data, is_result=is_result)
    if reader.faults:
        _refuse(reader.faults)
    return template


def _refuse(faults: list[InitErrorDetails]) -> NoReturn:
    raise ValidationError.from_exception_data("event", faults)


def _checked(data: dict[str, JsonValue]) -> dict[str, JsonValue]:
    template_of(data)
    return data


def _checked_result(data: dict[str, JsonValue]) -> dict[str, JsonValue]:
    template_of(data, is_result=True)
    return data


EventTemplate = Annotated[dict[str, JsonValue], AfterValidator(_checked)]
"""The template as it is written, checked."""
ResultTemplate = Annotated[dict[str, JsonValue], AfterValidator(_checked_result)]
"""The template of what a task gives, checked: as that of an event, with any value as its detail."""


def whole(value: float) -> float | int:
    """A drawn number as JSON writes it: whole ones without a point."""
    return int(value) if value.is_integer() else value


def _is_choice(value: object) -> bool:
    return isinstance(value, dict) and "choice" in value


def _is_distribution(value: object) -> bool:
    return isinstance(value, dict) and "distribution" in value


def _is_attribute(value: object) -> bool:
    """Whether a value has one of the data types of Amazon SNS message attributes."""
    if isinstance(value, list):
        return all(one is None or isinstance(one, str | int | float) for one in value)
    return isinstance(value, str | int | float) and not isinstance(value, bool)
