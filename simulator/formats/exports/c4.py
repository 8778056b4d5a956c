"""The C4 model's container view: PlantUML with C4-PlantUML's macros, and Structurizr DSL.

https://github.com/plantuml-stdlib/C4-PlantUML and https://docs.structurizr.com/dsl/language
"""

from __future__ import annotations

import re

from simulator.formats.diagram import PLAIN_ROLES, Card, Diagram, Wire
from simulator.formats.exports.mermaid import short_names
from simulator.formats.exports.palette import LIGHT

_CREOLE = re.compile(r"<|//|\*\*|__|--|~~|\[\[")
_FAILURE = LIGHT.warn
_MACROS = {
    "queue": "ContainerQueue",
    "topic": "ContainerQueue",
    "bus": "ContainerQueue",
    "store": "ContainerDb",
}
_VERBS = {
    "publish": "publishes to",
    "consume": "delivers to",
    "invoke": "calls",
    "dead-letter": "gives up to",
    "overflow": "overflows to",
}


def plantuml(diagram: Diagram) -> str:
    """A C4 container diagram for PlantUML; the library is part of PlantUML itself (`!include <C4/...>`)."""
    names = short_names(diagram.cards)
    lines = [
        "@startuml",
        "!include <C4/C4_Container>",
        "LAYOUT_LEFT_RIGHT()",
        f'AddRelTag("failure", $textColor="{_FAILURE}", $lineColor="{_FAILURE}", $lineStyle=DashedLine())',
        f"System_Boundary(design, {_plain(diagram.name)}) {{",
    ]
    for card in diagram.cards:
        macro = _MACROS.get(card.category, "Container")
        arguments = (names[card.id], *map(_plain, (card.label, card.title, _facts(card))))
        lines.append(f"    {macro}({', '.join(arguments)})")
    lines.append("}")
    for wire in diagram.wires:
        tag = "" if wire.role in PLAIN_ROLES else ', $tags="failure"'
        lines.append(f"Rel({names[wire.source]}, {names[wire.target]}, {_plain(_says(wire))}{tag})")
    return "\n".join([*lines, "@enduml"]) + "\n"


def structurizr(diagram: Diagram) -> str:
    """A workspace with one software system, a container for every node, and its container view."""
    names = short_names(diagram.cards)
    lines = [
        f"workspace {_escaped(diagram.name)} {{",
        "    model {",
        f"        design = softwareSystem {_escaped(diagram.name)} {{",
    ]
    taken: set[str] = set()
    for card in diagram.cards:
        # Containers of one system have different names; an id is in one place only.
        label = f"{card.label} ({card.id})" if card.label in taken else card.label
        taken.add(label)
        words = " ".join(map(_escaped, (label, _facts(card), card.title, card.category)))
        lines += [f"            {names[card.id]} = container {words}"]
    lines.append("        }")
    seen: set[tuple[str, str, str]] = set()
    for wire in diagram.wires:
        relation = (wire.source, wire.target, _says(wire))
        # The language refuses a second relationship of the same words between the same two.
        if relation in seen or wire.source == wire.target:
            continue
        seen.add(relation)
        lines.append(f"        {names[wire.source]} -> {names[wire.target]} {_escaped(_says(wire))}")
    lines += [
        "    }",
        "    views {",
        '        container design "design" {',
        "            include *",
        "            autoLayout lr",
        "        }",
        "        styles {",
        *(
            f'            element "{category}" {{\n                shape {shape}\n            }}'
            for category, shape in (
                ("queue", "Pipe"),
                ("topic", "Hexagon"),
                ("bus", "Hexagon"),
                ("join", "Diamond"),
            )
        ),
        "        }",
        "    }",
        "}",
    ]
    return "\n".join(lines) + "\n"


def _facts(card: Card) -> str:
    return ", ".join(f"{line.name} {line.text}" for line in card.lines)


def _says(wire: Wire) -> str:
    verb = _VERBS.get(wire.role, wire.role)
    return f"{verb} ({wire.label})" if wire.label and wire.label != wire.role else verb


def _line(text: str) -> str:
    return "".join(mark if mark.isprintable() else " " for mark in text)


def _plain(text: str) -> str:
    """An argument of a macro; PlantUML's preprocessor knows no escape for a quotation mark.

    What means something in its text (Creole: tags, bold, slanted, links) is written with a tilde before it.
    """
    return '"' + _CREOLE.sub(r"~\g<0>", _line(text).replace('"', "''")) + '"'


def _escaped(text: str) -> str:
    """A text of the DSL, which escapes quotation marks only and takes `${NAME}` for a variable."""
    return '"' + _line(text).replace("\\", "/").replace("${", "$ {").replace('"', '\\"') + '"'
