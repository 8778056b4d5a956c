"""What the API of runs takes and gives."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from ninja import Schema
from pydantic import Field, StrictBool

from architect.runs.wire import MOST_SPEED, FaultNow, Speed
from architect.schemas import Body

Seconds = Annotated[float, Field(gt=0, le=1e9, allow_inf_nan=False)]


class NewRun(Body):
    """A run of a design as it stands; what is left out comes from the document."""

    design: UUID
    seed: int | None = Field(None, ge=0, le=2**63 - 1, strict=True)
    duration: Seconds | None = Field(None, description="Simulated seconds.")
    warmup: Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)] | Literal["auto"] | None = Field(
        None, description="Simulated seconds left out of the results, or auto."
    )
    replications: int | None = Field(None, ge=1, le=10_000, strict=True)
    speed: Speed | None = Field(
        None, description="Simulated seconds per second of the clock; null is as fast as it goes."
    )


class RunControl(Body):
    """A wish for a going run."""

    action: Literal["pause", "resume", "step", "speed", "cancel"]
    speed: Speed | None = Field(None, description=f"With the action speed: up to {MOST_SPEED:g}, or null.")


class ReportWords(Body):
    """Words of one's own for a report."""

    title: Annotated[str, Field(max_length=200)] = Field("", description="Empty: the design's name.")
    authors: Annotated[str, Field(max_length=500)] = ""
    notes: Annotated[str, Field(max_length=5_000)] = ""


class LinkOut(Schema):
    """A link to read a report."""

    id: UUID
    created_at: datetime
    path: str | None = Field(None, description="Its address on this server; told once, when it is made.")


class NewFault(FaultNow, Body):
    """A fault or action of a node, now."""


class FaultOut(Schema):
    """A fault that was taken."""

    kind: str
    node: str
    at: float = Field(description="Simulated time at which it takes effect.")
    duration: float | None = None
    config: dict[str, Any] = Field(default_factory=dict)


class RunOut(Schema):
    """A run."""

    id: UUID
    design: UUID
    design_name: str
    design_version: int
    status: Literal["queued", "starting", "running", "paused", "finished", "cancelled", "failed"]
    reason: str | None
    seed: int
    digest: str
    versions: dict[str, str]
    options: dict[str, Any] = Field(description="What was asked for beyond the document.")
    estimate: dict[str, Any] = Field(description="Messages expected before the start.")
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    progress: float = Field(description="From 0 to 1.")
    t: float = Field(description="Simulated seconds reached.")
    duration: float = Field(description="Simulated seconds asked for.")
    last_seq: int
    speed: float | None
    wall_seconds: float | None
    headline: dict[str, Any] | None


class FramesOut(Schema):
    """Some frames in order."""

    frames: list[dict[str, Any]]
    last_seq: int = Field(description="Of the newest frame stored.")
    done: StrictBool = Field(description="Whether the run has ended: there will be no frame after last_seq.")
