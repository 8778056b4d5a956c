"""Event patterns of Amazon EventBridge: whether an event matches, and whether a pattern is valid.

An event is looked at as its leaves: the dotted path of every value that is neither object nor array, with the
place it has in each array above it. A pattern is a choice (`$or`) of conjunctions of paths. A conjunction
matches where one value can be chosen for each of its paths such that values below one array are below the
same element of it ("array consistency").

Sources: Amazon EventBridge user guide, *Creating event patterns*; the open-source matcher aws/event-ruler.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from math import prod
from typing import Any

from simulator.kinds.aws.pattern_values import EVENTBRIDGE, Dialect, InvalidPattern, Test, value_test

__all__ = [
    "InvalidPattern",
    "Leaves",
    "Matcher",
    "choices_of",
    "compile_pattern",
    "leaves_of",
    "matches",
    "validate",
]

#: Place in each array above a value: number of the array in the event -> position of the element.
Membership = dict[int, int]
#: Longest pattern the API takes (EventBridge API reference, PutRule).
LONGEST_PATTERN = 4096
#: Conjunctions that `$or` may multiply to (EventBridge user guide, *Or matching*).
MOST_COMBINATIONS = 1000
#: Names that no field has inside `$or`: operators, comparisons, and names kept for later (event-ruler).
RESERVED_IN_OR = frozenset(
    {
        *("exactly", "equals-ignore-case", "prefix", "suffix", "anything-but", "exists", "wildcard"),
        *("numeric", "cidr", "=", "<", "<=", ">", ">=", "regex", "not-wildcard", "not-equals-ignore-case"),
        *("date-after", "date-on-or-after", "date-before", "date-on-or-before", "in-date-range"),
        *("ip-address-in-range", "ip-address-not-in-range"),
    }
)


def matches(pattern: Mapping[str, Any] | str, event: Mapping[str, Any] | str) -> bool:
    """Whether `event` matches `pattern`; each is an object or JSON text.

    Raises:
        InvalidPattern: AWS would refuse the pattern.
    """
    if isinstance(pattern, str):
        return _compiled_text(pattern).matches(leaves_of(event))
    return compile_pattern(pattern).matches(leaves_of(event))


def validate(pattern: Mapping[str, Any] | str) -> None:
    """Refuse a pattern that AWS refuses.

    Raises:
        InvalidPattern: with the field, what is wrong, and how to mend it.
    """
    compile_pattern(pattern)


class Leaves:
    """The leaves of one event; made once and used for every pattern it is held to.

    Args:
        values: path -> its values, each with its membership in arrays (None below no array of objects).
    """

    __slots__ = ("is_flat", "values")

    def __init__(self, event: object) -> None:
        self.values: dict[str, list[tuple[Any, Membership | None]]] = {}
        #: No array holds objects: every path can be judged by itself.
        self.is_flat = True
        self._walk(event, "", None, [0])

    def _walk(self, value: object, path: str, membership: Membership | None, arrays: list[int]) -> None:
        if isinstance(value, Mapping):
            prefix = f"{path}." if path else ""
            pairs = value.pairs if isinstance(value, _Pairs) else value.items()
            for key, inner in pairs:
                self._walk(inner, prefix + key, membership, arrays)
        elif isinstance(value, (list, tuple)):
            arrays[0] += 1
            array = arrays[0]
            for position, inner in enumerate(value):
                place = membership
                if isinstance(inner, (Mapping, list, tuple)):
                    self.is_flat = False
                    place = {**(membership or {}), array: position}
                self._walk(inner, path, place, arrays)
        else:
            self.values.setdefault(path, []).append((value, membership))


class _Pairs(dict[str, Any]):
    """An object of JSON text in which keys may repeat: every pair counts, as the service reads a stream."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.pairs = pairs


def leaves_of(event: object) -> Leaves:
    """The leaves of an event given as an object or as JSON text.

    Raises:
        ValueError: the text is not JSON.
    """
    if isinstance(event, (str, bytes)):
        event = json.loads(event, object_pairs_hook=_Pairs)
    return Leaves(event if isinstance(event, Mapping) else {})


