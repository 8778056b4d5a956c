"""Graphviz DOT (https://graphviz.org/doc/info/lang.html)."""

from __future__ import annotations

from simulator.formats.diagram import PLAIN_ROLES, Diagram
from simulator.formats.exports.palette import LIGHT

_SHAPES = {"queue": "cylinder", "topic": "hexagon", "bus": "hexagon", "join": "diamond", "store": "cylinder"}
#: Graphviz counts points (1/72 inch), a screen pixels (1/96 inch); its y axis goes up.
_POINTS_PER_PIXEL = 0.75


def dot(diagram: Diagram) -> str:
    """A directed graph; `neato -n` keeps the places of the drawing, `dot` makes its own."""
    lines = [
        f"digraph {_quoted(diagram.name)} {{",
        f"    graph [rankdir=LR, fontname=sans, labelloc=t, label={_quoted(diagram.name)}];",
        "    node [fontname=sans, fontsize=11];",
        f'    node [shape=box, style="filled,rounded", fillcolor="{LIGHT.surface}"];',
        f'    edge [color="{LIGHT.wire}", fontname=sans, fontsize=9];',
    ]
    for card in diagram.cards:
        shape = _SHAPES.get(card.category)
        # Only boxes can have rounded corners; a cylinder with them is drawn as a box.
        look = f", shape={shape}, style=filled" if shape else ""
        x, y = card.x * _POINTS_PER_PIXEL, -card.y * _POINTS_PER_PIXEL
        lines.append(
            f"    {_quoted(card.id)} [label={_quoted(card.label, card.title)}{look}, "
            f'color="{LIGHT.of(card.category)}", pos="{x:g},{y:g}", tooltip={_quoted(card.kind)}];'
        )
    for wire in diagram.wires:
        look = "" if wire.role in PLAIN_ROLES else f', style=dashed, color="{LIGHT.warn}"'
        label = f"label={_quoted(wire.label)}" if wire.label else 'label=""'
        lines.append(f"    {_quoted(wire.source)} -> {_quoted(wire.target)} [{label}{look}];")
    return "\n".join([*lines, "}"]) + "\n"


def _quoted(*parts: str) -> str:
    """A string in double quotes, the parts on lines of their own."""
    escaped = (
        "".join(mark if mark.isprintable() else " " for mark in part)
        .replace("\\", "\\\\")
        .replace('"', '\\"')
        for part in parts
    )
    return '"' + "\\n".join(escaped) + '"'
