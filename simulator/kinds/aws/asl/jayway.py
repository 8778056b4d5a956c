"""Paths that can match several nodes, as Jayway's JSONPath evaluates them, on top of the library's parser.

Three things differ from RFC 9535, which the library follows: a filter on an object asks the object itself and
not its fields; several names in one bracket at the end give one object; and filters know the operators `nin`,
`size`, `empty`, `anyof`, `noneof` and `subsetof`.

Source: Jayway JsonPath, README, *Operators*, *Filter operators*, *What is returned when*.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

from simulator.kinds.aws.asl.regular_expressions import Budget, Pattern

_OPERAND = r"@(?:\.[\w-]+|\[[^\]]*\])*"
_VALUE = (
    r"\[[^\]]*\]|'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|[$@][\w.\[\]'\"-]*|-?\d+(?:\.\d+)?|true|false|null"
)
_OPERATOR = re.compile(rf"({_OPERAND})\s+(nin|size|empty|anyof|noneof|subsetof)\s+({_VALUE})")


#: Steps of the regular expressions of one look-up (`=~`); some seconds.
MAX_STEPS = 1_000_000
_BUDGET = Budget(MAX_STEPS)


class NotAPath(ValueError):
    """A text that the library cannot read; the message says why."""


class _Function:
    """An operator of Jayway's as a function of the library's filters: what it asks, and of what.

    Args:
        holds: asked with the value on the left and that on the right.
        has_list: whether the right one is a list, whose items are the arguments.
    """

    with_node_lists = True

    def __init__(self, holds: Callable[[Any, Any], bool], *, has_list: bool) -> None:
        self._holds = holds
        self._has_list = has_list

    def validate(self, environment: Any, arguments: list[Any], token: Any) -> list[Any]:
        """All arguments are taken: the operators are written by `compiled` alone."""
        return arguments

    def __call__(self, left: Any, *right: Any) -> bool:
        found = _values(left)
        given = [value for one in right for value in _values(one)]
        if not found or (not self._has_list and len(given) != 1):
            return False
        if self._has_list and not (len(given) == 1 and isinstance(given[0], list)):
            return self._holds(found[0], given)
        return self._holds(found[0], given[0])  # a list that a path leads to, or the one value


def _values(argument: Any) -> list[Any]:
    from jsonpath import NodeList

    return list(argument.values()) if isinstance(argument, NodeList) else [argument]


def _is_size(value: Any, count: Any) -> bool:
    return isinstance(value, list | str) and len(value) == count


def _is_empty(value: Any, wanted: Any) -> bool:
    return isinstance(value, list | str | dict) and (not value) is wanted


def _of_list(test: Callable[[list[Any], list[Any]], bool]) -> _Function:
    return _Function(lambda value, items: isinstance(value, list) and test(value, items), has_list=True)


_FUNCTIONS = {
    "nin": _Function(lambda value, items: value not in items, has_list=True),
    "size": _Function(_is_size, has_list=False),
    "empty": _Function(_is_empty, has_list=False),
    "anyof": _of_list(lambda value, items: any(one in items for one in value)),
    "noneof": _of_list(lambda value, items: not any(one in items for one in value)),
    "subsetof": _of_list(lambda value, items: all(one in items for one in value)),
}


@lru_cache(maxsize=1)
def _environment() -> Any:
    from jsonpath import JSONPathEnvironment
    from jsonpath.filter import RegexLiteral
    from jsonpath.parse import Parser

    class Counting(Parser):
        """The library's parser with regular expressions whose work is counted."""

        def parse_regex(self, stream: Any) -> Any:
            read = super().parse_regex(stream).value  # type: ignore[attr-defined]
            return RegexLiteral(value=Pattern(read.pattern, read.flags, _BUDGET))  # type: ignore[arg-type]

    class Environment(JSONPathEnvironment):
        parser_class = Counting

    environment = Environment()
    environment.function_extensions.update(_FUNCTIONS)
    return environment


def _as_call(found: re.Match[str]) -> str:
    """An operator as a call; the library takes no list as an argument, so its items are the arguments."""
    left, name, right = found.groups()
    items = right[1:-1] if right.startswith("[") else right
    return f"{name}({left}, {items})" if items.strip() else f"{name}({left})"


@lru_cache(maxsize=1024)
def compiled(text: str) -> Any:
    """The library's form of a path; raises `NotAPath`."""
    import jsonpath

    written = re.sub(r"(?<!\.)\.\[", "[", text)
    try:
        return _environment().compile(_OPERATOR.sub(_as_call, written))
    except (jsonpath.JSONPathError, re.error) as error:
        raise NotAPath(str(error).splitlines()[0]) from error


def find(path: Any, document: Any) -> Any:
    """All matches of a compiled path, or one object where it only names several fields of one.

    Raises:
        TooMuchWork: its regular expressions take more than `MAX_STEPS`.
    """
    from jsonpath import JSONPathMatch

    _BUDGET.refill()

    segments = path.segments
    matches: Iterable[Any] = [
        JSONPathMatch(filter_context={}, obj=document, parent=None, path="$", parts=(), root=document)
    ]
    for segment in segments[:-1]:
        matches = _resolved(segment, matches)
    names = _names(segments[-1])
    if names is None:
        return [match.obj for match in _resolved(segments[-1], matches)]
    chosen = [
        {name: match.obj[name] for name in names if name in match.obj}
        for match in matches
        if isinstance(match.obj, Mapping)
    ]
    return chosen[0] if chosen and all(map(_is_single, segments[:-1])) else chosen


def _resolved(segment: Any, matches: Iterable[Any]) -> Iterable[Any]:
    """The matches of one segment; a filter is asked of an object as of a list that holds it."""
    from jsonpath.segments import JSONPathChildSegment
    from jsonpath.selectors import Filter

    is_filter = isinstance(segment, JSONPathChildSegment) and any(
        isinstance(selector, Filter) for selector in segment.selectors
    )
    if is_filter:
        matches = [
            match.new_child([match.obj], 0) if isinstance(match.obj, Mapping) else match for match in matches
        ]
    return segment.resolve(matches)  # type: ignore[no-any-return]


def _names(segment: Any) -> list[str] | None:
    """The names of a bracket that holds several of them and nothing else."""
    from jsonpath.segments import JSONPathChildSegment
    from jsonpath.selectors import NameSelector

    selectors = segment.selectors
    if (
        isinstance(segment, JSONPathChildSegment)
        and len(selectors) > 1
        and all(isinstance(selector, NameSelector) for selector in selectors)
    ):
        return [selector.name for selector in selectors]
    return None


def _is_single(segment: Any) -> bool:
    from jsonpath.segments import JSONPathChildSegment
    from jsonpath.selectors import IndexSelector, NameSelector

    return (
        isinstance(segment, JSONPathChildSegment)
        and len(segment.selectors) == 1
        and isinstance(segment.selectors[0], IndexSelector | NameSelector)
    )
