"""What every distribution offers: exact moments, the smallest value and draws in NumPy blocks."""

from __future__ import annotations

from abc import abstractmethod
from typing import Annotated, Any, ClassVar

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

Draws = npt.NDArray[np.float64]

LARGEST = 1e15
"""The largest value a parameter may have: in seconds 30 million years, in bytes a petabyte."""

Value = Annotated[float, Field(ge=-LARGEST, le=LARGEST)]
NonNegative = Annotated[float, Field(ge=0, le=LARGEST)]
Positive = Annotated[float, Field(gt=0, le=LARGEST)]

SHAPE_UNIT: dict[str, Any] = {"x-unit": "1"}
"""Schema extra of a parameter without a unit; all others have the unit of the field that uses them."""


def first_line_only(schema: dict[str, Any]) -> None:
    """Keep one sentence of a docstring as the description in the JSON Schema (a form shows it)."""
    description = schema.get("description")
    if isinstance(description, str):
        schema["description"] = description.partition("\n")[0]


class ComparedByFields(BaseModel):  # noqa: PLW1641 (pydantic gives frozen classes their hash)
    """Equal when the settings are equal, whatever tables were computed from them in the meantime."""

    def __eq__(self, other: object) -> bool:
        """Compare class and fields only: computed arrays have no truth value."""
        if type(self) is not type(other):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in type(self).model_fields)


class Variate(ComparedByFields):
    """Base of all distributions; parameters are checked strictly (no text, no booleans, no NaN)."""

    model_config = ConfigDict(
        defer_build=True,
        extra="forbid",
        strict=True,
        frozen=True,
        allow_inf_nan=False,
        serialize_by_alias=True,
        json_schema_extra=first_line_only,
    )

    #: Whether it has a density: no single value has a probability.
    is_continuous: ClassVar[bool] = True

    def has_bounded_density(self) -> bool:
        """Whether there is a density and it stays finite, so that draws near any one value are rare."""
        return self.is_continuous and self.variance() > 0.0

    @abstractmethod
    def mean(self) -> float:
        """Expected value (``inf`` where it does not exist)."""

    @abstractmethod
    def variance(self) -> float:
        """Variance (``inf`` where it does not exist)."""

    @abstractmethod
    def minimum(self) -> float:
        """The smallest value that can be drawn (or the lower end it approaches)."""

    def maximum(self) -> float:
        """The largest value that can be drawn (``inf`` where there is none)."""
        return float("inf")

    @abstractmethod
    def block(self, rng: np.random.Generator, size: int) -> Draws:
        """Draw ``size`` independent values at once."""

    def scv(self) -> float:
        """Squared coefficient of variation, variance over squared mean (0 for a mean of 0)."""
        mean = self.mean()
        return (
            self.variance() / mean**2 if mean and np.isfinite(mean) else (0.0 if not mean else float("inf"))
        )
