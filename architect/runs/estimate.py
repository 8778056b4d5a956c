"""What a run will roughly take, said before it starts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulator import Document

LARGE = 100_000_000  # messages


def estimate_run(document: Document, *, duration: float, replications: int) -> dict[str, Any]:
    """Return the expected number of messages produced: mean rates times simulated time times replications.

    Copies (fan-out) and redeliveries are not in it; a closed producer counts as if nobody ever waited.
    """
    rate = 0.0
    for node in document.nodes:
        arrivals = getattr(node.config, "arrivals", None)
        if arrivals is not None:
            rate += arrivals.mean_rate(duration)
    messages = rate * duration * replications
    said = f"about {_rounded(messages)} {'message' if round(messages) == 1 else 'messages'}"
    return {"messages": messages, "is_large": messages > LARGE, "text": said}


def _rounded(number: float) -> str:
    """Return a number as people say it: two digits, then the size in words."""
    for size, word in ((1e9, " billion"), (1e6, " million")):
        if number >= size:
            return f"{float(f'{number / size:.2g}'):,.10g}{word}"
    return f"{float(f'{number:.2g}'):,.0f}" if number >= 100 else f"{number:.0f}"
