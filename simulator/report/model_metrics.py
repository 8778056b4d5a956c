"""What the numbers of a language model say: title, unit, definition."""

from __future__ import annotations


def _metric(title: str, unit: str, definition: str) -> dict[str, str]:
    return {"title": title, "unit": unit, "definition": definition}


MODELS: dict[str, dict[str, str]] = {
    "time_to_first_token": _metric(
        "Time to first token", "s", "From a call until the first token of its last turn, retries included."
    ),
    "generating": _metric("Generating", "requests", "Requests that the model works on."),
    "model_requests": _metric("Model requests", "requests", "Requests to the model, retries included."),
    "rate_limited": _metric(
        "Rate limited (429)", "requests", "Refused because a limit per minute or of concurrency was reached."
    ),
    "overloaded": _metric("Overloaded (529)", "requests", "Requests for which the provider had no room."),
    "server_errors": _metric("Server errors (500)", "requests", "Requests that failed at the provider."),
    "invalid_outputs": _metric(
        "Invalid outputs", "answers", "Answers that came, were paid for, and did not fit their schema."
    ),
    "hedges": _metric(
        "Hedged requests", "requests", "Second requests, sent because the first token was late."
    ),
    "hedges_won": _metric(
        "Hedges that won", "requests", "Second requests whose first token came before that of the first."
    ),
    "batch_expired": _metric(
        "Batch requests expired", "requests", "Requests of the batch interface without an answer after 24 h."
    ),
    "batch_input_tokens": _metric(
        "Batch input tokens", "tokens", "Input by the batch interface, of all input tokens."
    ),
    "batch_output_tokens": _metric(
        "Batch output tokens", "tokens", "Output by the batch interface, of all output tokens."
    ),
    "context_refused": _metric(
        "Context too long", "calls", "Calls whose input and output exceeded the context window."
    ),
    "input_tokens": _metric("Input tokens", "tokens", "Input that was not in the prompt cache."),
    "cached_tokens": _metric("Cached tokens", "tokens", "Input that was read from the prompt cache."),
    "output_tokens": _metric(
        "Output tokens", "tokens", "Output made, that of requests that timed out included."
    ),
}
