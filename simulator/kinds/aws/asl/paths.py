"""Paths: the JSONPath of JSONPath states, into the input, the context object ($$) or a variable ($name).

A path that can only name one node (fields and indexes) is read here, because the service tells "no such node"
from "an empty list" and ResultPath writes through such paths; all others go to the library, whose matches
come back as a list.

Source: Amazon States Language specification, *Paths* and *Reference Paths*; the reference implementation of
its JSONPath is Jayway's, *What is returned when*.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from simulator.kinds.aws.asl import jayway
from simulator.kinds.aws.asl.failures import RESULT_PATH_MATCH, RUNTIME, StateFailure
from simulator.kinds.aws.asl.json_values import as_text
from simulator.kinds.aws.asl.regular_expressions import TooMuchWork

Step = str | int

_ROOT = re.compile(r"\$(\$|[A-Za-z_][\w]*)?")
_FIELD = re.compile(r"\.((?:\\.|[^.\[\]()*?,:'\"\s\\@$])+)")
_INDEX = re.compile(r"\.?\[\s*(-?\d+)\s*\]")
_FUNCTION = re.compile(r"\.[a-z]+\([^()]*\)$")
_QUOTED = re.compile(r"""\.?\[\s*(?:'((?:\\.|[^'\\])*)'|"((?:\\.|[^"\\])*)")\s*\]""")


class InvalidPath(ValueError):
    """A text that is no JSONPath; the message says why."""


class NoSuchPath(LookupError):
    """Nothing stands at the path; `detail` is said as Jayway's JSONPath says it."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Path:
    """A path that was read.

    A path that ends in a function of Jayway's, such as `.length()`, is taken and never finds anything (AWS
    re:Post, *sum() function returns error about not finding path*).

    Args:
        text: as written.
        root: "" for the input, "$" for the context object, else the name of a variable.
        steps: fields and indexes of a path to one node; None where it can match several.
        prefix: those before the first step that can match several; they must lead somewhere.
        rest: text of the path after them.
    """

    text: str
    root: str
    steps: tuple[Step, ...] | None
    prefix: tuple[Step, ...] = ()
    rest: str = ""

    def find(self, document: Any) -> Any:
        """The node, or a list of all matches of a path that may have several.

        Raises:
            NoSuchPath: there is none.
            StateFailure: `States.Runtime`, where a regular expression takes too much work.
        """
        if _FUNCTION.search(self.text):
            raise NoSuchPath(f"No results for path: {self.text}")
        if self.steps is None:
            self._walk(self.prefix, document, may_end=False)
            try:
                return jayway.find(_compiled(self), document)
            except TooMuchWork as error:
                raise StateFailure(RUNTIME, f"The path '{self.text}' is not followed: {error}") from error
        return self._walk(self.steps, document, may_end=True)

    def _walk(self, steps: tuple[Step, ...], document: Any, *, may_end: bool) -> Any:
        """The node at the steps; a field missing at the end of the path is no result, elsewhere no way."""
        node = document
        for depth, step in enumerate(steps):
            if _leads(node, step):
                node = node[step]
            elif isinstance(step, int) or (may_end and depth == len(steps) - 1):
                raise NoSuchPath(f"No results for path: {normal(steps[: depth + 1])}")
            else:
                raise NoSuchPath(f"Missing property in path {normal(steps[: depth + 1])}")
        return node


def _leads(node: Any, step: Step) -> bool:
    if isinstance(step, str):
        return isinstance(node, dict) and step in node
    return isinstance(node, list) and -len(node) <= step < len(node)


def normal(steps: tuple[Step, ...]) -> str:
    """The path with every step in brackets: $['a'][0]."""
    return "$" + "".join(f"[{step}]" if isinstance(step, int) else f"['{step}']" for step in steps)


@lru_cache(maxsize=4096)
def read(text: str) -> Path:
    """The path of a text; raises `InvalidPath`."""
    root = _ROOT.match(text)
    if root is None:
        raise InvalidPath(f"The path {text!r} does not begin with $")
    steps: list[Step] = []
    place = root.end()
    while place < len(text):
        if match := _FIELD.match(text, place):
            steps.append(re.sub(r"\\(.)", r"\1", match[1]))
        elif match := _INDEX.match(text, place):
            steps.append(int(match[1]))
        elif match := _QUOTED.match(text, place):
            steps.append(re.sub(r"\\(.)", r"\1", match[1] if match[1] is not None else match[2]))
        else:
            path = Path(text, root[1] or "", None, tuple(steps), text[place:])
            if not _FUNCTION.search(text):
                _compiled(path)
            return path
        place = match.end()
    return Path(text, root[1] or "", tuple(steps))


def _compiled(path: Path) -> Any:
    """The library's form of a path that can match several nodes."""
    start = "".join(f"[{step}]" if isinstance(step, int) else f"[{as_text(step)}]" for step in path.prefix)
    try:
        return jayway.compiled(f"${start}{path.rest}")
    except jayway.NotAPath as error:
        raise InvalidPath(f"The path {path.text!r} is no JSONPath: {error}") from error


def is_reference(text: str) -> bool:
    """Whether the text is a Reference Path into the input: one that names a single node."""
    try:
        path = read(text)
    except InvalidPath:
        return False
    return path.root == "" and path.steps is not None


def lookup(text: str, document: Any, context: Any, variables: Mapping[str, Any]) -> Any:
    """What a path finds in the input, the context object or the variables; raises `NoSuchPath`."""
    path = read(text)
    if path.root == "":
        return path.find(document)
    if path.root == "$":
        return path.find(context)
    if path.root not in variables:
        raise NoSuchPath(f"No results for path: ${path.root}")
    return path.find(variables[path.root])


def place(text: str, document: Any, value: Any) -> Any:
    """A copy of the document with the value at a Reference Path, its missing objects made on the way.

    Raises:
        StateFailure: `States.ResultPathMatchFailure`, where the path leads through something that has no
            fields.
    """
    steps = read(text).steps
    assert steps is not None, "validation lets only reference paths through"
    return _placed(text, document, document, steps, value)


def _placed(text: str, whole: Any, node: Any, steps: tuple[Step, ...], value: Any) -> Any:
    if not steps:
        return value
    step, rest = steps[0], steps[1:]
    if isinstance(step, str) and isinstance(node, dict):
        return {**node, step: _placed(text, whole, node.get(step, {}) if rest else None, rest, value)}
    if isinstance(step, int) and isinstance(node, list) and 0 <= step < len(node):
        return [*node[:step], _placed(text, whole, node[step], rest, value), *node[step + 1 :]]
    raise StateFailure(RESULT_PATH_MATCH, f"Unable to apply ReferencePath {text} to input {as_text(whole)}")
