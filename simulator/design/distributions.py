"""All distributions as one typed choice, the fields that use them, and the sampler of the hot path.

A distribution is written ``{distribution: NAME, ...}``; a plain number where one is expected means a
constant. The classes are neutral in unit: the field that uses one says in its schema (``x-unit``) whether
it is seconds, bytes or a count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain, repeat
from typing import Annotated, Any

import numpy as np
from pydantic import AfterValidator, BeforeValidator, ConfigDict, Discriminator, TypeAdapter
from pydantic_core import PydanticCustomError

from simulator.design.continuous import Constant, Exponential, Normal, Triangular, Uniform
from simulator.design.skewed import Erlang, Gamma, Hyperexponential, LogNormal, Pareto, Weibull
from simulator.design.tabulated import Empirical, Geometric, Percentiles, Zipf
from simulator.design.variate import Draws, Variate

__all__ = [
    "AnyDistribution",
    "Constant",
    "CountDistribution",
    "Distribution",
    "DurationDistribution",
    "Empirical",
    "Erlang",
    "Exponential",
    "Gamma",
    "Geometric",
    "Hyperexponential",
    "LogNormal",
    "Normal",
    "Pareto",
    "Percentiles",
    "Triangular",
    "Uniform",
    "ValueDistribution",
    "Variate",
    "Weibull",
    "Zipf",
    "distribution_schemas",
    "parse_distribution",
    "sampler",
]

AnyDistribution = (
    Constant
    | Exponential
    | Uniform
    | Triangular
    | Normal
    | LogNormal
    | Gamma
    | Erlang
    | Weibull
    | Pareto
    | Hyperexponential
    | Geometric
    | Empirical
    | Percentiles
    | Zipf
)

Distribution = Annotated[AnyDistribution, Discriminator("distribution")]
"""Exactly the ``{distribution: NAME, ...}`` form."""

KINDS: tuple[type[Variate], ...] = (
    Constant,
    Exponential,
    Uniform,
    Triangular,
    Normal,
    LogNormal,
    Gamma,
    Erlang,
    Weibull,
    Pareto,
    Hyperexponential,
    Geometric,
    Empirical,
    Percentiles,
    Zipf,
)


def _constant_from_number(value: Any) -> Any:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return {"distribution": "constant", "value": value}
    return value


def _never_negative(distribution: AnyDistribution) -> AnyDistribution:
    if isinstance(distribution, Constant) and distribution.value < 0:
        raise PydanticCustomError("D104", "must be at least 0, got {value}", {"value": distribution.value})
    if distribution.minimum() < 0:
        raise PydanticCustomError(
            "D104",
            "values below zero are possible (down to {minimum}); none may be negative here",
            {"minimum": distribution.minimum()},
        )
    return distribution


_from_number = BeforeValidator(_constant_from_number, json_schema_input_type=float | Distribution)

ValueDistribution = Annotated[Distribution, _from_number]
"""A distribution or a plain number; negative values are allowed (payload fields)."""

DurationDistribution = Annotated[Distribution, _from_number, AfterValidator(_never_negative)]
"""A distribution of durations in seconds, or a plain number of seconds; never negative."""

CountDistribution = Annotated[Distribution, _from_number, AfterValidator(_never_negative)]
"""A distribution of counts or sizes, or a plain number; never negative, not necessarily whole."""

_ANY: TypeAdapter[AnyDistribution] = TypeAdapter(ValueDistribution, config=ConfigDict(defer_build=True))


def parse_distribution(data: object) -> AnyDistribution:
    """Read one distribution from plain data (or a number); raises ``pydantic.ValidationError``."""
    return _ANY.validate_python(data)


def distribution_schemas() -> dict[str, dict[str, Any]]:
    """JSON Schema of each distribution by its name, in the order of the choice."""
    return {str(kind.model_fields["distribution"].default): kind.model_json_schema() for kind in KINDS}


def sampler(distribution: Variate, rng: np.random.Generator, block: int = 1024) -> Callable[[], float]:
    """A function that gives the next draw at the cost of a list iterator.

    Draws are made in NumPy blocks (the first ones small, so that rarely used streams stay cheap) and
    handed out as Python floats. A constant never touches the random stream.
    """
    if isinstance(distribution, Constant):
        return repeat(distribution.value).__next__
    return chain.from_iterable(block.tolist() for block in draws_in_blocks(distribution, rng, block)).__next__


def draws_in_blocks(distribution: Variate, rng: np.random.Generator, block: int = 1024) -> Iterator[Draws]:
    """The draws of `sampler` as it makes them: in blocks, the first ones small, the others of `block`."""
    if isinstance(distribution, Constant):
        yield from repeat(np.full(block, distribution.value))
    size = min(64, block)
    while True:
        yield distribution.block(rng, size)
        size = min(size * 2, block)
