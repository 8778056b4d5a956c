"""`llm` in the palette."""

from __future__ import annotations

from simulator.kinds.ai.llm import Model
from simulator.kinds.ai.llm_checks import check
from simulator.kinds.ai.llm_cost import cost_items
from simulator.kinds.ai.llm_settings import (
    BrownOut,
    LlmCallSettings,
    LlmPublishSettings,
    LlmSettings,
    SlowModel,
)
from simulator.kinds.kind import FaultKind, Kind

KIND = Kind(
    kind="llm",
    title="Language model",
    group="Services",
    category="service",
    summary="A model endpoint: time to first token, tokens per second, rate limits, retries, cost per token.",
    docs="",
    settings=LlmSettings,
    build=Model,
    entering_settings={"invoke": LlmCallSettings, "publish": LlmPublishSettings},
    check=check,
    badges=("throughput", "time_to_first_token", "rate_limited"),
    faults=(
        FaultKind(
            "brown-out",
            "Brown-out",
            "The provider is overloaded: a share of the requests gets 529.",
            settings=BrownOut,
        ),
        FaultKind("slow", "Slow", "First tokens and output take longer.", settings=SlowModel),
    ),
    cost=cost_items,
)
