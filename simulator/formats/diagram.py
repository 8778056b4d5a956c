"""A design as a drawing: cards that have a place, and wires between them.

Every diagram format is written from this one picture, so that all of them name and order the same things.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel

from simulator.design.document import Document, Edge, Node
from simulator.formats.card_rows import first_that_fit
from simulator.graph.placing import placed
from simulator.kinds.catalogue import KINDS
from simulator.quantities import Dimension, format_duration, format_quantity
from simulator.report.layout import quantity, unit_of
from simulator.report.metrics import METRICS

#: Settings of an edge that its label says.
LABELLED = ("probability", "choice", "maxReceiveCount", "routing_key", "group.id")
#: Roles of edges that carry what goes well; others are drawn dashed.
PLAIN_ROLES = ("publish", "consume", "invoke")
#: Units that say more than the name of the setting does.
_TOLD = ("MB", "GB", "%")
#: Means that a card does not tell from nothing: counts, and seconds.
_LEAST, _LEAST_TIME = 0.001, 1e-6

Tone = Literal["plain", "default"]


@dataclass(frozen=True, slots=True)
class Line:
    """One line on a card: what, and how much; `tone` is "default" for a setting that nobody chose."""

    name: str
    text: str
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True)
class Card:
    """A node.

    Args:
        id, label, kind: of the document; `title` is the kind's name for people.
        category: decides the colour and, in formats that have them, the shape.
        x, y: upper left corner, in pixels at 100 %.
        lines: settings, or numbers of a result.
    """

    id: str
    label: str
    kind: str
    title: str
    category: str
    x: float
    y: float
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Wire:
    """An edge; `label` says its role, what it selects or, with a result, its rate ("" for a plain one)."""

    id: str
    source: str
    target: str
    role: str
    label: str


@dataclass(frozen=True, slots=True)
class Diagram:
    """A whole drawing; `note` says what its numbers are ("" without)."""

    name: str
    description: str
    cards: tuple[Card, ...]
    wires: tuple[Wire, ...]
    note: str = ""


def diagram_of(document: Document, result: Mapping[str, Any] | None = None) -> Diagram:
    """The drawing of a design; with a result document its cards and wires carry the measured means.

    Nodes without a place in the document's `layout` are set in columns from left to right, each right of
    what leads to it.
    """
    places = placed(document)
    measured = result["nodes"] if result is not None else {}
    flows = result["edges"] if result is not None else {}
    cards = tuple(
        Card(
            node.id,
            node.label or node.id,
            node.kind,
            KINDS[node.kind].title,
            KINDS[node.kind].category,
            *places[node.id],
            numbers_of(node, measured[node.id]) if node.id in measured else settings_of(node),
        )
        for node in document.nodes
    )
    wires = tuple(
        Wire(edge.id, edge.source, edge.target, str(edge.role), _label(edge, flows.get(edge.id)))
        for edge in document.edges
    )
    return Diagram(document.name, document.description, cards, wires, _note(result))


def _note(result: Mapping[str, Any] | None) -> str:
    """What the numbers on the cards are."""
    if result is None:
        return ""
    count = result["replications"]
    runs = "one run" if count == 1 else f"{count} replications"
    return f"means of {runs} of {format_duration(result['duration'])}, seed {result['seed']}"


# -- what stands on a card ---------------------------------------------------------------------------
def settings_of(node: Node) -> tuple[Line, ...]:
    """The settings that tell most: those that must be given, then those changed, then the common ones."""
    return tuple(shown_settings(node).values())


def shown_settings(node: Node) -> dict[str, Line]:
    """The lines of a card by the name of the setting in the document: as many as it has room for."""
    given = node.config.model_fields_set
    found: list[tuple[int, str, Line]] = []
    for position, (name, field) in enumerate(type(node.config).model_fields.items()):
        extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
        value = getattr(node.config, name)
        text = _value_text(value, str(extra.get("x-unit", "1")), str(extra.get("x-widget", "")))
        if text is None:
            continue
        is_changed = name in given and value != field.default
        if not is_changed and extra.get("x-advanced"):
            continue
        rank = 0 if field.is_required() else 100 if is_changed else 200
        line = Line(field.title or name, text, "plain" if name in given else "default")
        found.append((rank + position, field.alias or name, line))
    found.sort(key=lambda ranked: ranked[0])
    kept = first_that_fit((line.name, line.text) for _, _, line in found)
    return {name: line for _, name, line in map(found.__getitem__, kept)}


def numbers_of(node: Node, measured: Mapping[str, Any]) -> tuple[Line, ...]:
    """What was measured at a node, by the metrics that its kind shows first."""
    lines = []
    for metric in dict.fromkeys((*KINDS[node.kind].badges, "throughput", "arrival_rate")):
        value = _mean(measured.get(metric))
        if value is not None:
            lines.append(Line(METRICS[metric]["title"], _mean_text(value, unit_of(metric))))
    return tuple(lines[place] for place in first_that_fit((line.name, line.text) for line in lines))


def _mean_text(value: float, unit: str) -> str:
    """A mean in few marks: next to nothing is not told to the third digit."""
    least = _LEAST_TIME if unit == "s" else _LEAST
    return f"< {quantity(least, unit)}" if 0.0 < value < least else quantity(value, unit)


def _mean(measure: Any) -> float | None:
    """The estimate of a measure: itself, or the mean of a distribution."""
    while isinstance(measure, Mapping):
        measure = measure.get("mean")
    return float(measure) if isinstance(measure, (int, float)) else None


def _value_text(value: object, unit: str, widget: str) -> str | None:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, float)):
        if widget == "probability":
            return f"{100.0 * value:.4g} %"
        return _with_unit(float(value), unit)
    if isinstance(value, str):
        return value if 0 < len(value) <= 40 else None
    if isinstance(value, BaseModel):
        return _shape_text(value.model_dump(mode="json", by_alias=True), unit)
    return None


def _shape_text(data: Mapping[str, Any], unit: str) -> str | None:
    """A distribution or an arrival process: the figure people know it by, and its name."""
    if (process := data.get("process")) is not None:
        if isinstance(data.get("rate"), (int, float)):
            return f"{format_quantity(float(data['rate']), 'msg/s')}, {process}"
        if isinstance(data.get("clients"), int):
            return f"{data['clients']} clients"
        return str(process)
    if (name := data.get("distribution")) is None:
        return None
    for key in ("mean", "value", "p50", "minimum", "mode"):
        if isinstance(data.get(key), (int, float)):
            figure = _with_unit(float(data[key]), unit)
            return figure if name == "constant" else f"{figure}{' median' if key == 'p50' else ''}, {name}"
    return str(name)


def _with_unit(value: float, unit: str) -> str:
    dimensions: dict[str, Dimension] = {"s": "s", "msg/s": "msg/s", "bytes": "bytes", "1": "1"}
    if unit == "ms":
        return format_quantity(value / 1e3, "s")
    if unit in dimensions and unit != "1":
        return format_quantity(value, dimensions[unit])
    # A count: the name of the setting says of what.
    shown = f"{value:,.0f}" if value.is_integer() and abs(value) < 1e6 else format_quantity(value, "1")
    return f"{shown} {unit}" if unit in _TOLD else shown


def _label(edge: Edge, flow: Mapping[str, Any] | None) -> str:
    rate = _mean(flow.get("throughput")) if flow is not None else None
    words = [] if edge.role in PLAIN_ROLES else [str(edge.role)]
    config = edge.config
    if isinstance(config.get("probability"), (int, float)):
        words.append(f"{100.0 * config['probability']:.4g} %")
    if isinstance(config.get("choice"), (int, float)):
        words.append(f"weight {config['choice']:.4g}")
    if isinstance(config.get("maxReceiveCount"), int):
        words[-1:] = [f"{edge.role} after {config['maxReceiveCount']}"]
    words += [
        str(config[key])
        for key in ("routing_key", "group.id")
        if isinstance(config.get(key), str) and config[key]
    ]
    if rate is not None:
        words.append(quantity(rate, "msg/s"))
    return " · ".join(words)