class _Condition:
    """What one path must hold: one of some tests, or its absence."""

    __slots__ = ("may_be_absent", "path", "tests")

    def __init__(self, path: str, tests: list[Test], may_be_absent: bool) -> None:
        self.path = path
        self.tests = tests
        self.may_be_absent = may_be_absent

    def holds(self, value: Any) -> bool:
        return any(test(value) for test in self.tests)


class Matcher:
    """A checked pattern, ready for many events.

    Args:
        alternatives: conjunctions, of which one must hold.
    """

    __slots__ = ("_alternatives",)

    def __init__(self, alternatives: list[list[_Condition]]) -> None:
        self._alternatives = alternatives

    def __call__(self, event: object) -> bool:
        """Whether an event (an object or JSON text) matches."""
        return self.matches(leaves_of(event))

    def matches(self, leaves: Leaves) -> bool:
        """Whether an event matches whose leaves are known."""
        judge: Callable[[Leaves, list[_Condition]], bool] = _all_hold if leaves.is_flat else _hold_together
        return any(judge(leaves, conditions) for conditions in self._alternatives)


def _all_hold(leaves: Leaves, conditions: list[_Condition]) -> bool:
    found = leaves.values
    for condition in conditions:
        values = found.get(condition.path)
        if values is None:
            if not condition.may_be_absent:
                return False
        elif not any(condition.holds(value) for value, _ in values):
            return False
    return True


def _hold_together(leaves: Leaves, conditions: list[_Condition]) -> bool:
    """Whether values can be chosen for all conditions that sit in the same elements of common arrays."""
    choices: list[set[tuple[tuple[int, int], ...]]] = []
    for condition in conditions:
        values = leaves.values.get(condition.path)
        if values is None:
            if not condition.may_be_absent:
                return False
            continue
        places = {tuple((place or {}).items()) for value, place in values if condition.holds(value)}
        if not places:
            return False
        choices.append(places)
    # What is reachable after each condition is kept as a set, so that equal places are followed once.
    reached: set[tuple[tuple[int, int], ...]] = {()}
    for places in choices:
        reached = {
            tuple(sorted({**dict(before), **dict(place)}.items()))
            for before in reached
            for place in places
            if all(dict(before).get(array, position) == position for array, position in place)
        }
        if not reached:
            return False
    return True


