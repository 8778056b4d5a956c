"""Prices: the file of the package, and the lines that a design or `--prices` puts in their place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from simulator.design.explain import problems_from
from simulator.design.fields import Settings, setting
from simulator.design.reading import read_text
from simulator.errors import InvalidDesign

_PACKAGE_FILE = Path(__file__).parent / "prices-2026-11.yaml"

Amount = Annotated[float, Field(ge=0, le=1e15)]
Text = Annotated[str, Field(max_length=500)]
LineName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]*$", max_length=100)]
Month = Annotated[str, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]


class Tier(Settings):
    """The price of units beyond a volume."""

    above: Amount = setting(title="Above", help="Units a month, of the account, beyond which it holds.")
    price: Amount = setting(title="Price", help="Of `per` units.")


class PriceLine(Settings):
    """The price of one thing.

    Free units and volume tiers are of the whole account a month. Lines of one `pool` share the free units.
    """

    title: Text = setting("", title="Title", help="What is paid for.")
    unit: Text = setting("unit", title="Unit", help="What is counted.")
    per: Annotated[float, Field(gt=0, le=1e15)] = setting(
        1.0, title="Per", help="Number of units that the price is of."
    )
    price: Amount = setting(title="Price", help="Of `per` units, up to the first tier.")
    tiers: Annotated[list[Tier], Field(max_length=20)] = setting(
        title="Tiers", help="Other prices beyond a volume, in rising order.", factory=list
    )
    free: Amount = setting(0.0, title="Free", help="Units a month that are free of charge.")
    pool: LineName | None = setting(None, title="Pool", help="Lines of one pool share their free units.")
    evidence: Literal["read", "quoted", "unverified", "conflict", "own"] = setting(
        "own",
        title="Evidence",
        help="Read at the vendor's, quoted by others, unverified, in conflict, or your own.",
    )
    dated: Month | None = setting(None, title="Dated", help="Month that the source is of.")
    source: Text = setting("", title="Source", help="Where the price was found.")
    note: Text = setting("", title="Note", help="What else is to be known.")

    @model_validator(mode="after")
    def _tiers_rise(self) -> Self:
        ends = [tier.above for tier in self.tiers]
        if ends != sorted(set(ends)):
            raise PydanticCustomError(
                "D206", "the tiers must rise: each above more units than the one before"
            )
        return self

    def cost(self, units: float) -> float:
        """What so many units a month cost, beyond those that are free."""
        total, begun, price = 0.0, 0.0, self.price
        for tier in self.tiers:
            if units <= tier.above:
                break
            total += (tier.above - begun) * price
            begun, price = tier.above, tier.price
        return (total + (units - begun) * price) / self.per


class Prices(Settings):
    """A price file, whole or in part; `pricing` of a design is one too.

    A line given as a number has that price instead of the one of the package, for the same unit. Prices in
    another currency stand alone: nothing of the package is mixed with them.
    """

    format: Literal["headrace-prices/1"] = "headrace-prices/1"
    dated: Month | None = setting(None, title="Dated", help="Month that the prices are of.")
    region: Text = setting("us-east-1", title="Region", help="Where the prices hold.")
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = setting(
        "USD", title="Currency", help="Three letters (ISO 4217)."
    )
    free_tier: bool = setting(
        True, title="Free tier", help="Whether the free units of the account are there for this design."
    )
    lines: Annotated[dict[LineName, PriceLine | Amount], Field(max_length=2_000)] = setting(
        title="Lines", help="Prices by name; a number takes the place of the price alone.", factory=dict
    )


@dataclass(frozen=True, slots=True)
class PriceList:
    """The prices that hold for a design.

    Args:
        own: names of the lines that are not those of the package.
    """

    lines: Mapping[str, PriceLine]
    dated: str
    region: str
    currency: str
    free_tier: bool
    own: frozenset[str]


def read_prices(text: str | bytes, name: str = "prices") -> dict[str, Any]:
    """A price file as plain data; raises `InvalidDesign` with every problem, each under `name`."""
    data = read_text(text)
    try:
        Prices.model_validate(data)
    except ValidationError as error:
        problems = problems_from(error, data, model=Prices)
        raise InvalidDesign([replace(one, path=f"{name}: {one.path}") for one in problems]) from None
    assert isinstance(data, dict)  # noqa: S101 -- it has just been validated
    return data


@lru_cache(maxsize=1)
def package_prices() -> Prices:
    """The price file that comes with the package."""
    return Prices.model_validate(read_text(_PACKAGE_FILE.read_bytes()))


def price_list(given: Prices) -> PriceList:
    """The prices of the package with those that are given in their place."""
    package = package_prices()
    is_alone = given.currency != package.currency
    lines: dict[str, PriceLine] = {}
    if not is_alone:
        lines = {name: line for name, line in package.lines.items() if isinstance(line, PriceLine)}
    for name, line in given.lines.items():
        if isinstance(line, PriceLine):
            lines[name] = line
        elif name in lines:
            lines[name] = lines[name].model_copy(
                update={
                    "price": line,
                    "tiers": [],
                    "evidence": "own",
                    "source": "",
                    "note": "",
                    "dated": None,
                }
            )
        else:
            lines[name] = PriceLine(title=name, price=line)
    return PriceList(
        lines,
        given.dated or ("" if is_alone else package.dated or ""),
        given.region,
        given.currency,
        given.free_tier,
        frozenset(given.lines),
    )
