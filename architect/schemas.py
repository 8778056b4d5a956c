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


class Errors(Schema):
    """The body of every refusal."""

    errors: list[ErrorEntry]
    detail: str = Field(description="One sentence about the whole.")


REFUSALS: dict[int, Any] = {400: Errors, 403: Errors, 404: Errors, 413: Errors, 415: Errors, 422: Errors}
CONFLICTS: dict[int, Any] = {**REFUSALS, 409: Errors}
READS: dict[int, Any] = {404: Errors, 422: Errors}
