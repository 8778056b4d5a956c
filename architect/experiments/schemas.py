"""What the API of experiments takes and gives; the bounds are those of the command line."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from ninja import Schema
from pydantic import Field, StrictBool, StrictFloat, StrictInt, model_validator

from architect.experiments.models import ExperimentKind
from architect.runs.schemas import Seconds
from architect.schemas import Body

Value = StrictBool | StrictInt | StrictFloat | Annotated[str, Field(max_length=200)] | None
Path = Annotated[str, Field(min_length=1, max_length=300)]
Version = Annotated[int, Field(ge=1, le=2**31 - 1)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class NewExperiment(Body):
    """What all experiments are asked with; what is left out comes from the document."""

    design: UUID
    version: Version | None = Field(None, description="A saved version; the newest when left out.")
    seed: int | None = Field(None, ge=0, le=2**63 - 1, strict=True)
    duration: Seconds | None = Field(None, description="Simulated seconds of one replication.")
    warmup: Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)] | Literal["auto"] | None = Field(
        None, description="Simulated seconds left out of the figures, or auto."
    )
    replications: int | None = Field(None, ge=2, le=10_000, strict=True)


class AlternativeIn(Body):
    """An alternative: another saved design, brokers swapped in place, other settings; also all of them."""

    name: str | None = Field(None, min_length=1, max_length=80)
    design: UUID | None = Field(None, description="Another saved design; the base when left out.")
    version: Version | None = Field(None, description="A saved version of it.")
    swap: dict[str, Annotated[str, Field(min_length=1, max_length=60)]] = Field(
        default_factory=dict,
        max_length=20,
        description="Broker to kind: {orders: kafka.topic:12}.",
    )
    set: dict[Path, Value] = Field(
        default_factory=dict, max_length=50, description="Path of a setting to its value."
    )

    @model_validator(mode="after")
    def _differs(self) -> AlternativeIn:
        if not (self.swap or self.set or self.design or self.version):
            raise ValueError("give a swap, settings, another design or another version")
        return self


class NewComparison(NewExperiment):
    """The design as it is drawn, and alternatives, under the same load."""

    alternatives: list[AlternativeIn] = Field(min_length=1, max_length=49)
    rank_by: str = Field("end_to_end_latency.mean", max_length=100)
    indifference: Positive | None = Field(None, description="Difference in it that does not matter.")
    paired: bool = Field(True, description="Whether the alternatives share their random numbers.")


class VaryIn(Body):
    """A setting and its values: exactly one of values and range."""

    path: Path
    values: list[Value] | None = Field(None, min_length=1, max_length=10_000)
    range: str | None = Field(None, max_length=200, description="1:16, 1:16:5, 1:1000:log or 1:1000:log:7.")

    @model_validator(mode="after")
    def _exactly_one(self) -> VaryIn:
        if (self.values is None) == (self.range is None):
            raise ValueError("give exactly one of values and range")
        return self


class NewSweep(NewExperiment):
    """The design at every value of one setting, or every pair of values of two."""

    vary: list[VaryIn] = Field(min_length=1, max_length=2)


class NewCapacity(NewExperiment):
    """How far one setting can go: exactly one of node, highest and lowest."""

    node: str | None = Field(None, max_length=64, description="A producer; its highest rate is looked for.")
    highest: Path | None = None
    lowest: Path | None = None
    low: Positive | None = Field(None, description="Look no lower.")
    high: Positive | None = Field(None, description="Look no higher.")
    precision: Annotated[float, Field(gt=0, lt=1, allow_inf_nan=False)] = 0.01

    @model_validator(mode="after")
    def _exactly_one(self) -> NewCapacity:
        if len([one for one in (self.node, self.highest, self.lowest) if one is not None]) != 1:
            raise ValueError("give exactly one of node, highest and lowest")
        return self


class NewCheapest(NewExperiment):
    """The cheapest of all combinations of some settings that meets every objective."""

    vary: list[VaryIn] = Field(min_length=1, max_length=8)
    latency: str = Field("end_to_end_latency.p99", max_length=100, description="What stands beside the cost.")


class OverIn(Body):
    """A number, and the range in which its true value is believed."""

    path: Path
    low: Finite
    high: Finite


class NewSensitivity(NewExperiment):
    """Which assumed number moves the verdict most; without `over` all that the design assumes."""

    over: list[OverIn] = Field(default_factory=list, max_length=100)
    metric: str = Field("end_to_end_latency.p99", max_length=100, description="Measure of the flows.")
    trajectories: int = Field(
        0,
        ge=0,
        le=100,
        strict=True,
        description="Of Morris's elementary effects; 0 for none, else 2 or more.",
    )


class AssumedIn(Body):
    """A design whose assumed numbers are asked for."""

    design: UUID
    version: Version | None = None


class AssumedOut(Schema):
    """A number that a sensitivity analysis varies unless told otherwise."""

    path: str
    value: float
    low: float
    high: float
    why: str


class ExperimentOut(Schema):
    """An experiment without its result."""

    id: UUID
    kind: ExperimentKind
    design: UUID
    design_name: str
    design_version: int
    request: dict[str, Any] = Field(description="What was asked for.")
    status: Literal["queued", "starting", "running", "finished", "cancelled", "failed"]
    reason: str | None
    seed: int
    versions: dict[str, str]
    progress: float = Field(description="From 0 to 1, of what progress_text says is under way.")
    progress_text: str
    partials: int = Field(description="How often the result has changed: read it again when this has grown.")
    headline: str = Field(description="What came out, in one sentence.")
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    wall_seconds: float | None


class VariantIn(Body):
    """Which variant: an alternative of a comparison, or the values of the settings that were varied."""

    alternative: str | None = Field(None, max_length=200)
    values: list[Value] | None = Field(None, max_length=8)


class VariantOut(Schema):
    """The design that was made."""

    design: UUID
    name: str


class SwapIn(Body):
    """A broker that shall be of another kind: exactly one of document and design."""

    document: dict[str, Any] | None = None
    design: UUID | None = None
    version: Version | None = None
    node: str = Field(max_length=64)
    kind: str = Field(
        min_length=1, max_length=60, description="kafka.topic, or with a variant kafka.topic:12."
    )

    @model_validator(mode="after")
    def _exactly_one(self) -> SwapIn:
        if (self.document is None) == (self.design is None):
            raise ValueError("give exactly one of document and design")
        return self


class NoteOut(Schema):
    """One sentence on a translation."""

    kind: Literal["translated", "assumed", "lost"]
    text: str


class SwapOut(Schema):
    """The design with the broker swapped, and what its making translated, assumed and lost."""

    document: dict[str, Any]
    notes: list[NoteOut]


class SwapTarget(Schema):
    """A kind that nodes may become: brokers where `of` is empty, else nodes of the kinds it names."""

    kind: str
    title: str
    variants: list[str]
    of: list[str]