def compile_pattern(
    pattern: Mapping[str, Any] | str, dialect: Dialect = EVENTBRIDGE, *, longest: int = LONGEST_PATTERN
) -> Matcher:
    """Check a pattern and make a matcher of it.

    Args:
        pattern: an object or JSON text; of a repeated key the last one counts.
        dialect: which service's language.
        longest: characters of JSON it may have.

    Raises:
        InvalidPattern: with the field, what is wrong, and how to mend it.
    """
    if isinstance(pattern, str):
        text = pattern
        try:
            pattern = json.loads(text)
        except ValueError as error:
            raise InvalidPattern("", f"not JSON ({error})", "check brackets and quotation marks") from None
        except RecursionError:
            raise InvalidPattern("", "nested too deeply", "flatten it") from None
    if not isinstance(pattern, Mapping):
        raise InvalidPattern("", "not an object", 'write it as {"source": ["my.app"]}')
    try:
        length = len(json.dumps(pattern, separators=(",", ":"), ensure_ascii=False, allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidPattern("", f"not JSON ({error})", "use objects, arrays, strings and numbers") from None
    if length > longest:
        raise InvalidPattern("", f"{length} characters", f"a pattern has at most {longest}")
    found = _alternatives(pattern, dialect)
    return Matcher([list(conjunction.values()) for conjunction in found])


_compiled_text = lru_cache(maxsize=256)(compile_pattern)


#: The conditions that hold together, by path: of two for one path the one written last counts.
_Conjunction = dict[str, _Condition]


class _TooManyCombinations(InvalidPattern):
    """`$or` multiplies to more than the service takes, however it is read."""


def _alternatives(pattern: Mapping[str, Any], dialect: Dialect) -> list[_Conjunction]:
    """The conjunctions of a pattern. A `$or` that is no choice of patterns is a field of that name, if the
    pattern then makes sense (user guide, *Or matching*; event-ruler compiles twice).
    """
    if _product_of_choices(pattern) > MOST_COMBINATIONS:
        raise _too_many("")
    try:
        return _conjunctions(pattern, "", dialect, has_or=True, is_choice=False)
    except _TooManyCombinations:
        raise
    except InvalidPattern:
        try:
            return _conjunctions(pattern, "", dialect, has_or=False, is_choice=False)
        except InvalidPattern:
            pass  # the first reading says best what is wrong
        raise


def choices_of(key: str, inner: object) -> list[Mapping[str, Any]] | None:
    """The patterns that a field of a valid pattern is a choice of, None for a field like any other."""
    if key != "$or" or not isinstance(inner, list) or len(inner) < 2:
        return None
    if not all(isinstance(one, Mapping) and one and not one.keys() & RESERVED_IN_OR for one in inner):
        return None
    return inner


def _product_of_choices(pattern: object) -> int:
    """What the service counts: the lengths of all `$or` arrays, also nested ones, multiplied."""
    if isinstance(pattern, list):
        return prod(_product_of_choices(one) for one in pattern if isinstance(one, Mapping))
    if not isinstance(pattern, Mapping):
        return 1
    product = 1
    for key, inner in pattern.items():
        if key == "$or" and isinstance(inner, list):
            product *= max(len(inner), 1) * _product_of_choices(inner)
        elif isinstance(inner, Mapping):
            product *= _product_of_choices(inner)
    return product


def _too_many(path: str) -> _TooManyCombinations:
    return _TooManyCombinations(
        path, f"$or gives more than {MOST_COMBINATIONS} combinations", "split the rule into several"
    )


def _conjunctions(
    pattern: Mapping[str, Any], path: str, dialect: Dialect, *, has_or: bool, is_choice: bool
) -> list[_Conjunction]:
    """The conjunctions of a pattern or a part of it.

    Args:
        has_or: `$or` is a choice of patterns, not a field.
        is_choice: the part stands in a choice, where names of operators are not names of fields.
    """
    if not pattern:
        raise InvalidPattern(path, "an empty object", "name at least one field, or leave it out")
    product: list[_Conjunction] = [{}]
    for key, inner in pattern.items():
        below = f"{path}.{key}" if path else str(key)
        if key == "$or" and has_or:
            factor = _or(inner, path, dialect)
        elif is_choice and key in RESERVED_IN_OR:
            raise InvalidPattern(below, f"{key} is no field inside $or", "it is kept for operators")
        elif isinstance(inner, Mapping):
            factor = _conjunctions(inner, below, dialect, has_or=has_or, is_choice=is_choice)
        elif isinstance(inner, list):
            factor = [{below: _condition(inner, below, dialect)}]
        else:
            raise InvalidPattern(below, "not an array", f"write [{json.dumps(inner)}]")
        if len(product) * len(factor) > MOST_COMBINATIONS:
            raise _too_many(path)
        product = [{**left, **right} for left in product for right in factor]
    return product


def _or(choices: Any, path: str, dialect: Dialect) -> list[_Conjunction]:
    where = f"{path}.$or" if path else "$or"
    if not isinstance(choices, list) or len(choices) < 2:
        raise InvalidPattern(where, "not an array of two patterns or more", "give it the alternatives")
    alternatives: list[_Conjunction] = []
    for choice in choices:
        if not isinstance(choice, Mapping):
            raise InvalidPattern(where, "an alternative that is not an object", "each one is a pattern")
        alternatives += _conjunctions(choice, path, dialect, has_or=True, is_choice=True)
    return alternatives


def _condition(rules: list[Any], path: str, dialect: Dialect) -> _Condition:
    if not rules:
        raise InvalidPattern(path, "an empty array", "name at least one value, or leave the field out")
    tests = [value_test(rule, path, dialect) for rule in rules]
    return _Condition(path, [test for test in tests if test is not None], None in tests)
