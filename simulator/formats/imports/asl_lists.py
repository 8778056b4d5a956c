"""Tasks of a state machine whose whole result is a list, because a Map goes over it.

Source: Amazon States Language specification, *Map State* (ItemsPath, Items), *Paths*.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from simulator.formats.imports.values import mapping, rows

#: ``$``, ``$.a.b`` and ``{% $states.input.a.b %}``.
_PLAIN = re.compile(
    r"(?:\$|\{%\s{0,9}\$states\.(?:input|result))((?:\.[A-Za-z_][A-Za-z0-9_]{0,80}){0,9})(?:\s{0,9}%\})?"
)
#: States that hand on what they get, unless they say what they give.
_PASSIVE = ("Choice", "Pass", "Wait")


def giving_lists(definition: Mapping[str, Any]) -> set[str]:
    """Names of the tasks that must give a list as a whole."""
    found: set[str] = set()
    for states in scopes(definition):
        before: dict[str, list[str]] = defaultdict(list)
        for name, state in states.items():
            for following in followers(state):
                before[following].append(name)
        for name, state in states.items():
            if state.get("Type") == "Map":
                names = _names(state.get("ItemsPath", state.get("Items", "$")))
                start = _names(state.get("InputPath", "$"))
                if names is not None and start is not None:
                    found |= set(_givers([*start, *names], before[name], before, states))
    return found


def scopes(definition: Mapping[str, Any]) -> Iterator[dict[str, dict[str, Any]]]:
    """The states of the machine, and those of each branch and iteration."""
    left = [definition]
    while left:
        states = {
            name: state
            for name, state in mapping(left.pop().get("States")).items()
            if isinstance(state, dict)
        }
        yield states
        for state in states.values():
            left += [mapping(state.get(key)) for key in ("Iterator", "ItemProcessor") if key in state]
            left += [mapping(branch) for branch in rows(state.get("Branches"))]


def followers(state: Mapping[str, Any]) -> Iterator[str]:
    """The states that one leads to, failures aside."""
    for rule in [state, *rows(state.get("Choices"))]:
        for key in ("Next", "Default"):
            if isinstance(following := mapping(rule).get(key), str):
                yield following


def _names(path: Any) -> list[str] | None:
    """The fields that a path leads through; None for one that is more than fields."""
    match = _PLAIN.fullmatch(path) if isinstance(path, str) else None
    return None if match is None else [name for name in match[1].split(".") if name]


def _givers(
    names: list[str],
    behind: list[str],
    before: Mapping[str, list[str]],
    states: Mapping[str, dict[str, Any]],
) -> Iterator[str]:
    """Who puts a list as a whole where the names lead."""
    for name, state in states.items():
        placed = _names(state.get("ResultPath", "$"))
        if state.get("Type") == "Task" and placed and _is_whole(placed, names):
            yield name
    left, seen = list(behind), set(behind)
    while left and _is_whole([], names):
        name = left.pop()
        state = states.get(name, {})
        if state.get("Type") == "Task":
            given = _names(state.get("OutputPath", state.get("Output", "$")))
            is_own = state.get("ResultPath", "$") == "$" and "ResultSelector" not in state
            if is_own and given is not None and _is_whole([], given):
                yield name
        elif state.get("Type") in _PASSIVE and not {"Result", "Parameters", "Output"} & state.keys():
            new = [one for one in before[name] if one not in seen]
            seen.update(new)
            left += new


def _is_whole(placed: list[str], names: list[str]) -> bool:
    """Whether the names lead to the result that was placed there, and not to a part of it."""
    return names in (placed, [*placed, "Payload"])
