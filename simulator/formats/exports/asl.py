"""The machine of a design as a file in the Amazon States Language."""

from __future__ import annotations

import json

from simulator.design.document import Document
from simulator.formats.exports.refusal import CannotExport


def asl(document: Document) -> str:
    """The definition of its `aws.stepfunctions`, as it was given.

    Raises:
        CannotExport: when the design has none, or several.
    """
    machines = [node for node in document.nodes if node.kind == "aws.stepfunctions"]
    if not machines:
        raise CannotExport("ASL", "a state machine")
    if len(machines) > 1:
        named = ", ".join(node.id for node in machines[:5])
        raise CannotExport(
            "ASL",
            message=f"a file of ASL is one state machine, and the design has {len(machines)}: {named}; "
            "take the others out of a copy, or their definitions from the YAML",
        )
    definition = machines[0].config.definition  # type: ignore[attr-defined]
    return json.dumps(definition, indent=2, ensure_ascii=False) + "\n"
