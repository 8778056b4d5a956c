"""Fields whose presence makes a machine go round once more, such as the token of the next page.

Source: Amazon States Language specification, *Choice State* (IsPresent).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import networkx as nx

from simulator.formats.imports.asl_lists import followers, scopes
from simulator.formats.imports.values import mapping, rows

_FIELD = re.compile(r"\$\.([A-Za-z_][A-Za-z0-9_.]{0,200})")
_EXISTS = re.compile(r"\$exists\(\s{0,9}\$states\.(?:input|result)\.([A-Za-z_][A-Za-z0-9_.]{0,200})\s{0,9}\)")


def asked_again(definition: Mapping[str, Any]) -> set[str]:
    """Fields that a Choice looks for, and comes back to itself as long as they are there."""
    found: set[str] = set()
    for states in scopes(definition):
        loops = _loops(states)
        for name, state in states.items():
            if state.get("Type") != "Choice":
                continue
            for rule in rows(state.get("Choices")):
                for field, is_there in _presence(mapping(rule)):
                    way = mapping(rule).get("Next") if is_there else state.get("Default")
                    other = state.get("Default") if is_there else mapping(rule).get("Next")
                    if loops.get(str(way)) == loops[name] != loops.get(str(other)):
                        found.add(field)
    return found


def _presence(rule: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    """The fields of a rule, and whether it holds where they are there."""
    field = _FIELD.fullmatch(str(rule.get("Variable", "")))
    if field is not None and isinstance(rule.get("IsPresent"), bool):
        yield field[1], rule["IsPresent"]
    exists = _EXISTS.fullmatch(str(rule.get("Condition", "")).strip("{}% "))
    if exists is not None:
        yield exists[1], True
    for inner in rows(rule.get("And")):
        yield from _presence(mapping(inner))
    if isinstance(rule.get("Not"), dict):
        yield from ((name, not is_there) for name, is_there in _presence(rule["Not"]))


def _loops(states: Mapping[str, Mapping[str, Any]]) -> dict[str, int]:
    """The loop that each state is in, by number; two that lead to each other are in the same."""
    graph: Any = nx.DiGraph()
    graph.add_nodes_from(states)
    graph.add_edges_from((name, other) for name, state in states.items() for other in followers(state))
    found = enumerate(nx.strongly_connected_components(graph))
    return {name: number for number, loop in found for name in loop}
