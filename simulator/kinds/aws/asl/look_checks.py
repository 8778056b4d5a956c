"""What is valid and looks as if something else was meant: paths that will be taken as text, names used twice.

Source: Step Functions API reference, *ValidateStateMachineDefinitionDiagnostic* (NO_DOLLAR, NO_PATH,
PASS_RESULT_IS_STATIC); developer guide, *Passing data between states with variables* (scopes, `$states`),
*Error names*.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from simulator.kinds.aws.asl import jsonata_expressions as jsonata
from simulator.kinds.aws.asl.findings import Notebook

_PATH = re.compile(r"\$\$?[.\[]")
_CALL = re.compile(r"States\.[A-Za-z0-9]+\(")
_TEMPLATES = ("Parameters", "ResultSelector", "ItemSelector")
#: Fields that hold a text, and have a sister that ends in Path.
_TEXTS = frozenset(
    {"Error", "Cause", "StringEquals", "StringLessThan", "StringLessThanEquals"}
    | {"StringGreaterThan", "StringGreaterThanEquals"}
)
#: Where the result of the work is not there yet, or is never there.
_BEFORE_RESULT = (
    "Arguments",
    "Items",
    "ItemSelector",
    "TimeoutSeconds",
    "HeartbeatSeconds",
    "MaxConcurrency",
)
_NO_RESULT = frozenset({"Choice", "Wait", "Succeed", "Fail"})
_RESULT = re.compile(r"\$states\s*\.\s*result\b")
_ERROR_OUTPUT = re.compile(r"\$states\s*\.\s*errorOutput\b")
State = Mapping[str, Any]


def check(note: Notebook, state: State, *, in_jsonata: bool) -> None:
    """Looks of one state."""
    if in_jsonata:
        _misplaced(note, state)
    else:
        for name in _TEMPLATES:
            if name in state:
                _undollared(note.at(name), state[name])
        _unpathed(note, state)
        for number, rule in enumerate(_rules(state, "Choices")):
            _unpathed(note.at("Choices", number), rule)
        if state.get("Type") == "Pass" and "Result" in state:
            _static(note.at("Result"), state["Result"])


def shadows(note: Notebook, machine: State, around: Mapping[str, str] | None = None) -> None:
    """Variables that an inner machine assigns although one around it does; `around` has places by name."""
    states = machine.get("States")
    if not isinstance(states, Mapping):
        return
    mine: dict[str, str] = {}
    for name, state in states.items():
        for place in _assigned(note.at("States", name), state if isinstance(state, Mapping) else {}):
            variable, path = place
            mine.setdefault(variable, path.path)
            if around and variable in around:
                path.warning(
                    f"the variable {variable!r} is also assigned around this machine, at {around[variable]}",
                    "give the inner one a name of its own: what it gets is not seen outside",
                )
    for name, state in states.items():
        if isinstance(state, Mapping):
            for place_, inner in _inner(note.at("States", name), state):
                shadows(place_, inner, {**(around or {}), **mine})


def _inner(note: Notebook, state: State) -> Iterator[tuple[Notebook, State]]:
    """Machines inside a state that see its variables: not those of a distributed Map."""
    for number, branch in enumerate(_rules(state, "Branches")):
        yield note.at("Branches", number), branch
    for field in ("ItemProcessor", "Iterator"):
        processor = state.get(field)
        if isinstance(processor, Mapping):
            config = processor.get("ProcessorConfig")
            if not (isinstance(config, Mapping) and config.get("Mode") == "DISTRIBUTED"):
                yield note.at(field), processor


def _assigned(note: Notebook, state: State) -> Iterator[tuple[str, Notebook]]:
    parts = [(note, state)]
    for field in ("Choices", "Catch"):
        parts += [(note.at(field, number), rule) for number, rule in enumerate(_rules(state, field))]
    for place, part in parts:
        declared = part.get("Assign")
        for name in declared if isinstance(declared, Mapping) else ():
            yield name.removesuffix(".$"), place.at("Assign", name)


def _rules(state: State, field: str) -> list[State]:
    rules = state.get(field)
    return [rule if isinstance(rule, Mapping) else {} for rule in rules] if isinstance(rules, list) else []


def _undollared(note: Notebook, value: Any) -> None:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if name.endswith(".$"):
                continue
            if isinstance(inner, str) and (_PATH.match(inner) or _CALL.match(inner)):
                note.at(name).warning(
                    f"{inner!r} looks like a path or a call, and is taken as a text",
                    f"write {name}.$ as the name",
                    "NO_DOLLAR",
                )
            else:
                _undollared(note.at(name), inner)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            _undollared(note.at(index), inner)


def _unpathed(note: Notebook, fields: State) -> None:
    for name, value in fields.items():
        if name in _TEXTS and isinstance(value, str) and _PATH.match(value):
            note.at(name).warning(
                f"{value!r} looks like a path, and {name} takes it as a text",
                f"use {name}Path",
                "NO_PATH",
            )
    for group in ("And", "Or"):
        for number, rule in enumerate(_rules(fields, group)):
            _unpathed(note.at(group, number), rule)
    if isinstance(fields.get("Not"), Mapping):
        _unpathed(note.at("Not"), fields["Not"])


def _static(note: Notebook, value: Any) -> None:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if name.endswith(".$"):
                note.at(name).warning(
                    f"the Result of a Pass is given as it stands, {name} too",
                    "use Parameters, where names that end in .$ are paths",
                    "PASS_RESULT_IS_STATIC",
                )
            else:
                _static(note.at(name), inner)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            _static(note.at(index), inner)


def _misplaced(note: Notebook, state: State) -> None:
    """`$states.result` before there is one, and `$states.errorOutput` outside of a Catch."""
    for name, value in state.items():
        if name in ("Catch", "Branches", "ItemProcessor", "Iterator"):
            continue
        has_no_result = name in _BEFORE_RESULT or state.get("Type") in _NO_RESULT
        for place, text in _expressions(note.at(name), value):
            if _ERROR_OUTPUT.search(text):
                place.error(
                    "$states.errorOutput is there only in the Output and the Assign of a Catch",
                    "use it in a catcher, or $states.input",
                )
            if has_no_result and _RESULT.search(text):
                place.error(
                    "$states.result is not there yet",
                    "use it in Output or Assign of a Task, a Parallel or a Map",
                )
    for number, rule in enumerate(_rules(state, "Catch")):
        for place, text in _expressions(note.at("Catch", number), rule):
            if _RESULT.search(text):
                place.error("a Catch has no $states.result", "use $states.errorOutput")


def _expressions(note: Notebook, value: Any) -> Iterator[tuple[Notebook, str]]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _expressions(note.at(name), inner)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _expressions(note.at(index), inner)
    elif isinstance(value, str) and jsonata.is_expression(value):
        yield note, value
