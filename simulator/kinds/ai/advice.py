"""Rules of practice of language models beside those of their check (D425 to D429)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from simulator.graph.edits import SetSetting
from simulator.graph.rule import Finding, Rule
from simulator.kinds.ai.llm_settings import LlmCallSettings

if TYPE_CHECKING:
    from simulator.design.document import Edge
    from simulator.graph.look import Look

KIND = "llm"
#: Model calls one after the other from which on somebody who waits notices.
MANY_CALLS = 2
#: Turns from which on an agent sends mostly what it has sent before.
MANY_TURNS = 3.0


def _calls(look: Look, id: str) -> Iterator[tuple[Edge, LlmCallSettings]]:
    for edge in look.into(id, "invoke", "publish"):
        if isinstance(edge.settings, LlmCallSettings):
            yield edge, edge.settings


def rash_retries(look: Look) -> Iterator[Finding]:
    """Clients that come again before they are asked to, or all at the same time."""
    for node, _ in look.of_kind(KIND):
        for edge, call in _calls(look, node.id):
            if call.max_retries == 0 or (call.respect_retry_after and call.backoff_jitter == "full"):
                continue
            what = "at the same moments" if call.respect_retry_after else "before the time that a 429 names"
            yield Finding(
                edge.id,
                f"{edge.source} tries {node.id} again {what}: retries meet the same limit, and each other",
                "config.respect_retry_after" if not call.respect_retry_after else "config.backoff_jitter",
                "wait as retry-after says, with full jitter",
                (
                    SetSetting("edge", edge.id, ("respect_retry_after",), True),
                    SetSetting("edge", edge.id, ("backoff_jitter",), "full"),
                ),
            )


def _tokens(call: LlmCallSettings) -> tuple[float, float, float]:
    """Mean requests, input and output tokens of one call, all turns together; cached input left out."""
    turns = min(float(call.max_turns), call.turns.mean())
    first, out, added = call.input_tokens.mean(), call.output_tokens.mean(), call.added_tokens.mean()
    again = turns - 1.0
    if call.prompt_caching:
        spoken = again * (out + added)
    else:
        spoken = again * first + again * turns / 2.0 * (out + added)
    return turns, first * (1.0 - call.cached_share) + spoken, turns * out


def beyond_limits(look: Look) -> Iterator[Finding]:
    """Models that are asked for more a minute than their limits let through."""
    for node, settings in look.of_kind(KIND):
        calls = [(edge, call) for edge, call in _calls(look, node.id) if call.interface == "real-time"]
        total = sum(look.rate(edge.source) for edge, _ in calls)
        if not total:
            continue
        wanted = [0.0, 0.0, 0.0]
        for edge, call in calls:
            share = look.rate(edge.source) / total
            for place, number in enumerate(_tokens(call)):
                wanted[place] += 60.0 * look.rate(node.id) * share * number
        limits = (
            ("rpm", settings.rpm, "requests"),
            ("itpm", settings.itpm, "input tokens"),
            ("otpm", settings.otpm, "output tokens"),
        )
        for number, (name, limit, unit) in zip(wanted, limits, strict=True):
            if limit is not None and number > limit:
                becomes = "waits ever longer" if settings.over_limit == "queue" else "is refused (429)"
                yield Finding(
                    node.id,
                    f"about {number:,.0f} {unit} a minute are asked of {node.id}, which takes {limit:,.0f}: "
                    f"the rest {becomes}, whatever is tried again",
                    f"config.{name}",
                    f"raise {name}, ask for less, or let a second model take a share",
                )


def _fallbacks(look: Look) -> set[str]:
    """The edges that are called only when another call has failed."""
    given = (edge.config.get("fallback") for edge in look.document.edges)
    return {one["edge"] for one in given if isinstance(one, dict) and one.get("edge")}


def without_fallback(look: Look) -> Iterator[Finding]:
    """Calls of a model that the design makes fail, with nothing in its place."""
    spare = _fallbacks(look)
    for node, settings in look.of_kind(KIND):
        errors = settings.errors
        faults = look.faults(node.id)
        if not (errors.overloaded + errors.server_error > 0.0 or faults):
            continue
        for edge in look.into(node.id, "invoke"):
            is_service = look.document.node(edge.source).kind == "service"
            if is_service and edge.id not in spare and not edge.config.get("fallback"):
                yield Finding(
                    edge.id,
                    f"{node.id} fails at times in this design, and {edge.source} has nothing in its place: "
                    "an outage of the provider is one of everything before it",
                    "config.fallback",
                    "name another model, or a default answer, as fallback; with a circuit breaker before it",
                )


def long_chains(look: Look) -> Iterator[Finding]:
    """Requests that wait for several models, one after the other."""
    models = {node.id for node, _ in look.of_kind(KIND)}
    spare = _fallbacks(look)
    for node, settings in look.of_kind("service"):
        edges = [edge for edge in look.out(node.id, "invoke") if edge.target in models]
        names = {name for edge in edges for name in (edge.id, edge.target)}
        if settings.asynchronous or not names:
            continue
        ways: list[tuple[str, int]] = [
            (f"endpoint {one.name} of {node.id}", sum(_in_a_row(step, names) for step in one.calls))
            for one in settings.endpoints
        ] or [(node.id, sum(edge.id not in spare for edge in edges))]
        for what, number in ways:
            if number > MANY_CALLS:
                yield Finding(
                    node.id,
                    f"{what} waits for {number} models one after the other: their times add up, and so do "
                    "the chances that one of them fails",
                    "config.endpoints" if settings.endpoints else "",
                    "ask them at once, give one the work of two, or answer by a message when it is done",
                )


def _in_a_row(step: Any, names: set[str]) -> int:
    number = sum(name in names for name in step.to)
    return number if step.mode == "sequential" else min(1, number)


def repeated_contexts(look: Look) -> Iterator[Finding]:
    """Agents that pay for their whole conversation at every turn."""
    for node, _ in look.of_kind(KIND):
        for edge, call in _calls(look, node.id):
            turns = min(float(call.max_turns), call.turns.mean())
            if turns >= MANY_TURNS and not call.prompt_caching:
                _, plain, _ = _tokens(call)
                _, cached, _ = _tokens(call.model_copy(update={"prompt_caching": True}))
                yield Finding(
                    edge.id,
                    f"in {turns:g} turns {edge.source} sends {plain:,.0f} input tokens, of which "
                    f"{plain - cached:,.0f} were sent before",
                    "config.prompt_caching",
                    "let the provider keep what was sent (prompt caching)",
                    (SetSetting("edge", edge.id, ("prompt_caching",), True),),
                )


RULES = (
    Rule(
        "D425",
        "warning",
        "A model is tried again too soon, or by all at the same time.",
        "A 429 says when there is room again; who comes earlier is refused again, and retries without jitter "
        "arrive together.",
        "RFC 9110, section 10.2.3 (Retry-After); Brooker, Exponential Backoff And Jitter, AWS Architecture "
        "Blog, 2015",
        "Wait as retry-after says, with full jitter.",
        rash_retries,
    ),
    Rule(
        "D426",
        "warning",
        "A model is asked for more a minute than its limits let through.",
        "Requests, input and output tokens have a limit each; beyond the tightest of them the rest is "
        "refused, or the queue in front grows without end.",
        "Anthropic API documentation, Rate limits; OpenAI API documentation, Rate limits (requests and "
        "tokens per minute)",
        "Raise the limit, ask for fewer tokens, or spread the load over several models.",
        beyond_limits,
    ),
    Rule(
        "D427",
        "hint",
        "A model that fails at times has nothing in its place.",
        "Providers have slow and dark hours; without a second model or a default answer the caller has one "
        "too.",
        "Nygard, Release It!, 2018, chapter 5 (Circuit Breaker, Fail Fast)",
        "Give the call a fallback, and a circuit breaker so that it is reached at once.",
        without_fallback,
    ),
    Rule(
        "D428",
        "hint",
        "A request waits for more than two models, one after the other.",
        "Each answer takes seconds, and the slowest hundredth of any of them is in every third or fourth "
        "request's way.",
        "Dean and Barroso, The Tail at Scale, CACM 56, 2013",
        "Ask at once what does not depend on each other, or answer later by a message.",
        long_chains,
    ),
    Rule(
        "D429",
        "hint",
        "An agent sends its whole conversation at every turn and does not cache it.",
        "The input of all turns grows with the square of their number; read from the prompt cache it costs a "
        "tenth and does not count against the input limit.",
        "Anthropic API documentation, Prompt caching; the sum of input over turns",
        "Switch prompt caching on.",
        repeated_contexts,
    ),
)
