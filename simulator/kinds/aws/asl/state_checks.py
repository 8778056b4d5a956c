"""Checks of one state: its fields, its numbers, its error handling.

Source: Amazon States Language specification; Step Functions developer guide, *Discovering workflow states*
and *Handling errors in Step Functions workflows*.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simulator.kinds.aws.asl import choice_checks, expression_checks, field_tables, timestamps
from simulator.kinds.aws.asl import jsonata_expressions as jsonata
from simulator.kinds.aws.asl.field_tables import JSONATA, JSONPATH, SHARED
from simulator.kinds.aws.asl.findings import Notebook
from simulator.kinds.aws.asl.intrinsic_functions import FUNCTIONS, TEXT_FUNCTIONS

MAX_SECONDS = 99_999_999
MAX_DELAY_SECONDS = 31_622_399
State = Mapping[str, Any]


def check(note: Notebook, state: State, *, in_jsonata: bool) -> None:
    """Everything about a state but where it leads and the machines inside it."""
    kind = state["Type"]
    _fields(note, state, kind, in_jsonata=in_jsonata)
    _move(note, state, kind)
    note.text(state, "Comment")
    if in_jsonata:
        for name in ("Arguments", "Output", "Items", "ItemSelector"):
            if name in state:
                expression_checks.expressions(note.at(name), state[name])
    else:
        _paths(note, state)
    if "Assign" in state:
        expression_checks.assignment(note.at("Assign"), state["Assign"], in_jsonata=in_jsonata)
    handling(note, state, in_jsonata=in_jsonata)
    match kind:
        case "Task":
            _task(note, state, in_jsonata=in_jsonata)
        case "Choice":
            choice_checks.rules(note, state, in_jsonata=in_jsonata)
        case "Wait":
            _wait(note, state, in_jsonata=in_jsonata)
        case "Fail":
            _fail(note, state, in_jsonata=in_jsonata)


def _fields(note: Notebook, state: State, kind: str, *, in_jsonata: bool) -> None:
    own, other = (JSONATA, JSONPATH) if in_jsonata else (JSONPATH, JSONATA)
    language, foreign = ("JSONata", "JSONPath") if in_jsonata else ("JSONPath", "JSONata")
    for name in state:
        if name in SHARED[kind] or name in own[kind]:
            continue
        if name in other[kind]:
            note.at(name).error(
                f"{name} belongs to {foreign}, and the state is {language}",
                f'set "QueryLanguage": "{foreign}" on the state, or use the fields of {language}: '
                f"{', '.join(sorted(own[kind]))}",
            )
        elif name in field_tables.KNOWN:
            note.at(name).error(f"a {kind} state has no {name}", "drop it, or change the type of the state")
        else:
            note.at(name).warning(f"no state has a field {name}", "drop it, or mend its name")


def _move(note: Notebook, state: State, kind: str) -> None:
    if kind not in field_tables.MOVING:
        return
    if "End" in state and not isinstance(state["End"], bool):
        note.at("End").error(f"End is {state['End']!r}", "write true")
    if "Next" in state and not isinstance(state["Next"], str):
        note.at("Next").error(f"Next is {state['Next']!r}", "write the name of a state")
    ends = state.get("End") is True
    if "Next" in state and ends:
        note.error("the state has both Next and End", "keep Next to go on, or End to stop there")
    elif "Next" not in state and not ends:
        note.error(
            "the state has neither Next nor End", 'name the state that follows in Next, or write "End": true'
        )


def _paths(note: Notebook, state: State) -> None:
    for name in ("InputPath", "OutputPath"):
        if name in state:
            expression_checks.path(note.at(name), state[name], can_be_null=True)
    if "ResultPath" in state:
        expression_checks.reference_path(note.at("ResultPath"), state["ResultPath"], can_be_null=True)
    if "ItemsPath" in state:
        expression_checks.reference_path(note.at("ItemsPath"), state["ItemsPath"], can_be_anywhere=True)
    for name in ("Parameters", "ResultSelector", "ItemSelector"):
        if name in state:
            expression_checks.template(note.at(name), state[name])


def number(
    note: Notebook,
    fields: Mapping[str, Any],
    name: str,
    least: int,
    most: int,
    *,
    in_jsonata: bool,
    unit: str = "",
) -> None:
    """A whole number, its expression in JSONata, or its path in a field of its own in JSONPath."""
    value = fields.get(name)
    if in_jsonata and jsonata.is_expression(value):
        expression_checks.expressions(note.at(name), value)
    else:
        note.whole(fields, name, least, most, unit)
    by_path = f"{name}Path"
    if by_path in fields and not in_jsonata:
        expression_checks.reference_path(note.at(by_path), fields[by_path], can_be_anywhere=True)
        if name in fields:
            note.error(f"the state has both {name} and {by_path}", "keep one of them")


def _task(note: Notebook, state: State, *, in_jsonata: bool) -> None:
    resource = state.get("Resource")
    if not isinstance(resource, str) or not resource:
        note.at("Resource").error("a Task needs a Resource", "write the ARN of what does the work")
    elif jsonata.is_expression(resource):
        note.at("Resource").error("Resource cannot be an expression", "write the ARN itself")
    elif not resource.startswith(("arn:", "${")):  # ${…} is a place that a deployment fills
        note.at("Resource").error(
            f"Resource is {resource!r}, which is no ARN",
            "write an ARN such as arn:aws:states:::lambda:invoke",
            "INVALID_RESOURCE",
        )
    for name in ("TimeoutSeconds", "HeartbeatSeconds"):
        number(note, state, name, 1, MAX_SECONDS, in_jsonata=in_jsonata, unit="s")
    timeout, heartbeat = state.get("TimeoutSeconds"), state.get("HeartbeatSeconds")
    if isinstance(timeout, int) and isinstance(heartbeat, int) and heartbeat >= timeout:
        note.at("HeartbeatSeconds").error(
            f"HeartbeatSeconds is {heartbeat} and TimeoutSeconds {timeout}",
            "make the heartbeat the shorter of them",
        )


def _wait(note: Notebook, state: State, *, in_jsonata: bool) -> None:
    ways = [name for name in ("Seconds", "SecondsPath", "Timestamp", "TimestampPath") if name in state]
    if len(ways) != 1:
        note.error(
            "a Wait has exactly one of Seconds, Timestamp and their paths; this one has "
            f"{', '.join(ways) or 'none'}",
            "keep one of them",
        )
        return
    name = ways[0]
    value = state[name]
    if name.endswith("Path"):
        expression_checks.reference_path(note.at(name), value, can_be_anywhere=True)
    elif in_jsonata and jsonata.is_expression(value):
        expression_checks.expressions(note.at(name), value)
    elif name == "Seconds":
        note.whole(state, name, 0, MAX_SECONDS, "s")
    elif timestamps.parse(value) is None:
        note.at(name).error(f"Timestamp is {value!r}", "write a moment such as 2026-11-26T09:00:00Z")


def _fail(note: Notebook, state: State, *, in_jsonata: bool) -> None:
    for name in ("Error", "Cause"):
        note.text(state, name)
        if in_jsonata:
            expression_checks.expressions(note.at(name), state.get(name))
        elif f"{name}Path" in state:
            path = state[f"{name}Path"]
            expression_checks.path(note.at(f"{name}Path"), path, can_be_call=True)
            called = path.partition("(")[0].strip() if isinstance(path, str) else ""
            if called in FUNCTIONS and called not in TEXT_FUNCTIONS:
                note.at(f"{name}Path").error(
                    f"{called} gives no text", f"use one of {', '.join(sorted(TEXT_FUNCTIONS))}"
                )
            if name in state:
                note.error(f"the state has both {name} and {name}Path", "keep one of them")


def handling(note: Notebook, state: State, *, in_jsonata: bool) -> None:
    """Retry and Catch, but for where a Catch leads."""
    for field in ("Retry", "Catch"):
        rules = state.get(field, [])
        if not isinstance(rules, list):
            note.at(field).error(f"{field} is no array", "write an array of rules")
            continue
        for number_, rule in enumerate(rules):
            inner = note.at(field, number_)
            if not isinstance(rule, Mapping):
                inner.error("the rule is no object", 'write {"ErrorEquals": ["States.ALL"], …}')
                continue
            _errors(inner, rule, is_last=number_ == len(rules) - 1)
            if field == "Retry":
                _retry(inner, rule)
            else:
                _catch(inner, rule, in_jsonata=in_jsonata)


def _errors(note: Notebook, rule: Mapping[str, Any], *, is_last: bool) -> None:
    names = rule.get("ErrorEquals")
    inner = note.at("ErrorEquals")
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        inner.error("ErrorEquals has no names", 'write the names of errors, such as ["States.Timeout"]')
        return
    if "States.ALL" in names:
        if len(names) > 1:
            inner.error("States.ALL stands beside other names", "let it stand alone, in a rule of its own")
        if not is_last:
            inner.error(
                "States.ALL is not in the last rule, so the rules after it see nothing", "move it to the end"
            )


def _retry(note: Notebook, rule: Mapping[str, Any]) -> None:
    note.whole(rule, "IntervalSeconds", 1, MAX_SECONDS, "s")
    note.whole(rule, "MaxAttempts", 0, MAX_SECONDS)
    rate = rule.get("BackoffRate", 2.0)
    if isinstance(rate, bool) or not isinstance(rate, int | float) or not rate >= 1.0:
        note.at("BackoffRate").error(f"BackoffRate is {rate!r}", "give a number from 1.0")
    if note.whole(rule, "MaxDelaySeconds", 1, MAX_DELAY_SECONDS, "s") and "MaxDelaySeconds" in rule:
        interval = rule.get("IntervalSeconds", 1)
        if isinstance(interval, int) and rule["MaxDelaySeconds"] <= interval:
            note.at("MaxDelaySeconds").error(
                f"MaxDelaySeconds is {rule['MaxDelaySeconds']} and IntervalSeconds {interval}",
                "make the longest delay longer than the first",
            )
    if rule.get("JitterStrategy", "NONE") not in ("NONE", "FULL"):
        note.at("JitterStrategy").error(f"JitterStrategy is {rule['JitterStrategy']!r}", "write FULL or NONE")
    known = {
        "ErrorEquals",
        "IntervalSeconds",
        "MaxAttempts",
        "BackoffRate",
        "MaxDelaySeconds",
        "JitterStrategy",
    }
    for name in rule.keys() - known - {"Comment"}:
        note.at(name).warning(f"a retrier has no field {name}", "drop it, or mend its name")


def _catch(note: Notebook, rule: Mapping[str, Any], *, in_jsonata: bool) -> None:
    if not isinstance(rule.get("Next"), str):
        note.error("the catcher has no Next", "name the state that follows in Next")
    own, foreign = ("Output", "ResultPath") if in_jsonata else ("ResultPath", "Output")
    if foreign in rule:
        note.at(foreign).error(
            f"{foreign} belongs to {'JSONPath' if in_jsonata else 'JSONata'}, and the state is "
            f"{'JSONata' if in_jsonata else 'JSONPath'}",
            f"use {own}",
        )
    if own in rule:
        if in_jsonata:
            expression_checks.expressions(note.at(own), rule[own])
        else:
            expression_checks.reference_path(note.at(own), rule[own], can_be_null=True)
    if "Assign" in rule:
        expression_checks.assignment(note.at("Assign"), rule["Assign"], in_jsonata=in_jsonata)
