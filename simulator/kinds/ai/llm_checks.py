"""What people come to regret about a model endpoint: time limits below its answers, loops without a cap."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.graph.problem import Problem
from simulator.kinds.ai.llm_settings import LlmCallSettings, LlmSettings

if TYPE_CHECKING:
    from simulator.design.document import Document, Edge, Node


def check(document: Document, node: Node) -> list[Problem]:
    """Practice rules of a model (D420 to D423)."""
    settings = node.config
    assert isinstance(settings, LlmSettings)
    problems: list[Problem] = []
    for edge in document.edges_into(node.id):
        given = edge.settings
        if isinstance(given, LlmCallSettings):
            problems += _of_call(document, node, edge, given, settings)
    return problems


def _of_call(
    document: Document, node: Node, edge: Edge, given: LlmCallSettings, settings: LlmSettings
) -> list[Problem]:
    path = f"{document.path_of(edge)}.config"
    found: list[Problem] = []
    usual = given.usual_answer(settings)
    turns = min(float(given.max_turns), given.turns.mean())
    # How a service calls, and what it asks the model for, stand on one edge.
    timeout = edge.config.get("timeout")
    if timeout is not None and timeout < turns * usual:
        found.append(
            Problem(
                "D420",
                "warning",
                edge.id,
                "config.timeout",
                f"the caller waits {timeout:g} s, and an answer of {node.id} usually takes "
                f"{turns * usual:.3g} s",
                "raise the time limit above the p99 of the answer, ask for fewer tokens, or stream",
                f"{path}.timeout",
            )
        )
    longest = given.longest_answer(settings)
    if given.interface == "real-time" and given.attempt_timeout < longest:
        found.append(
            Problem(
                "D421",
                "hint",
                edge.id,
                "config.attempt_timeout",
                f"an answer of {settings.max_output_tokens:,} tokens takes {longest:.3g} s, "
                f"the client waits {given.attempt_timeout:g} s: it is paid for and thrown away",
                "lower max_output_tokens, or raise the timeout",
                f"{path}.attempt_timeout",
            )
        )
    context = given.input_tokens.mean() + (turns - 1.0) * (
        given.output_tokens.mean() + given.added_tokens.mean()
    )
    if context + given.output_tokens.mean() > settings.context_window:
        found.append(
            Problem(
                "D422",
                "warning",
                edge.id,
                "config.turns",
                f"after {turns:g} turns the context has {context:,.0f} tokens, the window of {node.id} holds "
                f"{settings.context_window:,}: such requests are refused",
                "send less, cap the turns, or shorten what was said before",
                f"{path}.turns",
            )
        )
    if (
        given.interface == "real-time"
        and settings.itpm is not None
        and given.input_tokens.minimum() > settings.itpm
    ):
        found.append(
            Problem(
                "D423",
                "error",
                edge.id,
                "config.input_tokens",
                f"every request has more input than {node.id} takes in a minute "
                f"({settings.itpm:,.0f} tokens): none can ever be admitted",
                "raise itpm, or send less",
                f"{path}.input_tokens",
            )
        )
    return found
