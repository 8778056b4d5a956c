"""The values of event patterns: what stands in the array at a leaf, checked once and made into tests.

A test is a function from one JSON value of the event to whether it matches.
Sources: Amazon EventBridge user guide, *Comparison operators for use in event patterns*; Amazon SNS developer
guide, *Filter policy constraints*; the open-source matcher of EventBridge, aws/event-ruler.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_network
from typing import Any

from simulator.errors import HeadraceError

Test = Callable[[Any], bool]


class InvalidPattern(HeadraceError, ValueError):
    """A pattern or filter policy that AWS refuses.

    Args:
        path: the field of the pattern, dotted, empty for the whole of it.
        reason: what is wrong.
        hint: how to mend it.
    """

    def __init__(self, path: str, reason: str, hint: str) -> None:
        self.path = path
        self.reason = reason
        self.hint = hint
        super().__init__(f"{path or 'pattern'}: {reason}; {hint}")

    def __reduce__(self) -> tuple[type[InvalidPattern], tuple[str, str, str]]:
        """Pickle by the parts, so that a worker process can hand the exception on."""
        return type(self), (self.path, self.reason, self.hint)


@dataclass(frozen=True, slots=True)
class Dialect:
    """What one service takes of the pattern language.

    Args:
        operators: operators that may stand in a value array.
        excludable: operators that may stand inside `anything-but`.
        number_limit: largest absolute value of a bound of `numeric`.
        has_nested_ignore_case: whether `prefix` and `suffix` take `{"equals-ignore-case": ...}`.
        has_excluded_lists: whether operators inside `anything-but` take lists.
        has_single_addresses: whether the range of `cidr` may be one address alone.
    """

    operators: frozenset[str]
    excludable: frozenset[str]
    number_limit: float
    has_nested_ignore_case: bool = True
    has_excluded_lists: bool = True
    has_single_addresses: bool = True


#: Numbers of `numeric` lie within +-5e9 (EventBridge user guide, *Numeric matching*). A range of one address
#: alone is refused (event-ruler, CIDR), and `exactly` is another way to write a value (JsonRuleCompiler).
EVENTBRIDGE = Dialect(
    frozenset(
        {
            *("exactly", "prefix", "suffix", "anything-but", "equals-ignore-case", "wildcard", "numeric"),
            *("cidr", "exists"),
        }
    ),
    frozenset({"prefix", "suffix", "equals-ignore-case", "wildcard"}),
    5e9,
    has_single_addresses=False,
)
#: SNS knows neither wildcards nor `anything-but` with a suffix, and numbers within +-1e9 (SNS developer
#: guide, *Filter policy constraints*; refusals of suffix recorded from the service).
SNS = Dialect(
    frozenset({"prefix", "suffix", "anything-but", "equals-ignore-case", "numeric", "cidr", "exists"}),
    frozenset({"prefix"}),
    1e9,
    has_nested_ignore_case=False,
    has_excluded_lists=False,
)

#: More wildcard characters than this in one value are refused as too complex. AWS publishes no number; it
#: accepts patterns with a few and refuses `*:*:*:*:*:event-bus/*` with six.
MOST_WILDCARDS = 5


def is_number(value: Any) -> bool:
    """Whether a JSON value is a number (true and false are not)."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def value_test(rule: Any, path: str, dialect: Dialect) -> Test | None:
    """The test for one member of a value array; None for `{"exists": false}`, which is about no value.

    Raises:
        InvalidPattern: naming the field and the fault.
    """
    if isinstance(rule, dict):
        return _operator(rule, path, dialect)
    if isinstance(rule, list):
        raise InvalidPattern(path, "an array inside a value array", "put the values into one array")
    return _equal(rule)


def _equal(expected: Any) -> Test:
    if expected is None:
        return lambda value: value is None
    if isinstance(expected, bool):
        return lambda value: value is expected
    if isinstance(expected, str):
        address = _address(expected)
        if address is not None:
            return lambda value: isinstance(value, str) and (value == expected or _address(value) == address)
        return lambda value: isinstance(value, str) and value == expected
    return lambda value: is_number(value) and value == expected


