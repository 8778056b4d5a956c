"""Ways of wires around the cards of a canvas: those of exported drawings."""

from __future__ import annotations

from typing import Any

from architect.designs.schemas import ToRoute


def routes(asked: ToRoute) -> dict[str, Any]:
    """A path for each wire whose two cards are there, and where its words have room."""
    from simulator.formats.diagram import Card, Diagram, Wire
    from simulator.formats.drawing.plan import plan_of

    ids = {card.id for card in asked.cards}
    cards = tuple(Card(card.id, "", "", "", "", card.x, card.y, ()) for card in asked.cards)
    wires = tuple(
        Wire(wire.id, wire.source, wire.target, "", wire.label)
        for wire in asked.wires
        if wire.source in ids and wire.target in ids
    )
    plan = plan_of(Diagram("", "", cards, wires), is_canvas=True)
    return {
        "wires": [
            {
                "id": drawn.wire.id,
                "path": drawn.route.path,
                "label": None
                if drawn.label is None
                else (
                    (drawn.label.box.left + drawn.label.box.right) / 2,
                    (drawn.label.box.top + drawn.label.box.bottom) / 2,
                ),
            }
            for drawn in plan.wires
        ]
    }
