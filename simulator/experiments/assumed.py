"""What in a design is assumed and not known: the numbers a sensitivity analysis varies.

A setting is assumed when the design says so (`assumptions` with the source `guess`), or when it is left at a
default whose source is an estimate, such as a latency that the vendor does not publish.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import isfinite
from typing import TYPE_CHECKING, Any

from simulator.experiments.parameters import Value, current_value, refuse
from simulator.quantities import QuantityError, parse_quantity

if TYPE_CHECKING:
    from simulator.design.document import Document
    from simulator.design.fields import Settings

#: What is taken for the range of an assumed number when nobody states one: half of it to twice of it.
LOW, HIGH = 0.5, 2.0
#: Parts of a distribution or an arrival process that grow with its scale; its shape stays.
_SCALES = ("value", "mean", "minimum", "low", "mode", "high", "stddev", "p50", "p99", "rate")


@dataclass(frozen=True, slots=True)
class Parameter:
    """A number with the range in which its true value is believed.

    Args:
        name: path of the setting; of a distribution the path of the whole, whose scale is varied.
        paths: settings that take the value, with what each is multiplied by.
        base: the value it has.
        low, high: the range; of a distribution that of its first scale.
        is_whole: whether it is a whole number.
        why: why it is varied.
    """

    name: str
    paths: tuple[tuple[str, float], ...]
    base: float
    low: float
    high: float
    is_whole: bool
    why: str

    def at(self, value: float) -> list[tuple[str, Value]]:
        """The settings with which it has this value."""
        return [
            (path, round(value * share) if self.is_whole else float(f"{value * share:.12g}"))
            for path, share in self.paths
        ]


def parse_over(document: Document, text: str) -> Parameter:
    """`PATH=LOW..HIGH` of the command line; raises `InvalidDesign`."""
    path, mark, span = text.partition("=")
    low, dots, high = span.partition("..")
    if not mark or not dots or not path.strip():
        raise refuse(f"{text[:80]!r} names no range", "write PATH=LOW..HIGH")
    try:
        ends = [parse_quantity(end.strip(), "1") for end in (low, high)]
    except QuantityError as error:
        raise refuse(f"{text[:80]!r}: {error}", "write numbers, such as 0.02..0.08") from error
    return ranged(document, path.strip(), *ends)


def ranged(document: Document, path: str, low: float, high: float) -> Parameter:
    """A number of the design with the range that was asked for; raises `InvalidDesign`."""
    found = _parameter(path, current_value(document, path), "asked for")
    if found is None:
        raise refuse(f"{path[:80]} is not a number above 0", "name a number, or a distribution")
    if not low < high:
        raise refuse(f"{low:g}..{high:g} of {path[:80]} is an empty range", "give the lower end first")
    return replace(found, low=low, high=high)


def assumed(document: Document) -> list[Parameter]:
    """Every assumed number of the design, in document order."""
    guessed = {key: one for key, one in document.assumptions.items() if one.source == "guess"}
    found: dict[str, Parameter] = {}
    for place, settings in _places(document):
        full = settings.model_dump(mode="json", by_alias=True)
        for field, info in type(settings).model_fields.items():
            name = info.alias or field
            extra = info.json_schema_extra
            source = extra.get("x-source") if isinstance(extra, dict) else None
            text = str(source.get("text", "")) if isinstance(source, dict) else ""
            assumption = guessed.get(f"{place.partition('.')[2]}.{name}")
            if assumption is not None:
                why = f"a guess{': ' + assumption.note if assumption.note else ''}"
            elif field not in settings.model_fields_set and "estimate" in text.lower():
                why = text
            else:
                continue
            for one in _numbers(f"{place}.{name}", full.get(name), why):
                found[one.name] = _ranged(one, assumption)
    return list(found.values())


def _ranged(parameter: Parameter, assumption: Any) -> Parameter:
    """With the range that the assumption states, where it states one."""
    if assumption is None:
        return parameter
    low = parameter.low if assumption.low is None else assumption.low
    high = parameter.high if assumption.high is None else assumption.high
    return replace(parameter, low=low, high=high) if low < high else parameter


def _places(document: Document) -> Iterator[tuple[str, Settings]]:
    for node in document.nodes:
        yield f"nodes.{node.id}.config", node.config
    for edge in document.edges:
        yield f"edges.{edge.id}.config", edge.settings


def _numbers(path: str, value: Any, why: str) -> Iterator[Parameter]:
    """The numbers of a setting: itself, the scale of a distribution, or those of a group of settings."""
    one = _parameter(path, value, why)
    if one is not None:
        yield one
    elif isinstance(value, dict) and "distribution" not in value and "process" not in value:
        for key, inner in value.items():
            yield from _numbers(f"{path}.{key}", inner, why)


def _parameter(path: str, value: Any, why: str) -> Parameter | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        if not value > 0.0 or not isfinite(value):
            return None
        high = min(1.0, value * HIGH) if path.endswith("probability") else value * HIGH
        is_whole = isinstance(value, int)
        low = max(1.0, value * LOW) if is_whole else value * LOW
        return Parameter(path, ((path, 1.0),), float(value), low, high, is_whole, why)
    if isinstance(value, dict) and ("distribution" in value or "process" in value):
        scales = {
            key: float(value[key])
            for key in _SCALES
            if isinstance(value.get(key), int | float) and value[key] > 0.0
        }
        if scales and not path.endswith("keys"):
            base = next(iter(scales.values()))
            paths = tuple((f"{path}.{key}", own / base) for key, own in scales.items())
            return Parameter(path, paths, base, base * LOW, base * HIGH, False, why)
    return None
