"""The rule that a language model has a price: what the bill of a design would leave out (D424)."""

from __future__ import annotations

from collections.abc import Iterator

from simulator.design.explain import suggestion
from simulator.graph.look import Look
from simulator.graph.rule import Finding, Rule
from simulator.pricing.prices import PriceList, price_list

_FIRST, _LAST = "llm.", ".input"


def known_models(prices: PriceList) -> list[str]:
    """Names of the models that the prices have a line for."""
    return [
        line.removeprefix(_FIRST).removesuffix(_LAST)
        for line in prices.lines
        if line.startswith(_FIRST) and line.endswith(_LAST)
    ]


def unpriced_models(look: Look) -> Iterator[Finding]:
    """Models whose tokens no line of the prices is about."""
    known = known_models(price_list(look.document.pricing))
    for node, settings in look.of_kind("llm"):
        if settings.model not in known:
            yield Finding(
                node.id,
                f"{node.id} asks for the model {settings.model!r}, whose tokens have no price: they are "
                "missing in the cost",
                "config.model",
                f"{suggestion(settings.model, known, 'Models with a price')} Or add "
                f"llm.{settings.model}.input and .output under pricing.lines.",
            )


RULES = (
    Rule(
        "D424",
        "warning",
        "A language model has no price.",
        "The cost of the design leaves its tokens out, and a cheaper design may be the one that was not "
        "counted.",
        "The prices of the package and of the design (docs/cost.md)",
        "Name a model that has a price, or give its price under pricing.lines.",
        unpriced_models,
    ),
)
