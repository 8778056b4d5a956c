"""Figures of distributions and times that rules of practice speak of."""

from __future__ import annotations

from typing import Any

import numpy as np

#: Draws by which a high percentile of a distribution is estimated, always the same ones.
_DRAWS = 10_000


def high(distribution: Any, quantile: float = 0.999) -> float:
    """A high percentile of a distribution, from the same draws every time."""
    draws = distribution.block(np.random.Generator(np.random.PCG64DXSM(1)), _DRAWS)
    return float(np.quantile(draws, quantile))


def top_share(keys: Any) -> float | None:
    """Share of the messages that the most frequent key has; None where it cannot be told."""
    name = getattr(keys, "distribution", None)
    if name == "constant":
        return 1.0
    if name != "zipf":
        return None
    weights = np.arange(1, min(keys.count, 1_000_000) + 1, dtype=float) ** -float(keys.exponent)
    return float(weights[0] / weights.sum())


def seconds(span: float) -> str:
    """A time as people say it."""
    for unit, name in ((86_400.0, "d"), (3_600.0, "h"), (60.0, "min")):
        if span >= unit:
            return f"{span / unit:.3g} {name}"
    return f"{span:.3g} s"
