"""Rules of practice of AWS Step Functions beside those of its check (D620 to D629)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from simulator.graph.rule import Finding, Rule
from simulator.kinds.aws.stepfunctions.binding import edge_of, tasks_of

if TYPE_CHECKING:
    from simulator.graph.look import Look

KIND = "aws.stepfunctions"
#: Starts per second from which on the transitions of a short standard workflow are dear.
MANY = 50.0
#: Iterations that an inline Map runs at a time (*Map state processing modes*).
INLINE = 40
#: Executions a second from which on retries that are all alike meet each other.
OFTEN = 10.0
#: Bytes that a state takes, and the part of them from which on it is worth a word.
LONGEST_INPUT, NEAR = 262_144, 0.9
#: Seconds after which an express execution ends.
LONGEST_EXPRESS = 300

_NAMES, _MACHINES = {"Next", "Default"}, {"ItemProcessor", "Iterator"}
_LISTS = {"Branches", "Catch", "Choices", "Retry"}


def _tidy(machine: Mapping[str, Any]) -> dict[str, Any]:
    """A machine without what is not of the shape it should have, which `check` speaks of."""
    states = machine.get("States")
    tidy = {**machine, "States": {}}
    if not isinstance(machine.get("ProcessorConfig", {}), Mapping):
        del tidy["ProcessorConfig"]
    for name, state in states.items() if isinstance(states, Mapping) else ():
        if isinstance(state, Mapping):
            tidy["States"][name] = _shaped(state)
    return tidy


def _shaped(state: Mapping[str, Any]) -> dict[str, Any]:
    """The same of a state, a catcher, a retrier, or a rule of a choice."""
    shaped = dict(state)
    for field in _NAMES & state.keys():
        if not isinstance(state[field], str):
            del shaped[field]
    for field in _LISTS & state.keys():
        given = state[field] if isinstance(state[field], list) else []
        make = _tidy if field == "Branches" else _shaped
        shaped[field] = [make(one) for one in given if isinstance(one, Mapping)]
    for field in _MACHINES & state.keys():
        if isinstance(state[field], Mapping):
            shaped[field] = _tidy(state[field])
        else:
            del shaped[field]
    return shaped


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
        for place, name, state, machine in _states(_tidy(settings.definition)):
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
        states = list(_states(_tidy(settings.definition)))
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
        for place, name, state, machine in _states(_tidy(settings.definition)):
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
        for place, name, state, _ in _states(_tidy(settings.definition)):
            processor = state.get("ItemProcessor") or {}
            mode = processor.get("ProcessorConfig", {}).get("Mode", "INLINE")
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


def equal_retries(look: Look) -> Iterator[Finding]:
    """Retries without jitter of executions that are many at a time."""
    for node, settings in look.of_kind(KIND):
        for place, name, state, _ in _states(_tidy(settings.definition)):
            rules = [rule for rule in state.get("Retry", ()) if rule.get("MaxAttempts", 3) != 0]
            if look.rate(node.id) >= OFTEN and any(rule.get("JitterStrategy") != "FULL" for rule in rules):
                yield Finding(
                    node.id,
                    f"{look.rate(node.id):.4g} executions a second retry {name!r} after waits that are all "
                    "alike: what failed together comes again together",
                    f"{place}.Retry",
                    'set "JitterStrategy": "FULL"',
                )


def _after(machine: Mapping[str, Any], names: Iterable[str]) -> set[str]:
    """The states that follow some of a machine, those themselves included; catchers left out."""
    states = machine.get("States", {})
    found: set[str] = set()
    left = [name for name in names if name in states]
    while left:
        name = left.pop()
        if name in found:
            continue
        found.add(name)
        state = states[name]
        ways = [
            state.get("Next"),
            state.get("Default"),
            *(one.get("Next") for one in state.get("Choices", ())),
        ]
        left += [way for way in ways if way in states]
    return found


def _undoing(machine: Mapping[str, Any]) -> set[str]:
    """The states that only a caught error leads to."""
    states = machine.get("States", {})
    caught = [
        catcher.get("Next")
        for state in states.values()
        if isinstance(state, Mapping)
        for catcher in state.get("Catch", ())
    ]
    return _after(machine, caught) - _after(machine, [machine.get("StartAt", "")])


def _machines(states: Iterable[tuple[str, str, Mapping[str, Any], Mapping[str, Any]]]) -> Iterator[Any]:
    seen: list[Mapping[str, Any]] = []
    for place, _, _, machine in states:
        if not any(machine is one for one in seen):
            seen.append(machine)
            yield place.rpartition(".")[0], machine


def fragile_compensations(look: Look) -> Iterator[Finding]:
    """Steps that undo others and are tried once."""
    for node, settings in look.of_kind(KIND):
        for place, machine in _machines(_states(_tidy(settings.definition))):
            for name in sorted(_undoing(machine)):
                state = machine["States"][name]
                if state.get("Type") == "Task" and not state.get("Retry"):
                    yield Finding(
                        node.id,
                        f"{name!r} undoes what was done before, and is tried once: one error leaves it done",
                        f"{place}.{name}",
                        "retry it with a back-off and many attempts",
                    )


def steps_without_catch(look: Look) -> Iterator[Finding]:
    """Steps after one that can be undone whose failure undoes nothing."""
    for node, settings in look.of_kind(KIND):
        for place, machine in _machines(_states(_tidy(settings.definition))):
            states = machine["States"]
            undoing = _undoing(machine)
            undone = [
                name
                for name, state in states.items()
                if any(
                    states.get(one, {}).get("Type") == "Task"
                    for catcher in state.get("Catch", ())
                    for one in _after(machine, [catcher.get("Next", "")]) & undoing
                )
            ]
            for name in sorted(_after(machine, undone) - set(undone) - undoing):
                state = states[name]
                if state.get("Type") == "Task" and not state.get("Catch") and not state.get("Retry"):
                    yield Finding(
                        node.id,
                        f"{name!r} neither retries nor catches: when it fails the execution ends, and what "
                        f"{undone[0]!r} and others did before is not undone",
                        f"{place}.{name}",
                        "catch its errors and lead them to the compensations, or retry it until it is done",
                    )


def large_inputs(look: Look) -> Iterator[Finding]:
    """Executions that are started with more than a state may pass on."""
    for node, _ in look.of_kind(KIND):
        for edge in look.into(node.id, "publish", "invoke"):
            size = getattr(look.config(edge.source), "size", None)
            if size is not None and size.mean() > NEAR * LONGEST_INPUT:
                yield Finding(
                    edge.source,
                    f"messages of {size.mean():,.0f} bytes start executions of {node.id}, whose states take "
                    f"{LONGEST_INPUT:,} at the most",
                    "config.size",
                    "keep the payload in an object store and pass its address (claim check)",
                )


def long_express(look: Look) -> Iterator[Finding]:
    """Express workflows that wait for longer than they may run."""
    for node, settings in look.of_kind(KIND):
        waits = [
            float(state["Seconds"])
            for _, _, state, _ in _states(_tidy(settings.definition))
            if state.get("Type") == "Wait" and isinstance(state.get("Seconds"), int | float)
        ]
        if settings.type == "EXPRESS" and sum(waits) >= LONGEST_EXPRESS:
            yield Finding(
                node.id,
                f"the Wait states of {node.id} take {sum(waits):,.0f} s, and an express execution ends after "
                f"{LONGEST_EXPRESS} s",
                "config.type",
                "set type to STANDARD, or leave the waiting to a queue",
            )


def wide_maps(look: Look) -> Iterator[Finding]:
    """Maps that call a service more often at a time than it works."""
    for node, settings in look.of_kind(KIND):
        edges = look.out(node.id, "invoke")
        names = {edge.id: list(getattr(edge.settings, "tasks", ())) for edge in edges}
        for place, name, state, _ in _states(_tidy(settings.definition)):
            processor = state.get("ItemProcessor") or state.get("Iterator")
            wanted = state.get("MaxConcurrency", 0)
            if (
                state.get("Type") != "Map"
                or not isinstance(processor, Mapping)
                or not isinstance(wanted, int)
            ):
                continue
            for task in tasks_of(processor) if wanted > 0 else ():
                edge = next((one for one in edges if one.id == edge_of(task, names)), None)
                most = None if edge is None else _most_at_a_time(look, edge.target)
                if edge is not None and most is not None and wanted > most:
                    yield Finding(
                        node.id,
                        f"the Map {name!r} runs {wanted} iterations at a time, and {edge.target} does "
                        f"{most}: the others wait or are throttled",
                        place,
                        f"set MaxConcurrency to {most}, or give {edge.target} more",
                    )


def _most_at_a_time(look: Look, id: str) -> int | None:
    """How many calls a node works on at a time; None for any number."""
    config = look.config(id)
    limits = (
        getattr(config, "reserved_concurrency", None),
        getattr(config, "max_concurrency", None),
        look.workers(id) if look.document.node(id).kind == "service" else None,
    )
    given = [one for one in limits if one is not None]
    return min(given) if given else None


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
    Rule(
        "D624",
        "hint",
        "Many executions retry without jitter.",
        "Executions that failed at the same moment come again at the same moment, and fail together again.",
        _GUIDE + "Handling errors in Step Functions workflows (JitterStrategy)",
        "Set JitterStrategy to FULL.",
        equal_retries,
    ),
    Rule(
        "D625",
        "warning",
        "A compensation in a state machine is tried once.",
        "A passing error leaves it undone, and the execution has already failed: nobody tries again.",
        "Garcia-Molina and Salem, Sagas, SIGMOD 1987; " + _GUIDE + "Handling errors (Retry)",
        "Retry it, with a back-off and many attempts.",
        fragile_compensations,
    ),
    Rule(
        "D626",
        "warning",
        "A step after one that can be undone neither retries nor catches.",
        "Its failure ends the execution, and the compensations of the steps before are never reached.",
        "Garcia-Molina and Salem, Sagas, SIGMOD 1987; " + _GUIDE + "Handling errors (Catch)",
        "Catch its errors and lead them to the compensations.",
        steps_without_catch,
    ),
    Rule(
        "D627",
        "warning",
        "Executions get more than a state may pass on.",
        "Input and output of a state are 256 KiB at the most; an execution that has more fails.",
        _GUIDE + "Step Functions service quotas (maximum input or result size)",
        "Keep the payload in an object store and pass its address (claim check).",
        large_inputs,
    ),
    Rule(
        "D628",
        "warning",
        "An express workflow waits for longer than it may run.",
        "An express execution ends after five minutes, wherever it is then.",
        _GUIDE + "Choosing workflow type (maximum duration)",
        "Set type to STANDARD.",
        long_express,
    ),
    Rule(
        "D629",
        "hint",
        "A Map runs more at a time than what it calls can do.",
        "The iterations beyond that wait, or are throttled and retried, which is billed.",
        _GUIDE + "Map state processing modes (MaxConcurrency)",
        "Set MaxConcurrency to what the callee does at a time.",
        wide_maps,
    ),
)
