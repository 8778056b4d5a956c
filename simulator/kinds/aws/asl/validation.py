"""Validation of a definition: what CreateStateMachine refuses, with the place and a mend for each error.

Source: Amazon States Language specification; Step Functions API reference, *ValidateStateMachineDefinition*;
quota of 1 MB for a definition and 80 characters for the name of a state.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from simulator.kinds.aws.asl import field_tables, look_checks, map_checks, state_checks
from simulator.kinds.aws.asl.findings import Finding, InvalidDefinition, Notebook, errors_of
from simulator.kinds.aws.asl.json_values import size_of

__all__ = ["Finding", "InvalidDefinition", "errors_of", "validate"]

MAX_DEFINITION = 1_048_576
MAX_NAME = 80
#: Machines inside machines; the service has no such bound, but no definition in use comes near.
MAX_DEPTH = 20
LANGUAGES = ("JSONPath", "JSONata")
_TOP = frozenset({"StartAt", "States", "Comment", "Version", "TimeoutSeconds", "QueryLanguage"})
_INNER = frozenset({"StartAt", "States", "Comment", "ProcessorConfig"})


def validate(definition: Any) -> list[Finding]:
    """Every fault of a definition, errors and warnings in the order of the text; never raises for bad
    input.
    """
    note = Notebook()
    if not isinstance(definition, Mapping):
        note.error("the definition is no object", 'write {"StartAt": …, "States": {…}}')
        return note.findings
    if size_of(definition) > MAX_DEFINITION:
        note.error(
            f"the definition has more than {MAX_DEFINITION:,} bytes", "split it, and start the parts as tasks"
        )
        return note.findings
    language = definition.get("QueryLanguage", "JSONPath")
    if language not in LANGUAGES:
        note.at("QueryLanguage").error(f"QueryLanguage is {language!r}", "write JSONPath or JSONata")
        language = "JSONPath"
    note.whole(definition, "TimeoutSeconds", 1, state_checks.MAX_SECONDS, "s")
    if definition.get("Version", "1.0") != "1.0":
        note.at("Version").error(f"Version is {definition['Version']!r}", 'write "1.0"')
    _Machine(language, {}).check(note, definition, _TOP, 0)
    look_checks.shadows(note, definition)
    return note.findings


class _Machine:
    """The checks of a machine and of those inside it, which share the names of states.

    Args:
        language: query language of the whole definition.
        places: where each name of a state stood first.
    """

    def __init__(self, language: str, places: dict[str, str]) -> None:
        self.language = language
        self.places = places
        #: Where each Label of a Map stood first.
        self.labels: dict[str, str] = {}

    def check(self, note: Notebook, machine: Any, known: frozenset[str], depth: int) -> None:
        if not isinstance(machine, Mapping):
            note.error("this is no machine", 'write {"StartAt": …, "States": {…}}')
            return
        if depth > MAX_DEPTH:
            note.error(
                f"machines stand in each other more than {MAX_DEPTH} deep",
                "start the inner ones as tasks",
                "TOO_DEEPLY_NESTED",
            )
            return
        note.text(machine, "Comment")
        for name in machine:
            if name not in known:
                note.at(name).warning(f"a machine has no field {name} here", "drop it, or mend its name")
        states = machine.get("States")
        if not isinstance(states, Mapping) or not states:
            note.at("States").error("the machine has no states", 'write "States": {"Name": {"Type": …}}')
            return
        start = machine.get("StartAt")
        if not isinstance(start, str):
            note.at("StartAt").error("the machine has no StartAt", "name the state it starts at")
        elif start not in states:
            note.at("StartAt").error(
                f"StartAt names {start!r}, which is no state here",
                f"name one of {_some(states)}",
                "MISSING_TRANSITION_TARGET",
            )
        for name, state in states.items():
            self._state(note.at("States", name), name, state, depth)
        self._ways(note, states, start)

    def _state(self, note: Notebook, name: str, state: Any, depth: int) -> None:
        if not 1 <= len(name) <= MAX_NAME:
            note.error(
                f"the name of the state has {len(name)} characters",
                f"use 1 to {MAX_NAME}",
                "INVALID_STATE_NAME",
            )
        if name in self.places:
            note.error(
                f"a state of this name is already at {self.places[name]}",
                "give every state a name of its own",
                "DUPLICATE_STATE_NAME",
            )
        self.places.setdefault(name, note.path)
        if not isinstance(state, Mapping):
            note.error("the state is no object", 'write {"Type": "Pass", …}')
            return
        kind = state.get("Type")
        if kind not in field_tables.TYPES:
            what = f"Type is {kind!r}" if "Type" in state else "the state has no Type"
            note.at("Type").error(what, f"write one of {', '.join(field_tables.TYPES)}")
            return
        language = state.get("QueryLanguage", self.language)
        if language not in LANGUAGES:
            note.at("QueryLanguage").error(f"QueryLanguage is {language!r}", "write JSONPath or JSONata")
            language = self.language
        elif language == "JSONPath" and self.language == "JSONata":
            note.at("QueryLanguage").error(
                "the machine is JSONata, and a state of it cannot be JSONPath",
                "make the machine JSONPath and single states JSONata",
            )
        in_jsonata = language == "JSONata"
        state_checks.check(note, state, in_jsonata=in_jsonata)
        look_checks.check(note, state, in_jsonata=in_jsonata)
        if kind == "Map":
            map_checks.check(note, state, in_jsonata=in_jsonata)
            map_checks.label(note, state, self.labels)
            for field in ("ItemProcessor", "Iterator"):
                if field in state:
                    self.check(note.at(field), state[field], _INNER, depth + 1)
        elif kind == "Parallel":
            branches = state.get("Branches")
            if not isinstance(branches, list) or not branches:
                note.at("Branches").error("a Parallel has no branches", "give Branches at least one machine")
                return
            for number, branch in enumerate(branches):
                self.check(note.at("Branches", number), branch, _INNER, depth + 1)

    def _ways(self, note: Notebook, states: Mapping[str, Any], start: Any) -> None:
        """Every target exists, every state can be reached, and some way ends."""
        targets: dict[str, set[str]] = {}
        can_end = False
        for name, state in states.items():
            targets[name] = set()
            if not isinstance(state, Mapping):
                continue
            for path, target in _targets(note.at("States", name), state):
                targets[name].add(target)
                if target not in states:
                    path.error(
                        f"{target!r} is no state here",
                        f"name one of {_some(states)}",
                        "MISSING_TRANSITION_TARGET",
                    )
            can_end = can_end or state.get("End") is True or state.get("Type") in ("Succeed", "Fail")
        if not can_end:
            note.at("States").error(
                "no state ends the machine",
                'write "End": true in one, or add a Succeed state',
                "MISSING_END_STATE",
            )
        if not isinstance(start, str) or start not in states:
            return
        reached, line = {start}, [start]
        while line:
            for target in targets.get(line.pop(), ()):
                if target in states and target not in reached:
                    reached.add(target)
                    line.append(target)
        for name in states:
            if name not in reached:
                note.at("States", name).error(
                    "no way leads from StartAt to the state",
                    "name it in a Next, a Default or a Catch, or drop it",
                    "MISSING_TRANSITION_TARGET",
                )


def _targets(note: Notebook, state: Mapping[str, Any]) -> Iterator[tuple[Notebook, str]]:
    """Where a state can lead, and where that stands."""
    for field in ("Next", "Default"):
        if isinstance(state.get(field), str):
            yield note.at(field), state[field]
        elif field == "Default" and field in state:
            note.at(field).error(f"Default is {state[field]!r}", "write the name of a state")
    for field in ("Choices", "Catch"):
        rules = state.get(field)
        for number, rule in enumerate(rules if isinstance(rules, list) else ()):
            if isinstance(rule, Mapping) and isinstance(rule.get("Next"), str):
                yield note.at(field, number, "Next"), rule["Next"]


def _some(states: Mapping[str, Any]) -> str:
    names = list(states)
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
