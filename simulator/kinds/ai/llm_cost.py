"""What a model is billed for: tokens read, tokens read from the prompt cache, tokens written."""

from __future__ import annotations

from simulator.kinds.cost import CostItem, NoPrice, Usage

#: Price of a token by the batch interface, as a share of its price (OpenAI, Anthropic, Google, as quoted).
BATCH_PRICE = 0.5


def cost_items(usage: Usage) -> list[CostItem | NoPrice]:
    """Tokens of a month; retries and answers that were cut off or of no use are among them. What the batch
    interface reads and writes counts half.
    """
    model = usage.settings.model
    read, written = (
        usage.count(f"{side}_tokens") - (1.0 - BATCH_PRICE) * usage.count(f"batch_{side}_tokens")
        for side in ("input", "output")
    )
    items: list[CostItem | NoPrice] = [
        CostItem(f"llm.{model}.input", "input tokens", read),
        CostItem(f"llm.{model}.output", "output tokens", written),
    ]
    cached = usage.count("cached_tokens")
    if cached > 0.0:
        items.append(CostItem(f"llm.{model}.cached_input", "cached tokens", cached))
    return items
