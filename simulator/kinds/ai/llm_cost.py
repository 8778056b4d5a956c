"""What a model is billed for: tokens read, tokens read from the prompt cache, tokens written."""

from __future__ import annotations

from simulator.kinds.cost import CostItem, NoPrice, Usage


def cost_items(usage: Usage) -> list[CostItem | NoPrice]:
    """Tokens of a month; retries and answers that were cut off or of no use are among them."""
    model = usage.settings.model
    items: list[CostItem | NoPrice] = [
        CostItem(f"llm.{model}.input", "input tokens", usage.count("input_tokens")),
        CostItem(f"llm.{model}.output", "output tokens", usage.count("output_tokens")),
    ]
    cached = usage.count("cached_tokens")
    if cached > 0.0:
        items.append(CostItem(f"llm.{model}.cached_input", "cached tokens", cached))
    return items
