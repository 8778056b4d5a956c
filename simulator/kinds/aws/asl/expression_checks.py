"""Checks of what is written in a query language: paths, payload templates, intrinsic calls, JSONata.

Source: Amazon States Language specification, *Paths*, *Payload Template*, *Intrinsic Functions*.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from simulator.kinds.aws.asl import intrinsic_syntax, paths
from simulator.kinds.aws.asl import jsonata_expressions as jsonata
from simulator.kinds.aws.asl.findings import Notebook
from simulator.kinds.aws.asl.intrinsic_functions import FUNCTIONS
from simulator.kinds.aws.asl.intrinsic_syntax import Call

_VARIABLE = re.compile(r"[^\W\d]\w*")
MAX_VARIABLE_NAME = 80


def path(note: Notebook, value: Any, *, can_be_null: bool = False, can_be_call: bool = False) -> None:
    """A path, or null or a call where these may stand."""
    if value is None and can_be_null:
        return
    if not isinstance(value, str):
        note.error(f"{value!r} is no path", "write a JSONPath such as $.order.id")
    elif can_be_call and intrinsic_syntax.is_call(value):
        call(note, value)
    else:
        try:
            paths.read(value)
        except paths.InvalidPath as error:
            note.error(str(error), "write a JSONPath such as $.order.id or $$.Execution.Id")


def reference_path(
    note: Notebook, value: Any, *, can_be_null: bool = False, can_be_anywhere: bool = False
) -> None:
    """A path that names one node; `can_be_anywhere`: also of the context object or a variable."""
    before = len(note.findings)
    path(note, value, can_be_null=can_be_null)
    if value is None or len(note.findings) > before:
        return
    read = paths.read(value)
    if read.steps is None or (read.root != "" and not can_be_anywhere):
        note.error(
            f"the path {value!r} is no Reference Path, which names a single node of the input",
            "use only fields and indexes, such as $.order.lines[0]",
        )


def call(note: Notebook, text: str) -> None:
    """A call of an intrinsic function, with the functions inside it."""
    try:
        _known(note, intrinsic_syntax.read(text))
    except intrinsic_syntax.InvalidCall as error:
        note.error(
            f"{text!r} is no call of an intrinsic function: {error}", "write States.Format('{}', $.id)"
        )


def _known(note: Notebook, found: Call) -> None:
    if found.name not in FUNCTIONS:
        note.error(
            f"there is no intrinsic function {found.name}", f"use one of {', '.join(sorted(FUNCTIONS))}"
        )
        return
    _, least, most = FUNCTIONS[found.name]
    if not least <= len(found.arguments) <= most:
        takes = str(least) if least == most else f"{least} to {most}" if most < 1000 else f"at least {least}"
        note.error(
            f"{found.name} has {len(found.arguments)} arguments and takes {takes}", "give as many as it takes"
        )
    for argument in found.arguments:
        if isinstance(argument, Call):
            _known(note, argument)


def template(note: Notebook, value: Any) -> None:
    """A payload template: every field that ends in .$ holds a path or a call."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name.endswith(".$"):
                if name[:-2] in value:
                    note.at(name).error(
                        f"{name[:-2]} stands there twice, with .$ and without", "keep one of them"
                    )
                if isinstance(inner, str):
                    path(note.at(name), inner, can_be_call=True)
                else:
                    note.at(name).error(
                        f"{name} is {inner!r}, and a field whose name ends in .$ is a path or a call",
                        "write a path such as $.order.id, or drop the .$ from the name",
                    )
            else:
                template(note.at(name), inner)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            template(note.at(index), inner)


def expressions(note: Notebook, value: Any) -> None:
    """Values of a JSONata state: every text between {% and %} is JSONata."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name.endswith(".$"):
                note.at(name).warning(
                    f"{name} ends in .$, which means nothing in a JSONata state",
                    'drop the .$ and write an expression such as "{% $states.input.id %}"',
                )
            expressions(note.at(name), inner)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            expressions(note.at(index), inner)
    elif isinstance(value, str):
        if jsonata.is_expression(value):
            reason = jsonata.check(value)
            if reason is not None:
                note.error(f"{value!r} is no JSONata: {reason}", "mend the expression between {% and %}")
        elif value.lstrip().startswith("{%") or value.rstrip().endswith("%}"):
            note.error(
                f"{value!r} is half an expression",
                "begin with {% and end with %}, with nothing before and after",
            )


def assignment(note: Notebook, declared: Any, *, in_jsonata: bool) -> None:
    """Assign: names of variables and what they get."""
    if not isinstance(declared, Mapping):
        note.error("Assign is no object", 'write {"name": value}')
        return
    for name in declared:
        variable = name if in_jsonata else name.removesuffix(".$")
        if not _VARIABLE.fullmatch(variable) or len(variable) > MAX_VARIABLE_NAME:
            note.at(name).error(
                f"{variable!r} cannot name a variable",
                f"begin with a letter, use letters, digits and _, at most {MAX_VARIABLE_NAME} of them",
            )
        elif variable == "states":
            note.at(name).error("the variable $states is reserved", "choose another name")
    if in_jsonata:
        expressions(note, declared)
    else:
        template(note, declared)
