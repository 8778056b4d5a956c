"""Checks of the rules of a Choice state.

Source: Amazon States Language specification, *Choice State*.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simulator.kinds.aws.asl import expression_checks, timestamps
from simulator.kinds.aws.asl import jsonata_expressions as jsonata
from simulator.kinds.aws.asl.choices import OPERATORS
from simulator.kinds.aws.asl.findings import Notebook
from simulator.kinds.aws.asl.json_values import is_number

_GROUPS = ("And", "Or", "Not")
_BESIDE = frozenset({"Next", "Comment", "Assign"})
_NEXT_HINT = "name the state that follows in Next"


def rules(note: Notebook, state: Mapping[str, Any], *, in_jsonata: bool) -> None:
    """All rules of a state, and its Default."""
    found = state.get("Choices")
    if not isinstance(found, list) or not found:
        note.at("Choices").error("a Choice has no rules", "give Choices at least one rule")
        return
    for number, rule in enumerate(found):
        inner = note.at("Choices", number)
        if not isinstance(rule, Mapping):
            inner.error(
                "the rule is no object",
                'write {"Variable": "$.total", "NumericLessThan": 10, "Next": "Small"}',
            )
            continue
        if not isinstance(rule.get("Next"), str):
            inner.error("the rule has no Next", _NEXT_HINT)
        if "Assign" in rule:
            expression_checks.assignment(inner.at("Assign"), rule["Assign"], in_jsonata=in_jsonata)
        if in_jsonata:
            _condition(inner, rule)
        else:
            _comparison(inner, rule, is_top=True)


def _condition(note: Notebook, rule: Mapping[str, Any]) -> None:
    for name in rule:
        if name in OPERATORS or name in _GROUPS or name == "Variable":
            note.at(name).error(
                f"{name} belongs to JSONPath, and the state is JSONata",
                'write "Condition": "{% $states.input.total < 10 %}"',
            )
        elif name not in _BESIDE | {"Condition", "Output"}:
            note.at(name).warning(f"a rule has no field {name}", "drop it, or mend its name")
    condition = rule.get("Condition")
    if not isinstance(condition, bool) and not jsonata.is_expression(condition):
        note.at("Condition").error(
            "a rule needs a Condition", 'write an expression such as "{% $states.input.total < 10 %}"'
        )
    expression_checks.expressions(note.at("Condition"), condition)
    if "Output" in rule:
        expression_checks.expressions(note.at("Output"), rule["Output"])


def _comparison(note: Notebook, rule: Any, *, is_top: bool) -> None:
    if not isinstance(rule, Mapping):
        note.error("the rule is no object", 'write {"Variable": "$.total", "NumericLessThan": 10}')
        return
    if not is_top and "Next" in rule:
        note.at("Next").error("Next stands inside of And, Or or Not", "move it to the outermost rule")
    if not is_top and "Assign" in rule:
        note.at("Assign").error("Assign stands inside of And, Or or Not", "move it to the outermost rule")
    for name in ("Condition", "Output"):
        if name in rule:
            note.at(name).error(
                f"{name} belongs to JSONata, and the state is JSONPath",
                'set "QueryLanguage": "JSONata" on the state, or write a comparison',
            )
    groups = [name for name in _GROUPS if name in rule]
    operators = [name for name in rule if name in OPERATORS]
    for name in rule:
        if name not in OPERATORS and name not in {*_GROUPS, *_BESIDE, "Variable", "Condition", "Output"}:
            note.at(name).error(
                f"there is no comparison {name}", f"use one of {', '.join(sorted(OPERATORS))}"
            )
    if len(groups) + len(operators) != 1:
        which = ", ".join(groups + operators) or "none"
        note.error(
            f"a rule has exactly one comparison, And, Or or Not; this one has {which}", "keep one of them"
        )
        return
    if groups:
        _group(note, groups[0], rule[groups[0]])
        return
    if "Variable" not in rule:
        note.error("a comparison has no Variable", 'say what it compares: "Variable": "$.total"')
    else:
        expression_checks.path(note.at("Variable"), rule["Variable"])
    _operand(note.at(operators[0]), operators[0], rule[operators[0]])


def _group(note: Notebook, name: str, parts: Any) -> None:
    if name == "Not":
        _comparison(note.at(name), parts, is_top=False)
        return
    if not isinstance(parts, list) or not parts:
        note.at(name).error(f"{name} has no rules", "give it an array of rules")
        return
    for number, part in enumerate(parts):
        _comparison(note.at(name, number), part, is_top=False)


def _operand(note: Notebook, name: str, value: Any) -> None:
    wanted = OPERATORS[name]
    if wanted == "path":
        expression_checks.path(note, value)
        return
    fits = {
        "boolean": isinstance(value, bool),
        "string": isinstance(value, str),
        "number": is_number(value),
        "timestamp": timestamps.parse(value) is not None,
    }[wanted]
    if not fits:
        example = {
            "boolean": "true",
            "string": '"paid"',
            "number": "10",
            "timestamp": '"2026-11-26T09:00:00Z"',
        }
        note.error(f"{name} compares with a {wanted}, not with {value!r}", f"write {example[wanted]}")
