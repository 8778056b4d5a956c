"""What the API of designs takes and gives."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from ninja import Schema
from pydantic import Field, model_validator

from architect.schemas import Body, ErrorEntry, Errors

Document = dict[str, Any]
#: Cards whose wires are planned at once; a canvas of more draws plain curves.
MOST_ROUTED = 150


class TemplateOut(Schema):
    """A ready design to start from."""

    name: str = Field(description="Its slug, for POST /api/designs.")
    title: str
    summary: str
    see: str = Field(description="What you will see when you run it.")
    document: Document


class CounterExampleOut(Schema):
    """A small design in which the damage happens that a rule of practice warns of."""

    code: str
    title: str = Field(description="The rule, one sentence.")
    document: Document
    steps: list[str] = Field(description="What happens in its run, moment by moment.")
    damage: str = Field(description="What that cost, as measured.")
    cured: str = Field(description="The same figure after the mend.")


class FileIn(Body):
    """A file to import."""

    name: str = Field(min_length=1, max_length=300, description="Shown in the report; never opened.")
    content: str = Field(description="Its bytes in base64.")


class ToImport(Body):
    """Files that become one design; together, with base64, at most 10 MB."""

    files: list[FileIn] = Field(min_length=1, max_length=500)
    format: str | None = Field(
        None, max_length=40, description="Of all files; left out: found out by content."
    )


class NoteOut(Schema):
    """One line of an import's report."""

    file: str
    path: str = Field(description="Where in the file: Resources.Queue.Properties")
    line: int | None
    message: str


class ImportedFileOut(Schema):
    """What a file was taken for."""

    name: str
    format: str


class ImportReport(Schema):
    """What an import made of the files."""

    files: list[ImportedFileOut]
    read: list[NoteOut]
    assumed: list[NoteOut]
    not_modelled: list[NoteOut] = Field(description="Read, but without an equivalent in a design.")
    not_understood: list[NoteOut]
    unsaid: int = Field(description="How many notes there are beyond those listed.")


class ImportOut(Schema):
    """An imported design, not saved yet, and the report."""

    document: Document
    report: ImportReport


class ExportFormatOut(Schema):
    """A format a design can be written in."""

    name: str = Field(description="For GET /api/designs/ID/export/NAME.")
    title: str
    sort: Literal["diagram", "configuration", "design", "data"] = Field(
        description="Diagrams can show the numbers of a run, data are always those of one: "
        "GET /api/runs/ID/export/NAME."
    )
    suffix: str = Field(description="Of the file, with its dot.")
    needs: list[str] = Field(
        description="Kinds of which the design must have one; empty: it takes every design."
    )
    leaves_out: str = Field(description="What no file of the format says, in one sentence.")


class LeftOut(Schema):
    """What a file in one format does not say of a design."""

    nodes: list[str] = Field(description="Ids.")
    edges: list[str] = Field(description="Ids.")
    settings: dict[str, list[str]] = Field(description="Names of settings by the id of their node or edge.")
    parts: list[str] = Field(description="Keys of the document, such as faults or objectives.")
    sentences: list[str] = Field(description="The same for people; empty when nothing is left out.")


class DesignSummary(Schema):
    """A design in a list."""

    id: UUID
    name: str
    description: str
    version: int
    updated_at: datetime
    created_at: datetime
    last_run: dict[str, Any] | None
    nodes: int = Field(description="How many nodes it has.")


class DesignFull(Schema):
    """A design with its document and what can be said about it."""

    id: UUID
    name: str
    version: int
    updated_at: datetime
    document: Document
    problems: list[ErrorEntry]


class StaleDesign(Errors):
    """Somebody else saved in between; `current` is what stands."""

    current: DesignFull | None = None


class NewDesign(Body):
    """Exactly one of the three."""

    document: Document | None = None
    template: str | None = Field(None, max_length=100)
    text: str | None = Field(None, description="YAML or JSON.")

    @model_validator(mode="after")
    def _exactly_one(self) -> NewDesign:
        if len([value for value in (self.document, self.template, self.text) if value is not None]) != 1:
            raise ValueError("give exactly one of document, template and text")
        return self


class ChangedDesign(Body):
    """The next version of a document; `version` is the one it was made from (or the header If-Match)."""

    version: int | None = Field(None, ge=1, le=2**31 - 1)
    document: Document


class ToValidate(Body):
    """Exactly one of the two."""

    document: Document | None = None
    text: str | None = Field(None, description="YAML or JSON.")

    @model_validator(mode="after")
    def _exactly_one(self) -> ToValidate:
        if (self.document is None) == (self.text is None):
            raise ValueError("give exactly one of document and text")
        return self


class ToTry(Body):
    """A message for a node of a design: exactly one of document and design."""

    document: Document | None = None
    design: UUID | None = None
    node: str = Field(max_length=64)
    sample: dict[str, Any] = Field(description="As the kind's `trial.sample` in the schema.")

    @model_validator(mode="after")
    def _exactly_one(self) -> ToTry:
        if (self.document is None) == (self.design is None):
            raise ValueError("give exactly one of document and design")
        return self


class TrialRow(Schema):
    """What one edge, or an inner part of the node, does with the message."""

    edge: str
    is_match: bool
    reason: str


class TrialOut(Schema):
    """What a node does with a message."""

    rows: list[TrialRow]


class Verdict(Schema):
    """What a document is worth: `valid` means that it can be saved."""

    valid: bool
    problems: list[ErrorEntry]
    document: Document | None


class RevisionOut(Schema):
    """One saved version in the history."""

    version: int
    saved_at: datetime
    name: str


class ArrivalsOut(Schema):
    """An arrivals setting for a producer."""

    arrivals: dict[str, Any]


class CardPlace(Schema):
    """Where a card stands: its upper left corner, in pixels at 100 %."""

    id: str
    x: float = Field(ge=-1e6, le=1e6)
    y: float = Field(ge=-1e6, le=1e6)


class WireEnds(Schema):
    """A wire between two cards, and the words beside it."""

    id: str
    source: str
    target: str
    label: str = Field("", max_length=200)


class ToRoute(Body):
    """Cards and wires as they stand on the canvas."""

    cards: list[CardPlace] = Field(max_length=MOST_ROUTED)
    wires: list[WireEnds] = Field(max_length=4 * MOST_ROUTED)


class WireRoute(Schema):
    """The way of a wire around the cards."""

    id: str
    path: str = Field(description="Data of an SVG path.")
    label: tuple[float, float] | None = Field(description="The middle of its words; null for none.")


class Routes(Schema):
    """One for each wire whose two cards are there."""

    wires: list[WireRoute]
