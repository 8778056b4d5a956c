"""Trying one message at a node that routes, without a run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from architect.designs.documents import checked
from architect.refusals import Invalid, TooLarge

if TYPE_CHECKING:
    from simulator.kinds.kind import TrialRow

LARGEST_SAMPLE = 300_000  # characters of JSON: a little more than any broker takes
MOST_ROWS = 1_000
MOST_REASON = 500  # characters


def rows_of(data: object, node_id: str, sample: Mapping[str, Any]) -> list[TrialRow]:
    """Return what the edges of a node do with a sample, at most a thousand.

    Raises Invalid for a design that is none, a node that does not route, and a sample that makes no sense;
    TooLarge for a sample beyond 300,000 characters.
    """
    from simulator.kinds.catalogue import KINDS
    from simulator.kinds.kind import TrialRow

    if len(json.dumps(sample)) > LARGEST_SAMPLE:
        raise TooLarge(f"The message is longer than {LARGEST_SAMPLE:,} characters.", path="sample")
    document = checked(data).document
    try:
        node = document.node(node_id)
    except KeyError:
        raise Invalid(f"There is no node {node_id[:64]!r} in this design.", path="node") from None
    trial = KINDS[node.kind].trial
    if trial is None:
        raise Invalid(
            f"{node_id} is a {node.kind}, and that does not choose where messages go.",
            hint="Try a node that routes: a bus, an exchange, a topic.",
            path="node",
        )
    try:
        rows = trial.rows(document, node, sample)
    except ValueError as error:
        raise Invalid(str(error)[:MOST_REASON] or "This is no such message.", path="sample") from None
    return [TrialRow(row.edge, row.is_match, row.reason[:MOST_REASON]) for row in rows[:MOST_ROWS]]
