"""Mermaid flowcharts (https://mermaid.js.org/syntax/flowchart.html), as pull requests and wikis show them."""

from __future__ import annotations

import re

from simulator.formats.diagram import Card, Diagram, Wire
from simulator.formats.exports.palette import LIGHT

#: Brackets of the shape by the category of the kind: sources are stadiums, stores of messages cylinders.
_SHAPES = {
    "producer": ("([", "])"),
    "queue": ("[(", ")]"),
    "topic": ("{{", "}}"),
    "bus": ("{{", "}}"),
    "consumer": ("[", "]"),
    "service": ("[", "]"),
    "join": ("{", "}"),
    "store": ("[(", ")]"),
    "view": ("[[", "]]"),
    "function": ("[/", "/]"),
}
#: What begins an element of HTML, and what begins a character reference.
_ELEMENT, _REFERENCE = re.compile(r"<(?=[A-Za-z/!?])"), re.compile(r"&(?=#?\w+;)")
_ARROWS = {"consume": "-->", "publish": "-->", "invoke": "==>"}


def mermaid(diagram: Diagram) -> str:
    """A flowchart from left to right; a comment says the kind of each node, so that it can be read back."""
    names = short_names(diagram.cards)
    lines = ["---", f"title: {_title(diagram.name)}", "---", "flowchart LR"]
    for card in diagram.cards:
        left, right = _SHAPES.get(card.category, ("[", "]"))
        text = "<br/>".join(
            [_text(card.label), *([] if card.title == card.label else [f"<i>{_text(card.title)}</i>"])]
        )
        lines.append(f'    {names[card.id]}{left}"{text}"{right}')
        lines.append(f"    %% headrace {names[card.id]}: {card.kind} {card.id}")
    lines += [_wire(wire, names) for wire in diagram.wires]
    for category in dict.fromkeys(card.category for card in diagram.cards):
        members = ",".join(names[card.id] for card in diagram.cards if card.category == category)
        look = f"fill:{LIGHT.surface},stroke:{LIGHT.of(category)},color:{LIGHT.text}"
        lines += [f"    classDef {category}s {look}", f"    class {members} {category}s"]
    return "\n".join(lines) + "\n"


def short_names(cards: tuple[Card, ...]) -> dict[str, str]:
    """A name of letters, digits and underscores for every node, unique as an id has no underscore.

    `end` alone as a name breaks a flowchart, and a name that begins with `o` or `x` after an arrow is an
    arrow head (Mermaid's own warnings), so every name begins with `n_`.
    """
    return {card.id: "n_" + card.id.replace("-", "_") for card in cards}


def _wire(wire: Wire, names: dict[str, str]) -> str:
    arrow = _ARROWS.get(wire.role, "-.->")
    label = f'|"{_text(wire.label)}"|' if wire.label else ""
    return f"    {names[wire.source]} {arrow}{label} {names[wire.target]}"


def _text(text: str) -> str:
    """Text inside quotes: the marks that mean something there as entity codes, everything on one line."""
    codes = {
        '"': "#quot;",
        "#": "#35;",
        "<": "#lt;",
        ">": "#gt;",
        "&": "#amp;",
        "`": "#96;",
        "|": "#124;",
        ";": "#59;",
    }
    return "".join(codes.get(mark, mark if mark.isprintable() else " ") for mark in text)


def _title(text: str) -> str:
    """A YAML scalar in double quotes.

    Mermaid takes what looks like an element of HTML out of a title, so it is written as what it stands for.
    """
    inner = "".join(mark if mark.isprintable() else " " for mark in text)
    inner = _ELEMENT.sub("&lt;", _REFERENCE.sub("&amp;", inner))
    return '"' + inner.replace("\\", "\\\\").replace('"', '\\"') + '"'