def _operator(rule: dict[str, Any], path: str, dialect: Dialect) -> Test | None:
    if len(rule) != 1:
        raise InvalidPattern(
            path, f"{len(rule)} operators in one object", "give every operator an object of its own"
        )
    ((name, argument),) = rule.items()
    if name not in dialect.operators:
        raise InvalidPattern(
            path, f"unknown operator {name!r}", f"use one of {', '.join(sorted(dialect.operators))}"
        )
    if name == "exists":
        if not isinstance(argument, bool):
            raise InvalidPattern(path, "exists is neither true nor false", "write true or false")
        return (lambda _value: True) if argument else None
    if name == "anything-but":
        return _anything_but(argument, path, dialect)
    if name == "numeric":
        return _numeric(argument, path, dialect)
    if name == "cidr":
        return _cidr(argument, path, dialect)
    if isinstance(argument, dict) and dialect.has_nested_ignore_case and name in ("prefix", "suffix"):
        if list(argument) != ["equals-ignore-case"]:
            raise InvalidPattern(
                path, f"{name} of an unknown object", f"{name} takes a string or equals-ignore-case"
            )
        return _text(name, argument["equals-ignore-case"], path, ignore_case=True)
    return _text(name, argument, path)


def _text(name: str, argument: Any, path: str, *, ignore_case: bool = False) -> Test:
    """A test of strings: prefix, suffix, equals-ignore-case, wildcard."""
    if not isinstance(argument, str):
        raise InvalidPattern(path, f"{name} of something that is not a string", "put it in quotation marks")
    if name == "exactly":
        return lambda value: isinstance(value, str) and value == argument
    if name == "wildcard":
        return _wildcard(argument, path)
    folded = argument.lower() if ignore_case or name == "equals-ignore-case" else argument
    if name == "equals-ignore-case":
        return lambda value: isinstance(value, str) and value.lower() == folded
    if ignore_case:
        if name == "prefix":
            return lambda value: isinstance(value, str) and value.lower().startswith(folded)
        return lambda value: isinstance(value, str) and value.lower().endswith(folded)
    if name == "prefix":
        return lambda value: isinstance(value, str) and value.startswith(folded)
    return lambda value: isinstance(value, str) and value.endswith(folded)


def _wildcard(text: str, path: str) -> Test:
    """Whether a string is made of the pieces between the wildcards, in order; takes one pass over it."""
    pieces = [""]
    position = 0
    while position < len(text):
        sign = text[position]
        position += 1
        if sign == "\\":
            if text[position : position + 1] not in ("*", "\\"):
                raise InvalidPattern(path, "unknown escape in wildcard", r"only \* and \\ are escapes")
            pieces[-1] += text[position]
            position += 1
        elif sign == "*":
            if text[position : position + 1] == "*":
                raise InvalidPattern(path, "consecutive wildcard characters", "one * stands for any text")
            pieces.append("")
        else:
            pieces[-1] += sign
    stars = len(pieces) - 1
    if stars > MOST_WILDCARDS:
        raise InvalidPattern(
            path, f"{stars} wildcard characters are too complex", f"use at most {MOST_WILDCARDS}"
        )
    first, *middle = pieces
    last = middle.pop() if middle else None

    def is_made_so(value: Any) -> bool:
        if not isinstance(value, str) or last is None:
            return isinstance(value, str) and value == first
        if len(value) < len(first) + len(last) or not value.startswith(first) or not value.endswith(last):
            return False
        place, end = len(first), len(value) - len(last)
        for piece in middle:
            place = value.find(piece, place, end)
            if place < 0:
                return False
            place += len(piece)
        return True

    return is_made_so


