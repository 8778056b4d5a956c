"""Rules of practice of AWS Step Functions beside those of its check (D620 to D629)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from simulator.graph.rule import Finding, Rule

if TYPE_CHECKING:
    from simulator.graph.look import Look

KIND = "aws.stepfunctions"
#: Starts per second from which on the transitions of a short standard workflow are dear.
MANY = 50.0
#: Iterations that an inline Map runs at a time (*Map state processing modes*).
INLINE = 40


def _states(
    machine: Mapping[str, Any], path: str = "config.definition"
) -> Iterator[tuple[str, str, Mapping[str, Any], Mapping[str, Any]]]:
    """Every state with its place, its name and the machine it is in, those of branches and maps included."""
    states = machine.get("States")
    for name, state in states.items() if isinstance(states, Mapping) else ():
        if not isinstance(state, Mapping):
            continue
        place = f"{path}.States.{name}"
        yield place, name, state, machine
        for number, branch in enumerate(state.get("Branches", ())):
            yield from _states(branch, f"{place}.Branches[{number}]")
        for field in ("ItemProcessor", "Iterator"):
            if isinstance(state.get(field), Mapping):
                yield from _states(state[field], f"{place}.{field}")


def lost_inputs(look: Look) -> Iterator[Finding]:
    """Catchers whose error takes the place of what the execution knew."""
    for node, settings in look.of_kind(KIND):
        for place, name, state, machine in _states(settings.definition):
            is_jsonata = "JSONata" in (
                state.get("QueryLanguage"),
                machine.get("QueryLanguage"),
                settings.definition.get("QueryLanguage"),
            )
            for catcher in state.get("Catch", ()):
                after = machine["States"].get(catcher.get("Next"), {})
                if is_jsonata or "ResultPath" in catcher or after.get("Type") in ("Fail", "Succeed"):
                    continue
                yield Finding(
                    node.id,
                    f"the Catch of {name!r} puts the error in the place of the input: "
                    f"{catcher.get('Next')!r} does not know what it is to undo",
                    place,
                    "set ResultPath, such as $.error",
                )


def dear_transitions(look: Look) -> Iterator[Finding]:
    """Standard workflows that are started so often that their transitions are what is paid for."""
    for node, settings in look.of_kind(KIND):
        rate = look.rate(node.id)
        states = list(_states(settings.definition))
        waits = any(
            state.get("Type") == "Wait"
            or str(state.get("Resource", "")).endswith((".sync", ".waitForTaskToken"))
            for _, _, state, _ in states
        )
        if settings.type == "STANDARD" and rate >= MANY and not waits:
            month = rate * 2_629_800 * (len(states) + 1) * 0.025 / 1_000
            yield Finding(
                node.id,
                f"{rate:.4g} executions a second of {len(states)} states: their transitions cost about "
                f"{month:,.0f} USD a month",
                "config.type",
                "use EXPRESS where the steps are idempotent and take less than 5 minutes",
            )


def polling_loops(look: Look) -> Iterator[Finding]:
    """Loops that wait and ask until something is done."""
    for node, settings in look.of_kind(KIND):
        for place, name, state, machine in _states(settings.definition):
            if state.get("Type") != "Wait":
                continue
            asked = machine["States"].get(state.get("Next"), {})
            decided = machine["States"].get(asked.get("Next"), {})
            back = [rule.get("Next") for rule in decided.get("Choices", ())] + [decided.get("Default")]
            if asked.get("Type") == "Task" and decided.get("Type") == "Choice" and name in back:
                yield Finding(
                    node.id,
                    f"{name!r} waits and {state['Next']!r} asks whether it is done: three transitions for "
                    "every look",
                    place,
                    "wait for the job (.sync), or for a callback (.waitForTaskToken)",
                )


def wide_inline_maps(look: Look) -> Iterator[Finding]:
    """Inline Maps that are to run more at a time than they can."""
    for node, settings in look.of_kind(KIND):
        for place, name, state, _ in _states(settings.definition):
            processor = state.get("ItemProcessor") or {}
            mode = (processor.get("ProcessorConfig") or {}).get("Mode", "INLINE")
            wanted = state.get("MaxConcurrency", 0)
            if (
                state.get("Type") == "Map"
                and mode == "INLINE"
                and isinstance(wanted, int)
                and wanted > INLINE
            ):
                yield Finding(
                    node.id,
                    f"the Map {name!r} is to run {wanted} items at a time; inline there are {INLINE} at the "
                    "most",
                    place,
                    "use a distributed Map, or MaxConcurrency 40 or less",
                )


_GUIDE = "AWS Step Functions developer guide, "
RULES = (
    Rule(
        "D620",
        "hint",
        "A Catch puts the error in the place of the input.",
        "Without ResultPath the output of a catcher is the error alone: a compensation that follows does "
        "not know which order, payment or stock it is about.",
        _GUIDE + "Handling errors in Step Functions workflows (Catch, ResultPath)",
        "Set ResultPath on the catcher.",
        lost_inputs,
    ),
    Rule(
        "D621",
        "hint",
        "A short standard workflow is started many times a second.",
        "Standard workflows are billed by transition, 25 USD a million; express ones by request and "
        "duration.",
        "AWS Step Functions pricing; " + _GUIDE + "Choosing workflow type",
        "Use EXPRESS where the steps are idempotent and take less than 5 minutes.",
        dear_transitions,
    ),
    Rule(
        "D622",
        "hint",
        "A workflow polls in a loop.",
        "Every look costs three transitions and events of the history, of which there are 25,000.",
        _GUIDE + "Discover service integration patterns (run a job, wait for a callback)",
        "Use .sync or .waitForTaskToken.",
        polling_loops,
    ),
    Rule(
        "D623",
        "hint",
        "An inline Map is to run more than 40 items at a time.",
        "Inline iterations share the history of their execution, and at most 40 run at a time.",
        _GUIDE + "Map state processing modes",
        "Use a distributed Map.",
        wide_inline_maps,
    ),
)
