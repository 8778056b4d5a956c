"""The shapes every part of the API shares."""

from __future__ import annotations

from typing import Any

from ninja import Schema
from pydantic import ConfigDict, Field


class Body(Schema):
    """Base of request bodies: an unknown key is refused, not ignored."""

    model_config = ConfigDict(extra="forbid")


class ErrorEntry(Schema):
    """One thing that is wrong."""

    path: str = Field(description="Where, as the sender sees it: nodes[2].config.arrivals.rate")
    message: str
    hint: str = Field(description="How to mend it.")
    code: str
    severity: str = "error"
    element: str = Field("", description="Id of the node or edge concerned, if one is.")
    field: str = Field("", description="Dotted path inside that element.")
    why: str = Field("", description="Of a rule of practice: what goes wrong in a running system.")
    source: str = Field("", description="Where that is written.")
    mend: list[dict[str, Any]] = Field(
        default_factory=list,
        description="Edits that mend it, to be carried out as one step: "
        "{edit: set, on: node | edge, id, path, value}, {edit: add-node, node, near}, "
        "{edit: add-edge, edge}, {edit: add-objective, objective}.",
    )
    mend_words: str = Field("", description="What they do, in words.")
    counter_example: bool = Field(
        default=False,
        description="Whether GET /api/counter-examples/CODE has a design that shows the damage.",
    )


class Errors(Schema):
    """The body of every refusal."""

    errors: list[ErrorEntry]
    detail: str = Field(description="One sentence about the whole.")


REFUSALS: dict[int, Any] = {400: Errors, 403: Errors, 404: Errors, 413: Errors, 415: Errors, 422: Errors}
CONFLICTS: dict[int, Any] = {**REFUSALS, 409: Errors}
READS: dict[int, Any] = {404: Errors, 422: Errors}