def _anything_but(argument: Any, path: str, dialect: Dialect) -> Test:
    if isinstance(argument, dict):
        if len(argument) != 1 or next(iter(argument)) not in dialect.excludable:
            known = ", ".join(sorted(dialect.excludable))
            raise InvalidPattern(path, "anything-but of an unknown object", f"it takes values or {known}")
        ((name, excluded),) = argument.items()
        many = excluded if isinstance(excluded, list) and dialect.has_excluded_lists else [excluded]
        if not many or (name in ("prefix", "suffix") and "" in many):
            raise InvalidPattern(path, f"anything-but of an empty {name}", "it would match nothing; drop it")
        tests = [_text(name, one, path) for one in many]
        if len(tests) == 1:
            only = tests[0]
            return lambda value: not only(value)
        return lambda value: not any(test(value) for test in tests)
    values = argument if isinstance(argument, list) else [argument]
    if not values:
        raise InvalidPattern(path, "anything-but of an empty list", "name at least one value")
    if not (all(isinstance(one, str) for one in values) or all(is_number(one) for one in values)):
        raise InvalidPattern(path, "anything-but of mixed or other values", "all strings or all numbers")
    excluded_values = frozenset(values)
    return lambda value: isinstance(value, bool) or value not in excluded_values


def _numeric(argument: Any, path: str, dialect: Dialect) -> Test:
    if not isinstance(argument, list) or len(argument) not in (2, 4):
        raise InvalidPattern(
            path, "numeric is not a list of operators and bounds", 'write ["=", 5] or [">", 0, "<=", 5]'
        )
    for bound in argument[1::2]:
        if not is_number(bound):
            raise InvalidPattern(path, f"numeric bound {bound!r} is not a number", "write it without quotes")
        if not abs(bound) <= dialect.number_limit:
            raise InvalidPattern(
                path, f"numeric bound {bound!r} is out of range", f"stay within +-{dialect.number_limit:g}"
            )
    first, low = argument[:2]
    if len(argument) == 4:
        second, high = argument[2:]
        if first not in (">", ">=") or second not in ("<", "<="):
            raise InvalidPattern(
                path, "a range is a lower bound, then an upper bound", 'write [">", low, "<", high]'
            )
        if not low < high:
            raise InvalidPattern(path, "the lower bound is not below the upper bound", "swap them")
        over, under = _COMPARE[first](low), _COMPARE[second](high)
        return lambda value: is_number(value) and over(value) and under(value)
    if not isinstance(first, str) or first not in _COMPARE:
        raise InvalidPattern(path, f"unknown numeric operator {first!r}", "use =, <, <=, > or >=")
    compare = _COMPARE[first](low)
    return lambda value: is_number(value) and compare(value)


_COMPARE: dict[str, Callable[[float], Test]] = {
    "=": lambda bound: lambda value: bool(value == bound),
    "<": lambda bound: lambda value: bool(value < bound),
    "<=": lambda bound: lambda value: bool(value <= bound),
    ">": lambda bound: lambda value: bool(value > bound),
    ">=": lambda bound: lambda value: bool(value >= bound),
}


def _cidr(argument: Any, path: str, dialect: Dialect) -> Test:
    hint = "write it as 10.0.0.0/24"
    if not isinstance(argument, str) or argument.count("/") != 1:
        raise InvalidPattern(path, "cidr is not an address range", hint)
    text, _, bits = argument.partition("/")
    address = _address(text)
    if address is None or not bits.isascii() or not bits.isdecimal() or int(bits) > address.max_prefixlen:
        raise InvalidPattern(path, f"cidr {argument!r} is not an address range", hint)
    if int(bits) == address.max_prefixlen and not dialect.has_single_addresses:
        raise InvalidPattern(
            path, f"cidr {argument!r} is one address, and no range", f"write the address itself: {text}"
        )
    network = ip_network(f"{address}/{bits}", strict=False)

    def is_inside(value: Any) -> bool:
        found = _address(value) if isinstance(value, str) else None
        return found is not None and found in network

    return is_inside


#: Digits and points, or hexadecimal digits and colons: no zones, no IPv4 in IPv6 (event-ruler, Constants).
_IPV4, _IPV6 = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9}){3}"), re.compile(r"(?=[^:]*:)[0-9a-fA-F:]{2,64}")


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """The address that a text is, None for another text. Parts of IPv4 are decimal, also with leading 0."""
    if _IPV4.fullmatch(text):
        parts = [int(part) for part in text.split(".")]
        return IPv4Address(bytes(parts)) if max(parts) <= 255 else None
    if _IPV6.fullmatch(text):
        try:
            return IPv6Address(text)
        except ValueError:
            return None
    return None
